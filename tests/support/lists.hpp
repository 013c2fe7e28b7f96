// A small data set for tests of training: lists of symbols, each a function of its number.
// Not a task of the program.
#pragma once
#include "qkvbench/data/dataset.hpp"

namespace qkvbench::testing {

/// Lists of symbols with a target each, drawn once. With `ignore`, some positions have none, more in some lists than in
/// others; `alike` are all the same list.
class Lists : public data::Dataset {
 public:
  explicit Lists(index_t size = 9, bool ignore = false, bool alike = false)
      : size_(size), ignore_(ignore), alike_(alike) {}
  index_t size() const override { return size_; }
  index_t targets_per_example() const override { return 5; }
  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const auto B = static_cast<index_t>(indices.size());
    batch.size = B;
    batch.input = {B, 5};
    batch.ids.clear();
    batch.targets.clear();
    for (const index_t index : indices)
      for (index_t i = alike_ ? 3 : index, t = 0; t < 5; ++t) {
        batch.ids.push_back(static_cast<std::int32_t>((i * 7 + t * t * 3) % 10));
        batch.targets.push_back(ignore_ && t < i % 4 ? kIgnoredTarget : static_cast<std::int32_t>((i + t) % 10));
      }
  }

 private:
  index_t size_;
  bool ignore_, alike_;
};

}  // namespace qkvbench::testing
