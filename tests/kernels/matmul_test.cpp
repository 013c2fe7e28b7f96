// The matrix product against Eigen in double precision: shapes around every block size, every stride, every store.
// Bits, too: the same for any number of threads, in the serial form, and wherever an element stands.
#include "qkvbench/kernels/matmul.hpp"

#include <Eigen/Dense>

#include "qkvbench/base/parallel.hpp"
#include "support/bf16_route.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

using Eigen::MatrixXd;
using kernels::Epilogue;
using kernels::MatrixView;

struct Case {
  index_t M, N, K;
  bool a_transposed, b_transposed, bias, residual, accumulate;
  index_t gap;  ///< numbers between the end of a row and the next, in a, b and c
};

/// A matrix in memory with room behind its rows, and the same numbers for Eigen.
struct Operand {
  std::vector<real> data;
  MatrixView view;
  MatrixXd dense;
  Operand(index_t rows, index_t cols, bool transposed, index_t gap, std::uint64_t seed) {
    const index_t inner = (transposed ? rows : cols) + gap, outer = transposed ? cols : rows;
    data = normals(std::max<index_t>(1, inner * outer), seed);
    view = transposed ? MatrixView{data.data(), inner}.transposed() : MatrixView{data.data(), inner};
    dense.resize(rows, cols);
    for (index_t i = 0; i < rows; ++i)
      for (index_t j = 0; j < cols; ++j)
        dense(i, j) = static_cast<double>(data[static_cast<std::size_t>(transposed ? j * inner + i : i * inner + j)]);
  }
};

std::vector<real> run(const Case& c, const Operand& a, const Operand& b, const std::vector<real>& start,
                      const std::vector<real>& bias, const std::vector<real>& residual, bool serial) {
  std::vector<real> out = start;
  const Epilogue store{c.bias ? bias.data() : nullptr, c.residual ? residual.data() : nullptr, c.accumulate};
  poison_scratch();
  (serial ? kernels::matmul_serial : kernels::matmul)(c.M, c.N, c.K, a.view, b.view, out.data(), c.N + c.gap, store,
                                                      kernels::NumberFormat::kFp32);
  return out;
}

/// Compares with Eigen, with the bound that rounding gives; numbers between the rows must stay as they were.
void check_against_eigen(const Case& c, const Operand& a, const Operand& b, const std::vector<real>& start,
                         const std::vector<real>& bias, const std::vector<real>& residual,
                         const std::vector<real>& out) {
  const MatrixXd product = a.dense * b.dense, size = a.dense.cwiseAbs() * b.dense.cwiseAbs();
  double worst = 0;
  bool gaps_untouched = true;
  for (index_t i = 0; i < c.M; ++i)
    for (index_t j = 0; j < c.N + c.gap; ++j) {
      const auto at = static_cast<std::size_t>(i * (c.N + c.gap) + j);
      if (j >= c.N) {
        gaps_untouched = gaps_untouched && out[at] == start[at];
        continue;
      }
      double wanted = product(i, j), scale = size(i, j) + 1;
      if (c.bias) wanted += static_cast<double>(bias[static_cast<std::size_t>(j)]);
      if (c.residual) wanted += static_cast<double>(residual[at]);
      if (c.accumulate) wanted += static_cast<double>(start[at]);
      const double diff = std::abs(static_cast<double>(out[at]) - wanted) / scale;
      if (!(diff <= worst)) worst = std::isnan(diff) ? 1e9 : diff;
    }
  CHECK(worst <= 1e-6);
  CHECK(gaps_untouched);
}

void check(const Case& c) {
  INFO("M " << c.M << ", N " << c.N << ", K " << c.K << ", transposed " << c.a_transposed << c.b_transposed << ", bias "
            << c.bias << ", residual " << c.residual << ", accumulate " << c.accumulate << ", gap " << c.gap);
  const Operand a(c.M, c.K, c.a_transposed, c.gap, 1), b(c.K, c.N, c.b_transposed, c.gap, 2);
  const auto start = normals(c.M * (c.N + c.gap), 3), residual = normals(c.M * (c.N + c.gap), 4);
  const auto bias = normals(c.N, 5);
  const auto serial = run(c, a, b, start, bias, residual, true);
  check_against_eigen(c, a, b, start, bias, residual, serial);
  for (const int n : {1, 2, 3, 4}) {
    set_threads(n);
    const bool same_bits = run(c, a, b, start, bias, residual, false) == serial;
    set_threads(1);
    INFO(n << " threads");
    CHECK(same_bits);
  }
}

}  // namespace

