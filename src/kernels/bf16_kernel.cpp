// The tile's loop for each route, all with the order of sums that bf16.hpp defines.
// clang-format off
#include "qkvbench/kernels/bf16_instructions.hpp"  // before all others
// clang-format on
#include "qkvbench/kernels/bf16_kernel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "qkvbench/base/system.hpp"
#include "qkvbench/kernels/store_tile.hpp"

#ifdef QKVBENCH_BF16_TILES
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace qkvbench::kernels {

namespace {

constexpr int kVectorRows = kMr / 2;  // two sums for each element, of even and of odd numbers, stay in registers
constexpr index_t kUnitRows = 16;     // of a tile of the processor's unit
constexpr index_t kUnitCells = 16;    // of a row of it, which are a block of depth

/// How a vector of cells is multiplied: one number a cell, or pairs by the processor's instruction or without it.
enum class Step { kNumber, kPairByInstruction, kPairSpelledOut };

template <Step S>
[[gnu::always_inline]] inline Vec add_cells(Vec sum, Vec x, Vec y) {
#ifdef QKVBENCH_BF16_PAIRS
  if constexpr (S == Step::kPairByInstruction) return add_pairs(sum, x, y);
#endif
#ifndef QKVBENCH_DOUBLE
  if constexpr (S != Step::kNumber) return add_pairs_spelled_out(sum, x, y);
#endif
  return sum + x * y;
}

template <int R, int V>
[[gnu::always_inline]] inline void add_zeros(Vec (&sums)[R][V]) {
  for (auto& row : sums)
    for (Vec& sum : row) sum += Vec{};
}

/// R rows times V vectors of columns.
template <int R, int V, Step S, RowOrder Order>
void vector_tile(index_t depth, const real* rows, const Panel& panel, const Target& t, index_t at, index_t j) {
  // A step takes an even and an odd cell: two numbers, or the pairs of four.
  constexpr bool kPairs = S != Step::kNumber;
  constexpr index_t kCells = kBf16Depth / (kPairs ? 2 : 1), kNumbers = kPairs ? 4 : 2, kSteps = kBf16Depth / kNumbers;
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
          even[r][v] = add_cells<S>(even[r][v], x, b[0][v]);
          odd[r][v] = add_cells<S>(odd[r][v], y, b[1][v]);
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
template <int V, Step S, RowOrder Order, int... R>
constexpr std::array<VectorTile, sizeof...(R)> by_height(std::integer_sequence<int, R...>) {
  return {vector_tile<R + 1, V, S, Order>...};
}
template <int V, Step S, RowOrder Order>
constexpr auto kByHeight = by_height<V, S, Order>(std::make_integer_sequence<int, kVectorRows>{});
template <Step S>
VectorTile pick_tile(RowOrder order, index_t height, bool wide) {
  const auto at = static_cast<std::size_t>(height - 1);
  if (order == RowOrder::kByRow)
    return wide ? kByHeight<2, S, RowOrder::kByRow>[at] : kByHeight<1, S, RowOrder::kByRow>[at];
  return wide ? kByHeight<2, S, RowOrder::kByDepth>[at] : kByHeight<1, S, RowOrder::kByDepth>[at];
}

/// The sums of a tile of the processor's unit; see unit_sums.
using UnitSums = void (*)(index_t height, index_t depth, const real* rows, const Panel& panel, real* sums,
                          index_t stride);

#ifdef QKVBENCH_BF16_TILES

/// Sums of a tile of at most 32 rows and columns, four of the unit's tiles.   sums: rows `stride` apart, written; 16 of
/// them where Low, else 32, and as many columns as the panel has.
/// Tiles 0 to 3 are sums, 4 and 5 rows, 6 and 7 columns.
template <bool Low, bool Wide>
void unit_sums(index_t height, index_t depth, const real* rows, const Panel& panel, real* sums, index_t stride) {
  constexpr int kCellBytes = sizeof(real), kRow = kUnitCells * kCellBytes;
  const index_t sums_row = stride * kCellBytes, panel_row = panel.stride * kCellBytes;
  const real* columns = panel.data;
  tile_zero<0>();
  tile_zero<1>();
  tile_zero<2>();
  tile_zero<3>();
  for (index_t k = 0; k < depth; k += kBf16Depth) {
    tile_load<4>(rows, kRow);
    tile_load<6>(columns, panel_row);
    tile_multiply<0, 4, 6>();
    if constexpr (Wide) {
      tile_load<7>(columns + kUnitCells, panel_row);
      tile_multiply<1, 4, 7>();
    }
    if constexpr (!Low) {
      tile_load<5>(rows + kUnitRows * kUnitCells, kRow);
      tile_multiply<2, 5, 6>();
      if constexpr (Wide) tile_multiply<3, 5, 7>();
    }
    rows += height * kUnitCells;
    columns += kUnitCells * panel.stride;
  }
  tile_store<0>(sums, sums_row);
  if constexpr (Wide) tile_store<1>(sums + kUnitCells, sums_row);
  if constexpr (!Low) {
    tile_store<2>(sums + kUnitRows * stride, sums_row);
    if constexpr (Wide) tile_store<3>(sums + kUnitRows * stride + kUnitCells, sums_row);
  }
}
constexpr UnitSums kUnitSums[2][2]{{unit_sums<false, false>, unit_sums<false, true>},
                                   {unit_sums<true, false>, unit_sums<true, true>}};

#endif

#ifndef QKVBENCH_DOUBLE

/// What the unit does, spelled out with ordinary sums, for tests.
void unit_sums_spelled_out(index_t height, index_t depth, const real* rows, const Panel& panel, real* sums,
                           index_t stride) {
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
}

#endif

UnitSums pick_unit_sums([[maybe_unused]] bool low, [[maybe_unused]] bool wide) {
#ifdef QKVBENCH_BF16_TILES
  if (has_instruction(Bf16Route::kTiles)) return kUnitSums[low][wide];
#endif
#ifndef QKVBENCH_DOUBLE
  return unit_sums_spelled_out;
#else
  return nullptr;  // never: there are no pairs of doubles
#endif
}

void unit_tile(index_t height, index_t depth, const real* rows, const Panel& panel, const Target& t, index_t at,
               index_t j) {
  const UnitSums sums = pick_unit_sums(height <= kUnitRows, panel.stride > kUnitCells);
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
  const bool wide = panel.stride > kLanes;
  const auto tile = route == Bf16Route::kRounded ? pick_tile<Step::kNumber>(order, height, wide)
                    : has_instruction(route)     ? pick_tile<Step::kPairByInstruction>(order, height, wide)
                                                 : pick_tile<Step::kPairSpelledOut>(order, height, wide);
  tile(depth, rows, panel, t, at, j);
}

namespace {

/// Eight tiles of 16 rows of 64 bytes.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
[[maybe_unused]] constexpr TileShapes kShapes;

#ifdef QKVBENCH_BF16_PAIRS
bool has_pairs() { return cpu_has_avx512_bf16(); }
#else
bool has_pairs() { return false; }
#endif

/// Asks the system for the unit, too: once for the process, of which every thread may then use it.
bool has_tiles() {
#ifdef QKVBENCH_BF16_TILES
  constexpr long kAskPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return cpu_has_amx_bf16() && ::syscall(SYS_arch_prctl, kAskPermission, kTileData) == 0;
#else
  return false;
#endif
}

}  // namespace

bool has_instruction(Bf16Route route) {
  static const bool pairs = has_pairs(), tiles = has_tiles();
  return route == Bf16Route::kRounded || (route == Bf16Route::kTiles ? tiles : pairs);
}

TileUnit::TileUnit(Bf16Route route) : on_(route == Bf16Route::kTiles && has_instruction(route)) {
#ifdef QKVBENCH_BF16_TILES
  if (on_) tile_begin(&kShapes);
#endif
}
TileUnit::~TileUnit() {
#ifdef QKVBENCH_BF16_TILES
  if (on_) tile_end();
#endif
}

}  // namespace qkvbench::kernels
