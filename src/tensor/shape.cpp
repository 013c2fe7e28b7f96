// Arithmetic and printing of shapes.
// Nothing here touches data.
#include "qkvbench/tensor/shape.hpp"

#include "qkvbench/base/error.hpp"

namespace qkvbench {

void Shape::push_back(index_t size) {
  if (rank_ == kMaxRank) fail_internal("a shape has more than four sizes: " + text());
  sizes_[static_cast<std::size_t>(rank_++)] = size;
}

index_t Shape::elements() const {
  index_t n = 1;
  for (int i = 0; i < rank_; ++i) n *= (*this)[i];
  return n;
}

bool Shape::operator==(const Shape& other) const {
  if (rank_ != other.rank_) return false;
  for (int i = 0; i < rank_; ++i)
    if ((*this)[i] != other[i]) return false;
  return true;
}

std::string Shape::text() const {
  std::string out = "[";
  for (int i = 0; i < rank_; ++i) out += (i ? ", " : "") + std::to_string((*this)[i]);
  return out + "]";
}

}  // namespace qkvbench
