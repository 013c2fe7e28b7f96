// Attention on the tape. Scores are not kept: the backward pass computes them again from q, k and one number a row.
// What is kept from the way there is the output and log-sum-exp, nothing of size T².
#include "qkvbench/autograd/attention.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/attention.hpp"

namespace qkvbench {

namespace {

kernels::AttentionSize check(const Tape& tape, const Value& q, const Value& k, const Value& v,
                             const HeadLayout& layout) {
  const index_t H = layout.heads, G = layout.kv_heads;
  // Put together only when it is needed: a step allocates nothing.
  const auto what = [&] {
    return "attention: q " + q.shape().text() + ", k " + k.shape().text() + ", v " + v.shape().text() + ", " +
           std::to_string(H) + " heads, " + std::to_string(G) + " kv heads: ";
  };
  if (q.shape().rank() != 3 || H < 1 || G < 1 || H % G != 0 || q.shape()[2] % H != 0)
    fail_internal(what() + "the width of q must be a multiple of heads, and heads of kv heads");
  const index_t B = q.shape()[0], T = q.shape()[1], D = q.shape()[2] / H, F = v.shape().last() / G;
  const Shape keys{B, T, G * D}, values{B, T, G * F};
  if (G != H && (q.node() == k.node() || q.node() == v.node()))
    fail_internal(what() + "a query that is also k or v needs a head of its own; k and v must be " + keys.text());
  if (!(k.shape() == keys)) fail_internal(what() + "k must be " + keys.text());
  if (!(v.shape() == values)) fail_internal(what() + "v must be " + values.text());
  return {B,
          T,
          H,
          G,
          D,
          F,
          layout.causal,
          layout.scale != 0 ? layout.scale : kernels::default_scale(D),
          false,
          tape.operands()};
}

}  // namespace

Value attention(Tape& tape, Value q, Value k, Value v, const HeadLayout& layout, Value terms) {
  const PartTimer timer(Part::kAttention);
  kernels::AttentionSize size = check(tape, q, k, v, layout);
  size.relative = terms.defined() && terms.shape().elements() == kernels::score_bias_size(size.T, true);
  if (terms.defined() && !size.relative && terms.shape().elements() != kernels::score_bias_size(size.T))
    fail_internal("attention: q " + q.shape().text() + " with terms " + terms.shape().text() + ": " +
                  std::to_string(kernels::score_bias_size(size.T)) + " terms are needed, or " +
                  std::to_string(kernels::score_bias_size(size.T, true)) + " with the distance");
  const Value o = tape.new_value({size.B, size.T, size.H * size.F},
                                 q.needs_grad() || k.needs_grad() || v.needs_grad() || terms.needs_grad());
  real* lse = tape.arena().take<real>(size.B * size.H * size.T);
  const real* term = terms.defined() ? terms.data() : nullptr;
  kernels::attention_forward(size, q.data(), k.data(), v.data(), term, o.data(), lse);

  tape.on_backward(o, [=, &tape] {
    kernels::attention_backward(size, o.grad(), q.data(), k.data(), v.data(), term, o.data(), lse, tape.accumulator(q),
                                tape.accumulator(k), tape.accumulator(v),
                                terms.needs_grad() ? tape.accumulator(terms) : nullptr);
  });
  return o;
}

Value position_bias(Tape& tape, Value w, Value b, const real* table, index_t T, kernels::PlusForm form) {
  const PartTimer timer(Part::kAttention);
  const index_t m = w.shape().elements();
  const Value terms = tape.new_value({kernels::score_bias_size(T, form == kernels::PlusForm::kRelative)},
                                     w.needs_grad() || b.needs_grad());
  kernels::position_bias_forward(form, T, m, table, w.data(), b.data(), terms.data());

  tape.on_backward(terms, [=, &tape] {
    kernels::position_bias_backward(form, T, m, table, terms.grad(), tape.accumulator(w), tape.accumulator(b));
  });
  return terms;
}

}  // namespace qkvbench
