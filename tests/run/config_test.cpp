// The table of keys: flags, files and results say the same, and a hash names exactly one configuration.
// The command line itself is tried in tests/cli.
#include "qkvbench/run/config.hpp"

#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/run/records.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::run {

using testing::check_error;

TEST_CASE("a configuration survives its own JSON") {
  Config config;
  config.task.id = "swap", config.model.variant = nn::parse_variant("(Q=K-V)+"), config.model.d_model = 48,
  config.model.heads = 6, config.train.lr = 3e-4;
  config.task.seed = 9007199254740992;
  resolve(config);
  CHECK(config.model.variant.id() == "qk_v+");
  CHECK(config.model.kv_heads == 6);
  CHECK(config.model.max_len == 128);
  Config again = config_from_json(nlohmann::json::parse(config_json(config).dump()), "f");
  resolve(again);
  CHECK(config_json(again) == config_json(config));
  CHECK(run_name(again) == run_name(config));
}

TEST_CASE("every key that concerns a task and its weights changes the name of its runs, and no other") {
  // Of no effect on the weights where steps are given, there is no + and no decay of weights.
  const std::set<std::string> without_effect{"activations", "log_every", "epochs", "pos_dim", "optimizer"};
  for (const std::string task : {"reverse", "lm", "glyphs", "anomaly", "recall"}) {
    Config base;
    base.task.id = task, base.model.d_model = 64, base.model.heads = 4, base.steps = 10;
    if (task != "lm") base.task.n_train = 1000;  // eight steps an epoch
    resolve(base);
    const std::string family = data::find_task(task).form();
    std::set<std::string> names{run_name(base)};
    std::size_t changes = 0;
    for (const Option& option : all_options()) {
      Config changed = base;
      const std::string key = option.key;
      Option::Value value = option.value(base);
      if (auto* text = std::get_if<std::string>(&value)) {
        const auto known = option.place.names ? option.place.names() : std::vector<std::string>{};
        *text = key == "task"      ? (task == "reverse" ? "sort" : "mnist")
                : key == "variant" ? "qkv"
                : known.empty()    ? "changed"
                                   : known[*text == known[0] ? 1 : 0];
      } else {
        std::visit(
            [](auto& number) {
              using T = std::remove_cvref_t<decltype(number)>;
              if constexpr (std::is_same_v<T, bool>)
                number = !number;
              else if constexpr (!std::is_same_v<T, std::string>)
                number += 1;
            },
            value);
      }
      option.place.set(changed, value);
      if (key == "task" && (task == "lm" || task == "anomaly")) continue;  // the only one of its family
      changes += option.concerns(family) && !without_effect.contains(key) ? 1 : 0;
      names.insert(run_name(changed));
    }
    CHECK(names.size() == changes + 1);
  }
}

TEST_CASE(
    "ways to make q, k and v share one configuration where their sizes follow, and said sizes make no other run") {
  const auto resolved = [](const char* variant, index_t kv_rank = 0, index_t rope_dim = 0) {
    Config config;
    apply_preset(config, find_preset("llama-char"));
    config.model.variant = nn::parse_variant(variant);
    config.model.kv_rank = kv_rank, config.model.rope_dim = rope_dim;
    resolve(config);
    return config;
  };
  const std::string common = common_configuration(resolved("q_k_v"));
  for (const char* variant : {"q_kv", "qvv3", "gta", "mla", "gla"}) {
    INFO(variant);
    CHECK(common_configuration(resolved(variant)) == common);
  }
  CHECK(run_name(resolved("mla", 128, 16)) == run_name(resolved("mla")));
  CHECK(run_name(resolved("gla", 64)) == run_name(resolved("gla")));
  CHECK(run_name(resolved("gta", 0, 16)) == run_name(resolved("gta")));
  CHECK(run_name(resolved("mla", 64)) != run_name(resolved("mla")));
  CHECK(common_configuration(resolved("mla", 64)) == common);  // a latent's width is part of the arm
}

TEST_CASE("a key that the task has no use for is refused, not ignored") {
  Config config;
  config.task.id = "reverse", config.task.corpus = "a.txt";
  check_error(Exit::kUsage, {"--corpus", "does not concern", "reverse"}, [&] { resolve(config); });
  Config text;
  text.task.id = "lm", text.steps = 5, text.task.n_train = 3;
  check_error(Exit::kUsage, {"--n-train", "lm"}, [&] { resolve(text); });
  text.task.n_train = 0, text.steps = 0;
  check_error(Exit::kUsage, {"lm", "--steps"}, [&] { resolve(text); });
}

TEST_CASE("sizes of a model follow from its data and are part of the configuration") {
  Config images;
  images.task.id = "glyphs", images.model.variant = nn::parse_variant("qk_v+");
  resolve(images);
  CHECK(images.task.image_size == 28);
  CHECK(images.task.channels == 1);
  CHECK(images.task.classes == 10);
  CHECK(images.task.n_train == 20000);
  CHECK(images.model.pos_dim == 50);
  CHECK(images.model.classes == 10);
  Config sets;
  sets.task.id = "anomaly", sets.task.source = "cifar10", sets.task.data = "";
  resolve(sets);
  CHECK(sets.task.features == 3072);
  CHECK(sets.model.pos_dim == 10);
  CHECK(sets.model.seq_len == 10);
  // Once resolved, a configuration needs no data to be resolved again.
  Config moved = sets;
  moved.task.data = "/nowhere";
  resolve(moved);
  CHECK(moved.task.features == 3072);
  moved.model.patch = 7;
  check_error(Exit::kUsage, {"--patch", "anomaly"}, [&] { resolve(moved); });
  images.model.pos_dim = 1;
  check_error(Exit::kUsage, {"pos_dim"}, [&] { resolve(images); });
}

