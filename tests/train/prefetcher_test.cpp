// Reading ahead: the right batch whatever is asked for, made while the one before is used, errors where they belong.
// No clock decides a test; threads meet at flags.
#include "qkvbench/train/prefetcher.hpp"

#include <atomic>

#include "qkvbench/base/parallel.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"

namespace qkvbench::testing {

using train::Prefetcher;

namespace {

/// Batch i holds i.
void number(index_t i, Batch& batch) {
  batch.size = i;
  batch.ids.assign(3, static_cast<std::int32_t>(i));
}

}  // namespace

TEST_CASE("every batch is its number's, in order, with jumps and without a next", "[train]") {
  Prefetcher batches(number);
  for (index_t i = 0; i < 200; ++i) REQUIRE(batches.take(i, i + 1).size == i);
  CHECK(batches.take(7, Prefetcher::kNone).size == 7);
  CHECK(batches.take(7, 9).size == 7);
  CHECK(batches.take(5, 6).ids == std::vector<std::int32_t>(3, 5));
  CHECK(batches.take(6, 6).size == 6);
  CHECK(batches.take(6, Prefetcher::kNone).size == 6);
  CHECK(batches.waited_s() >= 0);
}

TEST_CASE("the next batch is made while this one is held, and this one stays as it is", "[train]") {
  std::atomic<index_t> made = -1;
  Prefetcher batches([&](index_t i, Batch& batch) {
    number(i, batch);
    made = i;
  });
  const Batch& first = batches.take(0, 1);
  while (made != 1) std::this_thread::yield();  // nobody asked for it yet
  CHECK(first.ids == std::vector<std::int32_t>(3, 0));
  CHECK(batches.take(1, Prefetcher::kNone).ids == std::vector<std::int32_t>(3, 1));
  CHECK(made == 1);
}

TEST_CASE("an error comes to whoever takes the batch, and the next try makes it again", "[train]") {
  std::atomic<bool> broken = true;
  Prefetcher batches([&](index_t i, Batch& batch) {
    if (i == 1 && broken) fail_input("batch 1 is broken");
    number(i, batch);
  });
  CHECK(batches.take(0, 1).size == 0);
  check_error(Exit::kInput, {"batch 1 is broken"}, [&] { batches.take(1, 2); });
  check_error(Exit::kInput, {"batch 1 is broken"}, [&] { batches.take(1, 2); });
  broken = false;
  CHECK(batches.take(1, 2).size == 1);
  CHECK(batches.take(2, Prefetcher::kNone).size == 2);
}

TEST_CASE("it ends cleanly: unused, with a batch in the making, with an error nobody saw", "[train]") {
  { Prefetcher unused(number); }
  for (int i = 0; i < 50; ++i) {
    Prefetcher busy(number);
    busy.take(0, 1);
  }
  Prefetcher failing([](index_t i, Batch&) {
    if (i == 1) fail_input("nobody sees this");
  });
  failing.take(0, 1);
}

TEST_CASE("loops within a filling run on its thread alone", "[train]") {
  set_threads(4);
  std::atomic<int> seen = 0;
  std::atomic<bool> elsewhere = false;
  Prefetcher batches([&](index_t, Batch&) {
    seen = threads();
    const auto self = std::this_thread::get_id();
    parallel_for(64, [&](index_t) {
      if (std::this_thread::get_id() != self) elsewhere = true;
    });
  });
  batches.take(0, Prefetcher::kNone);
  CHECK(seen == 1);
  CHECK_FALSE(elsewhere);
  CHECK(threads() == 4);
  set_threads(1);
}

}  // namespace qkvbench::testing
