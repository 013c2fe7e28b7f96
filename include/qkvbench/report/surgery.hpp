// Perplexities of models whose K and V were made one: a table by training on, a chart, and claims.
// Trains and measures nothing; cli/reproduce_surgery does.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/study/surgery.hpp"

namespace qkvbench::report {

/// Validation losses in nats of one source, q_k_v, and what was made of it.
struct SurgeryLosses {
  double source = 0, scratch = 0;  ///< q_k_v; q_kv trained from the beginning
  /// [arm][share], in the order of study::surgery_arms() and study::kUptrainingShares; none: it diverged.
  std::vector<std::vector<std::optional<double>>> losses;
};

/// What all sources gave, and whether q_k_v has learned.
struct SurgeryNumbers {
  std::string data;  ///< "lm/stories"
  BaselineLevel level;
  std::vector<SurgeryLosses> sources;
};

/// Differences of losses in nats, source by source; empty when one is missing. They are logarithms of ratios of
/// perplexities: means and intervals are taken of these, and told in per cent as exp(x) − 1.
std::vector<double> surgery_nats(const SurgeryNumbers& numbers, std::size_t arm, std::size_t share,
                                 study::SurgeryClaim::Beside beside);
/// The same of q_kv from scratch above q_k_v.
std::vector<double> scratch_nats(const SurgeryNumbers& numbers);

/// exp(nats) − 1, in per cent.
double percent_of(double nats);

/// A row an arm, a column a share: the mean over sources in per cent above q_k_v, and half of its 95 % interval.
Table surgery_table(const SurgeryNumbers& numbers);
/// The same with numbers in full, and the claims behind them, as comma-separated values.
std::string surgery_csv(const SurgeryNumbers& numbers, const std::vector<ClaimResult>& claims);

/// One HTML page: remarks, a chart of the means with and without a teacher by training on, the table and the claims.
std::string surgery_html(const std::string& title, const std::vector<std::string>& remarks,
                         const SurgeryNumbers& numbers, const std::vector<ClaimResult>& claims);

/// Claims hold, or do not, when the interval of the mean over sources lies wholly on one side of the threshold, with 95
/// % for all together; not tested when q_k_v has not learned.
std::vector<ClaimResult> surgery_claims(const SurgeryNumbers& numbers);

}  // namespace qkvbench::report
