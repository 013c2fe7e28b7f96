// The tile's loop for each route, all with the order of sums that bf16.hpp defines.
#include "qkvbench/kernels/bf16_kernel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "qkvbench/kernels/store_tile.hpp"

#if defined(__AMX_BF16__) && defined(__linux__) && !defined(QKVBENCH_DOUBLE)
#define QKVBENCH_TILE_UNIT
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace qkvbench::kernels {

namespace {

constexpr int kVectorRows = kMr / 2;  // two sums for each element, of even and of odd numbers, stay in registers
constexpr index_t kUnitRows = 16;     // of a tile of the processor's unit
constexpr index_t kUnitCells = 16;    // of a row of it, which are a block of depth

template <int R, int V>
[[gnu::always_inline]] inline void add_zeros(Vec (&sums)[R][V]) {
  for (auto& row : sums)
    for (Vec& sum : row) sum += Vec{};
}

/// R rows times V vectors of columns, with a number a cell or in pairs.
template <int R, int V, bool Pairs, RowOrder Order>
void vector_tile(index_t depth, const real* rows, const Panel& panel, const Target& t, index_t at, index_t j) {
  // A step takes an even and an odd cell: two numbers, or the pairs of four.
  constexpr index_t kCells = kBf16Depth / (Pairs ? 2 : 1), kNumbers = Pairs ? 4 : 2, kSteps = kBf16Depth / kNumbers;
  // From a row to the next, and from a cell of a row to the next.
  constexpr index_t kRow = Order == RowOrder::kByRow ? kCells : 1, kCell = Order == RowOrder::kByRow ? 1 : R;
  Vec sums[R][V] = {};
  const real* columns = panel.data;
  for (index_t k = 0; k < depth; k += kBf16Depth) {
    Vec even[R][V] = {}, odd[R][V] = {};
    const index_t steps = std::min(kSteps, (depth - k + kNumbers - 1) / kNumbers);
    const real *row = rows, *column = columns;
    for (index_t s = 0; s < steps; ++s, row += 2 * kCell, column += 2 * panel.stride) {
      Vec b[2][V];
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) {
        b[0][v] = simd::load(column + v * kLanes);
        b[1][v] = simd::load(column + panel.stride + v * kLanes);
      }
#pragma GCC unroll 6
      for (int r = 0; r < R; ++r) {
        const Vec x = simd::broadcast(row[r * kRow]), y = simd::broadcast(row[r * kRow + kCell]);
#pragma GCC unroll 2
        for (int v = 0; v < V; ++v) {
          if constexpr (Pairs) {
            even[r][v] = add_pairs(even[r][v], x, b[0][v]);
            odd[r][v] = add_pairs(odd[r][v], y, b[1][v]);
          } else {
            even[r][v] += x * b[0][v];
            odd[r][v] += y * b[1][v];
          }
        }
      }
    }
    if (steps < kSteps) add_zeros(even);  // as those behind the depth would: they turn a sum of -0 to 0
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < V; ++v) sums[r][v] += even[r][v] + odd[r][v];
    rows += R * kCells;
    columns += kCells * panel.stride;
  }
  store_tile<R, V>(sums, t, at, j);
}

using VectorTile = void (*)(index_t depth, const real* rows, const Panel& panel, const Target& t, index_t at,
                            index_t j);
template <int V, bool Pairs, RowOrder Order, int... R>
constexpr std::array<VectorTile, sizeof...(R)> by_height(std::integer_sequence<int, R...>) {
  return {vector_tile<R + 1, V, Pairs, Order>...};
}
template <int V, bool Pairs, RowOrder Order>
constexpr auto kByHeight = by_height<V, Pairs, Order>(std::make_integer_sequence<int, kVectorRows>{});
template <bool Pairs>
constexpr std::array<std::array<VectorTile, kVectorRows>, 4> kVectorTiles{
    kByHeight<1, Pairs, RowOrder::kByRow>, kByHeight<2, Pairs, RowOrder::kByRow>,
    kByHeight<1, Pairs, RowOrder::kByDepth>, kByHeight<2, Pairs, RowOrder::kByDepth>};

#ifdef QKVBENCH_TILE_UNIT

