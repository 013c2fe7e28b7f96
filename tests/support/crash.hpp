// What the tests of crashes share: a small run, what it must leave, and how long to go on.
// `make soak` sets QKVBENCH_SOAK for the long forms.
#pragma once
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/environment.hpp"
#include "support/process.hpp"

namespace qkvbench::test {

/// `many` in the long form, else `few`.
inline int rounds(int few, int many) { return std::getenv("QKVBENCH_SOAK") != nullptr ? many : few; }

/// Seconds on a clock that only goes forward.
inline double seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Microseconds up to `most` seconds, each decade as likely as the next.
inline useconds_t moment(std::mt19937& random, double most) {
  const double exponent = std::uniform_real_distribution<>(-2, 0)(random);
  return static_cast<useconds_t>(1e6 * most * std::pow(10, exponent));
}

/// What a run says of itself: "completed", "interrupted" …; "none" before it has a result.
inline std::string status_of(const std::filesystem::path& run) {
  const std::filesystem::path result = run / "result.json";
  if (!std::filesystem::exists(result)) return "none";
  return nlohmann::json::parse(read_file(result))["status"];
}

/// The parts of a finished run that follow from configuration and build.
struct Bits {
  std::string canonical, model, metrics;
  bool operator==(const Bits&) const = default;
};

inline Bits bits_of_run(const std::filesystem::path& run) {
  auto result = nlohmann::ordered_json::parse(read_file(run / "result.json"));
  for (const char* key : {"timing", "env", "tool", "argv"}) result.erase(key);
  return {result.dump(), read_file(run / "model.safetensors"), read_file(run / "metrics.jsonl")};
}

/// The only run below `out`.
inline Bits bits_of(const std::filesystem::path& out) { return bits_of_run(only_entry(out)); }

/// Twelve steps of a model of a thousand parameters, with dropout; a checkpoint after every fifth.
inline std::vector<std::string> small_run(const std::filesystem::path& out, std::vector<std::string> more = {}) {
  std::vector<std::string> args{
      "train", "--task",       "copy", "--d-model",          "8", "--heads",   "2",         "--layers",
      "1",     "--seq-len",    "4",    "--max-len",          "8", "--n-train", "48",        "--n-test",
      "8",     "--batch-size", "8",    "--epochs",           "2", "--dropout", "0.1",       "--log-every",
      "2",     "--threads",    "1",    "--checkpoint-every", "5", "--out",     out.string()};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

/// Every file below a directory with its content.
inline std::map<std::string, std::string> contents_of(const std::filesystem::path& directory) {
  std::map<std::string, std::string> contents;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    if (entry.is_regular_file())
      contents[entry.path().lexically_relative(directory).string()] = read_file(entry.path());
  return contents;
}

/// fault_shim around every program started while this lives; see there. `fault` may be empty.
class Shim {
 public:
  Shim(const std::filesystem::path& under, const std::string& fault, const std::filesystem::path& notes)
      : fired_(notes / "fired"),
        log_(notes / "log"),
        under_("QKVBENCH_SHIM_UNDER", under.string()),
        fired_variable_("QKVBENCH_SHIM_FIRED", fired_.string()),
        preload_("LD_PRELOAD", shim_path()),
        // The address sanitizer wants to be first; the shim calls nothing that it watches.
        asan_("ASAN_OPTIONS", "verify_asan_link_order=0") {
    if (fault.empty())
      log_variable_.emplace("QKVBENCH_SHIM_LOG", log_.string());
    else
      fault_.emplace("QKVBENCH_SHIM_FAULT", fault);
  }
  bool fired() const { return std::filesystem::exists(fired_); }
  const std::filesystem::path& log() const { return log_; }

 private:
  std::filesystem::path fired_, log_;
  EnvironmentVariable under_, fired_variable_, preload_, asan_;
  std::optional<EnvironmentVariable> log_variable_, fault_;
};

}  // namespace qkvbench::test
