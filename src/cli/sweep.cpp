// qkvbench sweep: every run of a grid, its state, and a script that spreads it over machines.
// What a grid is stands in study/grid, how runs are carried out in study/sweep.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <set>

#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/results.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/cli/slurm_script.hpp"
#include "qkvbench/cli/sweep_run.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/groups.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/run/recorded_results.hpp"
#include "qkvbench/run/records.hpp"
#include "qkvbench/study/grid.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using study::PlannedRun;
using study::RunState;

constexpr std::array<RunState, 5> kStates{RunState::kDone, RunState::kDiverged, RunState::kFailed,
                                          RunState::kUnfinished, RunState::kMissing};

struct SweepCommand {
  std::string what;
  SweepFlags runs;
  std::string record;  // a directory of recorded results, or empty
  int sample = 0;      // so many of the runs by chance; 0: all
  std::uint64_t sample_seed = 0;
  bool status = false;
  SlurmFlags slurm;
};

using Counts = std::array<std::size_t, kStates.size()>;

void add(Counts& counts, const PlannedRun& run) {
  ++counts[static_cast<std::size_t>(std::ranges::find(kStates, run.state) - kStates.begin())];
}

Json counts_json(const Counts& counts) {
  Json json;
  for (std::size_t i = 0; i < kStates.size(); ++i) json[study::state_name(kStates[i])] = counts[i];
  return json;
}

/// Runs and their states, a row a data set.
std::string table_of(const Session& session, const std::vector<PlannedRun>& runs) {
  using report::Align;
  std::vector<report::Table::Column> columns{{"data"}, {"runs", Align::kRight}};
  for (const RunState state : kStates) columns.push_back({study::state_name(state), Align::kRight});
  report::Table table(columns);
  std::vector<std::pair<std::string, Counts>> tasks;
  for (const PlannedRun& run : runs) {
    const std::string data = report::data_name(run.config);
    auto at = std::ranges::find(tasks, data, &std::pair<std::string, Counts>::first);
    if (at == tasks.end()) at = tasks.insert(tasks.end(), {data, Counts{}});
    add(at->second, run);
  }
  Counts all{};
  for (const PlannedRun& run : runs) add(all, run);
  if (tasks.size() > 1) tasks.emplace_back("all", all);
  for (const auto& [task, counts] : tasks) {
    std::vector<std::string> row{task, ""};
    std::size_t total = 0;
    for (const std::size_t n : counts) {
      row.push_back(n > 0 ? std::to_string(n) : "–");
      total += n;
    }
    row[1] = std::to_string(total);
    table.add(row);
  }
  return shown(session, table);
}

Json sweep_json(const std::string& grid, const std::vector<PlannedRun>& runs, double left_s) {
  Counts counts{};
  Json rows = Json::array();
  for (const PlannedRun& run : runs) {
    add(counts, run);
    rows.push_back({{"run", run.name},
                    {"state", study::state_name(run.state)},
                    {"wall_s", run.wall_s > 0 ? Json(run.wall_s) : Json(nullptr)},
                    {"error", run::or_null(run.error)}});
  }
  return {{"grid", grid}, {"counts", counts_json(counts)}, {"left_s", run::or_null(left_s)}, {"runs", rows}};
}

/// All runs of a grid by name, whatever directories are called so, or by file, or of recorded results.
NamedRuns all_runs(const Session& session, const std::string& what) {
  const bool is_name = std::ranges::find(study::all_grids(), what, &study::Grid::id) != study::all_grids().end();
  if (is_name || (!std::filesystem::is_directory(what) && !run::has_recorded_results(what))) {
    const study::Grid grid = study::grid_of(what);
    return {grid.id, study::expand(grid)};
  }
  run::RecordSet set = run::read_records({what});
  keep_one_build(set, true);
  note_left_out(session, set.left_out);
  if (set.records.empty())
    fail_input(
        what +
        ": it holds no finished result, so there is no run to make again; name recorded results, finished runs or "
        "a grid (see list grids)");
  NamedRuns runs{(std::filesystem::path(what) / "").parent_path().filename().string(), {}};
  std::set<std::string> seen;  // runs of one configuration on different data are one run to make again
  for (const run::Record& record : set.records)
    if (seen.insert(record.run).second) runs.configs.push_back(record.config);
  return runs;
}

/// A sample of the runs where one is asked for, but for those that are recorded.
void take_asked(const Session& session, const SweepCommand& flags, std::vector<run::Config>& configs) {
  if (flags.sample > 0) configs = study::sample_of(configs, static_cast<std::size_t>(flags.sample), flags.sample_seed);
  if (flags.record.empty()) return;
  std::set<std::string> names;
  for (const run::Record& record : run::read_records({flags.record}).records)
    if (run::other_numerics(record.tool.numerics).empty()) names.insert(record.run);
  const std::size_t all = configs.size();
  std::erase_if(configs, [&](const run::Config& config) { return names.contains(run::run_name(config)); });
  note(session,
       std::to_string(all - configs.size()) + " of " + std::to_string(all) + " runs are recorded in " + flags.record);
}

