// What `inspect --match` makes equal, read from its words, and how it is shown.
// The sizes are sought in run/match.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/run/costs.hpp"

namespace qkvbench::cli {

/// What configurations are matched to; none: as they are.
struct MatchTarget {
  std::optional<index_t> parameters, cache_bytes;  ///< of the model; of one token in 32-bit floats
};

/// Of "params", "cache" (the first configuration's), "params=N" and "cache=BYTES". Throws Error (usage).
MatchTarget match_target(const std::vector<std::string>& words, const std::vector<run::Config>& configs);
/// The configuration with the sizes that come nearest. Throws Error (usage) where none does.
run::Config matched(run::Config config, const MatchTarget& target);
/// A table of the sizes found; "" where nothing is matched.
std::string matched_text(const Session& session, const std::vector<run::Costs>& all, const MatchTarget& target);
formats::Json match_json(const MatchTarget& target);

}  // namespace qkvbench::cli