/// Sums of a tile of at most 32 rows and columns, four of the unit's tiles.   sums: rows `stride` apart, written; 16 of
/// them where Low, else 32, and as many columns as the panel has.
/// Tiles 0 to 3 are sums, 4 and 5 rows, 6 and 7 columns.
template <bool Low, bool Wide>
void unit_sums(index_t height, index_t depth, const real* rows, const Panel& panel, real* sums, index_t stride) {
  constexpr int kCellBytes = sizeof(real), kRow = kUnitCells * kCellBytes;
  const index_t sums_row = stride * kCellBytes;
  asm volatile("" ::: "memory");  // what was packed is in memory: the loads below do not say that they read it
  const index_t panel_row = panel.stride * kCellBytes;
  const real* columns = panel.data;
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (index_t k = 0; k < depth; k += kBf16Depth) {
    _tile_loadd(4, rows, kRow);
    _tile_loadd(6, columns, panel_row);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (Wide) {
      _tile_loadd(7, columns + kUnitCells, panel_row);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (!Low) {
      _tile_loadd(5, rows + kUnitRows * kUnitCells, kRow);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (Wide) _tile_dpbf16ps(3, 5, 7);
    }
    rows += height * kUnitCells;
    columns += kUnitCells * panel.stride;
  }
  _tile_stored(0, sums, sums_row);
  if constexpr (Wide) _tile_stored(1, sums + kUnitCells, sums_row);
  if constexpr (!Low) {
    _tile_stored(2, sums + kUnitRows * stride, sums_row);
    if constexpr (Wide) _tile_stored(3, sums + kUnitRows * stride + kUnitCells, sums_row);
  }
}

#else

/// What the unit does, spelled out with ordinary sums, for tests.
template <bool Low, bool Wide>
void unit_sums([[maybe_unused]] index_t height, [[maybe_unused]] index_t depth, [[maybe_unused]] const real* rows,
               [[maybe_unused]] const Panel& panel, [[maybe_unused]] real* sums, [[maybe_unused]] index_t stride) {
#ifndef QKVBENCH_DOUBLE
  const auto number = [](real cell, bool upper) {
    const auto bits = std::bit_cast<std::uint32_t>(cell);
    return std::bit_cast<float>(upper ? bits & 0xffff0000u : bits << 16);
  };
  for (index_t r = 0; r < height; ++r)
    for (index_t n = 0; n < panel.stride; ++n) {
      float sum = 0;
      for (index_t k = 0; k < depth; k += kBf16Depth) {
        const real* row = rows + k / kBf16Depth * height * kUnitCells + r * kUnitCells;
        const real* column = panel.data + k / 2 * panel.stride + n;
        float part[2] = {};
        for (index_t c = 0; c < kUnitCells; ++c)
          for (const bool upper : {false, true})
            part[upper] = std::fma(number(row[c], upper), number(column[c * panel.stride], upper), part[upper]);
        sum += part[0] + part[1];
      }
      sums[r * stride + n] = sum;
    }
#endif
}

#endif

void unit_tile(index_t height, index_t depth, const real* rows, const Panel& panel, const Target& t, index_t at,
               index_t j) {
  constexpr decltype(&unit_sums<true, true>) kSums[2][2]{{unit_sums<false, false>, unit_sums<false, true>},
                                                         {unit_sums<true, false>, unit_sums<true, true>}};
  const auto sums = kSums[height <= kUnitRows][panel.stride > kUnitCells];
  // Whole tiles that nothing is added to go where they belong.
  if (!t.bias && !t.residual && !t.add && height % kUnitRows == 0 && t.columns - j >= panel.stride)
    return sums(height, depth, rows, panel, t.c + at, t.row_stride);
  Vec here[2 * kUnitRows * 2 * kUnitCells / kLanes];
  sums(height, depth, rows, panel, reinterpret_cast<real*>(here), panel.stride);
  store_part(static_cast<int>(height), static_cast<int>(panel.stride / kLanes), here, t, at, j);
}

}  // namespace

TileRows bf16_tile_rows(Bf16Route route) {
  return route == Bf16Route::kTiles ? TileRows{2 * kUnitRows, kUnitRows} : TileRows{kVectorRows, 1};
}

void bf16_tile(Bf16Route route, RowOrder order, index_t height, index_t depth, const real* rows, const Panel& panel,
               const Target& t, index_t at, index_t j) {
  if (route == Bf16Route::kTiles) return unit_tile(height, depth, rows, panel, t, at, j);
  const std::size_t form = (order == RowOrder::kByDepth ? 2 : 0) + (panel.stride > kLanes ? 1 : 0);
  const auto r = static_cast<std::size_t>(height - 1);
#ifndef QKVBENCH_DOUBLE
  if (route != Bf16Route::kRounded) return kVectorTiles<true>[form][r](depth, rows, panel, t, at, j);
#endif
  kVectorTiles<false>[form][r](depth, rows, panel, t, at, j);
}

#ifdef QKVBENCH_TILE_UNIT

namespace {

/// Eight tiles of 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
constexpr TileShapes kShapes;

/// Asks the system for the unit: once for the process, of which every thread may then use it.
bool may_use_tiles() {
  constexpr long kAskPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return ::syscall(SYS_arch_prctl, kAskPermission, kTileData) == 0;
}

}  // namespace

TileUnit::TileUnit(Bf16Route route) : on_(route == Bf16Route::kTiles) {
  if (on_) _tile_loadconfig(&kShapes);
}
TileUnit::~TileUnit() {
  if (on_) _tile_release();
}

#else

namespace {
bool may_use_tiles() { return false; }
}  // namespace

TileUnit::TileUnit(Bf16Route) : on_(false) {}
TileUnit::~TileUnit() = default;

#endif

bool has_instruction(Bf16Route route) {
#if defined(__AVX512BF16__) && !defined(QKVBENCH_DOUBLE)
  constexpr bool kPairs = true;
#else
  constexpr bool kPairs = false;
#endif
  return route == Bf16Route::kRounded || (route == Bf16Route::kTiles ? may_use_tiles() : kPairs);
}

}  // namespace qkvbench::kernels