TEST_CASE("matmul agrees with Eigen for every combination of strides and stores", "[kernels]") {
  for (int bits = 0; bits < 32; ++bits)
    for (const index_t gap : {0, 3})
      check({13, 37, 29, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, (bits & 8) != 0, (bits & 16) != 0, gap});
}

TEST_CASE("matmul agrees with Eigen for sizes around its blocks", "[kernels]") {
  const index_t sizes[][3] = {{1, 1, 1},    {1, 16, 7},   {2, 15, 64},  {5, 17, 3},    {6, 32, 16},   {7, 33, 16},
                              {11, 31, 5},  {12, 8, 8},   {12, 64, 32}, {13, 1, 40},   {16, 10, 64},  {24, 48, 64},
                              {97, 65, 33}, {193, 5, 20}, {5, 530, 20}, {200, 257, 9}, {128, 64, 256}};
  for (const auto& s : sizes)
    for (const bool a_transposed : {false, true})
      for (const bool b_transposed : {false, true})
        check({s[0], s[1], s[2], a_transposed, b_transposed, true, false, a_transposed, 1});
}

TEST_CASE("matmul agrees with Eigen when K is longer than one block", "[kernels]") {
  for (const index_t K : {255, 256, 257, 511, 512, 513, 1025})
    for (const bool accumulate : {false, true}) {
      check({14, 35, K, false, true, true, true, accumulate, 0});
      check({9, 20, K, true, false, true, true, accumulate, 2});
    }
}

