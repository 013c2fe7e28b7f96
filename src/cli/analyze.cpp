// qkvbench analyze: how alike a trained model's queries, keys and values are, beside no training and random
// projections. What is measured is in run/measures, how it is drawn in report/analysis.
#include <algorithm>
#include <memory>
#include <optional>

#include "qkvbench/base/named_file.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/analysis.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using run::Analysis;
using run::LoadedModel;

struct AnalyzeFlags {
  std::string model, against, report;
  run::AnalyzeRequest request;
  bool by_head = false;
};

Json measured_json(const run::Measured& one) {
  Json items;
  if (!one.items.empty()) items = Json::array();
  for (const auto& item : one.items) items.push_back(run::or_null(item));
  return {{"value", run::or_null(one.value)}, {"items", items}, {"reason", run::or_null(one.reason)}};
}

Json values_json(const Analysis& analysis) {
  Json out = Json::array();
  for (const run::AnalyzedValue& value : analysis.values)
    out.push_back({{"layer", value.layer},
                   {"of", value.of},
                   {"scope", value.measure->scope},
                   {"measure", value.measure->id},
                   {"trained", measured_json(value.trained)},
                   {"initial", measured_json(value.initial)},
                   {"random", measured_json(value.random)}});
  return out;
}

Json measures_json() {
  Json out = Json::array();
  for (const run::Measure& measure : run::all_measures())
    out.push_back({{"id", measure.id},
                   {"scope", measure.scope},
                   {"items", run::or_null(std::string(measure.items))},
                   {"definition", measure.definition},
                   {"source", measure.source}});
  return out;
}

Json maps_json(const Analysis& analysis) {
  Json out = Json::array();
  for (const run::HeadMap& map : analysis.maps) {
    std::size_t n = 0;
    while (n * n < map.cka.size()) ++n;
    Json rows = Json::array();
    for (std::size_t i = 0; i < n; ++i) {
      const auto row = map.cka.begin() + static_cast<std::ptrdiff_t>(i * n);
      rows.push_back(std::vector<double>(row, row + static_cast<std::ptrdiff_t>(n)));
    }
    out.push_back({{"layer", map.layer}, {"cka", rows}});
  }
  return out;
}

std::string heading(const LoadedModel& run, const Analysis& analysis) {
  return run.config.task.id + ", " + run.config.model.variant.id() + ": " + run.config.model.variant.equation() + ", " +
         with_commas(analysis.positions) + " positions of " +
         counted(static_cast<std::size_t>(analysis.examples), "example");
}

std::string tables_text(const Session& session, const std::vector<report::AnalysisTable>& tables) {
  std::string out;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const report::AnalysisTable& one = tables[i];
    out += said(session, "\n") + titled(session, one.heading);
    if (!one.rows.empty()) out += shown(session, one.table()) + said(session, "\n");
    // A note is said once, behind the last of its tables.
    if (i + 1 == tables.size() || tables[i + 1].note != one.note) out += said(session, one.note);
  }
  return out;
}

constexpr const char* kBaselines =
    "Step 0 is the same configuration and seed before its first step, random are normal matrices in place of the "
    "projections on the model's own input: what does not exceed them says nothing of training.";

Exit analyze(const Session& session, const AnalyzeFlags& flags) {
  check_output("--report", flags.report, "an HTML page", ".html .htm");
  const LoadedModel run = run::load_run(flags.model);
  std::optional<LoadedModel> other;
  if (!flags.against.empty()) other = run::load_run(flags.against);
  std::optional<Analysis> against;
  if (other) against = run::analyze_against(run, *other, flags.request);
  const Analysis analysis = run::analyze(run, flags.request);
  std::string text = said(session, heading(run, analysis) + "\n" + kBaselines + "\n") +
                     tables_text(session, report::analysis_tables(analysis, flags.by_head));
  Json against_json;
  if (against) {
    text += said(session, "\nAgainst " + flags.against + ", " + other->config.model.variant.id() + "\n") +
            tables_text(session, report::against_tables(*against, flags.by_head));
    against_json = {
        {"model", flags.against}, {"variant", variant_json(other->config)}, {"values", values_json(*against)}};
  }
  if (!flags.report.empty()) {
    write_named_file(flags.report, report::analysis_html({"Queries, keys and values: " + run.config.model.variant.id(),
                                                          {heading(run, analysis), kBaselines},
                                                          &analysis,
                                                          against ? &*against : nullptr,
                                                          flags.against}));
    text += said(session, "\n" + flags.report + "\n");
  }
  print(session, "analysis", text,
        {{"model", flags.model},
         {"task", run.config.task.id},
         {"variant", variant_json(run.config)},
         {"layers", run.config.model.layers},
         {"heads", run.config.model.heads},
         {"kv_heads", run.config.model.kv_heads},
         {"examples", analysis.examples},
         {"positions", analysis.positions},
         {"measures", measures_json()},
         {"values", values_json(analysis)},
         {"head_maps", maps_json(analysis)},
         {"against", against_json}});
  return Exit::kDone;
}

}  // namespace

void add_analyze(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<AnalyzeFlags>();
  add_option(command, "model", flags->model, "a run directory or a model.safetensors").required().type_name("PATH");
  add_option(command, "--against", flags->against, "another model: its q, k and v beside these, on the same examples")
      .type_name("PATH");
  add_option(command, "--examples", flags->request.examples,
             "the first so many test examples (of text: validation windows); default: 2,048 positions of them")
      .between(index_t{1}, index_t{1} << 20)
      .type_name("N");
  add_option(command, "--data", flags->request.data,
             "folder of the task's data, or of text another corpus; default: as trained")
      .type_name("DIR|TEXT");
  add_flag(command, "--by-head", flags->by_head, "a row for each head in place of means");
  add_option(command, "--report", flags->report, "also a page with charts and maps of heads").type_name("FILE.html");
  finish_command(
      command, session,
      "How alike a model's queries, keys and values are: cosines, CKA, Procrustes, R², ranks, subspaces, and\n"
      "what heads attend to, each with its definition, beside the untrained model and random projections.",
      "  qkvbench analyze results/RUN --report analysis.html\n"
      "  qkvbench analyze results/RUN --against results/OTHER --examples 64 --json -");
  on_call(command, session, flags, analyze);
}

}  // namespace qkvbench::cli
