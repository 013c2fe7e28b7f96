// Images and sets from the command line: a run on glyphs, one on images of one's own, predict on a file.
// Readers and augmentation are tried closer by in tests/data.

#include "data/image_fixtures.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::test::only_entry;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
namespace data = qkvbench::data;

namespace {

/// A square of one grey, as a PNG.
std::string grey_png(qkvbench::index_t side, std::uint8_t value) {
  data::Image image{1, side, side, std::vector<std::uint8_t>(static_cast<std::size_t>(side * side), value)};
  return qkvbench::test::png(image);
}

/// Two classes that any model tells apart: dark and bright squares.
void write_classes(const std::filesystem::path& folder) {
  for (const char* split : {"train", "test"})
    for (const char* name : {"bright", "dark"}) {
      const std::filesystem::path of_class = folder / split / name;
      std::filesystem::create_directories(of_class);
      for (int i = 0; i < 12; ++i)
        write_file_atomic(of_class / (std::to_string(i) + ".png"),
                          grey_png(11, static_cast<std::uint8_t>((name[0] == 'b' ? 200 : 20) + i)));
    }
}

std::vector<std::string> train(const std::filesystem::path& out, std::vector<std::string> more) {
  std::vector<std::string> args{"train", "--d-model", "16", "--heads", "2", "--layers", "1", "-q", "--out", out};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

}  // namespace

TEST_CASE("a folder of images of one's own is learnt, and predict tells the class of a file") {
  const TemporaryDirectory dir, out;
  write_classes(dir / "images");
  const Outcome r = run_qkvbench(
      train(out.path(), {"--task", "images", "--data", dir / "images", "--image-size", "8", "--channels", "1",
                         "--patch", "4", "--epochs", "20", "--batch-size", "8", "--lr", "3e-3", "--n-val", "4"}));
  INFO(r.err);
  REQUIRE(r.status == 0);
  const json result = json::parse(read_file(only_entry(out.path()) / "result.json"));
  CHECK(result["metrics"]["test_accuracy"] == 1.0);
  CHECK(result["metrics"]["val_targets"] == 4);
  CHECK(result["dataset"]["n_train"] == 20);
  CHECK_FALSE(result["metrics"].contains("perplexity"));
  const std::string model = only_entry(out.path());
  const json evaluated = json::parse(run_qkvbench({"eval", model, "--json", "-"}).out);
  CHECK(evaluated["metrics"]["test_loss"] == result["metrics"]["test_loss"]);
  std::filesystem::remove_all(dir / "images");  // the model file tells names and means
  for (const int brightness : {30, 220}) {
    write_file_atomic(dir / "one.png", grey_png(23, static_cast<std::uint8_t>(brightness)));
    const Outcome said = run_qkvbench({"predict", model, dir / "one.png", "--json", "-"});
    INFO(said.err);
    REQUIRE(said.status == 0);
    const json answer = json::parse(said.out);
    CHECK(answer["class"] == (brightness > 100 ? 0 : 1));  // classes in the order of their names
    CHECK(answer["name"] == (brightness > 100 ? "bright" : "dark"));
    REQUIRE(answer["ranking"].size() == 2);
    CHECK(answer["ranking"][0]["name"] == answer["name"]);
    CHECK(answer["ranking"][0]["probability"] == answer["probabilities"][answer["class"].get<std::size_t>()]);
    CHECK(answer["ranking"][0]["probability"] >= answer["ranking"][1]["probability"]);
    double total = 0;
    for (const double p : answer["probabilities"]) total += p;
    CHECK(std::abs(total - 1) <= 1e-9);
  }
  const Outcome table = run_qkvbench({"predict", model, dir / "one.png"});
  CHECK(table.out.find("bright") < table.out.find("dark"));
  write_file_atomic(dir / "one.png", "no image");
  CHECK(run_qkvbench({"predict", model, dir / "one.png"}).status == 3);
}

TEST_CASE("glyphs and sets of them need no files, and models of sets have nothing to predict") {
  const TemporaryDirectory glyphs, sets;
  REQUIRE(run_qkvbench(train(glyphs.path(), {"--task", "glyphs", "--n-train", "64", "--n-test", "32", "--epochs", "1"}))
              .status == 0);
  const json result = json::parse(read_file(only_entry(glyphs.path()) / "result.json"));
  CHECK(result["dataset"]["files"].empty());
  const json& timing = result["timing"];  // 17 tokens an image: the class token and 4 × 4 patches of 7
  CHECK(std::abs(timing["tokens_per_s"].get<double>() - 17 * timing["examples_per_s"].get<double>()) <=
        1e-6 * timing["tokens_per_s"].get<double>());
  CHECK(result["config"]["classes"] == 10);
  REQUIRE(run_qkvbench(train(sets.path(), {"--task", "anomaly", "--n-train", "64", "--n-test", "32", "--epochs", "1"}))
              .status == 0);
  CHECK(run_qkvbench({"predict", only_entry(sets.path()), "1"}).status == 2);
}

TEST_CASE("features of a trained model of images are what sets are made of") {
  const TemporaryDirectory glyphs, sets, dir;
  REQUIRE(run_qkvbench(train(glyphs.path(), {"--task", "glyphs", "--n-train", "128", "--n-test", "32", "--n-val", "16",
                                             "--epochs", "1"}))
              .status == 0);
  const std::string model = only_entry(glyphs.path()), out = dir / "features";
  const Outcome r = run_qkvbench({"features", model, "--out", out, "--json", "-"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  const json written = json::parse(r.out);
  CHECK(written["features"] == 16);
  REQUIRE(written["files"].size() == 4);
  CHECK(written["files"][0]["sha256"] == qkvbench::formats::sha256(read_file(out + "/train.npy")));

  const Outcome again = run_qkvbench({"features", model, "--out", out});
  CHECK(again.status == 2);
  CHECK(again.err.find("train.npy is there already") != std::string::npos);
  const std::string before = read_file(out + "/train.npy");
  REQUIRE(
      run_qkvbench({"features", model, "--out", out, "--overwrite", "--batch-size", "7", "--threads", "3"}).status ==
      0);
  CHECK(read_file(out + "/train.npy") == before);

  const Outcome trained = run_qkvbench(train(sets.path(), {"--task", "anomaly", "--source", "npy", "--data", out,
                                                           "--n-train", "64", "--n-test", "32", "--epochs", "1"}));
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  const json result = json::parse(read_file(only_entry(sets.path()) / "result.json"));
  CHECK(result["config"]["features"] == 16);
  CHECK(result["dataset"]["files"][0] == written["files"][0]);
  CHECK(result["dataset"]["files"][3] == written["files"][3]);
  CHECK(run_qkvbench({"features", only_entry(sets.path()), "--out", dir / "no"}).status == 2);
  CHECK(run_qkvbench({"features", model, "--task", "cifar10", "--out", dir / "no"}).status == 2);  // three channels
  CHECK(run_qkvbench({"features", model, "--task", "sort", "--out", dir / "no"}).status == 2);
  CHECK_FALSE(std::filesystem::exists(dir / "no"));
}
