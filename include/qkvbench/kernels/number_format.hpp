// The number formats in which decoding can keep weights and its cache, with rows of numbers in them, and to which
// matmul can round its operands. Sums are never narrow: numbers are made wide again where they are read, or multiplied
// exactly.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "qkvbench/base/real.hpp"

namespace qkvbench::kernels {

enum class NumberFormat {
  kFp32,  ///< the engine's own number
  kBf16,  ///< the upper 16 bits of a float, rounded to nearest, ties to even
  kInt8   ///< blocks of up to 64 numbers of a row: a float, max|x| / 127, then for each number x / that, rounded
};
/// By format.
inline constexpr std::array<const char*, 3> kFormatNames{"fp32", "bf16", "int8"};
/// Numbers of a row that share a scale in kInt8.
inline constexpr index_t kInt8Block = 64;

inline const char* format_name(NumberFormat format) { return kFormatNames[static_cast<std::size_t>(format)]; }
/// The format of that name; the name must be one of kFormatNames.
NumberFormat format_of(std::string_view name);

/// Bytes of a row of `width` numbers, scales included.
index_t row_bytes(NumberFormat format, index_t width);

/// Rows of `width` numbers each, one behind the other.
struct Rows {
  const std::byte* data;
  index_t width;
  NumberFormat format;

  index_t stride() const { return row_bytes(format, width); }
  Rows from(index_t row) const { return {data + row * stride(), width, format}; }
  /// Of rows in kFp32.
  const real* reals() const { return reinterpret_cast<const real*>(data); }
  /// Of rows in kBf16.
  const std::uint16_t* halves() const { return reinterpret_cast<const std::uint16_t*>(data); }
};
inline Rows real_rows(const real* x, index_t width) {
  return {reinterpret_cast<const std::byte*>(x), width, NumberFormat::kFp32};
}

/// Where a kernel writes the numbers of its result: as they are, or in kBf16 as products round them, whose bits then
/// are those that a product of reals has.
struct NumberStore {
  std::byte* data;
  NumberFormat format;
  NumberStore(std::byte* numbers, NumberFormat of) : data(numbers), format(of) {}
  NumberStore(real* reals) : data(reinterpret_cast<std::byte*>(reals)), format(NumberFormat::kFp32) {}
};

/// Writes n rows in a format. A block with a number that is not finite becomes a block of NaN in kInt8.
/// x: [n, width]; out: [n · row_bytes(format, width)], written.
void narrow_rows(NumberFormat format, index_t n, index_t width, const real* x, std::byte* out);

/// out: [n, rows.width], written.
void widen_rows(const Rows& rows, index_t n, real* out);

}  // namespace qkvbench::kernels
