// Reads the tables of data/rerun, once.
// Columns that are keys of the configuration tell which runs are of which; the others are a run's number and value.
#include "qkvbench/study/rerun.hpp"

#include <array>
#include <cstdlib>
#include <map>
#include <string>

#include "build_info.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/run/records.hpp"
#include "qkvbench/study/arm.hpp"

namespace qkvbench::study {

namespace {

constexpr std::array<const char*, 2> kTexts{kRerunTable1, kRerunTable2};

struct RerunTable {
  std::vector<std::string> keys;                      ///< of the configuration
  std::map<std::string, std::vector<double>> values;  ///< by their texts, joined
};

bool is_key(const std::string& column) { return column != "seed" && column != "run" && column != "test_accuracy"; }

double number_of(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') fail_internal("data/rerun: '" + text + "' is no accuracy");
  return number;
}

RerunTable read_table(const std::string& text) {
  RerunTable table;
  std::vector<std::string> columns;
  for (const std::string& line : split(text, '\n')) {
    if (line.empty()) continue;
    const std::vector<std::string> cells = split(line, ',');
    if (columns.empty()) {
      columns = cells;
      for (const std::string& column : columns)
        if (is_key(column)) table.keys.push_back(column);
      continue;
    }
    std::vector<std::string> of;
    for (std::size_t c = 0; c < columns.size(); ++c)
      if (is_key(columns[c])) of.push_back(cells.at(c));
    table.values[join(of, ",")].push_back(number_of(cells.back()));
  }
  return table;
}

const std::array<RerunTable, kTexts.size()>& tables() {
  static const std::array<RerunTable, kTexts.size()> all{read_table(kTexts[0]), read_table(kTexts[1])};
  return all;
}

std::string text_of(const run::Config& config, const std::string& key) {
  return run::find_option(key, "").text(config);
}

/// The task's recipe with these keys as in `config`.
run::Config recipe_with(const run::Config& config, const std::vector<std::string>& keys) {
  run::Config recipe;
  if (const run::Preset* preset = run::default_preset(config.task.id)) run::apply_preset(recipe, *preset);
  for (const std::string& key : keys) run::set_option(recipe, run::find_option(key, ""), text_of(config, key));
  run::resolve(recipe);
  return recipe;
}

}  // namespace

std::vector<double> rerun_accuracies(const run::Config& config) {
  for (const RerunTable& table : tables()) {
    std::vector<std::string> of;
    for (const std::string& key : table.keys)
      if (run::find_option(key, "").concerns(data::find_task(config.task.id).form()))
        of.push_back(text_of(config, key));
    const auto at = table.values.find(join(of, ","));
    if (at == table.values.end()) continue;
    const run::Config recipe = recipe_with(config, table.keys);
    if (arm_of(recipe) == arm_of(config) && run::common_configuration(recipe) == run::common_configuration(config))
      return at->second;
  }
  return {};
}

}  // namespace qkvbench::study
