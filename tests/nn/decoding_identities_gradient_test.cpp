// More identities of modern attention, to the last digits in double precision: how channels pair, convex hulls, and
// decoding from what is cached.
#include "nn/rotary.hpp"

namespace qkvbench::testing {

TEST_CASE("interleaved pairs are halves after the rows of the projections change places", "[identities]") {
  for (const char* variant : {"q_k_v", "q_kv", "gta", "mla"}) {
    nn::Model half(rope_config(variant)), pairs(rope_config(variant, [](auto&c) { c.rope_style = "interleaved"; }));
    fill_parameters(half, 3);
    fill_parameters(pairs, 3);
    const std::string id = variant;
    // Channel 2j of a turned slice is the halves' j, channel 2j + 1 is j + span/2. Values of q_kv are those rows too,
    // so the columns of the output projection follow.
    const auto permute = [](const real* from, real* to, index_t heads, index_t width, index_t span, index_t row,
                            index_t step) {
      for (index_t h = 0; h < heads; ++h)
        for (index_t c = 0; c < span; ++c) {
          const index_t base = h * width + width - span, source = c % 2 == 0 ? c / 2 : c / 2 + span / 2;
          for (index_t i = 0; i < row; ++i)
            to[(base + c) * step + i * (step == 1 ? heads * width : 1)] =
                from[(base + source) * step + i * (step == 1 ? heads * width : 1)];
        }
    };
    for (const std::string block : {"blocks.0.attn.", "blocks.1.attn."}) {
      const auto rows = [&](const std::string& name, index_t heads, index_t width, index_t span) {
        permute(values_of(half, block + name + ".weight"), values_of(pairs, block + name + ".weight"), heads, width,
                span, 24, 24);
        permute(values_of(half, block + name + ".bias"), values_of(pairs, block + name + ".bias"), heads, width, span,
                1, 1);
      };
      if (id == "gta") rows("c_q", 4, 6, 2), rows("c_k_rope", 1, 2, 2);
      if (id == "mla") rows("c_q", 4, 8, 2), rows("c_k_rope", 1, 2, 2);
      if (id == "q_k_v") rows("c_q", 4, 6, 6), rows("c_k", 4, 6, 6);
      if (id == "q_kv") {
        rows("c_q", 4, 6, 6), rows("c_kv", 4, 6, 6);
        permute(values_of(half, block + "c_proj.weight"), values_of(pairs, block + "c_proj.weight"), 4, 6, 6, 24, 1);
      }
    }
    INFO(variant);
    CHECK(difference(logits_on(half), logits_on(pairs)) <= 1e-13);
  }
}

TEST_CASE("outputs stay in the convex hull of their values, but for relative ones", "[identities]") {
  struct Row {
    const char* variant;
    Change change;
    bool inside;
  };
  const Change gemma = [](auto& c) { c.qk_norm = c.v_norm = true, c.attn_scale = 1; };
  const Change relative = [](auto& c) { c.rope_value = "relative"; };
  for (const Row& row : {Row{"q_kv", [](auto&) {}, true}, Row{"gta", [](auto&) {}, true}, Row{"q_kv", gemma, true},
                         Row{"q_kv", relative, false}}) {
    nn::Model model(rope_config(row.variant, row.change));
    fill_parameters(model, 3);
    real* out = values_of(model, "blocks.0.attn.c_proj.weight");
    for (index_t i = 0; i < 24 * 24; ++i) out[i] = i / 24 == i % 24;
    std::fill_n(values_of(model, "blocks.0.attn.c_proj.bias"), 24, real{0});
    const auto x = normals(7 * 24, 2);
    auto v = told(model, x)["v"];
    Tape tape(false);
    const Value o = model.blocks()[0].attention().forward(tape, tape.constant({1, 7, 24}, x.data()), {});
    double beyond = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {  // along random directions
      const auto u = normals(6, seed + 50);
      for (std::size_t h = 0; h < 4; ++h)
        for (std::size_t i = 0; i < 7; ++i) {
          const auto along = [&](const real* y) {
            double s = 0;
            for (std::size_t d = 0; d < 6; ++d) s += u[d] * y[h * 6 + d];
            return s;
          };
          double low = 1e300, high = -1e300;
          for (std::size_t j = 0; j <= i; ++j) {
            low = std::min(low, along(&v[j * 24])), high = std::max(high, along(&v[j * 24]));
          }
          const double here = along(o.data() + i * 24);
          beyond = std::max({beyond, low - here, here - high});
        }
    }
    INFO(row.variant);
    CHECK((beyond <= 1e-12) == row.inside);
  }
}

TEST_CASE("decoding from what is cached is the whole pass, to the last digits", "[identities]") {
  struct Row {
    const char* variant;
    Change change;
  };
  const Change relative = [](auto& c) { c.rope_value = "relative"; };
  const Change gemma = [](auto& c) { c.qk_norm = c.v_norm = true, c.attn_scale = 1; };
  for (const Row& row : {Row{"q_kv", [](auto&) {}}, Row{"q_kv", relative}, Row{"q_kv", gemma}, Row{"gta", [](auto&) {}},
                         Row{"mla", [](auto&) {}}, Row{"gla", [](auto&) {}}}) {
    nn::Model model(rope_config(row.variant, row.change));
    fill_parameters(model, 3);
    const auto full = logits_on(model);
    nn::KvCache cache(model, 1, 7);
    Tape tape(false);
    double worst = 0;
    for (index_t t = 0; t < 7; ++t) {
      const auto id = static_cast<std::int32_t>((t * t * 5 + 3) % 11);
      tape.reset();
      const Value logits = model.decode_next(tape, {&id, 1}, cache);
      for (index_t c = 0; c < 11; ++c)
        worst = std::max(worst, std::abs(logits.data()[c] - full[static_cast<std::size_t>(t * 11 + c)]));
    }
    INFO(row.variant);
    CHECK(worst <= 1e-13);
  }
}

}  // namespace qkvbench::testing
