// Which configurations are one, and what stored ones of earlier versions still mean.
// That the weights are the same is tried by training; runs in their directories are in tests/cli.
#include "qkvbench/run/identity.hpp"

#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/run/records.hpp"
#include "qkvbench/run/run.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/results.hpp"
#include "support/temporary.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;
using test::TemporaryDirectory;
using testing::check_error;

namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

/// A tiny configuration of six steps (two epochs of three) with these keys on top.
Config tiny(const Values& values) {
  Config config;
  Values all{{"task", "copy"},  {"d_model", "8"},    {"layers", "1"}, {"heads", "2"},   {"seq_len", "4"},
             {"n_train", "24"}, {"batch_size", "8"}, {"n_test", "8"}, {"max_len", "4"}, {"dropout", "0.1"}};
  all.insert(all.end(), values.begin(), values.end());
  for (const auto& [key, value] : all) set_option(config, find_option(key, "test"), value);
  resolve(config);
  return config;
}

/// The model's numbers after training; metadata aside.
std::vector<float> weights_of(const Config& config) {
  const TemporaryDirectory out;
  RunOptions options;
  options.out = out.path();
  Monitor monitor;
  const RunReport report = run(config, options, monitor);
  REQUIRE(report.result.status == Status::kCompleted);
  const auto file = formats::Safetensors::read(report.directory / "model.safetensors");
  std::vector<float> all;
  for (const auto& [name, tensor] : file.tensors())
    for (const float x : file.floats(name)) all.push_back(x);
  return all;
}

}  // namespace

TEST_CASE("keys of no effect on the weights make no other run, and the weights are the same bits") {
  struct Case {
    Values one, other;
  };
  for (const Case& c : {Case{{}, {{"activations", "recompute"}}}, Case{{}, {{"log_every", "4"}}},
                        Case{{}, {{"pos_dim", "6"}}}, Case{{{"steps", "5"}}, {{"steps", "5"}, {"epochs", "7"}}},
                        Case{{}, {{"steps", "6"}}}, Case{{}, {{"optimizer", "adamw"}}},
                        Case{{{"schedule", "multistep"}}, {{"schedule", "multistep"}, {"final_lr", "0.5"}}},
                        Case{{{"schedule", "constant"}}, {{"schedule", "constant"}, {"final_lr", "0.5"}}},
                        Case{{}, {{"dropout", "0.1"}, {"weight_decay", "-0"}}}}) {
    const Config one = tiny(c.one), other = tiny(c.other);
    INFO(config_json(other).dump());
    CHECK(same_training(one, other));
    CHECK(run_name(one) == run_name(other));
    CHECK(weights_of(one) == weights_of(other));
  }
  for (const Case& c :
       {Case{{}, {{"steps", "5"}}}, Case{{{"variant", "q_k_v+"}}, {{"variant", "q_k_v+"}, {"pos_dim", "6"}}},
        Case{{}, {{"final_lr", "0.5"}}},
        Case{{{"weight_decay", "0.1"}}, {{"weight_decay", "0.1"}, {"optimizer", "adamw"}}}}) {
    const Config one = tiny(c.one), other = tiny(c.other);
    INFO(config_json(other).dump());
    CHECK_FALSE(same_training(one, other));
    CHECK(run_name(one) != run_name(other));
    CHECK(weights_of(one) != weights_of(other));
  }
}

TEST_CASE("runs of configurations in which nothing is said of such keys keep their names") {
  // As commit 13b275c named them.
  const Values sizes{{"d_model", "8"}, {"layers", "1"}, {"heads", "2"}};
  const auto name = [&](Values values) {
    Config config;
    if (const Preset* recipe = default_preset(values[0].second)) apply_preset(config, *recipe);
    values.insert(values.end(), sizes.begin(), sizes.end());
    for (const auto& [key, value] : values) set_option(config, find_option(key, "test"), value);
    resolve(config);
    CHECK(run_name(config) == former_run_name(config));
    return run_name(config);
  };
  CHECK(name({{"task", "copy"},
              {"variant", "qk_v+"},
              {"seq_len", "4"},
              {"n_train", "64"},
              {"n_test", "16"},
              {"batch_size", "16"}}) == "copy-qk_v+-s0-d183a522");
  CHECK(name({{"task", "lm"}, {"steps", "3"}, {"seq_len", "4"}, {"batch_size", "4"}}) == "lm-q_k_v-s0-e02867bb");
  const Values few{{"n_train", "64"}, {"n_test", "16"}, {"epochs", "1"}};
  CHECK(name({{"task", "glyphs"}, few[0], few[1], few[2]}) == "glyphs-q_k_v-s0-1b359899");
  CHECK(name({{"task", "anomaly"}, {"n_train", "16"}, few[1], few[2]}) == "anomaly-q_k_v-s0-b7bc5a21");
}

