// The same bits for any number of threads, kernel by kernel, ways back included.
// Whole runs are compared by the tests of the command line.
#include <algorithm>
#include <functional>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/adam.hpp"
#include "qkvbench/kernels/attention.hpp"
#include "qkvbench/kernels/elementwise.hpp"
#include "qkvbench/kernels/linear.hpp"
#include "qkvbench/kernels/loss.hpp"
#include "qkvbench/kernels/norm.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"

namespace qkvbench::testing {

namespace {

/// Runs f with 1 to 5 threads; every result must equal the first, bit for bit.
void check_same_bits(const std::string& name, const std::function<std::vector<real>()>& f) {
  set_threads(1);
  const std::vector<real> one = f();
  for (const int n : {2, 3, 4, 5}) {
    set_threads(n);
    const bool same = f() == one;
    set_threads(1);
    INFO(name << " with " << n << " threads");
    CHECK(same);
  }
}

std::size_t count(index_t n) { return static_cast<std::size_t>(n); }

}  // namespace

TEST_CASE("linear has the same bits for any number of threads", "[kernels]") {
  for (const index_t R : {5, 700}) {
    constexpr index_t I = 19, O = 37;
    const auto x = normals(R * I, 1), w = normals(O * I, 2), b = normals(O, 3), dy = normals(R * O, 4);
    check_same_bits("linear_forward", [&] {
      std::vector<real> y(count(R * O));
      kernels::linear_forward(R, I, O, kernels::real_rows(x.data(), I), kernels::real_rows(w.data(), I), b.data(),
                              dy.data(), y.data());
      return y;
    });
    check_same_bits("linear_backward", [&] {
      std::vector<real> out(count(R * I + O * I + O), 1);
      kernels::linear_backward_input(R, I, O, dy.data(), w.data(), out.data(), true);
      kernels::linear_backward_weight(R, I, O, dy.data(), kernels::real_rows(x.data(), I), out.data() + R * I,
                                      out.data() + R * I + O * I);
      return out;
    });
  }
}

TEST_CASE("row-wise kernels have the same bits for any number of threads", "[kernels]") {
  constexpr index_t R = 1003, C = 37;
  const auto x = normals(R * C, 1), w = normals(C, 2), b = normals(C, 3), dy = normals(R * C, 4);
  check_same_bits("layer_norm", [&] {
    std::vector<real> out(count(2 * R * C + 2 * R + 2 * C));
    real *y = out.data(), *dx = y + R * C, *mean = dx + R * C, *rstd = mean + R, *dw = rstd + R;
    kernels::layer_norm_forward(R, C, static_cast<real>(1e-5), x.data(), w.data(), b.data(), y, mean, rstd);
    kernels::layer_norm_backward(R, C, dy.data(), x.data(), w.data(), mean, rstd, dx, false, dw, dw + C);
    return out;
  });
  check_same_bits("gelu and dropout", [&] {
    std::vector<real> out(count(4 * R * C));
    kernels::gelu_forward(R * C, x.data(), out.data(), out.data() + R * C);
    std::copy(dy.begin(), dy.end(), out.begin() + 3 * R * C);
    kernels::gelu_backward(R * C, out.data() + R * C, out.data() + 3 * R * C);
    kernels::add_rows_forward(R, C, out.data() + 3 * R * C, w.data(), out.data() + 3 * R * C);
    kernels::dropout(R * C, x.data(), 0.3f, {1, Purpose::kDropout, 2}, 0, out.data() + 2 * R * C, false);
    return out;
  });
  check_same_bits("cross_entropy and gather", [&] {
    std::vector<std::int32_t> targets(count(R));
    for (std::size_t r = 0; r < targets.size(); ++r) targets[r] = static_cast<std::int32_t>(r * 5 % 37);
    std::vector<real> out(count(R + R * C + C * C + 1));
    real *lse = out.data(), *d = lse + R, *table = d + R * C;
    const auto score = kernels::cross_entropy_forward(R, C, x.data(), targets.data(), lse);
    kernels::cross_entropy_backward(R, C, x.data(), targets.data(), lse, 0.5f, d, false);
    kernels::gather_backward(R, C, targets.data(), dy.data(), table);
    out.back() = static_cast<real>(score.loss_nats);
    return out;
  });
  check_same_bits("divergence", [&] {
    const std::vector<std::int32_t> targets(count(R), 1);
    std::vector<real> out(count(2 * R + R * C + 1));
    real *lse = out.data(), *teacher_lse = lse + R, *d = teacher_lse + R;
    out.back() =
        static_cast<real>(kernels::divergence_forward(R, C, x.data(), dy.data(), targets.data(), 2, lse, teacher_lse));
    kernels::divergence_backward(R, C, x.data(), dy.data(), targets.data(), 2, lse, teacher_lse, 0.5f, d, false);
    return out;
  });
}

TEST_CASE("attention has the same bits for any number of threads", "[kernels]") {
  for (const index_t G : {4, 2, 1})
    for (const bool causal : {false, true}) {
      const auto s = kernels::AttentionSize::plain(3, 140, 4, G, 5, causal);
      const index_t qn = s.B * s.T * s.H * s.D, kn = s.B * s.T * G * s.D, tn = kernels::score_bias_size(s.T);
      const auto q = normals(qn, 1), k = normals(kn, 2), v = normals(kn, 3), terms = normals(tn, 4), d = normals(qn, 5);
      check_same_bits("attention", [&] {
        std::vector<real> out(count(2 * qn + 2 * kn + tn + s.B * s.H * s.T));
        real *o = out.data(), *dq = o + qn, *dk = dq + qn, *dv = dk + kn, *dt = dv + kn, *lse = dt + tn;
        kernels::attention_forward(s, q.data(), k.data(), v.data(), terms.data(), o, lse);
        kernels::attention_backward(s, d.data(), q.data(), k.data(), v.data(), terms.data(), o, lse, dq, dk, dv, dt);
        return out;
      });
    }
}

TEST_CASE("Adam and the gradient's norm have the same bits for any number of threads", "[kernels]") {
  constexpr index_t N = 70'001;
  const auto g = normals(N, 1), start = normals(N, 2);
  check_same_bits("adam", [&] {
    std::vector<real> x = start, dx = g, m(count(N)), v(count(N));
    std::vector<double> squares(count((N + kernels::kSquaresBlock - 1) / kernels::kSquaresBlock));
    kernels::squares_of_blocks(N, g.data(), squares.data());
    for (index_t step = 1; step < 4; ++step) {
      kernels::adam_step(N, {1e-2, 0.9, 0.999, 1e-8, 0.1, true, step, 0.7}, x.data(), dx.data(), m.data(), v.data());
      dx = g;
    }
    for (const double square : squares) x.push_back(static_cast<real>(square));
    return x;
  });
}

}  // namespace qkvbench::testing
