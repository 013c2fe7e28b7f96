// Choosing a level, and keeping the choice; run_time says how long a level takes.
// The choice is the only thing in a reproduction that depends on speed, so it is made once and written down.
#include "qkvbench/study/plan.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/study/run_time.hpp"

namespace qkvbench::study {

namespace {

constexpr double kUsed = 0.95;  // of a budget; the rest is for what the estimate does not see

std::string budget_text(double budget_s) {
  return budget_s > 0 ? std::to_string(std::llround(budget_s)) + "s" : "full";
}

/// A level of the recipe without the tasks whose data are not there.
struct Level {
  Grid grid;
  std::vector<run::Config> runs;
};

Plan plan_of(const PaperTable& recipe, const std::string& level, const std::vector<std::string>& missing,
             const Grid& grid) {
  Plan plan;
  plan.recipe = recipe.id;
  plan.level = level;
  plan.shrunk = shrunk_axes(find_grid(recipe.levels.front()), grid);
  plan.unavailable = missing;
  plan.runs = expand(grid);
  return plan;
}

/// The levels that have data, the largest first; what is missing, of all of them.
std::vector<Level> levels_of(const PaperTable& recipe, std::vector<std::string>& missing) {
  std::vector<Level> levels;
  for (const std::string& id : recipe.levels) {
    const Grid grid = with_data(find_grid(id), missing);
    if (!grid.blocks.empty()) levels.push_back({grid, expand(grid)});
  }
  if (levels.empty())
    fail_input("none of the data of " + recipe.id + " are there: " + missing.front() +
               (missing.size() > 1 ? ", and so for " + std::to_string(missing.size() - 1) + " more" : "") +
               "; without a download there are `qkvbench reproduce table1` and, of images, `qkvbench train --task "
               "glyphs`");
  return levels;
}

/// Those that are not finished in `out`, and not among `others`.
std::vector<run::Config> left_of(const std::vector<run::Config>& runs, const std::filesystem::path& out,
                                 const std::vector<run::Config>& others = {}) {
  std::set<std::string> names;
  for (const run::Config& config : others) names.insert(run::run_name(config));
  std::vector<run::Config> left;
  for (const run::Config& config : runs)
    if (!names.contains(run::run_name(config)) &&
        !std::filesystem::exists(run::run_directory(out, config) / "result.json"))
      left.push_back(config);
  return left;
}

/// From the smallest level up, so that timing takes no more than its share of what there is time for.
Plan choose(const PaperTable& recipe, double budget_s, const SweepOptions& options) {
  std::vector<std::string> missing;
  const std::vector<Level> levels = levels_of(recipe, missing);
  const double begin = seconds_now();
  RunClock clock(options);
  std::size_t chosen = budget_s > 0 ? levels.size() - 1 : 0;
  double expected_s = 0;
  const double all = 1 + recipe.further;
  if (budget_s > 0) expected_s = all * clock.expect(left_of(levels[chosen].runs, options.out));
  const auto left_s = [&] { return kUsed * budget_s - (seconds_now() - begin); };
  while (chosen > 0 && expected_s <= left_s()) {
    const std::vector<run::Config> runs = left_of(levels[chosen - 1].runs, options.out);
    if (all * clock.at_least(runs) > left_s()) break;
    const double larger_s = all * clock.expect(runs);
    if (larger_s > left_s()) break;
    --chosen;
    expected_s = larger_s;
  }
  Plan plan = plan_of(recipe, levels[chosen].grid.id, missing, levels[chosen].grid);
  plan.expected_s = expected_s;
  if (chosen == 0) return plan;
  const std::vector<run::Config> next = left_of(levels[chosen - 1].runs, options.out, plan.runs);
  plan.next_level = levels[chosen - 1].grid.id;
  plan.next_s = all * (all * clock.at_least(next) > budget_s ? clock.roughly(next) : clock.expect(next)) / kUsed;
  return plan;
}

/// A kept plan's choice: the level, and the tasks that had their data then.
formats::Json choice_json(const Plan& plan) {
  formats::Json tasks = formats::Json::array();
  for (const run::Config& config : plan.runs)
    if (std::ranges::find(tasks, formats::Json(config.task.id)) == tasks.end()) tasks.push_back(config.task.id);
  formats::Json json{{"recipe", plan.recipe}, {"budget", plan.budget},           {"level", plan.level},
                     {"tasks", tasks},        {"unavailable", plan.unavailable}, {"expected_s", plan.expected_s}};
  if (!plan.next_level.empty()) json["next"] = {{"level", plan.next_level}, {"budget_s", plan.next_s}};
  return json;
}

Plan read_choice(const PaperTable& recipe, const std::filesystem::path& path) {
  const std::string origin = path.string();
  const nlohmann::json json = formats::parse_json(read_file(path, 1 << 20), origin);
  try {
    Grid grid = find_grid(json.at("level"));
    const auto tasks = json.at("tasks").get<std::vector<std::string>>();
    const auto unavailable = json.at("unavailable").get<std::vector<std::string>>();
    for (GridBlock& block : grid.blocks)
      for (auto& [key, values] : block.axes)
        if (key == "task")
          std::erase_if(values, [&](const auto& task) { return std::ranges::find(tasks, task) == tasks.end(); });
    std::erase_if(grid.blocks, [](const GridBlock& block) {
      return std::ranges::any_of(block.axes, [](const auto& axis) { return axis.second.empty(); });
    });
    std::vector<std::string> missing;  // a part may have several corpora of one task; the caller says which are missing
    Plan plan = plan_of(recipe, grid.id, unavailable, with_data(grid, missing));
    plan.expected_s = json.at("expected_s");
    if (json.contains("next")) {
      plan.next_level = json["next"].at("level");
      plan.next_s = json["next"].at("budget_s");
    }
    return plan;
  } catch (const nlohmann::json::exception& error) {
    fail_input(origin + ": no plan of this tool (" + error.what() + "); remove it to plan anew");
  } catch (const Error& error) {
    if (error.status() != Exit::kUsage) throw;
    fail_input(origin + ": " + error.what() + "; remove it to plan anew");
  }
}

/// What a message is about: "data set mnist is not there".
std::string subject_of(const std::string& message) { return message.substr(0, message.find(':')); }

/// What was missing when a plan was made and is there today.
std::vector<std::string> appeared(const std::vector<std::string>& then, const std::vector<std::string>& now) {
  std::vector<std::string> subjects;
  for (const std::string& message : then)
    if (std::ranges::find(now, subject_of(message), subject_of) == now.end()) subjects.push_back(subject_of(message));
  return subjects;
}

/// Leaves out what cannot be run for want of data that were there when it was planned.
void check_data(Plan& plan) {
  std::vector<std::string> missing;
  const Grid there = with_data(find_grid(plan.level), missing);
  std::set<std::string> names;
  for (const run::Config& config : expand(there)) names.insert(run::run_name(config));
  std::erase_if(plan.runs, [&](const run::Config& config) { return !names.contains(run::run_name(config)); });
  if (plan.runs.empty()) fail_input("the data of " + plan.level + " are gone: " + missing.front());
}

}  // namespace

std::vector<std::string> missing_data(const PaperTable& recipe) {
  std::vector<std::string> missing;
  for (const std::string& level : recipe.levels) with_data(find_grid(level), missing);
  return missing;
}

Plan make_plan(const PaperTable& recipe, double budget_s, const SweepOptions& options) {
  make_directories(options.out);
  const std::string budget = budget_text(budget_s);
  const std::filesystem::path path = options.out / ("plan-" + recipe.id + "-" + budget + ".json");
  // Planning takes a share of the budget: of shards that start together one plans, the others wait and take its plan.
  constexpr double kPlanned_s = 600;
  const FileLock lock(options.out / "plan.lock", "the planning in " + options.out.string(), "choose another --out",
                      kPlanned_s);
  Plan plan;
  std::vector<std::string> news;
  const bool kept = std::filesystem::exists(path);
  if (kept) {
    plan = read_choice(recipe, path);
    const std::vector<std::string> missing = missing_data(recipe);
    news = appeared(std::exchange(plan.unavailable, missing), missing);
  }
  if (kept && news.empty()) {
    check_data(plan);
  } else {
    plan = choose(recipe, budget_s, options);
    plan.budget = budget;
    write_file_atomic(path, formats::text_of(choice_json(plan), 2) + "\n");
    if (!news.empty()) plan.news = "planned anew, since it is no longer so that " + join(news, " or ");
  }
  plan.budget = budget;
  return plan;
}

}  // namespace qkvbench::study