TEST_CASE("whole numbers are bounded exactly, and minus zero is zero") {
  Config config;
  const Option& seed = find_option("seed", "test");
  set_option(config, seed, "9007199254740992");
  CHECK(config.task.seed == 9007199254740992u);
  check_error(Exit::kUsage, {"--seed", "9007199254740993"}, [&] { set_option(config, seed, "9007199254740993"); });
  for (const char* text : {R"({"seed": 9007199254740993})", R"({"seed": 1e3})", R"({"seed": 9007199254740993.0})",
                           R"({"d_model": 64.0})", R"({"seed": -1})"})
    check_error(Exit::kUsage, {"f: --"}, [&] { config_from_json(nlohmann::json::parse(text), "f"); });
  for (const char* text : {R"({"dropout": -0.0})", R"({"dropout": "-0"})"})
    CHECK(config_json(config_from_json(nlohmann::json::parse(text), "f")).dump() == config_json({}).dump());
}

TEST_CASE("a key that is newer than stored results changes neither their names nor what they mean") {
  std::vector<Option> options(all_options().begin(), all_options().end());
  for (Option& option : options)
    if (option.key == std::string("grad_clip")) option.neutral = "3";  // as if it came today; the default is another
  Config before = tiny({{"grad_clip", "3"}});
  Json stored = config_json(before);
  stored.erase("grad_clip");
  CHECK(config_json(before, options) == stored);
  CHECK(config_json(tiny({{"grad_clip", "5"}}), options).contains("grad_clip"));
  const Config read = stored_config(stored, "f", options);
  CHECK(read.train.adam.grad_clip == 3);
  CHECK(config_json(read, options) == stored);
}

TEST_CASE("what a result remembers of its data is compared with today's") {
  data::DataFacts facts;
  facts.name = "t.txt", facts.n_train = 9, facts.files = {{"t.txt", "ab", 10}};
  const nlohmann::json remembered = dataset_json(facts);
  CHECK(other_data(remembered, facts).empty());
  CHECK(other_data(nullptr, facts).empty());  // of before it was remembered
  data::DataFacts changed = facts;
  changed.files[0].sha256 = "cd";
  CHECK(other_data(remembered, changed) == "t.txt is another file now");
  CHECK(other_files(remembered, changed) == "t.txt is another file now");
  changed.files[0].path = "u.txt";
  CHECK(other_data(remembered, changed) == "u.txt was not among its files");
  changed = facts, changed.n_train = 8;
  CHECK(other_data(remembered, changed) == "n_train is 8 and was 9");
  CHECK(other_files(remembered, changed).empty());
  changed = facts, changed.files.clear();
  CHECK_FALSE(other_data(remembered, changed).empty());
}

TEST_CASE("copies that differ in keys of no effect count once, and runs on other data stay beside each other") {
  const TemporaryDirectory folder;
  Config keep = tiny({}), recompute = tiny({{"activations", "recompute"}, {"log_every", "3"}});
  Json json = testing::made_up_result(keep, 0.75), other = testing::made_up_result(recompute, 0.75, 2);
  const fs::path first = testing::write_result(folder.path("a/" + run_name(keep)), json);
  testing::write_result(folder.path("b/" + former_run_name(recompute)), other);
  CHECK(run_name(keep) != former_run_name(recompute));
  const std::vector<fs::path> both{folder.path("a"), folder.path("b")};
  RecordSet set = read_records(both);
  REQUIRE(set.records.size() == 1);
  REQUIRE(set.left_out.size() == 1);
  CHECK(set.left_out[0].reason.find("same training as " + first.string()) != std::string::npos);
  CHECK(set.left_out[0].reason.find("activations") != std::string::npos);
  // Another number is a contradiction, whatever those keys are.
  other["metrics"]["test_accuracy"] = 0.5;
  testing::write_result(folder.path("b/" + former_run_name(recompute)), other);
  CHECK(read_records(both).records.empty());
  // On other data it is another training.
  other["dataset"]["files"] = {{{"path", "t.txt"}, {"sha256", "ab"}, {"bytes", 1}}};
  testing::write_result(folder.path("b/" + former_run_name(recompute)), other);
  set = read_records(both);
  CHECK(set.records.size() == 2);
  keep_one_build(set);
  CHECK(set.records.size() == 2);
  CHECK(common_configuration(keep) == common_configuration(recompute));
}

}  // namespace qkvbench::run
