// Results as runs write them, made up in no time: for what reads records.
// The numbers are the caller's; nothing is trained.
#pragma once
#include <filesystem>
#include <string>

#include "qkvbench/base/files.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::testing {

/// A small resolved configuration.
inline run::Config config_of(const std::string& task, const std::string& variant, std::uint64_t seed = 0,
                             index_t heads = 4, index_t kv_heads = 0) {
  run::Config config;
  config.task.id = task, config.model.variant = nn::parse_variant(variant), config.task.seed = seed;
  config.model.heads = heads, config.model.kv_heads = kv_heads;
  if (task == "lm") config.steps = 10;
  run::resolve(config);
  return config;
}

/// The result of a completed run with this accuracy, or for text this perplexity, and a curve of some points.
inline formats::Json made_up_result(const run::Config& config, double value, int points = 3) {
  data::DataFacts facts;
  facts.name = config.task.id;
  facts.n_train = 100;
  (config.task.id == "lm" ? facts.n_val : facts.n_test) = 10;
  run::Outcome outcome;
  outcome.status = run::Status::kCompleted;
  outcome.wall_s = 2.5, outcome.train_s = 2, outcome.tokens_timed = 1000;
  for (int i = 1; i <= points; ++i) outcome.state.curve.push_back({10 * i, 2.0 / i, 1 - 0.5 / i, 1e-3, 0.25});
  formats::Json json = result_json(result_of(config, facts, outcome));
  if (config.task.id == "lm")
    json["metrics"]["perplexity"] = value;
  else
    json["metrics"]["test_accuracy"] = value;
  return json;
}

inline std::filesystem::path write_result(const std::filesystem::path& directory, const formats::Json& result) {
  std::filesystem::create_directories(directory);
  write_file_atomic(directory / "result.json", result.dump(2) + "\n");
  return directory / "result.json";
}

/// Writes it where a run would, and returns the file's path.
inline std::filesystem::path write_result(const std::filesystem::path& results, const run::Config& config,
                                          double value) {
  return write_result(results / run_name(config), made_up_result(config, value));
}

/// The same of a task that generates its data, so that a sweep takes it for its own.
inline std::filesystem::path write_generated_result(const std::filesystem::path& results, const run::Config& config,
                                                    double value) {
  formats::Json result = made_up_result(config, value);
  result["dataset"]["n_train"] = config.task.n_train, result["dataset"]["n_test"] = config.task.n_test;
  return write_result(results / run_name(config), result);
}

}  // namespace qkvbench::testing
