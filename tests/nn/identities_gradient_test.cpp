// What sharing means, as identities that must hold to the last digits: tied weights, symmetric scores, convex hulls,
// equivariance, and models that begin alike.
#include <algorithm>

#include "qkvbench/autograd/attention.hpp"
#include "qkvbench/nn/score_reader.hpp"
#include "support/gradcheck.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

using nn::Parameter;

/// The parameter of `shared` that stands in for a parameter of the model with three projections.
const Parameter& counterpart(const nn::Model& shared, const std::string& name) {
  const auto at = name.find(".attn.c_");
  const std::size_t letter = at + 8;
  if (at != std::string::npos && name[letter + 1] == '.')
    for (const std::string_view group : shared.config().variant.sharing().projections)
      if (group.find(name[letter]) != std::string_view::npos)
        return *shared.parameters().find(name.substr(0, letter) + std::string(group) + name.substr(letter + 1));
  return *shared.parameters().find(name);
}

std::vector<real> logits_and_gradients(nn::Model& model, const Batch& batch) {
  Tape tape;
  const Value y = model.forward(tape, batch);
  const auto weights = scalar_weights(y.shape().elements());
  std::vector<real> logits(y.data(), y.data() + y.shape().elements());
  tape.backward(weighted_sum(tape, y, weights.data()));
  return logits;
}

/// Logits equal; each gradient of the shared model is the sum of those of the weights that it ties.
void check_tied(const std::string& family, const std::string& id, index_t kv_heads) {
  INFO(family << " " << id << ", kv_heads " << kv_heads);
  const auto config = tiny_config(family, id, kv_heads);
  const std::string free_id = config.variant.plus ? "q_k_v+" : "q_k_v";
  nn::Model shared(config), free(tiny_config(family, free_id, kv_heads));
  fill_parameters(shared, 11);
  free.parameters().allocate();
  for (const Parameter& p : free.parameters().all()) {
    const Parameter& from = counterpart(shared, p.name);
    REQUIRE(from.shape == p.shape);
    std::copy_n(from.value, p.shape.elements(), p.value);
  }
  const Batch batch = tiny_batch(config);
  CHECK(max_difference(logits_and_gradients(shared, batch), logits_and_gradients(free, batch)) <= 1e-14);
  for (const Parameter& p : shared.parameters().all()) {
    std::vector<real> got(p.grad, p.grad + p.shape.elements()), sum(got.size());
    for (const Parameter& f : free.parameters().all())
      if (&counterpart(shared, f.name) == &p)
        for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += f.grad[i];
    INFO(p.name);
    CHECK(max_difference(got, sum) <= 1e-12);
  }
}

/// Largest |S[i,j] - S[j,i]| of the first block's scores.
double asymmetry(const std::string& id) {
  const auto config = tiny_config("encoder", id);
  nn::Model model(config);
  fill_parameters(model, 5);
  const auto x = normals(2 * 5 * 6, 8);
  Tape tape(false);
  nn::ScoreReader reader(model);
  tape.watch(&reader);
  const Value in = tape.constant({2, 5, 6}, x.data());
  model.blocks()[0].attention().forward(tape, in, in);
  const std::vector<real>& scores = reader.layer(0);
  double worst = 0;
  for (std::size_t unit = 0; unit < 2 * 3; ++unit)
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 0; j < 5; ++j)
        worst = std::max(worst, std::abs(scores[unit * 25 + i * 5 + j] - scores[unit * 25 + j * 5 + i]));
  return worst;
}

/// Smallest and largest u·k_j over the keys that position i sees must enclose u·o_i.
double outside_hull(const real* keys, const real* o, const real* u, index_t seen, index_t D, index_t stride) {
  double low = 1e300, high = -1e300, here = 0;
  for (index_t j = 0; j < seen; ++j) {
    double dot = 0;
    for (index_t d = 0; d < D; ++d) dot += u[d] * keys[j * stride + d];
    low = std::min(low, dot), high = std::max(high, dot);
  }
  for (index_t d = 0; d < D; ++d) here += u[d] * o[d];
  return std::max({0.0, low - here, here - high});
}

}  // namespace

TEST_CASE("a shared model is the model with three projections whose tied weights are equal", "[identity]") {
  for (const std::string family : {"encoder", "set"})
    for (const std::string& id : partitions())
      for (const std::string plus : {"", "+"}) check_tied(family, id + plus, 3);
  for (const std::string id : {"q_kv", "q_kv+"}) check_tied("encoder", id, 1);
}

TEST_CASE("scores are symmetric when q and k share, and only then", "[identity]") {
  for (const std::string id : {"qk_v", "qkv"}) CHECK(asymmetry(id) <= 1e-14);
  for (const std::string id : {"q_k_v", "q_kv", "qv_k"}) CHECK(asymmetry(id) >= 1e-2);
}

TEST_CASE("the positional term breaks the symmetry of the scores", "[identity]") {
  for (const std::string id : {"qk_v+", "qkv+"}) CHECK(asymmetry(id) >= 1e-2);
}

