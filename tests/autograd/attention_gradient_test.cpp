// Gradients of attention: every way of sharing q, k and v, of sharing heads, causal or not, with and without terms.
// The same cases run over one query tile and over two.
#include <array>

#include "qkvbench/autograd/attention.hpp"
#include "qkvbench/kernels/attention.hpp"
#include "support/gradcheck.hpp"

namespace qkvbench::testing {

namespace {

/// Which input feeds q, k and v.
struct Partition {
  const char* name;
  std::size_t q, k, v;
};
constexpr Partition kPartitions[] = {
    {"q,k,v", 0, 1, 2}, {"q=k", 0, 0, 1}, {"k=v", 0, 1, 1}, {"q=v", 0, 1, 0}, {"q=k=v", 0, 0, 0}};

struct Case {
  index_t B, T, H, G, D;
};

void check_attention(const Partition& p, const Case& c, bool causal, bool terms) {
  std::vector<Input> inputs{input("first projection", {c.B, c.T, c.H * c.D}, 1, 0.9)};
  for (std::size_t i = 1; i <= std::max({p.q, p.k, p.v}); ++i)
    inputs.push_back(input("projection " + std::to_string(i), {c.B, c.T, c.G * c.D}, 1 + i, 0.9));
  if (terms) inputs.push_back(input("terms", {kernels::score_bias_size(c.T)}, 7, 0.7, 0.4));
  const HeadLayout layout{c.H, c.G, causal};
  const std::string name = std::string("attention ") + p.name + ", H " + std::to_string(c.H) + ", G " +
                           std::to_string(c.G) + (causal ? ", causal" : "") + (terms ? ", terms" : "");
  check_gradients(name, inputs, [=](Tape& t, std::span<const Value> in) {
    return attention(t, in[p.q], in[p.k], in[p.v], layout, terms ? in.back() : Value{});
  });
}

}  // namespace

TEST_CASE("gradient of attention for every sharing of projections", "[gradient]") {
  for (const Partition& p : kPartitions)
    for (const bool causal : {false, true})
      for (const bool terms : {false, true}) {
        check_attention(p, {2, 5, 2, 2, 3}, causal, terms);
        check_attention(p, {1, 9, 1, 1, 4}, causal, terms);
        check_attention(p, {3, 1, 2, 2, 1}, causal, terms);
      }
}

TEST_CASE("gradient of attention for every sharing of heads", "[gradient]") {
  for (const Partition& p : {kPartitions[0], kPartitions[2]})
    for (const bool causal : {false, true})
      for (const bool terms : {false, true})
        for (const index_t G : {6, 3, 2, 1}) check_attention(p, {2, 5, 6, G, 3}, causal, terms);
}

TEST_CASE("gradient of attention at multiples of the vector width", "[gradient]") {
  for (const bool causal : {false, true}) check_attention(kPartitions[0], {1, 16, 2, 1, 8}, causal, true);
}

TEST_CASE("gradient of attention over more than one query tile", "[gradient]") {
  for (const Partition& p : {kPartitions[0], kPartitions[4]})
    for (const bool causal : {false, true}) check_attention(p, {1, 130, 1, 1, 1}, causal, true);
  check_attention(kPartitions[2], {1, 130, 2, 1, 1}, true, true);
}

TEST_CASE("gradient of attention with a negative scale", "[gradient]") {
  // σ = Σw may be negative: masked pairs have to stay out all the same.
  std::vector<Input> inputs{input("x", {2, 6, 6}, 1), input("terms", {13}, 2)};
  inputs[1].data[0] = -1.3;
  for (const bool causal : {false, true})
    check_gradients("attention, σ < 0", inputs, [=](Tape& t, auto in) {
      return attention(t, in[0], in[0], in[0], {2, 2, causal}, in[1]);
    });
}

TEST_CASE("gradient of attention when only some inputs have one", "[gradient]") {
  static const auto a = normals(2 * 5 * 6, 21), b = normals(2 * 5 * 6, 22), term = normals(11, 23);
  const auto constant = [](Tape& t, const std::vector<real>& x) { return t.constant({2, 5, 6}, x.data()); };
  const HeadLayout layout{2, 2, false};
  check_gradients("only q", {input("q", {2, 5, 6}, 1)}, [=](Tape& t, auto in) {
    return attention(t, in[0], constant(t, a), constant(t, b), layout, t.constant({11}, term.data()));
  });
  check_gradients("only k", {input("k", {2, 5, 6}, 1)},
                  [=](Tape& t, auto in) { return attention(t, constant(t, a), in[0], constant(t, b), layout); });
  check_gradients("only v", {input("v", {2, 5, 6}, 1)},
                  [=](Tape& t, auto in) { return attention(t, constant(t, a), constant(t, b), in[0], layout); });
  check_gradients("only terms", {input("terms", {11}, 1)}, [=](Tape& t, auto in) {
    return attention(t, constant(t, a), constant(t, b), constant(t, a), layout, in[0]);
  });
}

TEST_CASE("gradient of position_bias", "[gradient]") {
  for (const index_t m : {1, 2, 5, 10, 50})
    for (const index_t T : {1, 5, 16}) {
      std::vector<real> table(static_cast<std::size_t>(T * m));
      kernels::position_table(T, m, table.data());
      const Input w = input("w", {m}, 1), b = input("b", {1}, 2);
      check_gradients("position_bias", {w, b},
                      [&](Tape& t, auto in) { return position_bias(t, in[0], in[1], table.data(), T); });
      check_gradients("position_bias, only b", {b}, [&](Tape& t, auto in) {
        return position_bias(t, t.constant({m}, w.data.data()), in[0], table.data(), T);
      });
    }
}

TEST_CASE("gradient of attention through its positional term", "[gradient]") {
  constexpr index_t T = 5, m = 10;
  std::vector<real> table(T * m);
  kernels::position_table(T, m, table.data());
  for (const bool causal : {false, true})
    check_gradients(
        "attention+", {input("x", {2, T, 6}, 1), input("w", {m}, 2, 0.5), input("b", {1}, 3)}, [&](Tape& t, auto in) {
          return attention(t, in[0], in[0], in[0], {2, 2, causal}, position_bias(t, in[1], in[2], table.data(), T));
        });
}

TEST_CASE("gradient of every form of the positional term, and of attention through it", "[gradient]") {
  using kernels::PlusForm;
  for (const PlusForm form : {PlusForm::kColumn, PlusForm::kTemperature, PlusForm::kRelative})
    for (const index_t m : {2, 5, 10})
      for (const index_t T : {1, 5, 19}) {
        std::vector<real> table(static_cast<std::size_t>(T * m));
        (form == PlusForm::kRelative ? kernels::distance_table : kernels::position_table)(T, m, table.data());
        const Input w = input("w", {m}, 1, 0.5), b = input("b", {1}, 2);
        check_gradients("position_bias", {w, b},
                        [&](Tape& t, auto in) { return position_bias(t, in[0], in[1], table.data(), T, form); });
        for (const bool causal : {false, true})
          check_gradients("attention+", {input("x", {2, T, 6}, 3), w, b}, [&](Tape& t, auto in) {
            return attention(t, in[0], in[0], in[0], {2, 2, causal},
                             position_bias(t, in[1], in[2], table.data(), T, form));
          });
      }
}

TEST_CASE("gradient of attention with a term that goes by the distance, over tiles and shared heads", "[gradient]") {
  for (const bool causal : {false, true})
    for (const index_t T : {9, 130})
      check_gradients("attention, distance",
                      {input("q", {1, T, 2}, 1), input("k", {1, T, 1}, 2), input("v", {1, T, 1}, 3),
                       input("terms", {kernels::score_bias_size(T, true)}, 4, 0.5)},
                      [=](Tape& t, auto in) {
                        return attention(t, in[0], in[1], in[2], {2, 1, causal}, in[3]);
                      });
}

}  // namespace qkvbench::testing
