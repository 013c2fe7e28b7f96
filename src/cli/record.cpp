// qkvbench record: the results of a grid's runs in one compressed file, to be kept and passed on.
// The file's form is run/recorded_results; report, compare and reproduce --record read it.
#include <map>
#include <memory>
#include <set>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/results.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/recorded_results.hpp"
#include "qkvbench/study/recorded_part.hpp"

namespace qkvbench::cli {

namespace {

struct RecordCommand {
  std::string what, out = "results/record";
  std::vector<std::string> from;
};

/// Leaves the records of the grid's runs. Throws Error (input) unless every run is there, of one data set each.
void take_grid(const Session& session, const RecordCommand& flags, const study::Grid& grid, run::RecordSet& set) {
  std::map<std::string, std::size_t> found;
  for (const run::Config& config : study::expand(grid)) found[run::run_name(config)] = 0;
  std::erase_if(set.records, [&](const run::Record& record) { return !found.contains(record.run); });
  for (const run::Record& record : set.records) ++found[record.run];
  std::vector<std::string> missing;
  for (const auto& [name, count] : found) {
    if (count == 0) missing.push_back(name);
    if (count > 1)
      fail_input("record: " + name + " is there " + std::to_string(count) +
                 " times, of different data; name directories with one of them");
  }
  if (missing.empty()) return;
  std::erase_if(set.left_out, [&](const run::SkippedFile& file) {
    return std::ranges::find(missing, file.path.parent_path().filename().string()) == missing.end();
  });
  note_left_out(session, set.left_out);
  fail_input("record: " + std::to_string(missing.size()) + " of " + std::to_string(found.size()) + " runs of " +
             grid.id + " are not finished in " + join(flags.from) + ", " + missing.front() +
             " for one; `qkvbench sweep " + flags.what + "` runs them");
}

Exit record(const Session& session, const RecordCommand& given) {
  RecordCommand flags = given;
  if (flags.from.empty()) flags.from = {"results"};
  const study::Grid grid = study::grid_of(flags.what);
  run::RecordSet set = run::read_records({flags.from.begin(), flags.from.end()});
  keep_one_build(set, true);
  take_grid(session, flags, grid, set);
  make_directories(flags.out);
  const std::filesystem::path file = study::recorded_file(flags.out, grid.id);
  const std::string text = run::recorded_text(set.records);
  write_file_atomic(file, text);
  const double wall_s = run::wall_s_of(set.records);
  const std::vector<std::string> builds = builds_of(set.records);
  print(session, "record",
        said(session, file.string() + ": " + counted(set.records.size(), "run") + " of " +
                          counted(builds.size(), "build") + ", " + report::duration(wall_s) + " of computing, " +
                          with_commas(static_cast<long long>(text.size())) + " bytes\n"),
        {{"grid", grid.id},
         {"path", file.string()},
         {"bytes", text.size()},
         {"runs", set.records.size()},
         {"builds", builds},
         {"wall_s", wall_s}});
  return Exit::kDone;
}

}  // namespace

void add_record(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<RecordCommand>();
  add_option(command, "grid", flags->what, "a named grid (see list grids), or a JSON file that describes one")
      .required()
      .type_name("GRID");
  add_option(command, "--from", flags->from, "directories of runs or of recorded results; may be given several times")
      .one_at_a_time()
      .type_name("DIR [results]");
  add_option(command, "--out", flags->out, "directory of the file, which is called GRID.jsonl.gz")
      .type_name("DIR [results/record]");
  finish_command(
      command, session,
      "Keeps the results of all runs of a grid in one file: a line of JSON for each, its result.json without\n"
      "the command line, packed with gzip. report and compare read such files, and directories of them, as\n"
      "they read directories of runs; reproduce --record shows a table of them without running anything, and\n"
      "sweep --record leaves out what they hold. Models are not kept. Every run must be finished.",
      "  qkvbench sweep table1-t16 --out runs\n"
      "  qkvbench record table1-t16 --from runs\n"
      "  qkvbench record table1-d64 --from results/record --from runs",
      Prints::kText);
  on_call(command, session, flags, record);
}

}  // namespace qkvbench::cli
