// qkvbench report: one page from the results of many runs.
// What the page shows is in report/page; here it is decided which records it is made of.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/experiment/attention_maps.hpp"
#include "qkvbench/nn/sharing.hpp"
#include "qkvbench/report/page.hpp"

namespace qkvbench::cli {

namespace {

using experiment::Json;
using experiment::RecordSet;

struct ReportFlags {
  std::vector<std::string> paths{"results"};
  std::string out = "report.html", baseline = "q_k_v";
  bool allow_missing = false, mix_builds = false, no_attention = false;
};

/// One run of each arm, the first by name that has a model, of the task in which most arms have one.
std::vector<const experiment::Record*> runs_to_look_at(const RecordSet& set, const report::Summary& summary) {
  std::vector<const experiment::Record*> best;
  for (const std::string& task : summary.tasks) {
    std::vector<const experiment::Record*> runs;
    for (const report::Arm& arm : summary.arms) {
      const experiment::Record* first = nullptr;
      for (const experiment::Record& record : set.records)
        if (record.config.task == task && report::arm_of(record.config) == arm &&
            (first == nullptr || record.run < first->run) &&
            std::filesystem::exists(record.path.parent_path() / "model.safetensors"))
          first = &record;
      if (first != nullptr) runs.push_back(first);
    }
    if (runs.size() > best.size()) best = runs;
  }
  return best;
}

/// The maps of a run's first test example. Throws Error as load_run() and attention_maps() do.
report::AttentionOfRun attention_of(const experiment::Record& record) {
  const experiment::AttentionMaps maps =
      experiment::attention_maps(experiment::load_run(record.path.parent_path()), {});
  report::AttentionOfRun run{
      report::arm_of(record.config).name(), record.run, static_cast<std::size_t>(maps.positions), maps.names, {}};
  for (const experiment::AttentionMap& map : maps.maps) {
    report::AttentionPicture picture;
    picture.map = {"layer " + std::to_string(map.layer) + ", head " + std::to_string(map.head), map.probabilities};
    if (std::isfinite(map.score_asymmetry)) picture.score_asymmetry = map.score_asymmetry;
    picture.probability_asymmetry = map.probability_asymmetry;
    run.maps.push_back(picture);
  }
  return run;
}

/// A model that cannot be read, or whose data are not there, costs its maps and a message, not the page.
std::vector<report::AttentionOfRun> all_attention(const Session& session, const RecordSet& set,
                                                  const report::Summary& summary) {
  std::vector<report::AttentionOfRun> runs;
  for (const experiment::Record* record : runs_to_look_at(set, summary)) try {
      runs.push_back(attention_of(*record));
    } catch (const Error& error) {
      note(session, "no attention maps of " + record->run + ": " + error.what());
    }
  return runs;
}

Exit make_report(const Session& session, const ReportFlags& flags) {
  RecordSet set = experiment::read_records({flags.paths.begin(), flags.paths.end()});
  experiment::keep_one_build(set, flags.mix_builds);
  if (set.records.empty())
    fail_input("report: no finished run in " + join(flags.paths) + " (" + std::to_string(set.left_out.size()) +
               " results left out)");
  report::SummaryOptions options;
  options.allow_missing = flags.allow_missing;
  options.mix_builds = flags.mix_builds;
  options.baseline = {nn::parse_variant(flags.baseline).id(), 0};
  const report::Summary summary = report::summarize(set.records, options);
  report::PageInput input{.records = set, .summary = summary};
  if (!flags.no_attention) input.attention = all_attention(session, set, summary);
  const std::string page = report::page_html(input);
  write_file_atomic(flags.out, page);

  Json left_out = Json::array();
  for (const experiment::LeftOut& file : set.left_out) {
    note(session, "left out " + file.path.string() + ": " + file.reason);
    left_out.push_back({{"path", file.path.string()}, {"reason", file.reason}});
  }
  print(session,
        flags.out + ": " + counted(set.records.size(), "run") + ", " + counted(summary.tasks.size(), "task") + ", " +
            counted(summary.arms.size(), "variant") + "\n",
        {{"out", flags.out},
         {"bytes", page.size()},
         {"runs", set.records.size()},
         {"tasks", summary.tasks},
         {"left_out", left_out}});
  return Exit::kDone;
}

}  // namespace

void add_report(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<ReportFlags>();
  command.add_option("paths", flags->paths, "directories of runs, run directories or result files")
      ->type_name("PATH... [results]");
  command.add_option("--out", flags->out, "the page")->type_name("FILE [report.html]");
  command.add_option("--baseline", flags->baseline, "the variant that others are compared with")
      ->type_name("VARIANT [q_k_v]");
  command.add_flag("--allow-missing", flags->allow_missing, "average over the runs there are where some are missing");
  command.add_flag("--mix-builds", flags->mix_builds, "fill up with runs of other builds instead of leaving them out");
  command.add_flag("--no-attention", flags->no_attention, "without attention maps, which need a model of each variant");
  finish_command(
      command, session,
      "Makes one HTML page of many results: tables with intervals, every run as a dot, differences from a baseline,\n"
      "learning curves, quality against cache bytes, and what was run. The page needs neither network nor script, and\n"
      "the same results give the same bytes.",
      "  qkvbench report results --out report.html");
  command.callback([&session, flags] { session.action = [&session, flags] { return make_report(session, *flags); }; });
}

}  // namespace qkvbench::cli
