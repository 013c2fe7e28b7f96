// Settings of runs as text: which values each key takes, and the commands that give them.
// Reads Config through the table of options alone.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/run/records.hpp"

namespace qkvbench::report {

/// A key's value as a flag takes it.
std::string setting_text(const run::Config& config, const run::Option& option);

/// The same with its number before it (0 for texts): in this order values are listed.
std::pair<double, std::string> setting_value(const run::Config& config, const run::Option& option);

/// Of all runs of a task: each key that concerns it, but for task, variant and kv_heads, with its values in order.
std::map<std::string, std::vector<std::string>> values_of(const std::vector<run::Record>& records,
                                                          const std::string& task);

}  // namespace qkvbench::report
