// Every model is measured as `analyze` does, on as many examples.
// Numbers and verdicts are made in report/similarity.
#include "qkvbench/cli/reproduce_answer.hpp"
#include "qkvbench/cli/reproduce_json.hpp"
#include "qkvbench/report/analysis.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/similarity.hpp"
#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::SimilarityModels;
using report::SimilarityNumbers;

SimilarityModels measured(const study::PaperTable& recipe, const report::Cell& cell) {
  SimilarityModels models{
      cell.group.data, report::baseline_level(cell, report::paper_number(recipe, cell.task, {cell.arm})), {}};
  models.level.task = cell.group.data;
  if (!cell.mean) return models;
  for (const report::Sample& sample : cell.samples) {
    const run::LoadedModel model = run::load_run(sample.record->path.parent_path());
    models.models.push_back(report::similarity_numbers(run::analyze(model, {}), model.config.model.d_model));
  }
  return models;
}

/// A source of numbers: what a cell of --json is of.
struct Source {
  const char* name;
  std::optional<double> SimilarityNumbers::*which;
};
constexpr Source kSources[]{{"trained", &SimilarityNumbers::trained},
                            {"step 0", &SimilarityNumbers::initial},
                            {"random", &SimilarityNumbers::random}};

Json cells_json(const report::Cell& cell, const SimilarityModels& models) {
  Json json = Json::array();
  for (std::size_t i = 0; i < study::similarity_rows().size(); ++i) {
    const study::SimilarityRow& row = study::similarity_rows()[i];
    for (const Source& source : kSources) {
      const report::MeanNumber number = mean_number(models, i, source.which);
      report::PaperRow out{
          cell.task,     cell.arm.name(),     number.mean, {}, number.interval, {}, models.models.size(),
          cell.expected, cell.configurations, {},          {}};
      if (source.which == &SimilarityNumbers::trained) out.paper = row.paper;
      json.push_back(
          cell_json(out, report::subject_title(row.of) + ": " + row.title + ", " + source.name + ", " + models.data));
    }
  }
  return json;
}

}  // namespace

ReproduceAnswer similarity_answer(const Session& session, const study::PaperTable& recipe,
                                  const report::Summary& summary) {
  std::vector<SimilarityModels> all;
  Json cells = Json::array();
  for (const report::Cell& cell : summary.cells) {
    note(session, "measuring " + cell.group.data);
    all.push_back(measured(recipe, cell));
    for (const Json& one : cells_json(cell, all.back())) cells.push_back(one);
  }
  const std::vector<report::ClaimResult> claims = report::similarity_claims(all);
  return {similarity_table(all), similarity_csv(all, claims), cells, claims};
}

}  // namespace qkvbench::cli
