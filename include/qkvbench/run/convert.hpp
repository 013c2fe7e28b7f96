// A run's model under another sharing, as a run of its own: a directory that every command takes.
// What is done to the numbers is in run/surgery.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/run/examples.hpp"
#include "qkvbench/run/result.hpp"
#include "qkvbench/run/surgery.hpp"

namespace qkvbench::run {

struct ConvertOptions {
  std::string to;                    ///< variant; empty: as the model has
  index_t kv_heads = 0;              ///< 0: as the model has; of a query that shares its projection, all
  std::vector<std::string> methods;  ///< see surgery()
  ExamplesRequest examples;          ///< training examples for methods that read some
  std::filesystem::path out = "results";
  bool overwrite = false;
  std::vector<std::string> argv;
};

struct ConvertReport {
  std::filesystem::path directory;
  Result result;
  bool was_there = false;  ///< converted before, from the same weights in the same way
};

/// Writes the run out/convert-<variant>-<hash of weights and request>: result.json with status "converted" and its
/// origin, an empty metrics.jsonl, model.safetensors and the manifest. Nothing is trained and nothing tested.
/// Throws Error: as load_run() and surgery(); usage when nothing would change; output when it cannot be written.
ConvertReport convert_run(const std::filesystem::path& path, const ConvertOptions& options);

}  // namespace qkvbench::run
