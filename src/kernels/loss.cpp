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
  for_row_blocks(R, V, [=](index_t begin, index_t end) {
    for (index_t r = begin; r < end; ++r) {
      real* d = dlogits + r * V;
      if (targets[r] < 0) {
        if (!accumulate) std::fill_n(d, V, real{0});
        continue;
      }
      for (index_t j = 0; j < V; j += kLanes) {
        const index_t n = std::min<index_t>(kLanes, V - j);
        Vec y = simd::exp(simd::load_part(logits + r * V + j, n) - lse[r]) * scale;
        if (accumulate) y += simd::load_part(d + j, n);
        simd::store_part(d + j, y, n);
      }
      d[targets[r]] -= scale;
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
