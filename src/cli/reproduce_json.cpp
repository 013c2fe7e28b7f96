// The machine's form of what reproduce prints: cells, claims, agreement with the re-run, the next larger part.
// Names of fields only; no number is made here.
#include "qkvbench/cli/reproduce_json.hpp"

#include "qkvbench/cli/results.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"

namespace qkvbench::cli {

using formats::Json;
using run::or_null;

namespace {

Json baseline_json(const std::vector<report::BaselineLevel>& levels) {
  Json json = Json::array();
  for (const report::BaselineLevel& level : levels)
    json.push_back({{"task", level.task},
                    {"settings", settings_json(level.settings)},
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

Json shared_json(const std::optional<report::SharedCell>& shared) {
  if (!shared) return nullptr;
  return {{"configurations", shared->configurations},
          {"here", shared->here},
          {"rerun", shared->rerun},
          {"compared", shared->compared},
          {"agree", shared->agree}};
}

}  // namespace

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

Json answers_json(const std::vector<report::Answer>& answers) {
  Json json = Json::array();
  for (const report::Answer& answer : answers) json.push_back(answer.text);
  return json;
}

Json cell_json(const report::PaperRow& row, const std::string& quantity) {
  return {{"task", row.task},
          {"settings", settings_json(row.settings)},
          {"variant", row.arm},
          {"quantity", quantity},
          {"here", or_null(row.here)},
          {"interval", interval_json(row.interval)},
          {"solved", or_null(row.solved)},
          {"runs", row.runs},
          {"expected", row.expected},
          {"configurations", row.configurations},
          {"paper", or_null(row.paper)},
          {"rerun", row.shared ? Json(row.shared->rerun) : Json(nullptr)},
          {"shared", shared_json(row.shared)}};
}

Json cells_json(const std::vector<report::PaperRow>& rows) {
  Json json = Json::array();
  for (const report::PaperRow& row : rows) {
    const std::string metric = report::metric_of(row.task).key;
    json.push_back(cell_json(row, metric == "perplexity" ? "perplexity, % above q_k_v" : metric));
  }
  return json;
}

Json agreement_json(const report::Agreement& agreement) {
  if (agreement.cells.empty()) return nullptr;
  return {{"compared", agreement.compared},
          {"agree", agreement.agree},
          {"mean_difference", agreement.difference},
          {"single_runs", agreement.single_runs}};
}

Json next_json(const study::Plan& plan) {
  if (plan.next_level.empty()) return nullptr;
  return {{"grid", plan.next_level}, {"budget_s", plan.next_s}};
}

}  // namespace qkvbench::cli
