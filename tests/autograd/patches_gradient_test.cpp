// Gradients of the operations that make images sequences, and the order of the pixels in a patch.
// Whole vision models are in nn/model_gradient_test.cpp.
#include "qkvbench/autograd/patches.hpp"
#include "support/gradcheck.hpp"

namespace qkvbench::testing {

TEST_CASE("gradient of prepend_token", "[gradient]") {
  check_gradients("prepend_token", {input("x", {3, 5, 7}, 1), input("token", {1, 1, 7}, 2)},
                  [](Tape& t, auto in) { return prepend_token(t, in[0], in[1]); });
}

TEST_CASE("gradient of first_position", "[gradient]") {
  check_gradients("first_position", {input("x", {3, 5, 7}, 1)},
                  [](Tape& t, auto in) { return first_position(t, in[0]); });
}

TEST_CASE("patches go row by row, each as [C, p, p], with zeros right and bottom") {
  // One image of two channels: 3 × 3 numbers 1..9, and the same plus 10.
  std::vector<real> image;
  for (int i = 1; i <= 9; ++i) image.push_back(i);
  for (int i = 1; i <= 9; ++i) image.push_back(10 + i);
  Tape tape;
  const Value y = image_patches(tape, tape.constant({1, 2, 3, 3}, image.data()), 2);
  REQUIRE(y.shape() == Shape{1, 4, 8});
  const std::vector<real> wanted{1, 2, 4, 5, 11, 12, 14, 15, 3, 0, 6, 0, 13, 0, 16, 0,
                                 7, 8, 0, 0, 17, 18, 0,  0,  9, 0, 0, 0, 19, 0, 0,  0};
  CHECK(std::vector<real>(y.data(), y.data() + 32) == wanted);
}

}  // namespace qkvbench::testing
