// qkvbench report: all results of some directories as tables and as a page, with intervals, and what was left out.
// What is averaged is decided in report/summary, what is left out in run/records.
#include <array>
#include <memory>

#include "qkvbench/base/named_file.hpp"
#include "qkvbench/cli/figures.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/report_page.hpp"
#include "qkvbench/cli/results.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/answer.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/summary_csv.hpp"
#include "qkvbench/report/summary_tables.hpp"
#include "qkvbench/run/records.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Summary;
using run::or_null;
using run::RecordSet;

/// A form of the report that goes to a file or to stdout. To add one, add a row.
struct Form {
  const char *flag, *help, *form, *endings;
  std::string (*render)(const Summary& summary, const RecordSet& set);
};
const std::array<Form, 5> kForms{
    {{"--md", "the tables as Markdown", "Markdown", ".md .markdown .txt",
      [](const Summary& s, const RecordSet&) { return tables_document(s, report::Format::kMarkdown); }},
     {"--latex", "the tables as LaTeX, with booktabs", "LaTeX", ".tex .ltx .txt",
      [](const Summary& s, const RecordSet&) { return tables_document(s, report::Format::kLatex); }},
     {"--csv", "a row for each cell of the tables, numbers in full", "CSV", ".csv .txt",
      [](const Summary& s, const RecordSet&) { return report::cells_csv(s); }},
     {"--csv-runs", "a row for each run: keys of the configuration, metrics, times", "CSV", ".csv .txt",
      [](const Summary&, const RecordSet& set) { return report::runs_csv(set.records); }},
     {"--csv-differences", "a row for each difference from the baseline", "CSV", ".csv .txt",
      [](const Summary& s, const RecordSet&) { return report::differences_csv(s); }}}};

struct ReportFlags {
  std::vector<std::string> paths, by, matched;
  std::array<std::string, kForms.size()> files;  // empty, "-" or a path
  std::string page;                              // the same
  std::string figures;                           // a directory, or empty
  bool allow_missing = false, mix_builds = false, no_attention = false;
  std::string baseline = "q_k_v";
};

Json arm_json(const report::Group& group, const report::Arm& arm) {
  return {{"task", group.task},
          {"data", group.data},
          {"settings", settings_json(group.settings)},
          {"variant", arm.variant},
          {"kv_heads", arm.kv_heads == 0 ? Json(nullptr) : Json(arm.kv_heads)},
          {"attention", settings_json(arm.options)},
          {"metric", report::metric_of(group.task).key}};
}

Json cell_json(const report::Cell& cell, const std::optional<double>& chance) {
  Json json = arm_json(cell.group, cell.arm), runs = Json::array();
  for (const report::Sample& s : cell.samples)
    runs.push_back({{"run", s.record->run},
                    {"seed", s.seed},
                    {"status", status_name(s.record->status)},
                    {"value", or_null(s.value)}});
  json.update({{"expected", cell.expected},
               {"n", cell.with_value()},
               {"configurations", cell.configurations},
               {"mean", or_null(cell.mean)},
               {"deviation", or_null(cell.deviation)},
               {"interval", interval_json(cell.interval)},
               {"solved", or_null(cell.solved)},
               {"chance", or_null(chance)},
               {"runs", runs}});
  return json;
}

Json difference_json(const report::Difference& d) {
  Json json = arm_json(d.group, d.arm);
  json.update({{"baseline", d.baseline.name()},
               {"relative", d.relative},
               {"expected", d.expected},
               {"n", d.test.n},
               {"mean", d.test.mean},
               {"deviation", or_null(d.test.deviation)},
               {"interval", interval_json(d.interval)},
               {"t", or_null(d.test.t)},
               {"p", or_null(d.test.p)},
               {"p_holm", or_null(d.p_holm)}});
  return json;
}

Json report_json(const Summary& summary, const RecordSet& set, const std::vector<std::string>& figures) {
  Json cells = Json::array(), differences = Json::array(), not_compared = Json::array();
  for (const report::Cell& cell : summary.cells) cells.push_back(cell_json(cell, chance_of(summary, cell.group)));
  for (const report::Difference& d : summary.differences) differences.push_back(difference_json(d));
  for (const report::NotCompared& runs : summary.not_compared)
    for (const run::Record* record : runs.records)
      not_compared.push_back({{"run", record->run}, {"path", record->path.string()}, {"reason", runs.why}});
  Json answers = Json::array();
  for (const report::Answer& answer : answers_of(summary))
    answers.push_back({{"group", answer.group.name()}, {"text", answer.text}});
  return {{"records", set.records.size()},
          {"builds", summary.builds},
          {"averages_incomplete", summary.averages_incomplete},
          {"cells", cells},
          {"differences", differences},
          {"answers", answers},
          {"remarks", summary.remarks},
          {"not_compared", not_compared},
          {"left_out", left_out_json(set.left_out)},
          {"figures", figures}};
}

/// At most one form may take stdout.
void check_forms(const Session& session, const ReportFlags& flags) {
  check_output("--out", flags.page, "an HTML page", ".html .htm");
  check_figures(flags.figures);
  std::vector<std::string> on_stdout;
  if (session.json_on_stdout()) on_stdout.emplace_back("--json");
  if (session.format != "text" && on_stdout.empty()) on_stdout.emplace_back("--format");
  if (flags.page == "-") on_stdout.emplace_back("--out");
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    check_output(kForms[i].flag, flags.files[i], kForms[i].form, kForms[i].endings);
    if (flags.files[i] == "-") on_stdout.emplace_back(kForms[i].flag);
  }
  if (on_stdout.size() > 1)
    fail_usage(on_stdout[0] + " and " + on_stdout[1] + " both want stdout; give one of them a file");
}

