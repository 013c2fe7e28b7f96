// What a command that writes a report's page asks of the models on disk.
// The page itself is report/page.
#pragma once
#include <vector>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/report/page.hpp"
#include "qkvbench/run/attention_maps.hpp"

namespace qkvbench::cli {

/// The image that was looked at; of other tasks none.
report::Image image_of(const run::AttentionMaps& maps);

/// The maps of one run of each arm and data set on its first test example: of the group in which most arms have a
/// model, the first run by name that has one. A model that cannot be read, or whose data are not there, costs its maps
/// and a message.
std::vector<report::AttentionOfRun> attention_of_arms(const Session& session, const report::Summary& summary);

}  // namespace qkvbench::cli