TEST_CASE("Table 2's recipe is the paper's") {
  for (const std::string task : {"mnist", "fashion-mnist", "cifar10", "cifar100"}) {
    INFO(task);
    REQUIRE(default_preset(task) != nullptr);
    Config config;
    apply_preset(config, *default_preset(task));
    resolve(config);
    CHECK(config.train.schedule.name == "multistep");
    CHECK(config.train.batch_size == 128);
    CHECK(config.model.patch == 4);
    CHECK(config.train.lr == 1e-3);
    CHECK(config.model.dropout == 0.1);
    CHECK(config.train.adam.grad_clip == 0);
    CHECK(config.warmup == 0);
    CHECK_FALSE(config.train.adam.decoupled);
    CHECK(config.epochs == (task == "cifar10" ? 40 : task == "cifar100" ? 50 : 20));
    CHECK(config.task.augment == (task.starts_with("cifar") ? "crop-flip" : "none"));
  }
}

TEST_CASE("a task's recipe is found, and every preset resolves") {
  const test::TemporaryDirectory folder;
  folder.write("train/a/x.png", "sizes follow from names alone");
  REQUIRE(default_preset("lm") != nullptr);
  CHECK(default_preset("lm")->id == std::string("char"));
  CHECK(default_preset("reverse") == nullptr);
  for (const Preset& preset : all_presets()) {
    INFO(preset.id);
    Config config;
    apply_preset(config, preset);
    if (config.task.id == "images") config.task.data = folder.path();
    resolve(config);
    Config again = config_from_json(nlohmann::json::parse(config_json(config).dump()), "f");
    resolve(again);
    CHECK(config_json(again) == config_json(config));
  }
}

TEST_CASE("what the trainer does follows from the recipe of Table 1") {
  Config config;
  config.task.id = "reverse";
  resolve(config);
  const train::TrainOptions options = config.train;
  CHECK(options.total_steps == 2 * 79);       // 10,000 lists in batches of 128, the last one smaller
  CHECK(options.schedule.warmup_steps == 7);  // a twentieth of 158, rounded down
  CHECK(options.adam.grad_clip == 5);
  CHECK(options.lr == 1e-3);
}

TEST_CASE("the paper's language models take the official batches, 10 billion tokens and its warm-up") {
  struct Row {
    const char* preset;
    index_t batch, micro_batch, warmup_steps;
  };
  for (const Row& row : {Row{"300m", 6 * 24, 6, 500}, Row{"1.2b", 2 * 36, 2, 1000}}) {
    Config config;
    apply_preset(config, find_preset(row.preset));
    resolve(config);
    const train::TrainOptions options = config.train;
    CHECK(options.batch_size == row.batch);
    CHECK(options.micro_batch == row.micro_batch);
    CHECK(options.schedule.warmup_steps == row.warmup_steps);
    const double tokens = static_cast<double>(options.total_steps * options.batch_size * 2048);
    CHECK(std::abs(tokens - 1e10) < 2048.0 * static_cast<double>(options.batch_size));
  }
}

TEST_CASE("steps overrule epochs") {
  Config config;
  config.steps = 7;
  resolve(config);
  CHECK(config.train.total_steps == 7);
}

TEST_CASE(
    "replicas are a power of two that divides the batch, and change the name of a run only where there are some") {
  const auto resolved = [](index_t batch_size, index_t replicas, index_t micro_batch = 0) {
    Config config;
    config.task.id = "reverse";
    config.train.batch_size = batch_size;
    config.train.replicas = replicas;
    config.train.micro_batch = micro_batch;
    resolve(config);
    return config;
  };
  CHECK_THROWS_WITH(resolved(12, 3), "replicas 3 is no power of two; write --replicas 2 or 4");
  CHECK_THROWS_WITH(resolved(12, 8),
                    "batch_size 12 cannot be split into 8 replicas; write --batch-size 16, or --replicas 4");
  CHECK_THROWS_WITH(resolved(16, 8, 4),
                    "micro_batch 4 is larger than batch_size 16 / replicas 8; lower --micro-batch, or leave it out");
  CHECK(resolved(16, 8).train.micro_batch == 2);
  CHECK_FALSE(config_json(resolved(16, 1)).contains("replicas"));
  CHECK(config_json(resolved(16, 8))["replicas"] == 8);
  CHECK(config_hash(resolved(16, 1, 2)) != config_hash(resolved(16, 8, 2)));
}

TEST_CASE("a record holds null, never NaN, for what does not exist") {
  Config config;
  resolve(config);
  Outcome outcome;
  outcome.status = Status::kDiverged;
  outcome.train_s = 0;
  data::DataFacts facts;
  facts.n_test = 1;
  const Result result = result_of(config, facts, outcome);
  const Json json = result_json(result);
  CHECK(json["metrics"]["test_accuracy"].is_null());
  CHECK(json["timing"]["tokens_per_s"].is_null());
  CHECK(json.dump().find("NaN") == std::string::npos);
  for (const char* key : {"timing", "env", "tool", "argv"}) CHECK_FALSE(canonical_json(result).contains(key));
}

}  // namespace qkvbench::run