Exit status(const Session& session, const SweepCommand& flags, const NamedRuns& all) {
  const study::SweepOptions options = flags.runs.options(session);
  const auto configs = study::shard_of(all.configs, options.shard, options.shards);
  const std::vector<PlannedRun> runs = study::scan_runs(configs, options.out);
  const double left = study::seconds_left(runs, options.jobs);
  std::string text = "\n";
  for (const PlannedRun& run : runs)
    if (run.state == RunState::kFailed) text += run.name + ": " + run.error + "\n";
  text += std::isfinite(left)
              ? (left > 0 ? report::duration(left) + " left with " + std::to_string(options.jobs) + " at a time\n"
                          : "all runs are finished\n")
              : "time left: not known before the first run is done\n";
  print(session, "sweep", table_of(session, runs) + said(session, text), sweep_json(all.name, runs, left));
  return Exit::kDone;
}

Exit run_all(const Session& session, const SweepCommand& flags, const NamedRuns& all) {
  const SweepOutcome outcome = run_all(session, all.configs, flags.runs);
  const auto& runs = outcome.report.runs;
  const std::string hint = "\nqkvbench report " + flags.runs.out + " --out report.html shows them\n";
  print(session, "sweep", table_of(session, runs) + said(session, outcome.status == Exit::kDone ? hint : ""),
        sweep_json(all.name, runs, study::seconds_left(runs, 1)));
  return outcome.status;
}

Exit sweep(const Session& session, const SweepCommand& flags) {
  if (flags.slurm.tasks > 0 && flags.what == "-")
    fail_usage("--slurm: the jobs cannot read the grid from standard input; give a file or a name");
  if (flags.slurm.tasks == 0 && (flags.slurm.ranks || flags.slurm.single_node))
    fail_usage("--mpi and --single-node say what script --slurm prints; add --slurm N");
  if (flags.slurm.tasks > 0 && !flags.record.empty())
    fail_usage("--record does not go into a job script; run the sweep without --slurm, or leave --record out");
  if (flags.slurm.tasks > 0 && flags.sample > 0)
    fail_usage("--sample does not go into a job script; run the sweep without --slurm, or leave --sample out");
  if (flags.sample == 0 && flags.sample_seed > 0)
    fail_usage("--sample-seed says which runs --sample takes; add --sample N");
  NamedRuns runs = all_runs(session, flags.what);
  if (flags.slurm.tasks > 0) {
    const std::string script = slurm_script(session, flags.what, runs, flags.runs, flags.slurm);
    print(session, "sweep-script", script, {{"grid", runs.name}, {"tasks", flags.slurm.tasks}, {"script", script}});
    return Exit::kDone;
  }
  take_asked(session, flags, runs.configs);
  return flags.status ? status(session, flags, runs) : run_all(session, flags, runs);
}

}  // namespace

void add_sweep(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<SweepCommand>();
  add_option(command, "grid", flags->what,
             "a named grid (see list grids), a JSON file (-: stdin) that describes one, or recorded results")
      .required()
      .type_name("GRID");
  flags->runs.add_to(command);
  add_option(command, "--record", flags->record, "leave out runs whose results are recorded there, see record")
      .type_name("DIR")
      .group("Runs");
  add_option(command, "--sample", flags->sample, "only N of the runs, chosen by chance")
      .between(1, 100000)
      .type_name("N")
      .group("Runs");
  add_option(command, "--sample-seed", flags->sample_seed, "the same seed chooses the same runs")
      .type_name("S [0]")
      .group("Runs");
  add_flag(command, "--status", flags->status, "only say what is done, missing and failed, and the time left")
      .group("Runs");
  add_option(command, "--slurm", flags->slurm.tasks, "only print a job script for an array of N tasks")
      .between(1, 100000)
      .type_name("N")
      .group("Runs");
  add_flag(command, "--mpi", flags->slurm.ranks, "with --slurm: one job of N ranks that share the runs, not an array")
      .group("Runs");
  add_flag(command, "--single-node", flags->slurm.single_node, "with --slurm: the same on one machine").group("Runs");
  finish_command(
      command, session,
      "Runs every combination of a grid, each as a process of its own. Finished runs are not run again, failed ones "
      "are\n"
      "tried again, one that fails does not stop the rest (status 6 at the end). Small models make the most of the "
      "cores\n"
      "as many runs of one thread. A file names keys with one or several values:\n"
      "  {\"grid\": {\"task\": [\"reverse\", \"sort\"], \"variant\": [\"q_k_v\", \"qk_v\"], \"d_model\": 64, \"seed\": "
      "[0, 1, 2]}}\n"
      "or a list of such objects. A run begins with its task's recipe, or with the \"preset\" that the grid names.",
      "  qkvbench sweep table1-small\n"
      "  qkvbench sweep table1-small --status\n"
      "  qkvbench sweep mine.json --shard 2/8 --max-time 1.5h\n"
      "  qkvbench sweep results/record --sample 10 --out again\n"
      "  qkvbench sweep table1 --slurm 32 > table1.sh");
  on_call(command, session, flags, sweep);
}

}  // namespace qkvbench::cli
