// Expanding grids, and reading them from JSON.
// Named grids are in grid_table.cpp.
#include "qkvbench/study/grid.hpp"

#include <algorithm>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/named_file.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/sources.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::study {

namespace {

constexpr std::size_t kMostRuns = 100000;

using Values = std::vector<std::pair<std::string, std::string>>;

std::string value_of(const Values& values, const std::string& key) {
  for (const auto& [name, value] : values)
    if (name == key) return value;
  return "";
}

/// One combination as a resolved configuration. `opened`: the corpus of the one before, which this one's is as a rule.
run::Config config_of(const Values& values, const std::string& origin,
                      std::shared_ptr<const data::OpenedCorpus>& opened) {
  run::Config config;
  config.task.opened = opened;
  const std::string preset = value_of(values, "preset"), task = value_of(values, "task");
  if (!preset.empty())
    run::apply_preset(config, run::find_preset(preset));
  else if (const run::Preset* recipe = run::default_preset(task.empty() ? config.task.id : task))
    run::apply_preset(config, *recipe);
  for (const auto& [key, value] : values)
    if (key != "preset") run::set_option(config, run::find_option(key, origin), value);
  for (const auto& [key, value] : values)
    if (key != "preset") run::check_concerns(config, run::find_option(key, origin));
  run::resolve(config);
  opened = config.task.opened;
  return config;
}

std::string described(const Values& values) {
  std::vector<std::string> parts;
  for (const auto& [key, value] : values) parts.push_back(key + " " + value);
  return join(parts);
}

std::size_t count_of(const GridBlock& block) {
  std::size_t runs = 1;
  for (const auto& axis : block.axes) runs = std::min(runs * axis.second.size(), kMostRuns + 1);
  return runs;
}

/// The combination of this number.
Values combination(const GridBlock& block, std::size_t number) {
  Values values(block.axes.size());
  for (std::size_t a = block.axes.size(); a-- > 0;) {
    const auto& [key, choices] = block.axes[a];
    values[a] = {key, choices[number % choices.size()]};
    number /= choices.size();
  }
  return values;
}

GridBlock block_from_json(const nlohmann::ordered_json& json, const std::string& origin) {
  if (!json.is_object() || json.empty()) fail_usage(origin + ": a grid is an object of keys, each with its values");
  GridBlock block;
  for (const auto& [key, value] : json.items()) {
    const std::string where = origin + ": " + key;
    if (key != "preset") run::find_option(key, origin);
    std::vector<std::string> values;
    if (value.is_array())
      for (const auto& one : value) values.push_back(run::flag_text(one, where));
    else
      values.push_back(run::flag_text(value, where));
    if (values.empty()) fail_usage(where + " has no values");
    block.axes.emplace_back(key, values);
  }
  return block;
}

}  // namespace

const Grid& find_grid(const std::string& id) { return find_row("grid", id, all_grids(), &Grid::id); }

Grid read_grid(const std::filesystem::path& path) {
  constexpr std::uint64_t kMostBytes = 16 << 20;
  const std::string text = read_named_file(path, kMostBytes), origin = name_of_input(path);
  formats::parse_json(text, origin);                      // refuses what is no JSON, repeats a key or nests too deep
  const auto json = nlohmann::ordered_json::parse(text);  // again, with the axes in their order
  if (!json.is_object() || !json.contains("grid"))
    fail_usage(origin +
               ": a grid stands under the key \"grid\": {\"grid\": {\"task\": [\"reverse\"], \"seed\": [0, 1]}}");
  for (const auto& [key, value] : json.items())
    if (key != "grid" && key != "name")
      fail_usage(origin + ": " + unknown_name("key", key, std::vector<std::string>{"grid", "name"}));
  Grid grid{path == "-" ? "stdin" : path.stem().string(), "", {}};
  if (json.contains("name")) grid.id = run::flag_text(json["name"], origin + ": name");
  const auto& blocks = json["grid"];
  if (blocks.is_array())
    for (const auto& block : blocks) grid.blocks.push_back(block_from_json(block, origin));
  else
    grid.blocks.push_back(block_from_json(blocks, origin));
  if (grid.blocks.empty()) fail_usage(origin + ": the grid is empty");
  return grid;
}

