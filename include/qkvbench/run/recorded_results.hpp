// Results of many runs in one file, to be kept and passed on: NAME.jsonl.gz, a line of JSON for each, packed with gzip.
// Which runs belong together is the caller's; models and checkpoints are not kept.
#pragma once
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "qkvbench/run/records.hpp"

namespace qkvbench::run {

inline constexpr const char* kRecordedEnding = ".jsonl.gz";

/// Whether a file is one of recorded results, by its name.
bool has_recorded_results(const std::filesystem::path& path);

/// Calls each(place, text) for every line, in order: `place` is FILE:LINE. Throws Error (input) when the file cannot be
/// read, is damaged, or unpacks to more than a GiB.
void each_recorded_result(const std::filesystem::path& path,
                          const std::function<void(const std::filesystem::path& place, const std::string& text)>& each);

/// The file's bytes, a function of the records and their order. Everything of a result is kept but its command line,
/// which says no more than its configuration and has paths of the machine it ran on.
std::string recorded_text(std::span<const Record> records);

}  // namespace qkvbench::run
