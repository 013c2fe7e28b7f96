// Pairs the cells of a summary with the authors' runs, and says which agree.
// One noise for each task, since three seeds tell little of their own spread.
#include "qkvbench/report/agreement.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/study/rerun.hpp"

namespace qkvbench::report {

namespace {

constexpr double kWithin = 0.95, kRounding = 0.5e-4;  // of the authors' four decimals

/// One configuration of a cell, run by both.
struct Shared {
  std::vector<double> here, rerun;
  double difference() const { return mean(here) - mean(rerun); }
};

/// Deviation of runs from the mean of their configuration and variant.
struct Noise {
  double squares = 0, freedom = 0;
  void add(const std::vector<double>& runs) {
    if (runs.size() < 2) return;
    const double spread = *deviation(runs), more = static_cast<double>(runs.size() - 1);
    squares += spread * spread * more;
    freedom += more;
  }
  /// The largest difference of the means of so many runs that is still within it.
  double range(const Shared& shared) const {
    const double share = 1 / static_cast<double>(shared.here.size()) + 1 / static_cast<double>(shared.rerun.size());
    return student_quantile(1 - (1 - kWithin) / 2, freedom) * std::sqrt(squares / freedom * share) + kRounding;
  }
};

std::vector<Shared> shared_of(const Cell& cell) {
  std::map<std::string, Shared> by_configuration;
  for (const Sample& sample : cell.samples) {
    if (!sample.value) continue;
    Shared& shared = by_configuration[sample.configuration];
    if (shared.here.empty()) shared.rerun = study::rerun_accuracies(sample.record->config);
    shared.here.push_back(*sample.value);
  }
  std::vector<Shared> all;
  for (auto& [configuration, shared] : by_configuration)
    if (!shared.rerun.empty()) all.push_back(std::move(shared));
  return all;
}

SharedCell compared(const Cell& cell, const std::vector<Shared>& all, const Noise& noise) {
  SharedCell out{cell.task, cell.arm, all.size()};
  std::vector<double> here, rerun;
  for (const Shared& shared : all) {
    here.push_back(mean(shared.here));
    rerun.push_back(mean(shared.rerun));
    if (!(noise.freedom > 0)) continue;
    ++out.compared;
    out.agree += std::abs(shared.difference()) <= noise.range(shared) ? 1 : 0;
  }
  out.here = mean(here);
  out.rerun = mean(rerun);
  return out;
}

}  // namespace

const SharedCell* Agreement::cell(const std::string& task, const Arm& arm) const {
  const auto at = std::ranges::find_if(cells, [&](const SharedCell& c) { return c.task == task && c.arm == arm; });
  return at == cells.end() ? nullptr : &*at;
}

Agreement agreement_of(const Summary& summary) {
  std::vector<std::vector<Shared>> of_cells;
  std::map<std::string, Noise> noise;
  for (const Cell& cell : summary.cells) {
    of_cells.push_back(metric_of(cell.task).is_share ? shared_of(cell) : std::vector<Shared>{});
    for (const Shared& shared : of_cells.back()) {
      noise[cell.task].add(shared.here);
      noise[cell.task].add(shared.rerun);
    }
  }
  Agreement agreement;
  agreement.single_runs = true;
  std::vector<double> differences;
  for (std::size_t i = 0; i < of_cells.size(); ++i) {
    if (of_cells[i].empty()) continue;
    for (const Shared& shared : of_cells[i]) {
      differences.push_back(shared.difference());
      agreement.single_runs = agreement.single_runs && shared.rerun.size() == 1;
    }
    agreement.cells.push_back(compared(summary.cells[i], of_cells[i], noise[summary.cells[i].task]));
    agreement.compared += agreement.cells.back().compared;
    agreement.agree += agreement.cells.back().agree;
  }
  if (!differences.empty()) agreement.difference = mean(differences);
  return agreement;
}

std::string agreement_text(const Agreement& agreement) {
  if (agreement.cells.empty()) return "The authors' re-run has none of these configurations.";
  const std::string difference = "mean difference " + signed_text(agreement.difference, 3) +
                                 (agreement.single_runs ? "; theirs are single runs" : "");
  if (agreement.compared == 0)
    return "One run a cell, here and there, tells no seed noise to compare the authors' re-run by; " + difference + ".";
  return std::to_string(agreement.agree) + " of " + std::to_string(agreement.compared) +
         " cells (task, variant, configuration) agree with the authors' re-run within seed noise; by chance alone " +
         fixed(std::round((1 - kWithin) * static_cast<double>(agreement.compared)), 0) + " would not; " + difference +
         ".";
}

}  // namespace qkvbench::report