Grid grid_of(const std::string& what) {
  const bool is_file = what == "-" || what.find('/') != std::string::npos || what.ends_with(".json");
  if (is_file) return read_grid(what);
  std::vector<std::string> known;
  for (const Grid& grid : all_grids()) known.push_back(grid.id);
  if (std::ranges::find(known, what) == known.end())
    fail_usage(unknown_name_in_short("grid", what, known) + " (see qkvbench list grids)");
  return find_grid(what);
}

std::vector<run::Config> expand(const Grid& grid) {
  std::vector<run::Config> configs;
  std::set<std::string> seen;
  std::shared_ptr<const data::OpenedCorpus> opened;
  for (const GridBlock& block : grid.blocks) {
    const std::size_t count = count_of(block);
    if (configs.size() + count > kMostRuns)
      fail_usage("grid " + grid.id + " has more than " + std::to_string(kMostRuns) + " runs; split it");
    for (std::size_t i = 0; i < count; ++i) {
      const Values values = combination(block, i);
      try {
        run::Config config = config_of(values, "grid " + grid.id, opened);
        if (seen.insert(run::run_name(config)).second) configs.push_back(config);
      } catch (const Error& error) {
        throw Error(error.status(), "grid " + grid.id + " (" + described(values) + "): " + error.what());
      }
    }
  }
  return configs;
}

namespace {

/// Whether the first combination of a block has its data; what is wrong if not.
std::string missing_data(const GridBlock& block, const std::string& origin) {
  try {
    std::shared_ptr<const data::OpenedCorpus> opened;
    const run::Config config = config_of(combination(block, 0), origin, opened);
    // The sizes of a published set are known without its files.
    const auto& sets = data::all_sources();
    if (config.task.data.empty() && std::ranges::find(sets, config.task.id, &data::Source::name) != sets.end())
      data::require_installed(config.task.id);
  } catch (const Error& error) {
    if (error.status() == Exit::kInput) return error.what();
    throw;
  }
  return "";
}

void note_once(std::vector<std::string>& notes, const std::string& note) {
  if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
}

/// All values of each key in any block, in the order in which they come.
std::vector<std::pair<std::string, std::vector<std::string>>> values_by_key(const Grid& grid) {
  std::vector<std::pair<std::string, std::vector<std::string>>> keys;
  for (const GridBlock& block : grid.blocks)
    for (const auto& [key, values] : block.axes) {
      auto at = std::ranges::find(keys, key, [](const auto& pair) { return pair.first; });
      if (at == keys.end()) at = keys.insert(keys.end(), {key, {}});
      for (const std::string& value : values) note_once(at->second, value);
    }
  return keys;
}

}  // namespace

Grid with_data(const Grid& grid, std::vector<std::string>& missing) {
  Grid kept{grid.id, grid.summary, {}};
  for (GridBlock block : grid.blocks) {
    auto tasks = std::ranges::find(block.axes, "task", [](const auto& axis) { return axis.first; });
    const std::vector<std::string> all = tasks == block.axes.end() ? std::vector<std::string>{""} : tasks->second;
    std::vector<std::string> there;
    for (const std::string& task : all) {
      if (tasks != block.axes.end()) tasks->second = {task};
      const std::string wrong = missing_data(block, grid.id);
      if (wrong.empty())
        there.push_back(task);
      else
        note_once(missing, wrong);
    }
    if (there.empty()) continue;
    if (tasks != block.axes.end()) tasks->second = there;
    kept.blocks.push_back(block);
  }
  return kept;
}

std::vector<std::string> shrunk_axes(const Grid& whole, const Grid& part) {
  std::vector<std::string> notes;
  const auto all = values_by_key(whole);
  for (const auto& [key, values] : values_by_key(part)) {
    const auto at = std::ranges::find(all, key, [](const auto& pair) { return pair.first; });
    const std::string here = key + " " + join(values);
    if (at == all.end())
      notes.push_back(here);
    else if (at->second != values)
      notes.push_back(here + (at->second.size() > values.size() ? " of " : " instead of ") + join(at->second));
  }
  return notes;
}

}  // namespace qkvbench::study
