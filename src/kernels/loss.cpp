// Cross-entropy and gathers.
// Rows are independent; their losses are added in double precision, in order.
#include "qkvbench/kernels/loss.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "qkvbench/kernels/rows.hpp"
#include "qkvbench/kernels/simd.hpp"

namespace qkvbench::kernels {

using simd::kLanes;
using simd::Vec;

namespace {

/// log Σ exp(x) and the first position of the largest x.
struct RowLogits {
  real lse;
  index_t largest;
};
RowLogits look_at(index_t V, const real* x) {
  const index_t largest = std::max_element(x, x + V) - x;
  Vec total{};
  for (index_t j = 0; j < V; j += kLanes) {
    const index_t n = std::min<index_t>(kLanes, V - j);
    total += simd::keep_first(simd::exp(simd::load_part(x + j, n) - x[largest]), n);
  }
  return {x[largest] + std::log(simd::sum(total)), largest};
}

/// log Σ exp(x/τ), with `inverse` = 1/τ.
real log_sum_exp(index_t V, const real* x, real inverse) {
  const real largest = *std::max_element(x, x + V);
  Vec total{};
  for (index_t j = 0; j < V; j += kLanes) {
    const index_t n = std::min<index_t>(kLanes, V - j);
    total += simd::keep_first(simd::exp((simd::load_part(x + j, n) - largest) * inverse), n);
  }
  return largest * inverse + std::log(simd::sum(total));
}

/// d (+)= slope(r, j, n), the numbers from column j on, in rows that are scored, 0 in others; then finish(r, row of d).
template <class Slope, class Finish>
void backward_of_scored_rows(index_t R, index_t V, const std::int32_t* targets, real* dlogits, bool accumulate,
                             Slope slope, Finish finish) {
  for_row_blocks(R, V, [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r) {
      real* d = dlogits + r * V;
      if (targets[r] < 0) {
        if (!accumulate) std::fill_n(d, V, real{0});
        continue;
      }
      for (index_t j = 0; j < V; j += kLanes) {
        const index_t n = std::min<index_t>(kLanes, V - j);
        Vec y = slope(r, j, n);
        if (accumulate) y += simd::load_part(d + j, n);
        simd::store_part(d + j, y, n);
      }
      finish(r, d);
    }
  });
}

}  // namespace

EvalSums cross_entropy_forward(index_t R, index_t V, const real* logits, const std::int32_t* targets, real* lse) {
  Scratch scratch;
  real* loss = scratch.take(R);
  bool* correct = scratch.take<bool>(R);
  for_row_blocks(R, V, [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r) {
      const RowLogits row = look_at(V, logits + r * V);
      lse[r] = row.lse;
      loss[r] = targets[r] < 0 ? 0 : row.lse - logits[r * V + targets[r]];
      correct[r] = row.largest == targets[r];
    }
  });
  EvalSums score;
  for (index_t r = 0; r < R; ++r) {
    score.loss_nats += static_cast<double>(loss[r]);
    score.correct += correct[r] ? 1 : 0;
    score.targets += targets[r] >= 0 ? 1 : 0;
  }
  return score;
}

void cross_entropy_backward(index_t R, index_t V, const real* logits, const std::int32_t* targets, const real* lse,
                            real scale, real* dlogits, bool accumulate) {
  backward_of_scored_rows(
      R, V, targets, dlogits, accumulate,
      [=](index_t r, index_t j, index_t n) {
        return simd::exp(simd::load_part(logits + r * V + j, n) - lse[r]) * scale;
      },
      [=](index_t r, real* d) { d[targets[r]] -= scale; });
}

double divergence_forward(index_t R, index_t V, const real* logits, const real* teacher, const std::int32_t* targets,
                          real temperature, real* lse, real* teacher_lse) {
  Scratch scratch;
  real* divergence = scratch.take(R);
  const real inverse = 1 / temperature;
  for_row_blocks(R, 2 * V, [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r) {
      divergence[r] = 0;
      if (targets[r] < 0) continue;
      const real *s = logits + r * V, *t = teacher + r * V;
      lse[r] = log_sum_exp(V, s, inverse);
      teacher_lse[r] = log_sum_exp(V, t, inverse);
      Vec total{};
      for (index_t j = 0; j < V; j += kLanes) {
        const index_t n = std::min<index_t>(kLanes, V - j);
        const Vec log_p = simd::load_part(t + j, n) * inverse - teacher_lse[r];
        const Vec log_q = simd::load_part(s + j, n) * inverse - lse[r];
        total += simd::keep_first(simd::exp(log_p) * (log_p - log_q), n);
      }
      divergence[r] = simd::sum(total);
    }
  });
  double sum = 0;
  for (index_t r = 0; r < R; ++r) sum += static_cast<double>(divergence[r]);
  return sum * static_cast<double>(temperature) * static_cast<double>(temperature);
}

void divergence_backward(index_t R, index_t V, const real* logits, const real* teacher, const std::int32_t* targets,
                         real temperature, const real* lse, const real* teacher_lse, real scale, real* dlogits,
                         bool accumulate) {
  const real inverse = 1 / temperature, factor = temperature * scale;
  backward_of_scored_rows(
      R, V, targets, dlogits, accumulate,
      [=](index_t r, index_t j, index_t n) {
        const Vec p = simd::exp(simd::load_part(teacher + r * V + j, n) * inverse - teacher_lse[r]);
        const Vec q = simd::exp(simd::load_part(logits + r * V + j, n) * inverse - lse[r]);
        return (q - p) * factor;
      },
      [](index_t, real*) {});
}

double squared_distance_forward(index_t N, const real* a, const real* b, const real* target) {
  double sum = 0;
  for (index_t i = 0; i < N; ++i) {
    const real difference = a[i] - b[i] - target[i];
    sum += static_cast<double>(difference) * static_cast<double>(difference);
  }
  return sum;
}

void squared_distance_backward(index_t N, const real* a, const real* b, const real* target, real scale, real* d,
                               bool accumulate) {
  parallel_ranges(N, 4096, [=](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      const real y = (a[i] - b[i] - target[i]) * scale;
      d[i] = accumulate ? d[i] + y : y;
    }
  });
}

void gather_forward(index_t R, index_t C, const std::int32_t* ids, const real* table, real* y) {
  for_row_blocks(R, C, [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r)
      std::memcpy(y + r * C, table + ids[r] * C, static_cast<std::size_t>(C) * sizeof(real));
  });
}

void gather_backward(index_t R, index_t C, const std::int32_t* ids, const real* dy, real* dtable) {
  // Split by columns, not by rows: two rows may add to the same entry.
  parallel_ranges(C, 64, [=](index_t begin, index_t end) {
    for (index_t r = 0; r < R; ++r)
      for (index_t c = begin; c < end; ++c) dtable[ids[r] * C + c] += dy[r * C + c];
  });
}

}  // namespace qkvbench::kernels
