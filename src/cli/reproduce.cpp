// qkvbench reproduce: a table of the paper at the size that fits a budget, beside the paper's numbers, and its claims.
// What is run is chosen in experiment/plan, claims are judged in report/verdicts.
#include <algorithm>
#include <cmath>
#include <memory>

#include "qkvbench/base/named_file.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/report_page.hpp"
#include "qkvbench/cli/results.hpp"
#include "qkvbench/cli/sweep_run.hpp"
#include "qkvbench/experiment/accounting.hpp"
#include "qkvbench/experiment/identity.hpp"
#include "qkvbench/experiment/plan.hpp"
#include "qkvbench/experiment/records.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/page.hpp"
#include "qkvbench/report/paper_table.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::cli {

namespace {

using experiment::Json;
using experiment::or_null;
using experiment::Plan;
using experiment::Recipe;
using report::Align;

struct ReproduceCommand {
  std::string what, budget = "10m", page;
  SweepFlags runs;
  bool allow_missing = false, mix_builds = false;
};

/// The table of claims, and below it how each is tested.
std::string claims_text(const std::vector<report::ClaimResult>& claims) {
  std::string tests;
  for (const report::ClaimResult& claim : claims)
    tests += claim.id + ": " + claim.test + (claim.note.empty() ? "" : " (" + claim.note + ")") +
             (claim.needed.empty() ? "" : "; needed: " + claim.needed) + "\n";
  std::string text = report::claims_table(claims).text(output_columns()) + "\n";
  if (const std::string rule = claims.empty() ? "" : claims.front().rule; !rule.empty())
    text += "A claim holds, or does not, when " + rule + ".\n\n" +
            report::baseline_table(claims).text(output_columns()) + "\n";
  return text + tests;
}

Json baseline_json(const std::vector<report::BaselineLevel>& levels) {
  Json json = Json::array();
  for (const report::BaselineLevel& level : levels)
    json.push_back({{"task", level.task},
                    {"metric", level.metric},
                    {"here", or_null(level.here)},
                    {"chance", or_null(level.chance)},
                    {"floor", or_null(level.floor)},
                    {"published", or_null(level.published)},
                    {"needed", or_null(level.needed)},
                    {"source", or_null(level.source)},
                    {"learned", level.learned}});
  return json;
}

Json claims_json(const std::vector<report::ClaimResult>& claims) {
  Json json = Json::array();
  for (const report::ClaimResult& claim : claims)
    json.push_back({{"id", claim.id},
                    {"claim", claim.claim},
                    {"test", claim.test},
                    {"unit", claim.unit},
                    {"effect", or_null(claim.effect)},
                    {"interval", interval_json(claim.interval)},
                    {"paper", or_null(claim.paper)},
                    {"rerun", or_null(claim.rerun)},
                    {"threshold", or_null(claim.threshold)},
                    {"level", or_null(claim.level)},
                    {"p", or_null(claim.p)},
                    {"p_adjusted", or_null(claim.p_adjusted)},
                    {"rule", or_null(claim.rule)},
                    {"verdict", report::verdict_name(claim.verdict)},
                    {"note", or_null(claim.note)},
                    {"needed", or_null(claim.needed)},
                    {"baseline", baseline_json(claim.baseline)}});
  return json;
}

/// One shape for all recipes. Counts have neither interval nor runs.
Json cell_json(const report::PaperRow& row, const std::string& quantity) {
  return {{"task", row.task},
          {"variant", row.arm},
          {"quantity", quantity},
          {"here", or_null(row.here)},
          {"interval", interval_json(row.interval)},
          {"solved", or_null(row.solved)},
          {"runs", row.runs},
          {"expected", row.expected},
          {"paper", or_null(row.paper)},
          {"rerun", or_null(row.rerun)}};
}

Json cells_json(const Recipe& recipe, const report::Summary& summary) {
  Json json = Json::array();
  for (const report::PaperRow& row : report::paper_rows(recipe, summary)) {
    const std::string metric = report::metric_of(row.task).key;
    json.push_back(cell_json(row, metric == "perplexity" ? "perplexity, % above q_k_v" : metric));
  }
  return json;
}

/// What was shrunk or left out, plainly, a line each.
std::vector<std::string> remarks_of(const Recipe& recipe, const Plan& plan) {
  std::vector<std::string> lines;
  lines.push_back(plan.shrunk.empty() ? "the whole grid: " + std::to_string(plan.runs.size()) + " runs"
                                      : "a part of the grid, " + plan.level + ": " + std::to_string(plan.runs.size()) +
                                            " runs; " + join(plan.shrunk, "; "));
  for (const std::string& missing : plan.unavailable) lines.push_back("not run: " + missing);
  if (!recipe.remark.empty()) lines.push_back(recipe.remark);
  return lines;
}

/// The plan's results as they are on disk.
experiment::RecordSet results_of(const Plan& plan, const std::filesystem::path& out, bool mix_builds) {
  std::vector<std::filesystem::path> paths;
  std::vector<experiment::LeftOut> left_out;
  for (const experiment::PlannedRun& run : experiment::survey(plan.runs, out)) {
    const std::filesystem::path path = experiment::run_directory(out, run.config) / "result.json";
    if (!std::filesystem::exists(path)) continue;
    if (run.state == experiment::RunState::kFailed)  // damaged, or of other data
      left_out.push_back({path, run.error});
    else
      paths.push_back(path);
  }
  experiment::RecordSet set = experiment::read_records(paths);
  set.left_out.insert(set.left_out.end(), left_out.begin(), left_out.end());
  experiment::keep_one_build(set, mix_builds);
  return set;
}

Exit verdict_status(const std::vector<report::ClaimResult>& claims) {
  const bool refuted = std::ranges::any_of(
      claims, [](const report::ClaimResult& claim) { return claim.verdict == report::Verdict::kRefuted; });
  return refuted ? Exit::kCheckFailed : Exit::kDone;
}

Exit show(const Session& session, const ReproduceCommand& flags, const Recipe& recipe, const Plan& plan) {
  const experiment::RecordSet set = results_of(plan, flags.runs.out, flags.mix_builds);
  note_left_out(session, set.left_out);
  report::SummaryOptions options;
  options.allow_missing = flags.allow_missing;
  options.mix_builds = flags.mix_builds;
  options.planned = plan.runs;
  options.telling = {};  // the grid's sizes are averaged, as the paper's tables do
  const report::Summary summary = report::summarize(set.records, options);
  const std::vector<report::ClaimResult> claims = report::judge(recipe, summary, plan.level);
  const std::vector<std::string> remarks = remarks_of(recipe, plan);
  std::string text = recipe.title + "\n" + join(remarks, "\n") + "\n\n" +
                     report::paper_table(recipe, summary).text(output_columns()) + "\n" + claims_text(claims);
  if (summary.averages_incomplete) text += "Averages leave out runs that are missing.\n";
  const std::size_t missing = plan.runs.size() - set.records.size();
  if (missing > 0)
    note(session, std::to_string(missing) + " of " + std::to_string(plan.runs.size()) +
                      " runs are missing; averages over the rest are not shown unless --allow-missing asks for them");
  if (!flags.page.empty()) {
    report::PageInput page{set, summary};
    page.title = recipe.title;
    page.remarks = remarks;
    page.commands = {"qkvbench reproduce " + recipe.id + " --budget " + flags.budget};
    page.claims = claims;
    page.references = report::reference_values(recipe);
    page.attention = attention_of_arms(session, summary);
    write_named_file(flags.page, report::page_html(page));
    note(session, flags.page + " shows them");
  }
  print(session, "reproduce", text,
        {{"recipe", recipe.id},
         {"budget", plan.budget},
         {"grid", plan.level},
         {"shrunk", plan.shrunk},
         {"unavailable", plan.unavailable},
         {"runs", plan.runs.size()},
         {"missing", missing},
         {"incomplete_averages", summary.averages_incomplete},
         {"cells", cells_json(recipe, summary)},
         {"claims", claims_json(claims)}});
  return verdict_status(claims);
}

/// The claims that are about counts alone.
std::vector<report::ClaimResult> accounting_claims(const std::vector<experiment::AccountingRow>& rows) {
  const auto cache = [&](const std::string& variant, index_t kv_heads) {
    const auto at = std::ranges::find_if(rows, [&](const experiment::AccountingRow& row) {
      return row.variant == variant && row.kv_heads == kv_heads && row.what.starts_with("cache");
    });
    return static_cast<double>(at->here);
  };
  const auto wrong = std::ranges::count_if(rows, [](const auto& row) { return row.here != row.paper; });
  report::ClaimResult counts, product;
  counts.id = "counts";
  counts.claim = "every count of the paper is right to the unit";
  counts.test = std::to_string(rows.size()) + " numbers, counts that differ";
  counts.unit = "counts";
  counts.effect = static_cast<double>(wrong);
  counts.paper = 0;
  counts.verdict = wrong == 0 ? report::Verdict::kHolds : report::Verdict::kRefuted;
  product.id = "cache-multiplies";
  product.claim = "sharing heads and sharing projections multiply in the cache";
  product.test = "cache of q_kv with 4 kv heads over the product of both savings on q_k_v";
  product.effect = cache("q_kv", 4) * cache("q_k_v", 16) / (cache("q_kv", 16) * cache("q_k_v", 4));
  product.paper = 1;
  product.verdict = *product.effect == 1 ? report::Verdict::kHolds : report::Verdict::kRefuted;
  return {counts, product};
}

Exit accounting(const Session& session) {
  const std::vector<experiment::AccountingRow> rows = experiment::accounting_rows();
  report::Table table({{"variant"},
                       {"kv heads", Align::kRight},
                       {"count"},
                       {"here", Align::kRight},
                       {"paper", Align::kRight},
                       {"here − paper", Align::kRight}});
  Json json = Json::array();
  for (const experiment::AccountingRow& row : rows) {
    table.add({row.variant, std::to_string(row.kv_heads), row.what, with_commas(row.here), with_commas(row.paper),
               with_commas(row.here - row.paper)});
    report::PaperRow cell{};
    cell.task = "lm";
    cell.arm = experiment::Arm{row.variant, row.kv_heads}.name();
    cell.here = static_cast<double>(row.here), cell.paper = static_cast<double>(row.paper);
    json.push_back(cell_json(cell, row.what));
  }
  const std::vector<report::ClaimResult> claims = accounting_claims(rows);
  print(session, "reproduce",
        "The paper's 300-million-parameter model, counted\n\n" + table.text(output_columns()) + "\n" + claims_text(claims),
        {{"recipe", "accounting"},
         {"budget", nullptr},
         {"grid", nullptr},
         {"shrunk", Json::array()},
         {"unavailable", Json::array()},
         {"runs", 0},
         {"missing", 0},
         {"incomplete_averages", false},
         {"cells", json},
         {"claims", claims_json(claims)}});
  return verdict_status(claims);
}

Exit reproduce(const Session& session, const ReproduceCommand& flags) {
  check_output("--report", flags.page, "an HTML page", ".html .htm");
  if (flags.what == "accounting") return accounting(session);
  const Recipe& recipe = experiment::find_recipe(flags.what);
  const double budget_s = flags.budget == "full" ? 0 : parse_duration("--budget", flags.budget);
  const experiment::SweepOptions options = flags.runs.options(session);
  const Plan plan = experiment::make_plan(recipe, budget_s, options.jobs, flags.runs.out);
  note(session, recipe.id + ": " + std::to_string(plan.runs.size()) + " runs of " + plan.level + ", expected to take " +
                    report::duration(plan.expected_s) + " when they were planned");
  if (budget_s > 0 && plan.expected_s > budget_s)
    note(session, "even the smallest part is more than --budget " + flags.budget);
  const SweepOutcome outcome = carry_out(session, plan.runs, flags.runs);
  if (!outcome.report.stopped)
    note(session, std::to_string(outcome.report.attempted) + " runs were started, " +
                      std::to_string(outcome.report.runs.size() - outcome.report.attempted) + " were finished before");
  if (outcome.report.stopped) return outcome.status;
  const Exit verdicts = show(session, flags, recipe, plan);
  return outcome.status == Exit::kDone ? verdicts : outcome.status;
}

}  // namespace

