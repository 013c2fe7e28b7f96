// Packed operands against the views they were copied from: every stride, sizes around a vector and around a panel.
// What lies behind a packed operand must stay as it was, but for the room that pack_a may use.
#include "qkvbench/kernels/packing.hpp"

#include "qkvbench/kernels/simd.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

using kernels::MatrixView;
using simd::kLanes;

/// A [rows, columns] view with gaps: rows of numbers, columns of numbers, or neither.
enum class Layout { kRows, kColumns, kNeither };
MatrixView view(const std::vector<real>& data, Layout layout, index_t rows, index_t columns) {
  if (layout == Layout::kRows) return {data.data(), columns + 3};
  if (layout == Layout::kColumns) return MatrixView{data.data(), rows + 5}.transposed();
  return {data.data(), 2 * columns + 1, 2};
}

real at(const MatrixView& m, index_t i, index_t j) { return m.data[i * m.row_stride + j * m.col_stride]; }

}  // namespace

TEST_CASE("pack_b copies columns and fills up with zeros", "[kernels]") {
  const auto data = normals(100 * 100, 1);
  for (const Layout layout : {Layout::kRows, Layout::kColumns, Layout::kNeither})
    for (const index_t depth : {0, 1, 3, 15, 16, 17, 40})
      for (const index_t columns : {1, 2, 7, 8, 15, 16, 17, 31, 32})
        for (const index_t width : {kLanes, 2 * kLanes}) {
          if (columns > width) continue;
          INFO("layout " << static_cast<int>(layout) << ", depth " << depth << ", columns " << columns << ", width "
                         << width);
          const MatrixView b = view(data, layout, depth, columns);
          std::vector<real> panel(static_cast<std::size_t>(depth * width + kLanes), 7), wanted = panel;
          for (index_t k = 0; k < depth; ++k)
            for (index_t j = 0; j < width; ++j)
              wanted[static_cast<std::size_t>(k * width + j)] = j < columns ? at(b, k, j) : 0;
          kernels::pack_b(depth, columns, b, width, panel.data());
          CHECK(panel == wanted);
        }
}

TEST_CASE("pack_a copies rows to the order of use", "[kernels]") {
  const auto data = normals(100 * 100, 2);
  for (const Layout layout : {Layout::kRows, Layout::kColumns, Layout::kNeither})
    for (const index_t depth : {1, 2, 16, 33})
      for (index_t height = 1; height <= 12; ++height) {
        INFO("layout " << static_cast<int>(layout) << ", depth " << depth << ", height " << height);
        const MatrixView a = view(data, layout, height, depth);
        std::vector<real> out(static_cast<std::size_t>(depth * height + kLanes), 7);
        kernels::pack_a(height, depth, a, out.data());
        bool same = true;
        for (index_t k = 0; k < depth; ++k)
          for (index_t r = 0; r < height; ++r)
            same = same && out[static_cast<std::size_t>(k * height + r)] == at(a, r, k);
        CHECK(same);
      }
}

}  // namespace qkvbench::testing
