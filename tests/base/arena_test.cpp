// The arena: alignment, marks, what is counted.
// Scratch is tested from several threads, as kernels use it.
#include "qkvbench/base/arena.hpp"

#include <cstdint>
#include <cstring>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/tensor/buffer.hpp"
#include "support/catch.hpp"

namespace qkvbench::testing {

namespace {
bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 64 == 0; }
}  // namespace

TEST_CASE("pieces of an arena are aligned and apart", "[base]") {
  Arena arena;
  char* pieces[100];
  for (std::size_t i = 0; i < 100; ++i) {
    const std::size_t bytes = i * 997 % 5000;  // zero bytes are a piece, too
    pieces[i] = static_cast<char*>(arena.take_bytes(bytes));
    CHECK(aligned(pieces[i]));
    std::memset(pieces[i], static_cast<int>(i), bytes);
  }
  bool intact = true;
  for (std::size_t i = 0; i < 100; ++i)
    for (std::size_t b = 0; b < i * 997 % 5000; ++b) intact = intact && pieces[i][b] == static_cast<char>(i);
  CHECK(intact);
}

TEST_CASE("rewinding gives back what was taken since the mark, and nothing else", "[base]") {
  Arena arena;
  auto* kept = arena.take<int>(10);
  for (int i = 0; i < 10; ++i) kept[i] = i;
  const Arena::Mark mark = arena.mark();
  const void* first = arena.take_bytes(100);
  arena.take_bytes(5 << 20);  // a block of its own
  arena.rewind(mark);
  CHECK(arena.take_bytes(100) == first);
  bool intact = true;
  for (int i = 0; i < 10; ++i) intact = intact && kept[i] == i;
  CHECK(intact);
}

TEST_CASE("an arena asks the system for nothing once its workload repeats", "[base]") {
  Arena arena;
  const auto round = [&] {
    for (index_t n = 1; n < 40; ++n) std::memset(arena.take<char>(n * 9000), 1, static_cast<std::size_t>(n) * 9000);
    arena.reset();
  };
  round();
  const std::size_t peak = arena.peak_bytes();
  const std::size_t asked = arena.system_allocations();
  for (int i = 0; i < 5; ++i) round();
  CHECK(arena.peak_bytes() == peak);
  CHECK(arena.system_allocations() == asked);
  CHECK(peak >= 39 * 20 * 9000);
}

TEST_CASE("Scratch nests and belongs to its thread", "[base]") {
  set_threads(4);
  bool intact = true;
  parallel_for(64, [&](index_t i) {
    Scratch outer;
    auto* a = outer.take<index_t>(1000);
    std::fill_n(a, 1000, i);
    for (int round = 0; round < 3; ++round) {
      Scratch inner;
      auto* b = inner.take<index_t>(20000);
      std::fill_n(b, 20000, -1);
    }
    for (int j = 0; j < 1000; ++j)
      if (a[j] != i) intact = false;  // written by no one but this thread unless something is wrong
  });
  set_threads(1);
  CHECK(intact);
}

TEST_CASE("an arena that was released can be used again", "[base]") {
  Arena arena;
  arena.take<real>(100'000);
  arena.release();
  const std::size_t allocations = arena.system_allocations();
  auto* x = arena.take<real>(1000);
  std::fill_n(x, 1000, real{1});
  CHECK(arena.system_allocations() == allocations + 1);
}

TEST_CASE("a buffer is zero and aligned", "[tensor]") {
  Buffer buffer(1001);
  CHECK(buffer.size() == 1001);
  CHECK(aligned(buffer.data()));
  bool zero = true;
  for (const real x : buffer.span()) zero = zero && x == 0;
  CHECK(zero);
  CHECK(Buffer().size() == 0);
  CHECK(Buffer(0).size() == 0);
}

}  // namespace qkvbench::testing
