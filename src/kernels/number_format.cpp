// Rounding to narrow formats and back.
// One row after the other: this is done once for a weight or a cached position, not in an inner loop.
#include "qkvbench/kernels/number_format.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/narrow.hpp"

namespace qkvbench::kernels {

namespace {

void narrow_block(index_t n, const real* x, std::byte* out) {
  float most = 0;
  bool finite = true;
  for (index_t i = 0; i < n; ++i) {
    finite = finite && std::isfinite(static_cast<float>(x[i]));
    most = std::max(most, std::abs(static_cast<float>(x[i])));
  }
  const float scale = finite ? most / 127 : std::numeric_limits<float>::quiet_NaN();
  std::memcpy(out, &scale, sizeof(scale));
  auto* numbers = reinterpret_cast<std::int8_t*>(out + sizeof(scale));
  // A scale that underflows to 0 holds nothing of its block; a tiny one is rounded itself, hence the clamp.
  const bool empty = !finite || scale == 0;
  for (index_t i = 0; i < n; ++i)
    numbers[i] = empty
                     ? std::int8_t{0}
                     : static_cast<std::int8_t>(std::clamp(std::lrint(static_cast<float>(x[i]) / scale), -127L, 127L));
}

void narrow_row(NumberFormat format, index_t width, const real* x, std::byte* out) {
  switch (format) {
    case NumberFormat::kFp32: std::memcpy(out, x, static_cast<std::size_t>(width) * sizeof(real)); break;
    case NumberFormat::kBf16:
      for (index_t i = 0; i < width; ++i) reinterpret_cast<std::uint16_t*>(out)[i] = bf16_of(static_cast<float>(x[i]));
      break;
    case NumberFormat::kInt8:
      for (index_t i = 0; i < width; i += kInt8Block, out += Int8Row::kBlockBytes)
        narrow_block(std::min(kInt8Block, width - i), x + i, out);
      break;
  }
}

template <class Row>
void widen_row(index_t width, const std::byte* row, real* out) {
  for (index_t i = 0; i < width; i += simd::kLanes) {
    const index_t n = std::min<index_t>(simd::kLanes, width - i);
    simd::Vec x = n == simd::kLanes ? Row::load(Row::at(row, i)) : Row::load_part(Row::at(row, i), n);
    if constexpr (Row::kScaled) x = x * Row::scale(row, i);
    simd::store_part(out + i, x, n);
  }
}

/// Rows that are worth handing to a thread.
index_t grain(index_t width) { return std::max<index_t>(1, 16384 / std::max<index_t>(1, width)); }

}  // namespace

NumberFormat format_of(std::string_view name) {
  return static_cast<NumberFormat>(std::ranges::find(kFormatNames, name) - kFormatNames.begin());
}

index_t row_bytes(NumberFormat format, index_t width) {
  switch (format) {
    case NumberFormat::kBf16: return 2 * width;
    case NumberFormat::kInt8:
      return width + (width + kInt8Block - 1) / kInt8Block * static_cast<index_t>(sizeof(float));
    default: return static_cast<index_t>(sizeof(real)) * width;
  }
}

void narrow_rows(NumberFormat format, index_t n, index_t width, const real* x, std::byte* out) {
  const index_t stride = row_bytes(format, width);
  parallel_ranges(n, grain(width), [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r) narrow_row(format, width, x + r * width, out + r * stride);
  });
}

void widen_rows(const Rows& rows, index_t n, real* out) {
  const index_t stride = rows.stride();
  with_row(rows.format, [&]<class Row>(Row) {
    parallel_ranges(n, grain(rows.width), [=](index_t begin, index_t end) {
      for (index_t r = begin; r < end; ++r) widen_row<Row>(rows.width, rows.data + r * stride, out + r * rows.width);
    });
  });
}

}  // namespace qkvbench::kernels
