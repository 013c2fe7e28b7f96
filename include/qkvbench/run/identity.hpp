// What makes two runs one: which configurations train the same weights bit for bit, and which data a run is of.
// Names of runs, finding a run again, resuming it and counting copies once all follow from here.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

/// The configuration with every key that is of no effect on the trained weights at its neutral value:
///   activations -> keep, log_every -> a fiftieth of all steps, epochs beside steps -> the default,
///   steps that are whole epochs -> those epochs, pos_dim without + -> the family's,
///   final_lr without a cosine -> 0, optimizer without weight decay -> adam (adamw is the same then).
/// Two resolved configurations train the same weights on the same data if theirs are equal.
Config identity_of(const Config& resolved);

/// Whether both train the same weights on the same data.
bool same_training(const Config& a, const Config& b);

/// Keys of no effect on the weights in which the two differ, "log_every 7, not 3"; empty if there are none.
std::string differing_keys(const Config& there, const Config& asked);

/// The run's name of earlier versions, with the hash over every key of the config object.
std::string former_run_name(const Config& resolved);

/// Where the run is, or is to be: out/<run_name>, unless an earlier version left it under its former name only.
std::filesystem::path run_directory(const std::filesystem::path& out, const Config& resolved);

/// In what today's data differ from those that a result or checkpoint remembers (its `dataset` object): "t.txt is
/// another file now". Empty when they are the same, or it remembers none (null).
std::string other_data(const nlohmann::json& remembered, const data::DataFacts& today);
/// The same of the files alone, whatever their number of examples.
std::string other_files(const nlohmann::json& remembered, const data::DataFacts& today);
/// Throws Error (usage) when what a run in a directory remembers are other data than today's. `what`: "finished" or
/// "unfinished".
void check_same_data(const nlohmann::json& remembered, const data::DataFacts& today, const char* what,
                     const std::filesystem::path& directory);

}  // namespace qkvbench::run