TEST_CASE("matmul with K = 0 stores bias and residual", "[kernels]") {
  for (int bits = 0; bits < 8; ++bits)
    check({7, 19, 0, false, false, (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, 1});
}

TEST_CASE("matmul with no rows or columns writes nothing", "[kernels]") {
  const auto a = normals(20, 1);
  std::vector<real> c(20, 7);
  kernels::matmul(0, 5, 4, {a.data(), 4}, {a.data(), 5}, c.data(), 5);
  kernels::matmul(5, 0, 4, {a.data(), 4}, {a.data(), 0}, c.data(), 5);
  CHECK(c == std::vector<real>(20, 7));
}

TEST_CASE("an element's bits do not depend on where it stands", "[kernels]") {
  // A batch may be cut anywhere: rows and columns computed alone give what they give together.
  constexpr index_t M = 31, N = 45, K = 300;
  const auto a = normals(M * K, 1), b = normals(K * N, 2);
  std::vector<real> whole(M * N), part(M * N);
  kernels::matmul(M, N, K, {a.data(), K}, {b.data(), N}, whole.data(), N);
  for (const index_t row : {1, 4, 13})
    for (const index_t column : {1, 7, 16, 33}) {
      kernels::matmul(M - row, N - column, K, {a.data() + row * K, K}, {b.data() + column, N}, part.data(), N);
      bool same = true;
      for (index_t i = row; i < M; ++i)
        for (index_t j = column; j < N; ++j)
          same = same && whole[static_cast<std::size_t>(i * N + j)] ==
                             part[static_cast<std::size_t>((i - row) * N + j - column)];
      CHECK(same);
    }
}

namespace {

/// A product of bf16 operands by a route, with everything that a store can do.
std::vector<real> narrow_product(const Case& c, kernels::Bf16Route route) {
  const Operand a(c.M, c.K, c.a_transposed, c.gap, 1), b(c.K, c.N, c.b_transposed, c.gap, 2);
  std::vector<real> out = normals(c.M * (c.N + c.gap), 3);
  const auto residual = normals(c.M * (c.N + c.gap), 4), bias = normals(c.N, 5);
  const WithBf16Route with(route);
  poison_scratch();
  kernels::matmul(c.M, c.N, c.K, a.view, b.view, out.data(), c.N + c.gap, {bias.data(), residual.data(), c.accumulate},
                  kernels::NumberFormat::kBf16);
  return out;
}

const Case kNarrowCases[] = {
    {1, 1, 1, false, false, true, true, false, 0},     {5, 17, 3, false, true, true, true, true, 1},
    {12, 32, 64, false, false, true, true, false, 0},  {13, 37, 29, true, false, true, true, true, 3},
    {13, 37, 30, true, true, true, true, false, 0},    {200, 257, 9, false, true, true, true, true, 0},
    {14, 530, 257, true, false, true, true, true, 2},  {193, 35, 513, true, true, true, true, false, 1},
    {300, 64, 512, false, false, true, true, false, 0}};

}  // namespace

TEST_CASE("a product of bf16 operands is the product of what Eigen rounds them to", "[kernels][bf16]") {
  for (const Case& c : kNarrowCases) {
    INFO("M " << c.M << ", N " << c.N << ", K " << c.K);
    Operand a(c.M, c.K, c.a_transposed, c.gap, 1), b(c.K, c.N, c.b_transposed, c.gap, 2);
    for (MatrixXd* dense : {&a.dense, &b.dense})
      *dense = dense->unaryExpr(
          [](double x) { return static_cast<double>(static_cast<float>(Eigen::bfloat16(static_cast<float>(x)))); });
    check_against_eigen(c, a, b, normals(c.M * (c.N + c.gap), 3), normals(c.N, 5), normals(c.M * (c.N + c.gap), 4),
                        narrow_product(c, kernels::bf16_route()));
  }
}

TEST_CASE("bf16 products have the same bits by every route and number of threads", "[kernels][bf16]") {
  for (const Case& c : kNarrowCases) {
    INFO("M " << c.M << ", N " << c.N << ", K " << c.K);
    const auto rounded = narrow_product(c, kernels::Bf16Route::kRounded);
    for (const kernels::Bf16Route route : bf16_routes()) {
      INFO("route " << static_cast<int>(route));
      CHECK(rounded == narrow_product(c, route));
    }
    for (const int n : {2, 3, 4}) {
      set_threads(n);
      CHECK(rounded == narrow_product(c, kernels::bf16_route()));
      set_threads(1);
    }
  }
}

TEST_CASE("a side that is stored in bf16 already gives the bits of one that is rounded on the way", "[kernels][bf16]") {
  const auto halves = [](const Operand& x) {
    std::vector<std::uint16_t> out(x.data.size());
    kernels::narrow_rows(kernels::NumberFormat::kBf16, 1, static_cast<index_t>(x.data.size()), x.data.data(),
                         reinterpret_cast<std::byte*>(out.data()));
    return out;
  };
  for (const Case& c : kNarrowCases) {
    const Operand a(c.M, c.K, c.a_transposed, c.gap, 1), b(c.K, c.N, c.b_transposed, c.gap, 2);
    const auto left = halves(a), right = halves(b);
    const auto residual = normals(c.M * (c.N + c.gap), 4), bias = normals(c.N, 5);
    const Epilogue store{bias.data(), residual.data(), c.accumulate};
    const index_t row = c.N + c.gap;
    for (const kernels::Bf16Route route : bf16_routes()) {
      INFO("M " << c.M << ", N " << c.N << ", K " << c.K << ", route " << static_cast<int>(route));
      const auto wanted = narrow_product(c, route);
      const WithBf16Route with(route);
      std::vector<real> one = normals(c.M * row, 3), other = one;
      kernels::matmul_bf16(c.M, c.N, c.K, kernels::Bf16View{left.data(), a.view.row_stride, a.view.col_stride}, b.view,
                           one.data(), row, store);
      CHECK(one == wanted);
      kernels::matmul_bf16(c.M, c.N, c.K, a.view, kernels::Bf16View{right.data(), b.view.row_stride, b.view.col_stride},
                           other.data(), row, store);
      CHECK(other == wanted);
    }
  }
}

TEST_CASE("bf16 products add up in the order of their definition", "[kernels][bf16]") {
  for (const index_t K : {1, 7, 31, 32, 45, 64, 100, 512, 513, 1100}) {
    const auto a = normals(K, 1), b = normals(K, 2);
    const auto rounded = [](real x) { return static_cast<float>(Eigen::bfloat16(static_cast<float>(x))); };
    float wanted = 0;
    for (index_t deep = 0; deep < K; deep += 512) {
      float sum = 0;
      for (index_t block = deep; block < std::min(deep + 512, K); block += 32) {
        float part[2] = {};
        for (index_t k = block; k < std::min(block + 32, K); ++k) {
          const auto at = static_cast<std::size_t>(k);
          part[k % 2] = std::fma(rounded(a[at]), rounded(b[at]), part[k % 2]);
        }
        sum += part[0] + part[1];
      }
      wanted += sum;
    }
    for (const kernels::Bf16Route route : bf16_routes()) {
      INFO("K " << K << ", route " << static_cast<int>(route));
      const WithBf16Route with(route);
      real c = 7;
      kernels::matmul(1, 1, K, {a.data(), K}, {b.data(), 1}, &c, 1, {}, kernels::NumberFormat::kBf16);
      CHECK(c == wanted);
    }
  }
}

TEST_CASE("bf16 products take numbers below 2^-126 for zero, in every place", "[kernels][bf16]") {
  for (const auto route : bf16_routes()) {
    const WithBf16Route with(route);
    constexpr auto kBf16 = kernels::NumberFormat::kBf16;
    // An operand, a result, and a residual that is added to nothing.
    const real tiny = 1e-39F, small = 1e-20F, one = 1, huge = 1e30F;
    real c = 7;
    kernels::matmul(1, 1, 1, {&tiny, 1}, {&huge, 1}, &c, 1, {}, kBf16);
    CHECK(c == 0);
    kernels::matmul(1, 1, 1, {&small, 1}, {&small, 1}, &c, 1, {}, kBf16);
    CHECK(c == 0);
    const real zero = 0;
    kernels::matmul(1, 1, 1, {&zero, 1}, {&one, 1}, &c, 1, {.residual = &tiny}, kBf16);
    CHECK(c == 0);
    kernels::matmul(1, 1, 1, {&tiny, 1}, {&huge, 1}, &c, 1);  // and only while they last
    CHECK(c != 0);
  }
}

TEST_CASE("bf16 operands: halves to even, what is infinite or no number handed on", "[kernels][bf16]") {
  const real huge = 3.4e38F, one = 1, zero = 0, inf = std::numeric_limits<real>::infinity();
  // A quiet number that adding half a unit would carry into the sign.
  const real none = std::bit_cast<float>(0x7fffffffu);
  real c = 7;
  for (const auto& [a, b] : {std::pair{none, one}, std::pair{one, none}, std::pair{inf, zero}}) {
    kernels::matmul(1, 1, 1, {&a, 1}, {&b, 1}, &c, 1, {}, kernels::NumberFormat::kBf16);
    CHECK(std::isnan(c));
  }
  kernels::matmul(1, 1, 1, {&huge, 1}, {&one, 1}, &c, 1, {}, kernels::NumberFormat::kBf16);
  CHECK(std::isinf(c));  // more than half a unit above the largest number of bf16
  // What lies halfway goes to the even neighbour.
  for (const auto& [x, wanted] : {std::pair{1 + 1 / 256.0F, 1.0F}, std::pair{1 + 3 / 256.0F, 1 + 1 / 64.0F}}) {
    const real a = x;
    kernels::matmul(1, 1, 1, {&a, 1}, {&one, 1}, &c, 1, {}, kernels::NumberFormat::kBf16);
    CHECK(c == wanted);
  }
}

TEST_CASE("matmul has a name", "[kernels]") { CHECK(std::string(kernels::matmul_name()).size() > 0); }

}  // namespace qkvbench::testing
