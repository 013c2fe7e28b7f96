// qkvbench reproduce: a table of the paper at the size that fits a budget, beside the paper's numbers, and its claims.
// What is run is chosen in study/plan, claims are judged in report/verdicts.
#include <algorithm>
#include <array>
#include <memory>

#include "qkvbench/base/named_file.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/figures.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/report_page.hpp"
#include "qkvbench/cli/reproduce_accounting.hpp"
#include "qkvbench/cli/reproduce_answer.hpp"
#include "qkvbench/cli/reproduce_json.hpp"
#include "qkvbench/cli/results.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/cli/sweep_run.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/page.hpp"
#include "qkvbench/report/reproduction.hpp"
#include "qkvbench/report/verdicts.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/recorded_results.hpp"
#include "qkvbench/study/recorded_part.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using run::or_null;
using study::PaperTable;
using study::Plan;

/// A form of what is printed that goes to a file or to stdout. To add one, add a row.
struct PaperForm {
  const char *flag, *help;
  std::string (*render)(const report::PaperDocument& document, const std::string& csv);
};
const std::array<PaperForm, 3> kPaperForms{
    {{"--md", "the tables and verdicts as Markdown",
      [](const report::PaperDocument& d, const std::string&) { return report::render(d, report::Format::kMarkdown); }},
     {"--csv", "a row for each cell and each claim, numbers in full",
      [](const report::PaperDocument&, const std::string& csv) { return csv; }},
     {"--latex", "the tables and verdicts as LaTeX, with booktabs",
      [](const report::PaperDocument& d, const std::string&) { return report::render(d, report::Format::kLatex); }}}};

struct ReproduceCommand {
  std::string what, budget = "10m", page, figures;
  std::array<std::string, kPaperForms.size()> files;  // empty, "-" or a path
  SweepFlags runs;
  bool allow_missing = false, mix_builds = false;
  std::string record;  // a directory of recorded results, or empty

  bool mixes_builds() const { return mix_builds || !record.empty(); }
};

/// The plan's results as they are on disk.
run::RecordSet results_of(const Plan& plan, const std::filesystem::path& out, bool mix_builds) {
  std::vector<std::filesystem::path> paths;
  std::vector<run::SkippedFile> left_out;
  for (const study::PlannedRun& run : study::scan_runs(plan.runs, out)) {
    const std::filesystem::path path = run::run_directory(out, run.config) / "result.json";
    if (!std::filesystem::exists(path)) continue;
    if (run.state == study::RunState::kFailed)  // damaged, or of other data
      left_out.push_back({path, run.error});
    else
      paths.push_back(path);
  }
  run::RecordSet set = run::read_records(paths);
  set.left_out.insert(set.left_out.end(), left_out.begin(), left_out.end());
  run::keep_one_build(set, mix_builds);
  return set;
}

/// Writes the forms that go to files; the one that goes to stdout, or the text.
std::string forms(const Session& session, const ReproduceCommand& flags, const report::PaperDocument& document,
                  const std::string& csv) {
  std::string text = session.format == "csv" ? csv : report::render(document, style_of(session));
  for (std::size_t i = 0; i < kPaperForms.size(); ++i) {
    if (flags.files[i].empty()) continue;
    const std::string form = kPaperForms[i].render(document, csv);
    if (flags.files[i] == "-")
      text = form;
    else
      write_named_file(flags.files[i], form);
  }
  return text;
}

/// The page, its charts as files, or both.
void write_page(const Session& session, const ReproduceCommand& flags, const PaperTable& recipe,
                report::PageInput page) {
  page.commands = {"qkvbench reproduce " + recipe.id +
                   (flags.record.empty() ? " --budget " + flags.budget : " --record " + flags.record)};
  page.attention = attention_of_arms(session, page.summary);
  if (!flags.figures.empty()) write_figures(session, flags.figures, page);
  if (flags.page.empty()) return;
  write_named_file(flags.page, page_html(page));
  note(session, flags.page + " shows them");
}

ReproduceAnswer answer_of(const Session& session, const PaperTable& recipe, const Plan& plan,
                          const report::Reproduction& reproduction, const SweepFlags& flags) {
  if (recipe.shown == PaperTable::Shown::kSurgery)
    return surgery_answer(session, recipe, reproduction.summary, flags, report::remarks_of(recipe, plan));
  if (recipe.shown == PaperTable::Shown::kSimilarity) return similarity_answer(session, recipe, reproduction.summary);
  return {report::paper_table(reproduction.rows), report::paper_csv(reproduction.rows, reproduction.claims),
          cells_json(reproduction.rows), reproduction.claims};
}

