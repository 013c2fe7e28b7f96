// Similarity of queries, keys and values of several trained models: means with intervals beside the two baselines and
// the paper's numbers, and claims.
// Measures nothing; run/analyze does.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/analyze.hpp"
#include "qkvbench/study/similarity.hpp"

namespace qkvbench::report {

/// One row of study::similarity_rows() in one model: means over its layers.
struct SimilarityNumbers {
  std::optional<double> trained, initial, random;
};
/// d_model: the channels.
std::vector<SimilarityNumbers> similarity_numbers(const run::Analysis& analysis, index_t d_model);

/// Models of one data set and kind that differ in their seed, each with the numbers of all rows; and whether the
/// baseline has learned.
struct SimilarityModels {
  std::string data;  ///< "reverse", "lm/stories"
  BaselineLevel level;
  std::vector<std::vector<SimilarityNumbers>> models;
};

/// A mean over models, and its 95 % interval by Student's t; none where a model has no number.
struct MeanNumber {
  std::optional<double> mean;
  std::optional<Interval> interval;
};
MeanNumber mean_number(const SimilarityModels& models, std::size_t row,
                       std::optional<double> SimilarityNumbers::*which);

/// Means of all rows: data, pair, measure, trained with its interval, step 0, random, the paper's.
Table similarity_table(const std::vector<SimilarityModels>& all);
/// The same with numbers in full, and the claims behind them, as comma-separated values.
std::string similarity_csv(const std::vector<SimilarityModels>& all, const std::vector<ClaimResult>& claims);

/// Judges every claim for each data set: the number is the mean over models of trained − beside; it holds, or does not,
/// when its interval lies wholly on one side, with 95 % for all together. Not tested where the models have not learned.
std::vector<ClaimResult> similarity_claims(const std::vector<SimilarityModels>& all);

}  // namespace qkvbench::report
