// Gradients of layer normalisation.
// Its values are compared with a plain formula in tests/kernels.
#include "qkvbench/autograd/norm.hpp"
#include "support/gradcheck.hpp"

namespace qkvbench::testing {

TEST_CASE("gradient of layer_norm", "[gradient]") {
  Options options;
  options.step = 2e-4;  // rows of few channels bend sharply
  options.tolerance = 1e-7;
  for (const index_t C : {2, 3, 7, 8, 16, 19, 33})
    check_gradients(
        "layer_norm", {input("x", {3, 5, C}, 1), input("weight", {C}, 2), input("bias", {C}, 3)},
        [](Tape& t, auto in) { return layer_norm(t, in[0], in[1], in[2]); }, options);
}

TEST_CASE("gradient of layer_norm far from zero and over many rows", "[gradient]") {
  check_gradients("layer_norm, mean 20", {input("x", {2, 9}, 1, 1, 20), input("weight", {9}, 2), input("bias", {9}, 3)},
                  [](Tape& t, auto in) { return layer_norm(t, in[0], in[1], in[2]); });
  // More than one block of rows in the sums for weight and bias.
  check_gradients("layer_norm, 3000 rows", {input("weight", {3}, 2), input("bias", {3}, 3)}, [](Tape& t, auto in) {
    static const auto x = normals(3000 * 3, 5);
    return layer_norm(t, t.constant({3000, 3}, x.data()), in[0], in[1]);
  });
}

TEST_CASE("gradient of layer_norm when only some inputs have one", "[gradient]") {
  static const auto x = normals(15 * 7, 11), w = normals(7, 12), b = normals(7, 13);
  check_gradients("only x", {input("x", {3, 5, 7}, 1)}, [](Tape& t, auto in) {
    return layer_norm(t, in[0], t.constant({7}, w.data()), t.constant({7}, b.data()));
  });
  check_gradients("only bias", {input("bias", {7}, 1)}, [](Tape& t, auto in) {
    return layer_norm(t, t.constant({3, 5, 7}, x.data()), t.constant({7}, w.data()), in[0]);
  });
}

}  // namespace qkvbench::testing
