// What is recorded of a table of the paper: the results of one of its grids, kept as a file in a directory.
// Nothing is run, and no data need be there.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "qkvbench/run/records.hpp"
#include "qkvbench/study/plan.hpp"

namespace qkvbench::study {

/// Where the results of a grid are recorded in a directory: GRID.jsonl.gz. Whoever writes such a file sees to it that
/// every run of the grid is in it.
std::filesystem::path recorded_file(const std::filesystem::path& record, const std::string& grid);

/// A part of the recipe's grid that was run before, and its results.
struct RecordedPart {
  Plan plan;  ///< its runs are those that are recorded; no data need be there
  run::RecordSet results;
};
/// The largest level of the recipe that is recorded; none when no level is. Runs of several builds stand together.
/// Throws Error (input) when the file is damaged or holds nothing that can be read.
std::optional<RecordedPart> recorded_part(const PaperTable& recipe, const std::filesystem::path& record);

}  // namespace qkvbench::study
