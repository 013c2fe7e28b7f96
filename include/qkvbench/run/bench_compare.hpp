// An earlier record of a benchmark, to compare with: `qkvbench bench --compare FILE`.
// Does not judge: noise and progress look alike in one ratio.
#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

/// Speeds by case, and where they were measured.
struct EarlierBench {
  std::map<std::string, double> speeds;  ///< of each case, in tokens or examples a second
  Json env;

  std::optional<double> speed(const std::string& case_name) const;
  /// What is not as it was, e.g. "threads 1 then, 2 now"; empty when everything is.
  std::string differences(const Json& env_now) const;
};

/// Reads what --json wrote for the same benchmark ("train", "eval", "decode" or "data").
/// Throws Error (input) in one line when it is no such record.
EarlierBench read_earlier_bench(const std::filesystem::path& path, const std::string& bench);

}  // namespace qkvbench::run
