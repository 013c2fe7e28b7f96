// One tile of a product of bf16 cells, by whichever of the routes of bf16.hpp.
// For matmul_bf16.cpp alone; bf16_packing.hpp makes the cells.
#pragma once
#include "qkvbench/kernels/bf16_packing.hpp"
#include "qkvbench/kernels/micro_kernel.hpp"

namespace qkvbench::kernels {

/// Rows of a tile at most, and the step in which more of them cost more.
struct TileRows {
  index_t most, step;
};
TileRows bf16_tile_rows(Bf16Route route);

/// What a tile may read behind its rows, in reals: nothing of it is used.
inline constexpr index_t kBf16Room = 16 * 16;

/// A tile of `height` rows and one or two vectors of columns: sums over depth, then the store at t.c + at, which is in
/// column j.   rows, in an order that bf16_row_order gives for the route, and panel: cells.
/// A TileUnit must live and subnormals must be flushed.
void bf16_tile(Bf16Route route, RowOrder order, index_t height, index_t depth, const real* rows, const Panel& panel,
               const Target& t, index_t at, index_t j);

/// The processor's unit for tiles, if it has one, is this thread's while one of these lives, where the route is kTiles.
class TileUnit {
 public:
  explicit TileUnit(Bf16Route route);
  ~TileUnit();
  TileUnit(const TileUnit&) = delete;
  TileUnit& operator=(const TileUnit&) = delete;

 private:
  bool on_;
};

/// Whether build and processor have the instruction of a route, and the system lets this process use it. kRounded needs
/// none; what lacks is spelled out.
bool has_instruction(Bf16Route route);

}  // namespace qkvbench::kernels
