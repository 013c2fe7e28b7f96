// What a command that writes a report's page asks of the models on disk.
// The page itself is report/page.
#pragma once
#include <vector>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/report/page.hpp"

namespace qkvbench::cli {

/// The maps of one run of each arm on its first test example: of the group in which most arms have a model, the first
/// run by name that has one. A model that cannot be read, or whose data are not there, costs its maps and a message.
std::vector<report::AttentionOfRun> attention_of_arms(const Session& session, const report::Summary& summary);

}  // namespace qkvbench::cli