Exit show(const Session& session, const ReproduceCommand& flags, const PaperTable& recipe, const Plan& plan,
          const run::RecordSet& set) {
  note_left_out(session, set.left_out);
  const report::Reproduction reproduction =
      report::reproduction_of(recipe, plan, set.records, flags.allow_missing, flags.mixes_builds());
  const ReproduceAnswer answer = answer_of(session, recipe, plan, reproduction, flags.runs);
  if (answer.status != Exit::kDone && answer.status != Exit::kRunsFailed) return answer.status;  // stopped on the way
  const report::PaperDocument document{recipe.title,  report::remarks_of(recipe, plan),
                                       answer.table,  report::lines_below(recipe, plan, reproduction),
                                       answer.claims, report::answers_of(answer.claims, reproduction.summary)};
  const std::size_t missing = plan.runs.size() - set.records.size();
  if (missing > 0)
    note(session, std::to_string(missing) + " of " + std::to_string(plan.runs.size()) +
                      " runs are missing; averages over the rest are not shown unless --allow-missing asks for them");
  if (!flags.page.empty() && !answer.page.empty()) {
    write_named_file(flags.page, answer.page);
    note(session, flags.page + " shows them");
  } else if (!flags.page.empty() || !flags.figures.empty()) {
    report::PageInput page{set, reproduction.summary};
    page.remarks = document.remarks, page.title = recipe.title;
    page.remarks.insert(page.remarks.end(), document.below.begin(), document.below.end());
    page.claims = document.claims;
    page.references = report::reference_values(recipe, reproduction.agreement, plan.level);
    write_page(session, flags, recipe, page);
  }
  print(session, "reproduce", forms(session, flags, document, answer.csv),
        {{"recipe", recipe.id},
         {"budget", plan.budget},
         {"grid", plan.level},
         {"shrunk", plan.shrunk},
         {"unavailable", plan.unavailable},
         {"next", next_json(plan)},
         {"runs", plan.runs.size()},
         {"missing", missing},
         {"incomplete_averages", reproduction.summary.averages_incomplete},
         {"agreement", agreement_json(reproduction.agreement)},
         {"cells", answer.cells},
         {"claims", claims_json(answer.claims)},
         {"answers", answers_json(document.answers)}});
  return answer.status == Exit::kDone ? verdict_status(answer.claims) : answer.status;
}

/// The table from results that were recorded; nothing is run.
Exit show_recorded(const Session& session, const ReproduceCommand& flags, const PaperTable& recipe) {
  if (recipe.shown != PaperTable::Shown::kMetrics)
    fail_usage("--record does not concern " + recipe.id + ", which looks into models; leave it out to run it here");
  const auto part = study::recorded_part(recipe, flags.record);
  if (!part)
    fail_input("no part of " + recipe.id + " is recorded in " + flags.record + ": there is no " +
               recipe.levels.front() + run::kRecordedEnding + " nor one of " +
               join(std::span(recipe.levels).subspan(1)) + "; `qkvbench record` makes one");
  return show(session, flags, recipe, part->plan, part->results);
}

/// Throws Error when something cannot be written in the end: at most one form may take stdout, and a page is HTML.
void check_files(const Session& session, const ReproduceCommand& flags) {
  check_output("--report", flags.page, "an HTML page", ".html .htm");
  check_figures(flags.figures);
  std::vector<std::string> on_stdout;
  if (session.json_on_stdout()) on_stdout.emplace_back("--json");
  if (session.format != "text" && on_stdout.empty()) on_stdout.emplace_back("--format");
  for (std::size_t i = 0; i < kPaperForms.size(); ++i) {
    check_output(flags.files[i]);
    if (flags.files[i] == "-") on_stdout.emplace_back(kPaperForms[i].flag);
    if (flags.what == "accounting" && !flags.files[i].empty())
      fail_usage(std::string(kPaperForms[i].flag) + " does not concern accounting; leave it out, or take --json");
  }
  for (const auto& [flag, value] :
       {std::pair{"--report", &flags.page}, {"--figures", &flags.figures}, {"--record", &flags.record}})
    if (flags.what == "accounting" && !value->empty())
      fail_usage(std::string(flag) + " does not concern accounting, which runs nothing; leave it out");
  if (on_stdout.size() > 1)
    fail_usage(on_stdout[0] + " and " + on_stdout[1] + " both want stdout; give one of them a file");
}

