// Runs of a few steps, in this process and without a word.
// Configurations are the caller's.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/run/run.hpp"
#include "support/temporary.hpp"

namespace qkvbench::testing {

using Keys = std::vector<std::pair<std::string, std::string>>;

/// The configuration with these keys on top, resolved.
inline run::Config config_with(run::Config config, const Keys& keys) {
  for (const auto& [key, value] : keys) set_option(config, run::find_option(key, "test"), value);
  resolve(config);
  return config;
}

/// Runs it in `out`, or finds it there.
inline run::RunReport trained(const run::Config& config, const test::TemporaryDirectory& out) {
  class Quiet : public run::Monitor {};
  run::RunOptions options;
  options.out = out.path();
  Quiet quiet;
  return run::run(config, options, quiet);
}

}  // namespace qkvbench::testing
