// Gradients of the maps over elements and of reshape.
// Dropout is checked with its mask held still: one seed and step for every evaluation.
#include "qkvbench/autograd/elementwise.hpp"
#include "support/gradcheck.hpp"

namespace qkvbench::testing {

TEST_CASE("gradient of gelu", "[gradient]") {
  for (const index_t C : {1, 7, 16, 29})
    check_gradients("gelu", {input("x", {3, 5, C}, 1, 1.5)}, [](Tape& t, auto in) { return gelu(t, in[0]); });
}

TEST_CASE("gradient of add", "[gradient]") {
  const Input a = input("a", {3, 5, 7}, 1), b = input("b", {3, 5, 7}, 2);
  check_gradients("add", {a, b}, [](Tape& t, auto in) { return add(t, in[0], in[1]); });
  check_gradients("add, a == b", {a}, [](Tape& t, auto in) { return add(t, in[0], in[0]); });
  // The first argument's gradient takes over the buffer of the result's: uses before and after must both survive.
  check_gradients("add in a chain", {a, b}, [](Tape& t, auto in) {
    const Value s = add(t, gelu(t, in[0]), in[1]);
    return add(t, add(t, s, in[0]), gelu(t, s));
  });
  static const auto c = normals(105, 9);
  check_gradients("add to a constant", {a}, [](Tape& t, auto in) {
    return add(t, t.constant({3, 5, 7}, c.data()), in[0]);
  });
  check_gradients("add a constant", {a}, [](Tape& t, auto in) {
    return add(t, in[0], t.constant({3, 5, 7}, c.data()));
  });
}

TEST_CASE("gradient of reshape", "[gradient]") {
  check_gradients("reshape", {input("x", {3, 5, 7}, 1)}, [](Tape& t, auto in) {
    return gelu(t, t.reshape(in[0], {15, 7}));
  });
  check_gradients("reshape beside another use", {input("x", {3, 5, 7}, 1)}, [](Tape& t, auto in) {
    const Value h = gelu(t, in[0]);
    return add(t, t.reshape(gelu(t, h), {105}), t.reshape(h, {105}));
  });
}

TEST_CASE("gradient of dropout with a fixed mask", "[gradient]") {
  Options fixed;
  fixed.random = {42, 3};
  fixed.twice = false;
  for (const double p : {0.1, 0.5, 0.9})
    for (const index_t C : {1, 7, 16})
      check_gradients(
          "dropout", {input("x", {3, 5, C}, 1)}, [p](Tape& t, auto in) { return dropout(t, in[0], p); }, fixed);
  check_gradients(
      "dropout of a value used elsewhere", {input("x", {3, 5, 7}, 1)},
      [](Tape& t, auto in) {
        const Value h = gelu(t, in[0]);
        return add(t, dropout(t, h, 0.3), dropout(t, h, 0.3));
      },
      fixed);
}

TEST_CASE("gradient of add_positions", "[gradient]") {
  const Input x = input("x", {3, 5, 7}, 1);
  check_gradients("add_positions", {x, input("positions", {5, 7}, 2)},
                  [](Tape& t, auto in) { return add_positions(t, in[0], in[1]); });
  // Rows that are not used keep a gradient of zero.
  check_gradients("add_positions, longer table", {x, input("positions", {9, 7}, 2)},
                  [](Tape& t, auto in) { return add_positions(t, in[0], in[1]); });
  check_gradients("add_positions, leading 1", {x, input("positions", {1, 5, 7}, 2)},
                  [](Tape& t, auto in) { return add_positions(t, in[0], in[1]); });
  static const auto c = normals(105, 9), table = normals(35, 8);
  check_gradients("add_positions to a constant", {input("positions", {5, 7}, 2)}, [](Tape& t, auto in) {
    return add_positions(t, t.constant({3, 5, 7}, c.data()), in[0]);
  });
  check_gradients("add_positions, constant table", {x}, [](Tape& t, auto in) {
    return add_positions(t, in[0], t.constant({5, 7}, table.data()));
  });
}

}  // namespace qkvbench::testing
