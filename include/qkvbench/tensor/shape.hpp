// Sizes of a dense row-major array of up to four dimensions.
// No strides: views with strides exist only inside kernels.
#pragma once
#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>

#include "qkvbench/base/real.hpp"

namespace qkvbench {

/// Up to four sizes, outermost first. An empty shape has one element.
class Shape {
 public:
  static constexpr int kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<index_t> sizes) {
    for (const index_t size : sizes) push_back(size);
  }
  /// Appends an innermost size. Throws Error (internal) beyond four.
  void push_back(index_t size);

  int rank() const { return rank_; }
  index_t operator[](int i) const { return sizes_[static_cast<std::size_t>(i < 0 ? i + rank_ : i)]; }
  index_t last() const { return rank_ == 0 ? 1 : (*this)[-1]; }
  index_t elements() const;
  /// Number of rows when everything but the last size is folded together.
  index_t rows() const { return rank_ == 0 ? 1 : elements() / std::max<index_t>(1, last()); }
  bool operator==(const Shape& other) const;
  /// "[8, 16, 64]"
  std::string text() const;

 private:
  std::array<index_t, kMaxRank> sizes_{};
  int rank_ = 0;
};

}  // namespace qkvbench
