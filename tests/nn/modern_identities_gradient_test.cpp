// What modern ways of making q, k and v mean, as identities that hold to the last digits in double precision:
// rotary positions under K = V, symmetry of Q = K, keyless attention, gains.
// Pairings, hulls and decoding are in decoding_identities_gradient_test.cpp.
#include "nn/rotary.hpp"

namespace qkvbench::testing {

TEST_CASE("relative values are the sum of values turned by the distance", "[identities]") {
  nn::Model model(rope_config("q_kv", [](auto& c) { c.rope_value = "relative"; }));
  fill_parameters(model, 3);
  const auto x = normals(7 * 24, 2);
  auto t = told(model, x);
  // One head by hand: q and k have turned; o_i = Σ_j p_ij R_{j-i} u_j, R_{j-i} u_j = R_{-i} k_j.
  const kernels::RopeSize size{6, 0, 6, 3, false};
  std::vector<real> table(7 * 6);
  kernels::rope_table(0, 7, size, 50, table.data());
  Tape tape(false);
  const Value in = tape.constant({1, 7, 24}, x.data());
  // The output projection becomes the identity, so that the heads' output is what comes out.
  real* out = values_of(model, "blocks.0.attn.c_proj.weight");
  for (index_t i = 0; i < 24 * 24; ++i) out[i] = i / 24 == i % 24;
  std::fill_n(values_of(model, "blocks.0.attn.c_proj.bias"), 24, real{0});
  const Value got = model.blocks()[0].attention().forward(tape, in, {});
  double worst = 0;
  for (index_t h = 0; h < 4; ++h)
    for (index_t i = 0; i < 7; ++i) {
      std::vector<real> sum(6, 0), turned(6);
      double total = 0;
      for (index_t j = 0; j <= i; ++j) {
        double s = 0;
        for (index_t d = 0; d < 6; ++d)
          s += t["q"][static_cast<std::size_t>(i * 24 + h * 6 + d)] *
               t["k"][static_cast<std::size_t>(j * 24 + h * 6 + d)];
        const double p = std::exp(s / std::sqrt(6.0));
        total += p;
        kernels::rope(1, 1, 1, size, table.data(), &i, -1, &t["k"][static_cast<std::size_t>(j * 24 + h * 6)],
                      turned.data(), false);
        for (std::size_t d = 0; d < 6; ++d) sum[d] += p * turned[d];
      }
      for (index_t d = 0; d < 6; ++d)
        worst = std::max(worst, std::abs(sum[static_cast<std::size_t>(d)] / total - got.data()[i * 24 + h * 6 + d]));
    }
  CHECK(worst <= 1e-13);
}

TEST_CASE("rotary models do not feel where a text begins", "[identities]") {
  // A cache whose first positions are held by tokens that nobody attends to cannot be made here; the scores can: they
  // depend on the distance alone, so turning all positions by the same offset changes none.
  const kernels::RopeSize size{6, 0, 6, 3, false};
  std::vector<real> table(1010 * 6);
  kernels::rope_table(0, 1010, size, 50, table.data());
  const auto q = normals(7 * 6, 1), k = normals(7 * 6, 2);
  const auto turned = [&](const std::vector<real>& x, index_t start) {
    std::vector<real> y(x.size());
    kernels::rope(1, 7, 1, size, table.data(), &start, 1, x.data(), y.data(), false);
    return y;
  };
  const auto q0 = turned(q, 0), k0 = turned(k, 0), q1 = turned(q, 1000), k1 = turned(k, 1000);
  double worst = 0, moved = 0;
  for (std::size_t i = 0; i < 7; ++i)
    for (std::size_t j = 0; j < 7; ++j) {
      double near = 0, far = 0;
      for (std::size_t d = 0; d < 6; ++d) near += q0[i * 6 + d] * k0[j * 6 + d], far += q1[i * 6 + d] * k1[j * 6 + d];
      worst = std::max(worst, std::abs(near - far));
    }
  for (std::size_t i = 0; i < k0.size(); ++i) moved = std::max(moved, std::abs(k0[i] - k1[i]));
  CHECK(worst <= 1e-12);
  CHECK(moved > 0.5);  // values that turn and are left so do feel it
}

TEST_CASE("RoPE leaves the scores of Q = K symmetric; two norms with gains do not, unless nothing turns",
          "[identities]") {
  for (const char* variant : {"qk_v", "qkv"}) {
    CHECK(asymmetry(variant, kRope).first <= 1e-13);
    const auto norms = [](nn::ModelConfig& c) { c.qk_norm = true; };
    CHECK(asymmetry(variant, norms).first <= 1e-13);
    const auto [off, most] = asymmetry(variant, [&](auto& c) { kRope(c), norms(c); });
    CHECK(off > 0.02 * most);
  }
}

TEST_CASE("under Gemma's K = V a key is its turned value times the gain", "[identities]") {
  nn::Model model(rope_config("q_kv", [](auto& c) { c.qk_norm = c.v_norm = true, c.attn_scale = 1; }));
  fill_parameters(model, 3);
  auto t = told(model, normals(7 * 24, 2));
  const real* gain = values_of(model, "blocks.0.attn.k_norm.weight");
  std::vector<real> scaled = t["v"], key(scaled.size()), table(7 * 6);
  for (std::size_t i = 0; i < scaled.size(); ++i) scaled[i] *= gain[i % 6];
  const kernels::RopeSize size{6, 0, 6, 3, false};
  kernels::rope_table(0, 7, size, 50, table.data());
  kernels::rope(1, 7, 4, size, table.data(), nullptr, 1, scaled.data(), key.data(), false);
  CHECK(difference(key, t["k"]) <= 1e-13);
}

TEST_CASE("the two query maps of QVV(3) are one map of q_kv", "[identities]") {
  for (const std::string route : {"full", "head"}) {
    nn::Model keyless(rope_config("qvv3", [&](auto& c) { c.qvv_route = route; }));
    nn::Model plain(rope_config("q_kv"));
    fill_parameters(keyless, 3);
    fill_parameters(plain, 4);
    copy_common(keyless, plain);
    for (const std::string block : {"blocks.0.attn.", "blocks.1.attn."}) {
      real *w = values_of(plain, block + "c_q.weight"), *b = values_of(plain, block + "c_q.bias");
      const std::string first = block + (route == "full" ? "c_q1" : "c_q");
      const real *w1 = values_of(keyless, first + ".weight"), *b1 = values_of(keyless, first + ".bias");
      const real* w2 = values_of(keyless, block + (route == "full" ? "c_q2.weight" : "route.weight"));
      // Row o of the second map, as weights of the first map's outputs.
      const auto second = [&](index_t o, index_t m) {
        if (route == "full") return w2[o * 24 + m];
        return o / 6 == m / 6 ? w2[(o / 6 * 6 + m % 6) * 6 + o % 6] : real{0};
      };
      std::vector<real> fused(24 * 24, 0), bias(24, 0);
      for (index_t o = 0; o < 24; ++o)
        for (index_t m = 0; m < 24; ++m) {
          bias[static_cast<std::size_t>(o)] += second(o, m) * b1[m];
          for (index_t i = 0; i < 24; ++i) fused[static_cast<std::size_t>(o * 24 + i)] += second(o, m) * w1[m * 24 + i];
        }
      std::copy(fused.begin(), fused.end(), w);
      std::copy(bias.begin(), bias.end(), b);
      if (route == "full")
        for (index_t o = 0; o < 24; ++o) b[o] += values_of(keyless, block + "c_q2.bias")[o];
    }
    INFO(route);
    CHECK(difference(logits_on(keyless), logits_on(plain)) <= 1e-13);
  }
}

TEST_CASE("gains on one projection are one gain of the query and a scaled output projection", "[identities]") {
  nn::ModelConfig config = tiny_config("gpt", "qkv");
  config.projection_gains = true;
  nn::Model all(config), one(config);
  fill_parameters(all, 3);
  fill_parameters(one, 4);
  copy_common(all, one);
  for (const std::string block : {"blocks.0.attn.", "blocks.1.attn."}) {
    const index_t n = size_of(all, block + "gain_q");
    const real *gq = values_of(all, block + "gain_q"), *gk = values_of(all, block + "gain_k"),
               *gv = values_of(all, block + "gain_v");
    for (index_t c = 0; c < n; ++c) {
      values_of(one, block + "gain_q")[c] = gq[c] * gk[c];
      values_of(one, block + "gain_k")[c] = values_of(one, block + "gain_v")[c] = 1;
      for (index_t o = 0; o < n; ++o) values_of(one, block + "c_proj.weight")[o * n + c] *= gv[c];
    }
  }
  Batch batch = tiny_batch(config);
  CHECK(difference(logits_of(all, batch), logits_of(one, batch)) <= 1e-13);
}

}  // namespace qkvbench::testing
