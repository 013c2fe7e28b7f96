// What operations say when shapes or ids do not fit: the operation, both shapes, and what is needed.
// Gradients are checked elsewhere.
#include "qkvbench/autograd/attention.hpp"
#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/autograd/linear.hpp"
#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/autograd/norm.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

namespace {

/// A tape and values of any shape on it; nobody reads the numbers.
struct Values {
  Tape tape;
  Value of(const Shape& shape) { return tape.new_value(shape, true); }
};

constexpr Exit kInternal = Exit::kInternal;

}  // namespace

TEST_CASE("linear names the shapes that do not fit", "[autograd]") {
  Values v;
  const Value x = v.of({8, 16, 64});
  check_error(kInternal, {"linear", "[8, 16, 64]", "[64, 32]", "inner sizes 64 and 32 differ"}, [&] {
    linear(v.tape, x, v.of({64, 32}));
  });
  check_error(kInternal, {"linear", "[8, 16, 64]", "[64]", "[out, in]"}, [&] { linear(v.tape, x, v.of({64})); });
  check_error(kInternal, {"linear", "[32, 64]", "bias [64]"}, [&] { linear(v.tape, x, v.of({32, 64}), v.of({64})); });
  check_error(kInternal, {"linear", "[8, 16, 64]", "residual [8, 16, 64]"}, [&] {
    linear(v.tape, x, v.of({32, 64}), {}, x);
  });
}

TEST_CASE("layer_norm names the shapes that do not fit", "[autograd]") {
  Values v;
  check_error(kInternal, {"layer_norm", "[3, 7]", "[6]", "7 elements"}, [&] {
    layer_norm(v.tape, v.of({3, 7}), v.of({6}), v.of({7}));
  });
  check_error(kInternal, {"layer_norm", "[3, 7]", "[8]", "7 elements"}, [&] {
    layer_norm(v.tape, v.of({3, 7}), v.of({7}), v.of({8}));
  });
}

TEST_CASE("maps over elements name the shapes that do not fit", "[autograd]") {
  Values v;
  check_error(kInternal, {"add", "[2, 3]", "[3, 2]"}, [&] { add(v.tape, v.of({2, 3}), v.of({3, 2})); });
  check_error(kInternal, {"add_positions", "[2, 5, 7]", "[4, 7]", "5 rows of 7"}, [&] {
    add_positions(v.tape, v.of({2, 5, 7}), v.of({4, 7}));
  });
  check_error(kInternal, {"add_positions", "[2, 5, 7]", "[5, 8]", "5 rows of 7"}, [&] {
    add_positions(v.tape, v.of({2, 5, 7}), v.of({5, 8}));
  });
  check_error(kInternal, {"add_positions", "[5, 7]"}, [&] { add_positions(v.tape, v.of({5, 7}), v.of({7, 7})); });
  check_error(kInternal, {"reshape", "[2, 3]", "[5]"}, [&] { v.tape.reshape(v.of({2, 3}), {5}); });
  check_error(kInternal, {"backward", "[2, 3]", "single number"}, [&] { v.tape.backward(v.of({2, 3})); });
}

TEST_CASE("attention names the shapes that do not fit", "[autograd]") {
  Values v;
  const Value q = v.of({2, 5, 12}), half = v.of({2, 5, 6});
  check_error(kInternal, {"attention", "q [2, 5, 12]", "5 heads", "multiple of heads"}, [&] {
    attention(v.tape, q, q, q, {5, 5, false});
  });
  check_error(kInternal, {"attention", "4 heads", "3 kv heads", "heads of kv heads"}, [&] {
    attention(v.tape, q, q, q, {4, 3, false});
  });
  check_error(kInternal, {"attention", "k [2, 5, 6]", "must be [2, 5, 12]"}, [&] {
    attention(v.tape, q, half, q, {4, 4, false});
  });
  check_error(kInternal, {"attention", "v [2, 5, 12]", "must be [2, 5, 6]"}, [&] {
    attention(v.tape, q, half, q, {4, 2, false});
  });
  check_error(kInternal, {"attention", "q [2, 12]"}, [&] {
    attention(v.tape, v.of({2, 12}), v.of({2, 12}), v.of({2, 12}), {4, 4, false});
  });
  check_error(kInternal, {"attention", "terms [10]", "11 terms"}, [&] {
    attention(v.tape, q, q, q, {4, 4, false}, v.of({10}));
  });
}

TEST_CASE("a query that is also key or value needs a head of its own", "[autograd]") {
  Values v;
  const Value q = v.of({2, 5, 12}), half = v.of({2, 5, 6});
  check_error(kInternal, {"attention", "2 kv heads", "[2, 5, 6]"}, [&] {
    attention(v.tape, q, q, half, {4, 2, false});
  });
  check_error(kInternal, {"attention", "2 kv heads", "[2, 5, 6]"}, [&] {
    attention(v.tape, q, half, q, {4, 2, false});
  });
}

TEST_CASE("losses and gathers name the id that is out of range", "[autograd]") {
  Values v;
  const Value logits = v.of({2, 3, 4});
  std::fill_n(logits.data(), 24, real{0});
  const std::vector<std::int32_t> six{0, 1, 2, 3, -1, 0}, high{0, 1, 2, 4, 0, 0}, low{0, -2, 0, 0, 0, 0}, none(6, -1);
  check_error(kInternal, {"cross_entropy", "6 ids", "2 rows"}, [&] { cross_entropy(v.tape, v.of({2, 12}), six); });
  check_error(Exit::kInput, {"cross_entropy", "id 4", "position 3", "0..3"},
              [&] { cross_entropy(v.tape, logits, high); });
  check_error(Exit::kInput, {"cross_entropy", "id -2", "position 1"}, [&] { cross_entropy(v.tape, logits, low); });
  check_error(Exit::kInput, {"cross_entropy", "none of 6 targets"}, [&] { cross_entropy(v.tape, logits, none); });
  check_error(Exit::kInput, {"embedding", "id 4", "position 3"}, [&] { embedding(v.tape, v.of({4, 5}), high, 2, 3); });
  check_error(Exit::kInput, {"embedding", "id -1", "position 4"}, [&] { embedding(v.tape, v.of({4, 5}), six, 2, 3); });
  check_error(kInternal, {"embedding", "6 ids", "8 rows"}, [&] { embedding(v.tape, v.of({4, 5}), six, 2, 4); });
  check_error(Exit::kInput, {"one_hot", "id 4", "0..3"}, [&] { one_hot(v.tape, high, 2, 3, 4); });
}

}  // namespace qkvbench::testing
