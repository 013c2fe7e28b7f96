// Narrow numbers against the definitions of their formats, and the kernels that read them against the same kernels on
// the numbers made wide again.
#include "qkvbench/kernels/number_format.hpp"

#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/naive.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/decode_attention.hpp"
#include "qkvbench/kernels/linear.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

using kernels::NumberFormat;
using kernels::Rows;

constexpr NumberFormat kNarrow[]{NumberFormat::kBf16, NumberFormat::kInt8};

struct Narrow {
  std::vector<std::byte> bytes;
  Rows rows;
  std::vector<real> wide;  // the same numbers again
};

Narrow narrowed(NumberFormat format, index_t n, index_t width, const std::vector<real>& x) {
  Narrow out;
  out.bytes.resize(static_cast<std::size_t>(n * kernels::row_bytes(format, width)));
  kernels::narrow_rows(format, n, width, x.data(), out.bytes.data());
  out.rows = {out.bytes.data(), width, format};
  out.wide.resize(static_cast<std::size_t>(n * width));
  kernels::widen_rows(out.rows, n, out.wide.data());
  return out;
}

/// x as the nearest number with 8 bits behind the point of its binary exponent, ties to the even one.
double nearest_bf16(double x) {
  if (x == 0) return 0;
  const double unit = std::ldexp(1.0, std::max(std::ilogb(x), -126) - 7);
  return std::nearbyint(x / unit) * unit;
}

double most_apart(const std::vector<real>& a, const std::vector<real>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double apart = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(apart <= most)) most = apart;
  }
  return most;
}

}  // namespace

TEST_CASE("a bf16 is the nearest one, ties to even", "[kernels]") {
  std::vector<real> x = normals(4000, 7);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] *= static_cast<real>(std::ldexp(1.0, static_cast<int>(i % 200) - 140));
  x.insert(x.end(), {real{0}, 1 + real{1} / 256, 1 + real{3} / 256, -1 - real{1} / 256, 1 + real{1} / 128});
  const Narrow got = narrowed(NumberFormat::kBf16, 1, static_cast<index_t>(x.size()), x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    INFO(x[i]);
    CHECK(static_cast<double>(got.wide[i]) == nearest_bf16(static_cast<double>(x[i])));
  }
  const real inf = std::numeric_limits<real>::infinity(), nan = std::numeric_limits<real>::quiet_NaN(),
             most = std::numeric_limits<float>::max();
  const Narrow odd = narrowed(NumberFormat::kBf16, 1, 4, {inf, -inf, nan, most});
  CHECK(odd.wide[0] == inf);
  CHECK(odd.wide[1] == -inf);
  CHECK(std::isnan(odd.wide[2]));
  CHECK(odd.wide[3] == inf);  // nearer than the largest bf16
}

TEST_CASE("an int8 is within half a step of its block's, and says when a number is not finite", "[kernels]") {
  for (const index_t width : {1, 17, 64, 65, 200}) {
    const auto x = normals(5 * width, 3);
    const Narrow got = narrowed(NumberFormat::kInt8, 5, width, x);
    for (index_t r = 0; r < 5; ++r)
      for (index_t i = 0; i < width; ++i) {
        double most = 0;
        const index_t first = i / 64 * 64, end = std::min(width, first + 64);
        for (index_t j = first; j < end; ++j) most = std::max(most, std::abs(at(x, r * width + j)));
        CHECK(std::abs(at(got.wide, r * width + i) - at(x, r * width + i)) <= most / 127 / 2 * 1.00001);
      }
  }
  auto x = normals(130, 4);
  x[70] = std::numeric_limits<real>::infinity();
  const Narrow got = narrowed(NumberFormat::kInt8, 1, 130, x);
  for (std::size_t i = 0; i < 130; ++i) CHECK(std::isnan(got.wide[i]) == (i >= 64 && i < 128));
  const Narrow zero = narrowed(NumberFormat::kInt8, 1, 3, {0, 0, 0});
  CHECK(zero.wide == std::vector<real>{0, 0, 0});
  const real tiny = std::numeric_limits<float>::denorm_min();
  for (const real y : narrowed(NumberFormat::kInt8, 1, 2, {190 * tiny, -190 * tiny}).wide)
    CHECK(std::abs(y) <= 190 * tiny);
}

