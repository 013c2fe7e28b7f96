// Which data a number is of: models are evaluated with their own vocabulary and classes, runs go on only with theirs.
#include <algorithm>
#include <fstream>

#include "data/image_fixtures.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/refused.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::test::only_entry;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

/// 4,000 letters and spaces of `alphabet`, in no order that repeats soon.
std::string text_of(const std::string& alphabet) {
  std::string text;
  std::uint32_t state = 1;
  for (int i = 0; i < 4000; ++i) {
    state = state * 1664525u + 1013904223u;
    text += alphabet[(state >> 16) % alphabet.size()];
  }
  return text + alphabet;
}

void write(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

/// Sixteen-bit tokens below `vocab`.
std::string tokens_below(int vocab, int n) {
  std::string bytes;
  for (int i = 0; i < n; ++i) {
    const int id = (i * 7 + i / 5) % vocab;
    bytes += static_cast<char>(id & 255), bytes += static_cast<char>(id >> 8);
  }
  return bytes;
}

std::vector<std::string> lm(const TemporaryDirectory& dir, const std::string& corpus,
                            const std::vector<std::string>& more = {}) {
  std::vector<std::string> all{"train", "--task",  "lm",        "--d-model", "8", "--layers",
                               "1",     "--heads", "2",         "--seq-len", "8", "--batch-size",
                               "4",     "--lr",    "1e-2",      "--threads", "1", "--corpus",
                               corpus,  "--out",   dir / "out", "-q"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

json eval_of(const fs::path& model, const std::vector<std::string>& more = {}) {
  std::vector<std::string> all{"eval", model.string(), "--json", "-"};
  all.insert(all.end(), more.begin(), more.end());
  const Outcome said = run_qkvbench(all);
  INFO(said.err);
  REQUIRE(said.status == 0);
  return json::parse(said.out);
}

}  // namespace

TEST_CASE("a model of text is evaluated in its own vocabulary, or refuses the text") {
  const TemporaryDirectory dir;
  const std::string corpus = dir / "t.txt";
  write(corpus, text_of("abc "));
  REQUIRE(run_qkvbench(lm(dir, corpus, {"--steps", "100"})).status == 0);
  const fs::path model = only_entry(dir / "out");
  const json own = eval_of(model);
  // As many symbols, but others: every command that reads the text refuses it and says what and where.
  write(corpus, text_of("xyz "));
  for (const char* command : {"eval", "attention"})
    check_refused(run_qkvbench({command, model.string()}), 3, {"t.txt", "'x' at byte", "vocabulary of 4 characters"});
  check_refused(run_qkvbench({"eval", model.string(), "--cached"}), 3, {"'y' at byte"});
  // A part of the vocabulary is scored with the ids of training, and it is said that the text is another.
  write(dir / "part.txt", text_of("bc"));
  const Outcome part = run_qkvbench({"eval", model.string(), "--corpus", dir / "part.txt", "--json", "-"});
  INFO(part.err);
  REQUIRE(part.status == 0);
  CHECK(part.err.find("was not among its files") != std::string::npos);
  CHECK(json::parse(part.out)["metrics"]["val_loss"] != own["metrics"]["val_loss"]);
  write(corpus, text_of("abc "));
  CHECK(eval_of(model)["metrics"] == own["metrics"]);
  // Other kinds of text and ids.
  check_refused(run_qkvbench({"eval", model.string(), "--corpus", "stories"}), 3, {"stories"});
  fs::create_directories(dir / "ids");
  write(dir / "ids/train.bin", tokens_below(4, 400));
  write(dir / "ids/val.bin", tokens_below(4, 100));
  check_refused(run_qkvbench({"eval", model.string(), "--corpus", dir / "ids"}), 3, {"token ids"});
  check_refused(run_qkvbench({"eval", model.string(), "--data", dir / "ids"}), 2, {"--data", "does not concern"});
}

TEST_CASE("a model of token ids needs no training file, and refuses ids beyond its vocabulary and text") {
  const TemporaryDirectory dir;
  fs::create_directories(dir / "ids");
  write(dir / "ids/train.bin", tokens_below(20, 400));
  write(dir / "ids/val.bin", tokens_below(20, 100));
  REQUIRE(run_qkvbench(lm(dir, dir / "ids", {"--steps", "10", "--vocab", "20"})).status == 0);
  const fs::path model = only_entry(dir / "out");
  const json own = eval_of(model);
  fs::remove(dir / "ids/train.bin");
  CHECK(eval_of(model)["metrics"] == own["metrics"]);
  write(dir / "ids/val.bin", tokens_below(21, 100));
  check_refused(run_qkvbench({"eval", model.string()}), 3, {"val.bin", "beyond the vocabulary of 20"});
  write(dir / "t.txt", text_of("abc"));
  check_refused(run_qkvbench({"eval", model.string(), "--corpus", dir / "t.txt"}), 3, {"t.txt", "token ids"});
}

TEST_CASE("class folders are matched by name, and the training folder is not needed") {
  const TemporaryDirectory dir;
  const std::vector<std::pair<std::string, int>> classes{{"blue", 20}, {"green", 120}, {"red", 230}};
  for (const char* part : {"train", "test"})
    for (const auto& [name, grey] : classes) {
      fs::create_directories(dir / ("d/" + std::string(part) + "/" + name));
      for (int i = 0; i < 6; ++i) {
        const std::vector<std::uint8_t> pixels(64, static_cast<std::uint8_t>(grey + i));
        write(dir / ("d/" + std::string(part) + "/" + name + "/" + std::to_string(i) + ".png"),
              qkvbench::test::png({1, 8, 8, pixels}));
      }
    }
  REQUIRE(run_qkvbench({"train", "--task",       "images",  "--image-size", "8",         "--patch",
                        "4",     "--d-model",    "16",      "--heads",      "2",         "--layers",
                        "1",     "--batch-size", "6",       "--epochs",     "10",        "--lr",
                        "1e-2",  "--dropout",    "0",       "--augment",    "none",      "--threads",
                        "1",     "--data",       dir / "d", "--out",        dir / "out", "-q"})
              .status == 0);
  const fs::path model = only_entry(dir / "out");
  const json own = eval_of(model);
  // Classes more, fewer or none in train/ move no label.
  fs::create_directories(dir / "d/train/aaa");
  CHECK(eval_of(model)["metrics"] == own["metrics"]);
  fs::remove_all(dir / "d/train/green");
  CHECK(eval_of(model)["metrics"] == own["metrics"]);
  fs::remove_all(dir / "d/train");
  CHECK(eval_of(model)["metrics"] == own["metrics"]);
  CHECK(run_qkvbench({"attention", model.string()}).status == 0);
  CHECK(run_qkvbench({"predict", model.string(), dir / "d/test/red/0.png"}).status == 0);
  // Fewer in test/ are scored as what they are.
  fs::rename(dir / "d/test/blue", dir / "blue");
  const json fewer = eval_of(model, {"--n-test", "12"});
  CHECK(fewer["metrics"]["test_targets"] == 12);
  // A folder that is no class of the model is none.
  fs::rename(dir / "blue", dir / "d/test/zebra");
  for (const char* command : {"eval", "attention"})
    check_refused(run_qkvbench({command, model.string()}), 3, {"zebra", "it knows: blue, green, red"});
}

TEST_CASE("a run goes on with its own data only, and a sweep counts no run of other data") {
  const TemporaryDirectory dir;
  const std::string corpus = dir / "t.txt";
  write(corpus, text_of("abc "));
  const std::vector<std::string> stopped = lm(dir, corpus, {"--steps", "20000", "--max-time", "0.1s"});
  REQUIRE(run_qkvbench(stopped).status == 75);
  std::vector<std::string> resumed = stopped;
  resumed.emplace_back("--resume");
  write(corpus, text_of("cab "));
  check_refused(run_qkvbench(resumed), 2, {"unfinished", "t.txt is another file now", "--overwrite"});
  fs::remove(corpus);
  check_refused(run_qkvbench(resumed), 3, {"t.txt"});
  write(corpus, text_of("abc "));
  CHECK(run_qkvbench(resumed).status == 75);

  const auto grid = [&](const std::string& seeds) {
    write(dir / "g.json", R"({"grid": {"task": "lm", "corpus": ")" + corpus +
                              R"(", "d_model": 8, "layers": 1, "heads": 2, "seq_len": 8, "steps": 5, "batch_size": 4,
                               "seed": [)" +
                              seeds + "]}}");
    return run_qkvbench({"sweep", dir / "g.json", "--out", dir / "grid", "--json", "-"});
  };
  REQUIRE(grid("0").status == 0);
  write(corpus, text_of("cab "));
  const Outcome mixed = grid("0, 1");
  check_refused(mixed, 6, {"trained on other data of the same name", "--overwrite"});
  const json said = json::parse(mixed.out);
  CHECK(said["counts"]["failed"] == 1);
  CHECK(said["counts"]["done"] == 1);
  write(corpus, text_of("abc "));
  check_refused(grid("0"), 0, {});
}

TEST_CASE("a run goes on and is found with other keys of no effect, and says so") {
  const TemporaryDirectory dir;
  const std::vector<std::string> base{"train", "--task",       "copy", "--d-model", "8",         "--layers",
                                      "1",     "--heads",      "2",    "--n-train", "64",        "--n-test",
                                      "8",     "--batch-size", "8",    "--out",     dir / "out", "--resume"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return run_qkvbench(more);
  };
  REQUIRE(with({"--epochs", "4000", "--max-time", "0.1s", "--log-every", "7"}).status == 75);
  const Outcome on = with({"--epochs", "4000", "--max-time", "0.1s", "--log-every", "9", "--activations", "recompute"});
  INFO(on.err);
  CHECK(on.status == 75);
  CHECK(on.err.find("log_every 7") != std::string::npos);
  CHECK(json::parse(read_file(only_entry(dir / "out") / "result.json"))["config"]["log_every"] == 7);
  fs::remove_all(dir / "out");
  REQUIRE(with({"--epochs", "1", "--log-every", "2"}).status == 0);
  const Outcome found = with({"--epochs", "1", "--log-every", "3"});
  CHECK(found.status == 0);
  CHECK(found.err.find("log_every 2, not 3") != std::string::npos);
  only_entry(dir / "out");
}

TEST_CASE("a run that fails before its first step leaves no directory") {
  const TemporaryDirectory dir;
  write(dir / "tiny.txt", "abc");
  check_refused(run_qkvbench(lm(dir, dir / "tiny.txt", {"--steps", "5"})), 3, {"take a longer text"});
  CHECK(!fs::exists(dir / "out"));
  check_refused(run_qkvbench(lm(dir, dir / "tiny.txt", {"--steps", "5", "--overwrite"})), 3, {"take a longer text"});
  CHECK(!fs::exists(dir / "out"));
  fs::create_directories(dir / "out");
  check_refused(run_qkvbench(lm(dir, dir / "gone.txt", {"--steps", "5"})), 3, {"gone.txt"});
  CHECK(fs::is_empty(dir / "out"));
}

TEST_CASE("what is no part of a set trains nobody: folders of notebooks, copies, numbers of another width") {
  const TemporaryDirectory dir;
  const std::string png = qkvbench::test::png(qkvbench::test::gradient(3, 8, 8));
  const auto put = [&](const std::string& name, const std::string& bytes) {
    fs::create_directories((dir.path() / name).parent_path());
    write(dir / name, bytes);
  };
  const auto train = [&](const std::string& task, const std::string& data, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all{"train",
                                 "--task",
                                 task,
                                 "--data",
                                 dir / data,
                                 "--d-model",
                                 "8",
                                 "--heads",
                                 "2",
                                 "--layers",
                                 "1",
                                 "--patch",
                                 "8",
                                 "--batch-size",
                                 "2",
                                 "--epochs",
                                 "1",
                                 "--augment",
                                 "none",
                                 "--n-val",
                                 "0",
                                 "--out",
                                 dir / ("out-" + data),
                                 "--threads",
                                 "1",
                                 "-q"};
    all.insert(all.end(), more.begin(), more.end());
    return run_qkvbench(all);
  };
  const auto result = [&](const std::string& data) {
    return json::parse(read_file(only_entry(dir / ("out-" + data)) / "result.json"));
  };
  for (const char* name :
       {"d/train/red/1.png", "d/train/blue/1.png", "d/val/red/1.png", "d/train/.ipynb_checkpoints/1.png",
        "d/__MACOSX/train/red/1.png", "d/train/red/.ipynb_checkpoints/1-checkpoint.png"})
    put(name, png);
  put("d/train/red/._1.png", "resource fork");
  put("d/test/unlabelled.png", png);
  const Outcome folder = train("images", "d", {"--image-size", "8"});
  INFO(folder.err);
  REQUIRE(folder.status == 0);
  CHECK(result("d")["config"]["classes"] == 2);
  CHECK(result("d")["dataset"]["n_train"] == 2);
  CHECK(result("d")["dataset"]["n_test"] == 1);
  fs::remove_all(dir / "d/val");
  check_refused(train("images", "d", {"--image-size", "8", "--overwrite"}), 3, {"nothing would be tested"});

  for (int i = 1; i <= 3; ++i) {
    std::string records;
    for (int r = 0; r < 10; ++r) records += static_cast<char>(r) + std::string(3072, static_cast<char>(17 * i + r));
    put(i == 3 ? "c/test_batch.bin" : "c/data_batch_" + std::to_string(i) + ".bin", records);
  }
  fs::copy_file(dir / "c/data_batch_1.bin", dir / "c/data_batch_1 (1).bin");
  const Outcome cifar = train("cifar10", "c");
  INFO(cifar.err);
  REQUIRE(cifar.status == 0);
  CHECK(result("c")["dataset"]["n_train"] == 20);

  std::vector<std::uint32_t> wide;
  for (std::uint32_t i = 0; i < 2000; ++i) wide.push_back(i * 2654435761u % 50000);
  put("t/val.bin", tokens_below(20, 400));
  put("t/train.bin", qkvbench::test::bytes_of(wide));
  check_refused(run_qkvbench(lm(dir, dir / "t", {"--steps", "3"})), 3, {"train.bin", "tokens of 32 bits", "16 bits"});
  fs::rename(dir / "t/train.bin", dir / "t/val.bin");
  put("t/train.bin", tokens_below(20, 400));
  check_refused(run_qkvbench(lm(dir, dir / "t", {"--steps", "3"})), 3, {"val.bin", "tokens of 32 bits", "16 bits"});
}