TEST_CASE("with K = V a head's output lies in the convex hull of its keys", "[identity]") {
  constexpr index_t B = 2, T = 9, D = 3;
  auto q = normals(B * T * 4 * D, 1, 2);
  for (const index_t G : {4, 2, 1})
    for (const bool causal : {false, true})
      for (const bool one_value : {false, true}) {  // also Q = K = V
        if (one_value && G != 4) continue;
        auto k = normals(B * T * G * D, 2, 2);
        std::vector<real> dq(q.size()), dk(k.size());
        Tape tape;
        const Value kv = tape.parameter({B, T, G * D}, k.data(), dk.data());
        const Value query = one_value ? kv : tape.parameter({B, T, 4 * D}, q.data(), dq.data());
        const Value o = attention(tape, query, kv, kv, {4, G, causal});
        // Along each axis, then in random directions: the hull's support function.
        auto directions = normals(60 * D, 3);
        for (std::size_t d = 0; d < D * D; ++d) directions[d] = d % (D + 1) == 0 ? 1 : 0;
        double worst = 0, spread = 0;
        for (index_t at = 0; at < B * 4 * T * 60; ++at) {
          const index_t u = at % 60, i = at / 60 % T, h = at / (60 * T) % 4, b = at / (60 * T * 4);
          const real* keys = k.data() + b * T * G * D + h * G / 4 * D;
          const real* out = o.data() + ((b * T + i) * 4 + h) * D;
          worst = std::max(worst, outside_hull(keys, out, directions.data() + u * D, causal ? i + 1 : T, D, G * D));
          spread = std::max(spread, std::abs(out[0] - keys[0]));
        }
        CHECK(worst <= 1e-13);
        CHECK(spread >= 0.1);
      }
}

TEST_CASE("the set family is equivariant to permutations, unless it has a positional term", "[identity]") {
  const index_t order[] = {3, 0, 4, 1, 2};
  for (const std::string& id : partitions())
    for (const std::string plus : {"", "+"}) {
      const auto config = tiny_config("set", id + plus);
      nn::Model model(config);
      fill_parameters(model, 21);
      Batch batch = tiny_batch(config), permuted = batch;
      for (index_t b = 0; b < 3; ++b)
        for (index_t t = 0; t < 5; ++t)
          std::copy_n(batch.features.data() + (b * 5 + order[t]) * 4, 4, permuted.features.data() + (b * 5 + t) * 4);
      const auto straight = logits_of(model, batch), moved = logits_of(model, permuted);
      std::vector<real> wanted;
      for (std::size_t b = 0; b < 3; ++b)
        for (const index_t t : order) wanted.push_back(straight[b * 5 + static_cast<std::size_t>(t)]);
      INFO(config.variant.id());
      if (plus.empty())
        CHECK(max_difference(moved, wanted) <= 1e-13);
      else
        CHECK(max_difference(moved, wanted) >= 1e-4);
    }
}

TEST_CASE("the 2D term is its column and its temperature together", "[identity]") {
  using kernels::PlusForm;
  constexpr index_t T = 9, m = 10;
  std::vector<real> table(T * m);
  kernels::position_table(T, m, table.data());
  const auto w = normals(m, 1), b = normals(1, 2), x = normals(2 * T * 6, 3);
  for (const bool causal : {false, true}) {
    Tape tape(false);
    const Value q = tape.constant({2, T, 6}, x.data()), weights = tape.constant({m}, w.data()),
                offset = tape.constant({1}, b.data());
    const auto terms = [&](PlusForm form) { return position_bias(tape, weights, offset, table.data(), T, form); };
    const Value whole = terms(PlusForm::k2d), column = terms(PlusForm::kColumn), heat = terms(PlusForm::kTemperature);
    std::vector<real> both(column.data(), column.data() + kernels::score_bias_size(T));
    both[0] = heat.data()[0];
    const auto numbers = [&](Value term) {
      const Value o = attention(tape, q, q, q, {2, 2, causal}, term);
      return std::vector<real>(o.data(), o.data() + 2 * T * 6);
    };
    const auto all = numbers(whole);
    CHECK(max_difference(all, numbers(tape.constant({kernels::score_bias_size(T)}, both.data()))) <= 1e-13);
    CHECK(max_difference(all, numbers(column)) >= 1e-3);
    CHECK(max_difference(all, numbers(heat)) >= 1e-3);
  }
}

TEST_CASE("parameters of one name and shape begin alike in every variant", "[identity]") {
  std::vector<std::unique_ptr<nn::Model>> models;
  for (const std::string& id : partitions())
    for (const std::string plus : {"", "+"})
      models.push_back(std::make_unique<nn::Model>(tiny_config("encoder", id + plus)));
  for (const auto& model : models) {
    model->parameters().allocate();
    model->parameters().initialise(7);
  }
  int compared = 0;
  for (const auto& model : models)
    for (const Parameter& p : model->parameters().all()) {
      const Parameter* other = models[0]->parameters().find(p.name);
      if (!other) other = models[1]->parameters().find(p.name);
      if (!other || !(other->shape == p.shape)) continue;
      ++compared;
      INFO(model->config().variant.id() << " " << p.name);
      CHECK(std::equal(p.value, p.value + p.shape.elements(), other->value));
    }
  CHECK(compared >= 10 * 20);
}

}  // namespace qkvbench::testing
