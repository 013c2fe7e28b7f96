// A tensor in another program's file: where its numbers lie, and how they become floats.
// Nothing is copied until the numbers are asked for, and not then where the file has them as floats in order.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::formats {

/// Bytes that tensors lie in. They are compared with their checksum when they are first read.
struct ForeignStorage {
  std::string where;                 ///< "model.pt: archive/data/3"
  std::string_view bytes;            ///< little-endian numbers
  std::shared_ptr<const void> file;  ///< keeps them there
  std::optional<std::uint32_t> crc;
  mutable bool checked = false;
};

/// A view of a storage. Shape and strides fit the storage: whoever makes one has seen to that.
struct ForeignTensor {
  std::string dtype;  ///< as safetensors calls it: F32, F16, BF16, F64; others are no weights
  std::vector<index_t> shape, strides;
  index_t offset = 0;  ///< strides and offset in elements
  std::shared_ptr<const ForeignStorage> storage;

  index_t elements() const;
};
using ForeignTensors = std::map<std::string, ForeignTensor>;

/// Bytes of a number of a type that safetensors knows; 0 of another.
index_t bytes_of(std::string_view dtype);

/// "[16, 64]"
std::string shape_text(const std::vector<index_t>& shape);

/// Elements from one index of an axis to the next, where the last axis lies together.
std::vector<index_t> row_major_strides(const std::vector<index_t>& shape);

/// A tensor over a whole storage in row-major order. The shape must fit.
ForeignTensor whole_tensor(std::string dtype, std::vector<index_t> shape, std::shared_ptr<const ForeignStorage> storage,
                           index_t offset = 0);

/// Throws Error (input) naming `what` unless sizes and strides are not negative, at most 8 of them, all elements lie
/// within the storage, and there are no more of them than the storage has.
void check_view(const ForeignTensor& tensor, const std::string& what);

/// Some rows of a tensor, and a matrix turned round.
ForeignTensor rows_of(const ForeignTensor& tensor, index_t first, index_t rows);
ForeignTensor transposed(const ForeignTensor& tensor);

/// The numbers in row-major order: where they lie, or converted into `memory`.
/// Throws Error (input) naming `what` when the type is none of weights, the checksum differs, or a number is not
/// finite.
std::span<const float> floats_of(const ForeignTensor& tensor, const std::string& what, std::vector<float>& memory);

}  // namespace qkvbench::formats
