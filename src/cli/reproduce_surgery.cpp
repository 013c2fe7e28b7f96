// Three stages: the recipe's own runs, which are there; converted models; and runs that train them on, as one sweep.
// Numbers and verdicts are made in report/surgery.
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/cli/reproduce_answer.hpp"
#include "qkvbench/cli/reproduce_json.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/mean_claim.hpp"
#include "qkvbench/report/surgery.hpp"
#include "qkvbench/report/verdicts.hpp"
#include "qkvbench/run/convert.hpp"
#include "qkvbench/run/evaluate.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/records.hpp"

namespace qkvbench::cli {

namespace {

namespace fs = std::filesystem;
using formats::Json;
using report::SurgeryLosses;
using report::SurgeryNumbers;

/// One source and the runs that begin with what was made of it.
struct Work {
  fs::path source;
  std::uint64_t seed = 0;
  SurgeryLosses losses;
  std::vector<std::vector<run::Config>> uptrained;  ///< [arm][share], share 0 left empty
};

const report::Cell* cell_of(const report::Summary& summary, const char* variant) {
  for (const report::Cell& cell : summary.cells)
    if (cell.arm.name() == variant) return &cell;
  return nullptr;
}

double validation_loss(const fs::path& model) {
  const run::LoadedModel loaded = run::load_run(model);
  const auto data = data::find_task(loaded.config.task.id).open(task_options(loaded));
  const kernels::EvalSums sums = run::score_splits(*loaded.model, *data, loaded.config.train.micro_batch).validation;
  return sums.loss_nats / static_cast<double>(sums.targets);
}

/// Converts the source by each arm's method and names the runs to come.
void convert(const Session& session, const fs::path& out, Work& work) {
  std::map<std::string, std::pair<fs::path, double>> converted;  // by method
  for (const study::SurgeryArm& arm : study::surgery_arms()) {
    fs::path model = work.source;
    double loss = work.losses.source;
    if (arm.method != nullptr) {
      auto& known = converted[arm.method];
      if (known.first.empty()) {
        run::ConvertOptions options;
        options.to = "q_kv", options.methods = {arm.method};
        options.out = out, options.argv = session.argv;
        known.first = run::convert_run(work.source, options).directory;
        known.second = validation_loss(known.first);
      }
      model = known.first, loss = known.second;
    }
    work.losses.losses.emplace_back(study::kUptrainingShares.size());
    work.losses.losses.back()[0] = loss;
    work.uptrained.emplace_back(study::kUptrainingShares.size());
    for (std::size_t share = 1; share < study::kUptrainingShares.size(); ++share)
      work.uptrained.back()[share] =
          study::uptraining(model.string(), arm.distilled ? work.source.string() : "", study::kUptrainingShares[share]);
  }
}

std::vector<Work> works_of(const report::Summary& summary) {
  std::vector<Work> works;
  const report::Cell *separate = cell_of(summary, "q_k_v"), *scratch = cell_of(summary, "q_kv");
  if (separate == nullptr || scratch == nullptr) return works;
  for (const report::Sample& sample : separate->samples)
    for (const report::Sample& other : scratch->samples) {
      if (sample.record->config.task.seed != other.record->config.task.seed) continue;
      const auto a = sample.record->metrics.value("val_loss"), b = other.record->metrics.value("val_loss");
      if (!a || !b) continue;
      Work work;
      work.source = sample.record->path.parent_path();
      work.seed = sample.record->config.task.seed;
      work.losses.source = *a, work.losses.scratch = *b;
      works.push_back(std::move(work));
    }
  return works;
}

/// What the runs came to, where they are finished.
void take_losses(const fs::path& out, Work& work) {
  for (std::size_t arm = 0; arm < work.uptrained.size(); ++arm)
    for (std::size_t share = 1; share < work.uptrained[arm].size(); ++share) {
      const fs::path directory = run::run_directory(out, work.uptrained[arm][share]);
      const run::RecordSet set = run::read_records({directory});
      if (set.records.size() == 1) work.losses.losses[arm][share] = set.records[0].metrics.value("val_loss");
    }
}

Json cells_json(const SurgeryNumbers& numbers) {
  Json cells = Json::array();
  const auto add = [&](const std::string& name, const std::vector<double>& units) {
    report::PaperRow row{"lm", name, {}, {}, {}, {}, units.size(), numbers.sources.size(), 1, {}, {}};
    if (!units.empty()) row.here = report::percent_of(report::mean(units));
    if (const auto nats = report::mean_interval(units, report::kSymmetricNumbers))
      row.interval = report::Interval{report::percent_of(nats->low), report::percent_of(nats->high)};
    cells.push_back(cell_json(row, name + ", per cent above the perplexity of q_k_v, " + numbers.data));
  };
  for (std::size_t arm = 0; arm < study::surgery_arms().size(); ++arm)
    for (std::size_t share = 0; share < study::kUptrainingShares.size(); ++share)
      add(study::surgery_arms()[arm].name() + ", " + report::fixed(100 * study::kUptrainingShares[share], 0) + " %",
          surgery_nats(numbers, arm, share, study::SurgeryClaim::Beside::kSource));
  add("q_kv from scratch", scratch_nats(numbers));
  return cells;
}

}  // namespace

ReproduceAnswer surgery_answer(const Session& session, const study::PaperTable& recipe, const report::Summary& summary,
                               const SweepFlags& flags, const std::vector<std::string>& remarks) {
  SurgeryNumbers numbers;
  if (const report::Cell* cell = cell_of(summary, "q_k_v")) {
    numbers.data = cell->group.data;
    numbers.level = report::baseline_level(*cell, report::paper_number(recipe, cell->task, {cell->arm}));
  }
  std::vector<Work> works = works_of(summary);
  std::vector<run::Config> configs;
  for (Work& work : works) {
    note(session, "converting " + work.source.string());
    convert(session, flags.out, work);
    for (const auto& arm : work.uptrained) configs.insert(configs.end(), arm.begin() + 1, arm.end());
  }
  const SweepOutcome outcome = run_all(session, configs, flags);
  for (Work& work : works) {
    take_losses(flags.out, work);
    numbers.sources.push_back(work.losses);
  }
  const std::vector<report::ClaimResult> claims = report::surgery_claims(numbers);
  return {surgery_table(numbers),
          surgery_csv(numbers, claims),
          cells_json(numbers),
          claims,
          surgery_html(recipe.title, remarks, numbers, claims),
          outcome.status};
}

}  // namespace qkvbench::cli