Exit reproduce(const Session& session, const ReproduceCommand& flags) {
  check_files(session, flags);
  if (flags.what == "accounting") return reproduce_accounting(session);
  const PaperTable& recipe = study::find_recipe(flags.what);
  if (!flags.figures.empty() && recipe.shown != PaperTable::Shown::kMetrics)
    fail_usage("--figures does not concern " + recipe.id + "; leave it out");
  if (!flags.page.empty() && recipe.shown == PaperTable::Shown::kSimilarity)
    fail_usage("--report does not concern similarity; `qkvbench analyze RUN --report FILE.html` draws one model");
  if (!flags.record.empty()) return show_recorded(session, flags, recipe);
  const double budget_s = flags.budget == "full" ? 0 : parse_duration("--budget", flags.budget);
  const study::SweepOptions options = flags.runs.options(session);
  for (const std::string& missing : study::missing_data(recipe)) note(session, "not run: " + missing);
  const Plan plan = study::make_plan(recipe, budget_s, options);
  if (!plan.news.empty()) note(session, plan.news);
  note(session,
       recipe.id + ": " + std::to_string(plan.runs.size()) + " runs of " + plan.level +
           (plan.expected_s > 0 ? ", expected to take " + report::duration(plan.expected_s) + " when they were planned"
                                : ""));
  if (budget_s > 0 && plan.expected_s > budget_s)
    note(session, "even the smallest part is more than --budget " + flags.budget);
  const SweepOutcome outcome = run_all(session, plan.runs, flags.runs);
  if (!outcome.report.stopped)
    note(session, std::to_string(outcome.report.attempted) + " runs were started, " +
                      std::to_string(outcome.report.runs.size() - outcome.report.attempted) + " were finished before");
  if (outcome.report.stopped) return outcome.status;
  const Exit verdicts = show(session, flags, recipe, plan, results_of(plan, flags.runs.out, flags.mix_builds));
  return outcome.status == Exit::kDone ? verdicts : outcome.status;
}

}  // namespace

void add_reproduce(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<ReproduceCommand>();
  add_option(command, "table", flags->what, join(study::recipe_names())).required().type_name("TABLE");
  add_option(command, "--budget", flags->budget, "time to take on this machine: 90s, 10m, 1.5h, or full")
      .type_name("TIME [10m]")
      .group("Runs");
  add_option(command, "--record", flags->record,
             "run nothing: show the largest part of the table that is recorded there, see record")
      .type_name("DIR")
      .group("Files");
  add_option(command, "--report", flags->page, "write the page with charts too, see report")
      .type_name("FILE.html")
      .group("Files");
  add_option(command, "--figures", flags->figures, "write the page's charts as files for papers, see report")
      .type_name("DIR")
      .group("Files");
  for (std::size_t i = 0; i < kPaperForms.size(); ++i)
    add_option(command, kPaperForms[i].flag, flags->files[i], kPaperForms[i].help).type_name("FILE|-").group("Files");
  add_flag(command, "--allow-missing", flags->allow_missing, "average over the runs there are, and say so")
      .group("Runs");
  add_flag(command, "--mix-builds", flags->mix_builds, "average runs of different builds of this program too")
      .group("Runs");
  flags->runs.add_to(command);
  exclude(command, "--record", {"--budget", "--jobs", "--shard", "--max-time", "--out", "--tensorboard"});
  finish_command(command, session,
                 "Runs the part of a table's grid that fits the budget (or what is missing of\n"
                 "it), and prints for every cell this machine's mean with its 95 % interval and\n"
                 "the authors' later re-run of the same configurations; the paper's own means\n"
                 "stand beside its whole grid only, and of perplexities the per cent from q_k_v.\n"
                 "Then the paper's claims: holds, does not hold (status 7), inconclusive, or not\n"
                 "tested at this size when q_k_v has not learned. The first call times some runs\n"
                 "and writes its choice into --out; the same command then goes on with the same\n"
                 "runs, and plans anew when data that were missing are there.\n"
                 "Beyond Tables 1, 2 and 4: recall (accuracy by heads), plus (the + term part by\n"
                 "part), modern (Table 4 on Llama's block), table16 (perplexity by context\n"
                 "length), scaling (by width, continued to the paper's size), padding (what\n"
                 "scored padding hides), similarity (of trained q, k, v), surgery (K and V made\n"
                 "one in trained models).",
                 "  qkvbench reproduce table1 --budget 20m\n"
                 "  qkvbench reproduce table4 --budget 1h --report table4.html\n"
                 "  qkvbench reproduce recall --csv recall.csv\n"
                 "  qkvbench reproduce table1 --record results/record\n"
                 "  qkvbench reproduce accounting");
  on_call(command, session, flags, reproduce);
}

}  // namespace qkvbench::cli
