// The table of keys: flags, files and results say the same, and a hash names exactly one configuration.
// The command line itself is tried in tests/cli.
#include "qkvbench/experiment/config.hpp"

#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/experiment/record.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::experiment {

using testing::check_error;

TEST_CASE("a configuration survives its own JSON") {
  Config config;
  config.task = "swap", config.variant = "(Q=K-V)+", config.d_model = 48, config.heads = 6, config.lr = 3e-4;
  config.seed = 9007199254740992;
  resolve(config);
  CHECK(config.variant == "qk_v+");
  CHECK(config.kv_heads == 6);
  CHECK(config.max_len == 128);
  Config again = config_from_json(nlohmann::json::parse(config_json(config).dump()), "f");
  resolve(again);
  CHECK(config_json(again) == config_json(config));
  CHECK(run_name(again) == run_name(config));
}

TEST_CASE("every key that concerns a task changes the name of its runs, and no other") {
  for (const std::string task : {"reverse", "lm"}) {
    Config base;
    base.task = task, base.d_model = 64, base.heads = 4, base.steps = 10;
    resolve(base);
    const std::string family = data::find_task(task).family;
    std::set<std::string> names{run_name(base)};
    std::size_t changes = 0;
    for (const Option& option : all_options()) {
      Config changed = base;
      const std::string key = option.key;
      std::visit(
          [&](auto member) {
            auto& value = changed.*member;
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>)
              value = key == "task" ? (task == "lm" ? "lm" : "sort") : key == "variant" ? "qkv" : "changed";
            else
              value += 1;
          },
          option.member);
      if (key == "task" && task == "lm") continue;
      changes += option.concerns(family) ? 1 : 0;
      names.insert(run_name(changed));
    }
    CHECK(names.size() == changes + 1);
  }
}

TEST_CASE("a key that the task has no use for is refused, not ignored") {
  Config config;
  config.task = "reverse", config.corpus = "a.txt";
  check_error(Exit::kUsage, {"--corpus", "does not concern", "reverse"}, [&] { resolve(config); });
  Config text;
  text.task = "lm", text.steps = 5, text.n_train = 3;
  check_error(Exit::kUsage, {"--n-train", "lm"}, [&] { resolve(text); });
  text.n_train = 0, text.steps = 0;
  check_error(Exit::kUsage, {"lm", "--steps"}, [&] { resolve(text); });
}

TEST_CASE("a task's recipe is found, and every preset resolves") {
  REQUIRE(recipe_of("lm") != nullptr);
  CHECK(recipe_of("lm")->id == std::string("char"));
  CHECK(recipe_of("reverse") == nullptr);
  for (const Preset& preset : all_presets()) {
    INFO(preset.id);
    Config config;
    apply_preset(config, preset);
    resolve(config);
    Config again = config_from_json(nlohmann::json::parse(config_json(config).dump()), "f");
    resolve(again);
    CHECK(config_json(again) == config_json(config));
  }
}

TEST_CASE("what the trainer does follows from the recipe of Table 1") {
  Config config;
  config.task = "reverse";
  resolve(config);
  const train::TrainOptions options = train_options(config);
  CHECK(options.total_steps == 2 * 79);  // 10,000 lists in batches of 128, the last one smaller
  CHECK(options.schedule.warmup_steps == 8);
  CHECK(options.adam.grad_clip == 5);
  CHECK(options.lr == 1e-3);
}

TEST_CASE("steps overrule epochs") {
  Config config;
  config.steps = 7;
  resolve(config);
  CHECK(train_options(config).total_steps == 7);
}

TEST_CASE("a record holds null, never NaN, for what does not exist") {
  Config config;
  resolve(config);
  Outcome outcome;
  outcome.status = Status::kDiverged;
  outcome.train_s = 0;
  data::DataFacts facts;
  facts.n_test = 1;
  const Json json = result_json(config, facts, outcome);
  CHECK(json["metrics"]["test_accuracy"].is_null());
  CHECK(json["timing"]["tokens_per_s"].is_null());
  CHECK(json.dump().find("NaN") == std::string::npos);
  for (const char* key : {"timing", "env", "tool", "argv"}) CHECK_FALSE(canonical_part(json).contains(key));
}

}  // namespace qkvbench::experiment
