// A grid of runs: keys with one or several values each, expanded into a fixed list of configurations.
// Knows nothing of running them.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/run/config.hpp"

namespace qkvbench::study {

/// Every combination of the values of its axes is a run; the first axis changes slowest. A key is a key of the
/// configuration, or "preset"; where no preset is named a run begins with its task's recipe, as `train --task` does.
struct GridBlock {
  std::vector<std::pair<std::string, std::vector<std::string>>> axes;
};

/// Several blocks, one behind the other.
struct Grid {
  std::string id, summary;
  std::vector<GridBlock> blocks;
};

/// Grids that have a name, in the order of every listing.
std::span<const Grid> all_grids();
/// Throws Error (usage) with the nearest name if there is no such grid.
const Grid& find_grid(const std::string& id);

/// A description in JSON: {"name": "mine", "grid": {"task": ["reverse", "sort"], "variant": ["q_k_v", "qk_v"],
/// "d_model": 64, "seed": [0, 1, 2]}}, or a list of such objects under "grid". The name is optional: the file's.
/// Throws Error (usage) naming the file and the key, (input) when it is no JSON.
Grid read_grid(const std::filesystem::path& path);

/// The grid of this name, or of this file: "-", or what holds a slash or ends in .json.
Grid grid_of(const std::string& name_or_file);

/// The runs, resolved, in the order of the description; a configuration that comes twice is taken once.
/// Throws Error (usage) naming the combination that fits no model, or when there are more than 100,000 runs; as the
/// tasks' data do when they are not there.
std::vector<run::Config> expand(const Grid& grid);

/// The grid without the tasks whose data are not there; what is missing, and how to get it, is added to `missing`.
Grid with_data(const Grid& grid, std::vector<std::string>& missing);

/// In what `part` is smaller than `whole`, key by key: "d_model 32, 64 of 32, 64, 256", "epochs 2".
std::vector<std::string> shrunk_axes(const Grid& whole, const Grid& part);

}  // namespace qkvbench::study