RecordSet read(const Session& session, const ReportFlags& flags) {
  RecordSet set = run::read_records({flags.paths.begin(), flags.paths.end()});
  const std::size_t builds = builds_of(set.records).size(), all = set.records.size();
  keep_one_build(set, flags.mix_builds);
  note_left_out(session, set.left_out);
  if (builds > 1)
    note(session, std::to_string(builds) + " builds are there; " +
                      (flags.mix_builds ? std::string("they are averaged together")
                                        : "the one with most runs is taken, " + std::to_string(set.records.size()) +
                                              " of " + std::to_string(all) + " (--mix-builds takes all)"));
  if (set.records.empty())
    fail_input("there is no finished result in " + flags.paths[0] +
               (set.left_out.empty() ? "" : "; " + std::to_string(set.left_out.size()) + " files were left out") +
               (flags.paths.size() > 1 ? " and what else was named" : "") + "; train or sweep makes results");
  return set;
}

/// The keys of --by; "none" averages all configurations.
report::Telling telling_of(const std::vector<std::string>& by) {
  if (by.empty()) return {.by_what_varies = true, .keys = {}};
  if (by == std::vector<std::string>{"none"}) return {};
  for (const std::string& key : by) {
    if (run::find_option(key, "--by").key == std::string("seed"))
      fail_usage("--by: seeds are always averaged; --csv-runs has every run");
    for (const char* own : {"task", "variant", "kv_heads", "corpus", "data", "source"})
      if (key == own)
        fail_usage("--by: runs are always told apart by task, data, variant and kv heads; leave out " + key);
    if (run::find_option(key, "--by").of_arm())
      fail_usage("--by: " + key + " is part of what is compared, by which runs are always told apart; leave it out");
  }
  return {.by_what_varies = false, .keys = by};
}

Exit make_report(const Session& session, const ReportFlags& flags) {
  check_forms(session, flags);
  report::SummaryOptions options;
  options.allow_missing = flags.allow_missing;
  options.mix_builds = flags.mix_builds;
  options.telling = telling_of(flags.by);
  for (const std::string& key : flags.matched)
    options.telling.matched.emplace_back(run::find_option(key, "--matched").key);
  options.shared_only = !flags.allow_missing;
  options.baseline.variant = nn::parse_variant(flags.baseline).id();
  const RecordSet set = read(session, flags);
  const Summary summary = summarize(set.records, options);
  std::string text = session.format == "csv" ? report::cells_csv(summary) : tables_document(summary, style_of(session));
  if (const std::string answers = answers_text(answers_of(summary)); !answers.empty())
    text += said(session, "\n" + answers);
  for (std::size_t i = 0; i < kForms.size(); ++i) {
    if (flags.files[i].empty()) continue;
    const std::string form = kForms[i].render(summary, set);
    if (flags.files[i] == "-")
      text = form;
    else
      write_named_file(flags.files[i], form);
  }
  report::PageInput input{.records = set, .summary = summary};
  if (!flags.no_attention && !(flags.page.empty() && flags.figures.empty()))
    input.attention = attention_of_arms(session, summary);
  std::vector<std::string> figures;
  if (!flags.figures.empty()) figures = write_figures(session, flags.figures, input);
  if (!flags.page.empty()) {
    const std::string page = page_html(input);
    if (flags.page == "-")
      text = page;
    else
      write_named_file(flags.page, page);
  }
  print(session, "report", text, report_json(summary, set, figures));
  return Exit::kDone;
}

}  // namespace

void add_report(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<ReportFlags>();
  add_option(command, "paths", flags->paths, "directories of runs, run directories or result files")
      .required()
      .type_name("DIR");
  add_option(command, "--out", flags->page, "all of it as one HTML page, with charts")
      .type_name("FILE.html|-")
      .group("Output");
  add_option(command, "--figures", flags->figures,
             "each chart of the page as a file for papers, SVG and PDF, as wide as a column")
      .type_name("DIR")
      .group("Output");
  for (std::size_t i = 0; i < kForms.size(); ++i)
    add_option(command, kForms[i].flag, flags->files[i], kForms[i].help).type_name("FILE|-").group("Output");
  add_option(command, "--by", flags->by,
             "keys of the configuration by whose values runs are told apart, others are averaged; "
             "none: all are averaged; default: every key that varies")
      .comma_separated()
      .type_name("KEY,KEY,…");
  add_option(command, "--matched", flags->matched,
             "keys that were chosen for each variant (inspect --match): runs that differ in them are compared")
      .comma_separated()
      .type_name("KEY,KEY,…");
  add_flag(command, "--allow-missing", flags->allow_missing, "average over the runs there are, and mark it");
  add_flag(command, "--mix-builds", flags->mix_builds, "average runs of several builds, and mark it");
  add_option(command, "--baseline", flags->baseline, "variant that others are compared with")
      .type_name("VARIANT [q_k_v]");
  add_flag(command, "--no-attention", flags->no_attention,
           "no attention maps, for which a model of each variant is read");
  finish_command(
      command, session,
      "Tables of all finished results: means with 95 % intervals, runs solved, differences from the baseline\n"
      "on the same seeds and configurations. Data sets are told apart by name and SHA-256, runs of one by every key\n"
      "in which they differ (or by those of --by); only seeds are averaged unasked. What is compared are the runs\n"
      "that the variants share; the others are named. --allow-missing averages over whatever is there.",
      "  qkvbench report results --out report.html\n"
      "  qkvbench report results --by seq_len --md table.md\n"
      "  qkvbench report results --figures figures\n"
      "  qkvbench report results --csv cells.csv --csv-runs runs.csv");
  on_call(command, session, flags, make_report);
}

}  // namespace qkvbench::cli