void add_reproduce(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<ReproduceCommand>();
  command.add_option("table", flags->what, "table1, table2, table4 or accounting")->required()->type_name("TABLE");
  command.add_option("--budget", flags->budget, "time to take on this machine: 90s, 10m, 1.5h, or full")
      ->type_name("TIME [10m]")
      ->group("Runs");
  command.add_option("--report", flags->page, "write the page with charts too, see report")
      ->type_name("FILE.html")
      ->group("Files");
  command.add_flag("--allow-missing", flags->allow_missing, "average over the runs there are, and say so")
      ->group("Runs");
  command.add_flag("--mix-builds", flags->mix_builds, "average runs of different builds of this program too")
      ->group("Runs");
  flags->runs.add_to(command);
  finish_command(command, session,
                 "Runs the part of a table's grid that fits the budget (or what is missing of it), and prints for "
                 "every cell this\n"
                 "machine's mean with its 95 % interval, the paper's number and the authors' re-run; then the paper's "
                 "claims: holds,\n"
                 "does not hold (status 7), inconclusive, or not tested at this size when q_k_v has not learned. The "
                 "first call times the machine and writes its choice "
                 "into --out; the\n"
                 "same command then goes on with the same runs.",
                 "  qkvbench reproduce table1 --budget 20m\n"
                 "  qkvbench reproduce table4 --budget 1h --report table4.html\n"
                 "  qkvbench reproduce accounting");
  command.callback([&session, flags] { session.action = [&session, flags] { return reproduce(session, *flags); }; });
}

}  // namespace qkvbench::cli
