// Gradients of the affine map: every optional part, inputs that appear twice, sizes around the vector width.
// The product itself is compared with Eigen in tests/kernels.
#include "qkvbench/autograd/linear.hpp"
#include "support/gradcheck.hpp"

namespace qkvbench::testing {

namespace {

struct Size {
  index_t B, T, I, O;
};

/// 7 and 5 are no multiples of any vector width, 16 and 8 are of most.
constexpr Size kSizes[] = {{3, 5, 7, 5}, {1, 1, 1, 1}, {2, 3, 16, 8}, {1, 13, 9, 17}, {4, 1, 3, 33}};

}  // namespace

TEST_CASE("gradient of linear", "[gradient]") {
  for (const Size& s : kSizes) {
    const Input x = input("x", {s.B, s.T, s.I}, 1), w = input("weight", {s.O, s.I}, 2), b = input("bias", {s.O}, 3);
    const Input r = input("residual", {s.B, s.T, s.O}, 4);
    check_gradients("linear", {x, w}, [](Tape& t, auto in) { return linear(t, in[0], in[1]); });
    check_gradients("linear, bias", {x, w, b}, [](Tape& t, auto in) { return linear(t, in[0], in[1], in[2]); });
    check_gradients("linear, residual", {x, w, r}, [](Tape& t, auto in) { return linear(t, in[0], in[1], {}, in[2]); });
    check_gradients("linear, bias, residual", {x, w, b, r},
                    [](Tape& t, auto in) { return linear(t, in[0], in[1], in[2], in[3]); });
  }
}

TEST_CASE("gradient of linear over many rows", "[gradient]") {
  // More rows than one block of the bias's sum, and more than one block of the product's depth.
  check_gradients("linear, 300 rows", {input("weight", {3, 2}, 1), input("bias", {3}, 2)}, [](Tape& t, auto in) {
    static const auto x = normals(2500 * 2, 3);
    return linear(t, t.constant({2500, 2}, x.data()), in[0], in[1]);
  });
}

TEST_CASE("gradient of linear when its residual is its input", "[gradient]") {
  check_gradients("linear, residual == x",
                  {input("x", {3, 5, 7}, 1), input("weight", {7, 7}, 2), input("bias", {7}, 3)},
                  [](Tape& t, auto in) { return linear(t, in[0], in[1], in[2], in[0]); });
}

TEST_CASE("gradient of linear maps that read one value", "[gradient]") {
  check_gradients("two maps of x",
                  {input("x", {3, 5, 7}, 1), input("weight a", {5, 7}, 2), input("weight b", {5, 7}, 3)},
                  [](Tape& t, auto in) { return linear(t, in[0], in[1], {}, linear(t, in[0], in[2])); });
  check_gradients("one weight in two places", {input("x", {3, 5, 7}, 1), input("weight", {7, 7}, 2)},
                  [](Tape& t, auto in) { return linear(t, linear(t, in[0], in[1]), in[1]); });
  check_gradients("a chain of residuals",
                  {input("x", {2, 3, 5}, 1), input("weight a", {5, 5}, 2), input("weight b", {5, 5}, 3)},
                  [](Tape& t, auto in) {
                    const Value h = linear(t, in[0], in[1], {}, in[0]);
                    return linear(t, h, in[2], {}, h);
                  });
}

TEST_CASE("gradient of linear when only some inputs have one", "[gradient]") {
  static const auto x = normals(15 * 7, 11), w = normals(5 * 7, 12);
  check_gradients("only weight", {input("weight", {5, 7}, 2)}, [](Tape& t, auto in) {
    return linear(t, t.constant({3, 5, 7}, x.data()), in[0]);
  });
  check_gradients("only x", {input("x", {3, 5, 7}, 2)}, [](Tape& t, auto in) {
    return linear(t, in[0], t.constant({5, 7}, w.data()));
  });
  check_gradients("only bias", {input("bias", {5}, 2)}, [](Tape& t, auto in) {
    return linear(t, t.constant({3, 5, 7}, x.data()), t.constant({5, 7}, w.data()), in[0]);
  });
  check_gradients("x and bias", {input("x", {3, 5, 7}, 2), input("bias", {5}, 3)}, [](Tape& t, auto in) {
    return linear(t, in[0], t.constant({5, 7}, w.data()), in[1]);
  });
  check_gradients("only residual", {input("residual", {3, 5, 5}, 2)}, [](Tape& t, auto in) {
    return linear(t, t.constant({3, 5, 7}, x.data()), t.constant({5, 7}, w.data()), {}, in[0]);
  });
}

}  // namespace qkvbench::testing
