// train --dry-run: what it says agrees with inspect, and nothing is written.
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

namespace {

const std::vector<std::string> kModel{"--task",    "copy", "--d-model",    "16", "--heads",    "2",
                                      "--n-train", "64",   "--batch-size", "16", "--replicas", "4"};

std::vector<std::string> command(const char* name, const std::vector<std::string>& more) {
  std::vector<std::string> all{name};
  all.insert(all.end(), kModel.begin(), kModel.end());
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

TEST_CASE("a dry run counts what inspect counts, times a step and writes nothing") {
  const TemporaryDirectory dir;
  const std::string out = dir / "runs";
  const Outcome plan = run_qkvbench(
      command("train", {"--epochs", "3", "--variant", "q_k_v,q_kv", "--dry-run", "--out", out, "--json", "-"}));
  INFO(plan.err);
  REQUIRE(plan.status == 0);
  CHECK_FALSE(std::filesystem::exists(out));
  const json runs = json::parse(plan.out)["runs"];
  const Outcome inspected =
      run_qkvbench(command("inspect", {"--variant", "q_k_v,q_kv", "--seed", "0-3", "--json", "-"}));
  REQUIRE(inspected.status == 0);
  const json counted = json::parse(inspected.out)["configurations"];
  CHECK(counted.size() == 2);  // seeds cost alike
  REQUIRE(runs.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(runs[i]["steps"] == 12);
    CHECK(runs[i]["step_s"] > 0);
    CHECK(runs[i]["memory_bytes"] == counted[i]["training_memory"]["total_bytes"]);
    CHECK(runs[i]["params_total"] == counted[i]["model"]["params_total"]);
    REQUIRE(runs[i]["ranks"].size() == 3);
    for (std::size_t r = 1; r < 3; ++r)
      for (const char* key : {"ranks", "sent_bytes_per_step"})
        CHECK(runs[i]["ranks"][r][key] == counted[i]["ranks"][r - 1][key]);
  }
}

TEST_CASE("several seeds and all variants: a run each, trained on its own data") {
  const TemporaryDirectory dir;
  const std::vector<std::string> arguments{"--epochs", "1", "--variant", "all", "--seed", "1,3-4", "--json", "-"};
  std::vector<std::string> dry = arguments;
  dry.push_back("--dry-run");
  const Outcome planned = run_qkvbench(command("train", dry));
  REQUIRE(planned.status == 0);
  CHECK(json::parse(planned.out)["seeds"] == 3);
  CHECK(json::parse(planned.out)["runs"].size() == 5);
  std::vector<std::string> real = arguments;
  real.insert(real.end(), {"--out", dir / "all", "-q"});
  const Outcome trained = run_qkvbench(command("train", real));
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  const json runs = json::parse(trained.out)["runs"];
  REQUIRE(runs.size() == 15);
  // Alone it is the same run.
  const json& last = runs[14]["result"];
  CHECK(last["config"]["variant"] == "qkv");
  CHECK(last["config"]["seed"] == 4);
  const Outcome alone = run_qkvbench(command(
      "train", {"--epochs", "1", "--variant", "qkv", "--seed", "4", "--out", dir / "one", "--json", "-", "-q"}));
  REQUIRE(alone.status == 0);
  CHECK(json::parse(alone.out)["runs"][0]["result"]["metrics"] == last["metrics"]);
  CHECK(runs[4]["result"]["metrics"] != last["metrics"]);
}

TEST_CASE("the network of a dry run: bits a second, and ten times of them take a tenth of the time") {
  const auto sending = [](const char* network) {
    const Outcome plan = run_qkvbench(command("train", {"--dry-run", "--network", network, "--json", "-"}));
    INFO(plan.err);
    REQUIRE(plan.status == 0);
    const json last = json::parse(plan.out)["runs"][0]["ranks"][2];
    return last["step_s"].get<double>() * last["waiting_share"].get<double>();
  };
  const double slow = sending("400Mbit");
  CHECK(sending("4Gbit/s") == Approx(slow / 10));
  for (const char* wrong : {"fast", "10", "-1Gbit", "0Gbit", "10Gb"}) {
    const Outcome refused = run_qkvbench(command("train", {"--dry-run", "--network", wrong}));
    CHECK(refused.status == 2);
    CHECK(refused.err.find("write 10Gbit") != std::string::npos);
  }
}
