// Every command on real input, as a user runs it: streams, exit status, JSON.
// What goes wrong is in errors_test.cpp.

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;
using qkvbench::testing::has;

namespace {

/// A run that takes a fraction of a second.
std::vector<std::string> tiny_train(const TemporaryDirectory& out, std::vector<std::string> more = {}) {
  std::vector<std::string> args{"train", "--task",   "copy", "--d-model",    "16", "--seq-len", "6",       "--n-train",
                                "64",    "--n-test", "32",   "--batch-size", "16", "--out",     out.path()};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

}  // namespace

TEST_CASE("every command explains itself with an example") {
  for (const char* command : {"train",    "eval",    "sweep",  "reproduce", "predict", "generate", "attention",
                              "features", "compare", "report", "record",    "import",  "convert",  "export",
                              "inspect",  "bench",   "verify", "data",      "list",    "schema"}) {
    const Outcome r = run_qkvbench({command, "--help"});
    INFO(command);
    CHECK(r.status == 0);
    CHECK(has(r.out, std::string("  qkvbench ") + command));
    CHECK(r.err.empty());
  }
}

TEST_CASE("train ends in what its runs allow to say, where there are several variants") {
  const TemporaryDirectory out;
  CHECK_FALSE(has(run_qkvbench(tiny_train(out, {"--variant", "q_kv"})).out, "What this says"));
  const Outcome one = run_qkvbench(tiny_train(out, {"--variant", "q_k_v,q_kv"}));
  INFO(one.err);
  CHECK(has(one.out, "copy. Nothing can be said of q_kv beside q_k_v: there is one pair of runs"));
  const Outcome five = run_qkvbench(tiny_train(out, {"--variant", "q_k_v,q_kv", "--seed", "0-4"}));
  REQUIRE(five.status == 0);
  const std::size_t begin = five.out.find("What this says");
  REQUIRE(begin != std::string::npos);
  CHECK(has(run_qkvbench({"report", out.path()}).out, five.out.substr(begin)));
}

TEST_CASE("list runs names what other commands take, with how it ended") {
  const TemporaryDirectory out;
  const Outcome none = run_qkvbench({"list", "runs", out.path().string()});
  CHECK(none.status == 0);
  CHECK(has(none.out, "no finished runs in "));
  REQUIRE(run_qkvbench(tiny_train(out, {"--variant", "q_k_v,q_kv", "--seed", "3"})).status == 0);
  const Outcome listed = run_qkvbench({"list", "runs", out.path().string(), "--json", "-"});
  INFO(listed.err);
  REQUIRE(listed.status == 0);
  const json runs = json::parse(listed.out)["runs"];
  REQUIRE(runs.size() == 2);
  for (const json& run : runs) {
    const json result = json::parse(qkvbench::read_file(run["directory"].get<std::string>() + "/result.json"));
    CHECK(run["variant"] == result["config"]["variant"]);
    CHECK(run["value"] == result["metrics"][run["metric"].get<std::string>()]);
    CHECK(run_qkvbench({"eval", run["directory"].get<std::string>()}).status == 0);
    CHECK(has(run_qkvbench({"list", "runs", out.path().string()}).out, run["run"].get<std::string>()));
  }
  CHECK(run_qkvbench({"list", "runs", (out.path() / "not-there").string()}).status == 3);
}

TEST_CASE("train leaves the files of a run and prints a table, eval and predict read them") {
  const TemporaryDirectory out;
  const Outcome trained = run_qkvbench(tiny_train(out, {"--variant", "q_kv", "--seed", "3"}));
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  CHECK(has(trained.out, "softmax(α Q Kᵀ) K"));
  const auto run = qkvbench::test::only_entry(out.path());
  CHECK(run.filename().string().starts_with("copy-q_kv-s3-"));
  for (const char* file : {"result.json", "metrics.jsonl", "model.safetensors"})
    CHECK(std::filesystem::exists(run / file));
  for (const auto& entry : std::filesystem::directory_iterator(run))
    CHECK_FALSE(entry.path().filename().string().starts_with("checkpoint"));

  const json result = json::parse(qkvbench::read_file(run / "result.json"));
  CHECK(result["status"] == "completed");
  CHECK(result["train"]["steps"] == 8);
  CHECK(result["train"]["tokens_seen"] == 2 * 64 * 6);

  const Outcome tested = run_qkvbench({"eval", run.string(), "--json", "-"});
  REQUIRE(tested.status == 0);
  CHECK(json::parse(tested.out)["metrics"]["test_accuracy"] == result["metrics"]["test_accuracy"]);
  CHECK(json::parse(tested.out)["metrics"]["test_loss"] == result["metrics"]["test_loss"]);

  const Outcome predicted = run_qkvbench({"predict", run.string(), "314159", "--logits", "--json", "-"});
  REQUIRE(predicted.status == 0);
  const json prediction = json::parse(predicted.out);
  CHECK(prediction["input"] == json({3, 1, 4, 1, 5, 9}));
  CHECK(prediction["target"] == prediction["input"]);
  CHECK(prediction["logits"].size() == 6);
  CHECK(prediction["logits"][0].size() == 10);
}

TEST_CASE("a finished run is found and not run again, --overwrite runs it again to the same bytes") {
  const TemporaryDirectory out;
  REQUIRE(run_qkvbench(tiny_train(out)).status == 0);
  const auto run = qkvbench::test::only_entry(out.path());
  const std::string result = qkvbench::read_file(run / "result.json"),
                    model = qkvbench::read_file(run / "model.safetensors");
  const Outcome again = run_qkvbench(tiny_train(out));
  CHECK(again.status == 0);
  CHECK(has(again.err, "already finished"));
  CHECK(qkvbench::read_file(run / "result.json") == result);
  CHECK(run_qkvbench(tiny_train(out, {"--overwrite"})).status == 0);
  CHECK(qkvbench::read_file(run / "model.safetensors") == model);
}

TEST_CASE("train tells where each run is, in one form for one variant and for several") {
  const TemporaryDirectory out;
  const Outcome r = run_qkvbench(tiny_train(out, {"--variant", "q_k_v,(Q=K-V)+,qkv", "--json", out / "all.json"}));
  REQUIRE(r.status == 0);
  const json three = json::parse(qkvbench::read_file(out / "all.json"));
  REQUIRE(three["runs"].size() == 3);
  const json& second = three["runs"][1];
  CHECK(second["result"]["variant"]["id"] == "qk_v+");
  CHECK(second["result"]["variant"]["paper_name"] == "(Q=K≠V)+");
  CHECK(second["found"] == false);
  // Another call finds the run: its own command line stands beside that of the process that trained.
  const json one = json::parse(run_qkvbench(tiny_train(out, {"--variant", "qk_v+", "--json", "-"})).out);
  REQUIRE(one["runs"].size() == 1);
  CHECK(one["runs"][0]["found"] == true);
  CHECK(one["argv"] != one["runs"][0]["result"]["argv"]);
  CHECK(one["runs"][0]["result"]["argv"] == three["argv"]);
  for (const char* key : {"run", "directory", "model", "result"}) CHECK(one["runs"][0][key] == second[key]);
  CHECK(run_qkvbench({"eval", second["model"].get<std::string>()}).status == 0);
  CHECK(std::filesystem::path(second["directory"].get<std::string>()).filename().string() == second["run"]);
}

TEST_CASE("the configuration of a result starts another run, with flags on top") {
  const TemporaryDirectory out;
  REQUIRE(run_qkvbench(tiny_train(out, {"--heads", "2"})).status == 0);
  const auto run = qkvbench::test::only_entry(out.path());
  const Outcome same = run_qkvbench({"train", "--config", (run / "result.json").string(), "--out", out.path()});
  CHECK(has(same.err, "already finished"));
  // kv heads follow heads, since nobody asked for fewer.
  const Outcome other =
      run_qkvbench({"inspect", "--config", (run / "result.json").string(), "--heads", "4", "--json", "-"});
  REQUIRE(other.status == 0);
  CHECK(json::parse(other.out)["configurations"][0]["config"]["kv_heads"] == 4);
  CHECK(json::parse(other.out)["configurations"][0]["config"]["d_model"] == 16);
}

TEST_CASE("inspect counts without training") {
  const Outcome r = run_qkvbench({"inspect", "--task", "sort", "--d-model", "1024", "--layers", "20", "--heads", "16",
                                  "--variant", "q_kv", "--kv-heads", "4", "--json", "-", "--parameters"});
  REQUIRE(r.status == 0);
  const json model = json::parse(r.out)["configurations"][0]["model"];
  // Per block: q 1024², kv 1024·256, output 1024², and their biases.
  CHECK(model["params_attention"] == 20 * (1024 * 1024 + 1024 + 1024 * 256 + 256 + 1024 * 1024 + 1024));
  CHECK(model["kv_cache_bytes_per_token"] == 1 * 4 * 64 * 20 * 4);
}

TEST_CASE("verify prints a row for each file and the worst error") {
  const Outcome r = run_qkvbench({"verify", "--golden", SOURCE_DIR "/tests/golden"});
  CHECK(r.status == 0);
  CHECK(has(r.out, "26 passed, 0 failed, 0 not built"));
}

TEST_CASE("list and schema print what they say") {
  CHECK(has(run_qkvbench({"list", "variants"}).out, "(Q≠K=V)+"));
  CHECK(json::parse(run_qkvbench({"list", "variants", "--json", "-"}).out)["variants"].size() == 18);
  CHECK(has(run_qkvbench({"list", "tasks"}).out, "3 1 4 1 5 9 -> 1 1 3 4 5 9"));
  CHECK(has(run_qkvbench({"list", "presets"}).out, "quick"));
  CHECK(json::parse(run_qkvbench({"schema"}).out)["title"] == "qkvbench result");
}

TEST_CASE("attention tells that scores are symmetric where query and key are one, and that maps are not") {
  for (const char* variant : {"q_k_v", "qkv"}) {
    const TemporaryDirectory out;
    REQUIRE(run_qkvbench(tiny_train(out, {"--variant", variant})).status == 0);
    const std::string model = qkvbench::test::only_entry(out.path()), picture = out / "maps.svg";
    const Outcome r = run_qkvbench({"attention", model, "--example", "2", "--out", picture, "--json", "-"});
    INFO(r.err);
    REQUIRE(r.status == 0);
    const json maps = json::parse(r.out)["maps"];
    const json config = json::parse(qkvbench::read_file(model + "/result.json"))["config"];
    CHECK(maps.size() == config["layers"].get<std::size_t>() * config["heads"].get<std::size_t>());
    for (const json& map : maps) {
      CHECK((map["score_asymmetry"].get<double>() <= 1e-5) == (std::string(variant) == "qkv"));
      CHECK(map["probability_asymmetry"].get<double>() > 1e-5);
      CHECK(map["probabilities"].size() == config["seq_len"].get<std::size_t>());
      for (const json& row : map["probabilities"]) {
        double total = 0;
        for (const double p : row) total += p;
        CHECK(std::abs(total - 1) <= 1e-9);
      }
    }
    CHECK(qkvbench::read_file(picture).starts_with("<svg "));
    CHECK(run_qkvbench({"attention", model, "--layers", "99"}).status == 2);
    CHECK(run_qkvbench({"attention", model, "--example", "999999999"}).status == 2);
  }
}
