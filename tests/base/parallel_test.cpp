// The loop over independent pieces: each once, exceptions out, no threads inside threads.
// The number of threads never shows in what is computed; see tests/kernels/threads_test.cpp.
#include "qkvbench/base/parallel.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace qkvbench::testing {

namespace {

/// Sets the number of threads for one scope.
struct Threads {
  explicit Threads(int n) { set_threads(n); }
  ~Threads() { set_threads(1); }
};

}  // namespace

TEST_CASE("parallel_for calls every piece once", "[base]") {
  for (const int n : {1, 2, 3, 8}) {
    const Threads threads_here(n);
    for (const index_t pieces : {0, 1, 2, 3, 7, 1000}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(pieces));
      parallel_for(pieces, [&](index_t i) { ++calls[static_cast<std::size_t>(i)]; });
      bool once = true;
      for (const auto& c : calls) once = once && c == 1;
      CHECK(once);
    }
  }
}

TEST_CASE("parallel_ranges covers everything in pieces that the threads do not change", "[base]") {
  for (const index_t total : {0, 1, 5, 6, 7, 100}) {
    std::vector<std::vector<index_t>> ends;
    for (const int n : {1, 3}) {
      const Threads threads_here(n);
      std::vector<index_t> end_of(static_cast<std::size_t>(total), -1);
      parallel_ranges(total, 6, [&](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) end_of[static_cast<std::size_t>(i)] = end;
      });
      ends.push_back(end_of);
    }
    CHECK(ends[0] == ends[1]);
    bool right = true;
    for (index_t i = 0; i < total; ++i)
      right = right && ends[0][static_cast<std::size_t>(i)] == std::min(total, (i / 6 + 1) * 6);
    CHECK(right);
  }
}

TEST_CASE("an exception comes out of parallel_for and the next loop works", "[base]") {
  for (const int n : {1, 4}) {
    const Threads threads_here(n);
    for (const index_t bad : {0, 9, 17}) {
      std::string message;
      try {
        parallel_for(18, [&](index_t i) {
          if (i == bad) throw std::runtime_error("piece " + std::to_string(i));
        });
      } catch (const std::runtime_error& error) {
        message = error.what();
      }
      CHECK(message == "piece " + std::to_string(bad));
    }
    std::atomic<int> calls{0};
    parallel_for(18, [&](index_t) { ++calls; });
    CHECK(calls.load() == 18);
  }
}

TEST_CASE("when every piece throws, one exception comes out", "[base]") {
  const Threads threads_here(4);
  CHECK_THROWS_AS(parallel_for(100, [](index_t) { throw std::runtime_error("no"); }), std::runtime_error);
}

TEST_CASE("loops inside a loop stay on their thread", "[base]") {
  const Threads threads_here(3);
  CHECK(threads() == 3);
  std::atomic<int> calls{0}, inner_threads{0};
  parallel_for(6, [&](index_t) {
    if (threads() != 1) ++inner_threads;
    const std::thread::id here = std::this_thread::get_id();
    parallel_for(5, [&](index_t) { calls += std::this_thread::get_id() == here ? 1 : 0; });
  });
  CHECK(inner_threads.load() == 0);
  CHECK(calls.load() == 30);
}

TEST_CASE("threads are at least one and cores are counted", "[base]") {
  const Threads threads_here(0);
  CHECK(threads() == 1);
  CHECK(physical_cores() >= 1);
}

}  // namespace qkvbench::testing
