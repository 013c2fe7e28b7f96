// Writing a run whose model was not trained here: imported from another program, or converted from another run.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/run/result.hpp"

namespace qkvbench::run {

/// All that is written.
struct MadeRun {
  std::filesystem::path directory;
  std::vector<formats::TensorToWrite> tensors;
  std::map<std::string, std::string> metadata;
  Result result;     ///< but for timing.wall_s
  double began_s{};  ///< seconds_now() when the work on it began
};

/// Writes result.json, an empty metrics.jsonl, model.safetensors and the manifest, or finds the finished run that is
/// there already. A failure leaves no directory that was not there before.
/// wall_s counts up to the model's file being written.
///   result: what result.json holds now.   Returns whether it was written.
/// Throws Error: output when it cannot be written or another process is at work there; input when what is there is
/// damaged or a number is not finite.
bool write_made_run(const MadeRun& made, const std::filesystem::path& out, bool overwrite, Result& result);

}  // namespace qkvbench::run
