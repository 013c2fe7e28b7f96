// Timing a machine, choosing a level, and keeping the choice.
// The choice is the only thing in a reproduction that depends on speed, so it is made once and written down.
#include "qkvbench/experiment/plan.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/experiment/json_text.hpp"
#include "qkvbench/experiment/sweep.hpp"
#include "qkvbench/nn/accounting.hpp"
#include "qkvbench/train/strict_json.hpp"

namespace qkvbench::experiment {

namespace {

constexpr double kMeasured_s = 0.5;
constexpr double kStart_s = 0.2;    // of a run: its process, its data, its files
constexpr double kUsed = 0.95;      // of a budget; the rest is for what the estimate does not see
constexpr double kTogether = 0.95;  // speed of a core beside other busy ones, against alone

std::string budget_text(double budget_s) {
  return budget_s > 0 ? std::to_string(std::llround(budget_s)) + "s" : "full";
}

/// Restores the number of threads on every way out.
class OneThread {
 public:
  OneThread() : before_(threads()) { set_threads(1); }
  ~OneThread() { set_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

/// Expected seconds of lists of runs: one measurement for each family and width that occurs.
class Clock {
 public:
  double expect(const std::vector<Config>& runs, int jobs) {
    double sum = 0;
    for (const Config& config : runs) sum += run_flop(config) / speed(config) + kStart_s;
    return jobs > 1 ? sum / (jobs * kTogether) : sum;
  }

 private:
  double speed(const Config& config) {
    const std::pair key(data::find_task(config.task).family, config.d_model);
    const auto known = speeds_.find(key);
    return known != speeds_.end() ? known->second : speeds_[key] = measure_flop_per_s(config);
  }
  std::map<std::pair<std::string, index_t>, double> speeds_;
};

Plan plan_of(const Recipe& recipe, const std::string& level, const std::vector<std::string>& missing,
             const Grid& grid) {
  Plan plan;
  plan.recipe = recipe.id;
  plan.level = level;
  plan.shrunk = shrunk_axes(find_grid(recipe.levels.front()), grid);
  plan.unavailable = missing;
  plan.runs = expand(grid);
  return plan;
}

Plan choose(const Recipe& recipe, double budget_s, int jobs) {
  const OneThread alone;
  Clock clock;
  Plan plan;
  std::vector<std::string> missing;
  for (const std::string& level : recipe.levels) {
    const Grid grid = with_data(find_grid(level), missing);
    if (grid.blocks.empty()) continue;
    plan = plan_of(recipe, level, missing, grid);
    plan.expected_s = clock.expect(plan.runs, jobs);
    if (budget_s == 0 || plan.expected_s <= kUsed * budget_s) break;
  }
  if (plan.runs.empty()) fail_input("none of the data of " + recipe.id + " are there: " + missing.front());
  return plan;
}

/// A kept plan's choice: the level, and the tasks that had their data then.
Json choice_json(const Plan& plan) {
  Json tasks = Json::array();
  for (const Config& config : plan.runs)
    if (std::ranges::find(tasks, Json(config.task)) == tasks.end()) tasks.push_back(config.task);
  return {{"recipe", plan.recipe}, {"budget", plan.budget},           {"level", plan.level},
          {"tasks", tasks},        {"unavailable", plan.unavailable}, {"expected_s", plan.expected_s}};
}

Plan read_choice(const Recipe& recipe, const std::filesystem::path& path) {
  const std::string origin = path.string();
  const nlohmann::json json = train::parse_json(read_file(path, 1 << 20), origin);
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
    Plan plan = plan_of(recipe, grid.id, unavailable, grid);
    plan.expected_s = json.at("expected_s");
    return plan;
  } catch (const nlohmann::json::exception& error) {
    fail_input(origin + ": no plan of this tool (" + error.what() + "); remove it to plan anew");
  } catch (const Error& error) {
    if (error.status() != Exit::kUsage) throw;
    fail_input(origin + ": " + error.what() + "; remove it to plan anew");
  }
}

}  // namespace

double measure_flop_per_s(const Config& resolved) {
  constexpr index_t kLargestBatch = 32;
  Config config = resolved;
  config.batch_size = std::min(config.batch_size, kLargestBatch);
  config.micro_batch = std::min(config.micro_batch, config.batch_size);
  nn::Model model(model_config(config));
  model.parameters().allocate();
  model.parameters().initialise(config.seed);
  const auto data = data::find_task(config.task).make(task_options(config), data::Split::kTrain);
  train::Trainer trainer(model, *data, train_options(config));
  trainer.step();  // takes the memory
  const double flop = 6 * static_cast<double>(nn::count_cost(model).macs_forward * config.batch_size);
  const double begin = seconds_now();
  double steps = 0, seconds = 0;
  while ((steps < 1 || seconds < kMeasured_s) && !trainer.done()) {
    trainer.step();
    ++steps;
    seconds = seconds_now() - begin;
  }
  return flop * std::max(1.0, steps) / std::max(seconds, 1e-6);
}

Plan make_plan(const Recipe& recipe, double budget_s, int jobs, const std::filesystem::path& out) {
  make_directories(out);
  const std::string budget = budget_text(budget_s);
  const std::filesystem::path path = out / ("plan-" + recipe.id + "-" + budget + ".json");
  // Planning takes seconds: of shards that start together one plans, the others wait and take its plan.
  constexpr double kPlanned_s = 120;
  const FileLock lock(out / "plan.lock", "the planning in " + out.string(), "choose another --out", kPlanned_s);
  Plan plan;
  if (std::filesystem::exists(path)) {
    plan = read_choice(recipe, path);
  } else {
    plan = choose(recipe, budget_s, jobs);
    plan.budget = budget;
    write_file_atomic(path, text_of(choice_json(plan), 2) + "\n");
  }
  plan.budget = budget;
  return plan;
}

}  // namespace qkvbench::experiment
