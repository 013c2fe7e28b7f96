// Images as sequences on the tape.
// Copies only; the arithmetic is in the affine map that follows.
#include "qkvbench/autograd/patches.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/kernels/elementwise.hpp"
#include "qkvbench/kernels/linear.hpp"

namespace qkvbench {

namespace {

/// One image's patches.   image: [C, S, S]; out: [n², C, p, p], n = ⌈S/p⌉.
void cut_patches(const real* image, index_t C, index_t S, index_t p, real* out) {
  const index_t n = (S + p - 1) / p;
  for (index_t patch = 0; patch < n * n; ++patch)
    for (index_t c = 0; c < C; ++c)
      for (index_t i = 0; i < p; ++i)
        for (index_t j = 0; j < p; ++j) {
          const index_t y = patch / n * p + i, x = patch % n * p + j;
          *out++ = y < S && x < S ? image[(c * S + y) * S + x] : 0;
        }
}

}  // namespace

Value image_patches(Tape& tape, Value images, index_t p) {
  const PartTimer timer(Part::kElementwise);
  const Shape& s = images.shape();
  if (s.rank() != 4 || s[2] != s[3] || p < 1)
    fail_internal("image_patches: images " + s.text() + " with patches of " + std::to_string(p) +
                  ": square images [B, C, S, S] are needed");
  const index_t C = s[1], S = s[2], n = (S + p - 1) / p;
  const Value out = tape.new_value({s[0], n * n, C * p * p}, false);
  parallel_for(s[0], [&](index_t b) {
    cut_patches(images.data() + b * C * S * S, C, S, p, out.data() + b * n * n * C * p * p);
  });
  return out;
}

Value prepend_token(Tape& tape, Value x, Value token) {
  const PartTimer timer(Part::kElementwise);
  const index_t B = x.shape()[0], N = x.shape()[1], C = x.shape().last();
  if (token.shape().elements() != C)
    fail_internal("prepend_token: x " + x.shape().text() + " with token " + token.shape().text() +
                  ": the widths differ");
  const Value y = tape.new_value({B, N + 1, C}, x.needs_grad() || token.needs_grad());
  for (index_t b = 0; b < B; ++b) {
    std::copy_n(token.data(), C, y.data() + b * (N + 1) * C);
    std::copy_n(x.data() + b * N * C, N * C, y.data() + (b * (N + 1) + 1) * C);
  }

  tape.on_backward(y, [=, &tape] {
    const GradientSlot dx = tape.grad_slot(x);
    real* dtoken = tape.accumulator(token);
    for (index_t b = 0; b < B; ++b) {
      kernels::column_sum(1, C, y.grad() + b * (N + 1) * C, dtoken);
      kernels::add_backward(N * C, y.grad() + (b * (N + 1) + 1) * C, dx.data + b * N * C, dx.accumulate);
    }
  });
  return y;
}

Value first_position(Tape& tape, Value x) {
  const PartTimer timer(Part::kElementwise);
  const index_t B = x.shape()[0], T = x.shape()[1], C = x.shape().last();
  const Value y = tape.new_value({B, C}, x.needs_grad());
  for (index_t b = 0; b < B; ++b) std::copy_n(x.data() + b * T * C, C, y.data() + b * C);

  tape.on_backward(y, [=, &tape] {
    real* dx = tape.accumulator(x);
    for (index_t b = 0; b < B; ++b) kernels::add_backward(C, y.grad() + b * C, dx + b * T * C, true);
  });
  return y;
}

}  // namespace qkvbench
