// Arithmetic of shapes.
// Storage is tested with the arena.
#include "qkvbench/tensor/shape.hpp"

#include "qkvbench/base/error.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

TEST_CASE("a shape knows its sizes", "[tensor]") {
  const Shape s{8, 16, 64};
  CHECK(s.rank() == 3);
  CHECK(s[0] == 8);
  CHECK(s[-1] == 64);
  CHECK(s.last() == 64);
  CHECK(s.elements() == 8192);
  CHECK(s.rows() == 128);
  CHECK(s.text() == "[8, 16, 64]");
}

TEST_CASE("an empty shape is a single number", "[tensor]") {
  const Shape s;
  CHECK(s.rank() == 0);
  CHECK(s.elements() == 1);
  CHECK(s.last() == 1);
  CHECK(s.rows() == 1);
  CHECK(s.text() == "[]");
  CHECK((Shape{3, 0}).elements() == 0);
  CHECK((Shape{3, 0}).rows() == 0);
}

TEST_CASE("shapes are equal when all sizes are", "[tensor]") {
  CHECK((Shape{2, 3}) == (Shape{2, 3}));
  CHECK(!((Shape{2, 3}) == (Shape{3, 2})));
  CHECK(!((Shape{2, 3}) == (Shape{2, 3, 1})));
  CHECK(!((Shape{}) == (Shape{1})));
}

TEST_CASE("a fifth size is refused", "[tensor]") {
  Shape s{1, 2, 3, 4};
  check_error(Exit::kInternal, {"more than four sizes", "[1, 2, 3, 4]"}, [&] { s.push_back(5); });
}

}  // namespace qkvbench::testing
