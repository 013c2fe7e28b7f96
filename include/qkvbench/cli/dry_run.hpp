// What `train --dry-run` says instead of training.
#pragma once
#include <vector>

#include "qkvbench/cli/command.hpp"

namespace qkvbench::cli {

/// Bits a second of "10Gbit", "400Mbit" or "25G"; throws Error (usage) with how to write it.
double parse_network(const std::string& text);

/// Steps, time and memory of each configuration of the first seed, and, where a run has replicas, what 1, 2, 4 … ranks
/// would take over a network of so many bits a second. Nothing is written.   configs: seed by seed.
void dry_run(const Session& session, const std::vector<run::Config>& configs, double bits_per_s);

}  // namespace qkvbench::cli