TEST_CASE("rows take the bytes that their format says", "[kernels]") {
  CHECK(kernels::row_bytes(NumberFormat::kFp32, 65) == 65 * static_cast<index_t>(sizeof(real)));
  CHECK(kernels::row_bytes(NumberFormat::kBf16, 65) == 130);
  CHECK(kernels::row_bytes(NumberFormat::kInt8, 64) == 68);
  CHECK(kernels::row_bytes(NumberFormat::kInt8, 65) == 73);
  CHECK(kernels::format_of("int8") == NumberFormat::kInt8);
}

TEST_CASE("affine maps of narrow weights are those of the weights made wide again, on any threads", "[kernels]") {
  for (const NumberFormat format : kNarrow)
    for (const index_t R : {1, 3, 20})
      for (const index_t I : {1, 37, 64, 300})
        for (const index_t O : {1, 130, 1003}) {
          INFO(kernels::format_name(format) << " " << R << " " << I << " " << O);
          const auto x = normals(R * I, 1), w = normals(O * I, 2), b = normals(O, 3), residual = normals(R * O, 4);
          const Narrow weight = narrowed(format, O, I, w);
          for (const bool decode : {false, true}) {
            const auto map = [&](const kernels::Rows& rows, std::vector<real>& y) {
              if (decode)
                kernels::linear_decode_forward(R, I, O, x.data(), rows, b.data(), residual.data(), y.data());
              else
                kernels::linear_forward(R, I, O, kernels::real_rows(x.data(), I), rows, b.data(), residual.data(),
                                        y.data());
            };
            std::vector<std::vector<real>> results;
            for (const int threads : {1, 3}) {
              set_threads(threads);
              results.emplace_back(residual.size(), NAN);
              map(weight.rows, results.back());
            }
            set_threads(1);
            CHECK(results[0] == results[1]);
            std::vector<real> wide(residual.size());
            map(kernels::real_rows(weight.wide.data(), I), wide);
            CHECK(most_apart(results[0], wide) <= 2e-5);
          }
        }
}

TEST_CASE("cached attention over narrow rows is that over the rows made wide again", "[kernels]") {
  for (const NumberFormat format : kNarrow)
    for (const index_t D : {3, 16, 64, 70})
      for (const index_t shared : {0, 5}) {
        INFO(kernels::format_name(format) << ", D " << D << ", shared " << shared);
        const index_t B = 2, G = 2, H = 6, capacity = 300, F = D + 7;
        // Keys are the first D channels of a row that is as wide as a value.
        const kernels::CachedAttentionSize s{B, capacity, H, G, D, F, F, shared, static_cast<real>(0.3), false};
        const auto q = normals(B * H * (D + shared), 1);
        const Narrow kv = narrowed(format, B * G * capacity, F, normals(B * G * capacity * F, 2)),
                     key = narrowed(format, B * capacity, shared, normals(B * capacity * shared, 3));
        const std::vector<index_t> lengths{300, 41};
        std::vector<real> o(static_cast<std::size_t>(B * H * F)), wide(o.size());
        kernels::decode_attention(s, q.data(), {format, kv.rows.data, key.rows.data, kv.rows.data}, lengths.data(),
                                  nullptr, o.data());
        const auto* w = kernels::real_rows(kv.wide.data(), F).data;
        kernels::decode_attention(s, q.data(),
                                  {NumberFormat::kFp32, w, kernels::real_rows(key.wide.data(), shared).data, w},
                                  lengths.data(), nullptr, wide.data());
        CHECK(most_apart(o, wide) <= 2e-6);
      }
}

}  // namespace qkvbench::testing
