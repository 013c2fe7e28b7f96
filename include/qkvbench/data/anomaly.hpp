// The odd-one-out task: sets of ten, nine of one class and one of another, drawn from labelled rows of numbers.
// Where the rows come from is behind an interface: pixels of images, a matrix in a file, features of a model.
#pragma once
#include <memory>
#include <span>

#include "qkvbench/data/dataset.hpp"

namespace qkvbench::data {

/// Rows of numbers with a label each.
class LabelledRows {
 public:
  virtual ~LabelledRows() = default;
  virtual index_t features() const = 0;
  virtual std::span<const std::int32_t> labels() const = 0;
  /// Writes row i.   out: [features]
  virtual void copy(index_t row, real* out) const = 0;
};

/// Rows held as a matrix.   values: [labels.size(), features]
std::unique_ptr<LabelledRows> matrix_rows(std::vector<float> values, std::vector<std::int32_t> labels);

/// `n` sets, each drawn from (seed, split, its number) alone. Only rows listed in `from` are used, so that splits with
/// different lists share no row.
///   input: [B, 10, features]   targets: [B], the place of the odd one
/// Throws Error (input) unless one class has nine rows in `from` and another has one.
std::unique_ptr<Dataset> odd_one_out(std::shared_ptr<const LabelledRows> rows, std::vector<index_t> from, index_t n,
                                     Split split, std::uint64_t seed);

/// `anomaly`. TaskOptions::source is a set of images, or `npy`: then TaskOptions::data is a folder with train.npy,
/// train-labels.npy, test.npy and test-labels.npy. Training sets hold training rows only, test sets test rows only;
/// validation sets, if any, hold a tenth of the training rows that training then does without.
std::span<const Task> anomaly_tasks();

/// What source may be: the sets of images and npy.
std::vector<std::string> anomaly_sources();

}  // namespace qkvbench::data
