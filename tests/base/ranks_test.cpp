// What ranks say to each other, over threads of one process; MPI's own way is tested in tests/cli.
#include "qkvbench/base/ranks.hpp"

#include <numeric>

#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/thread_ranks.hpp"

namespace qkvbench::testing {

namespace {

/// Errors as text with their status; empty where nothing was thrown.
std::vector<std::string> texts_of(const std::vector<std::exception_ptr>& thrown) {
  std::vector<std::string> texts;
  for (const std::exception_ptr& error : thrown) try {
      texts.emplace_back();
      if (error) std::rethrow_exception(error);
    } catch (const Error& e) {
      texts.back() = std::to_string(static_cast<int>(e.status())) + " " + e.what();
    }
  return texts;
}

double loss_of(int rank) { return std::ldexp(1.0, rank * 13 % 61) * (rank % 2 == 0 ? 1 : -1.0 / 3); }

double tree(int first, int count) {
  return count == 1 ? loss_of(first) : tree(first, count / 2) + tree(first + count / 2, count / 2);
}

}  // namespace

TEST_CASE("words of ranks are put together by the tree of neighbours, and all hear the same", "[ranks]") {
  for (const int size : {1, 2, 3, 4, 5, 7, 8, 16}) {
    run_all_ranks(size, [&](Ranks& ranks) {
      Word word;
      word.loss_nats = loss_of(ranks.rank());
      word.correct = ranks.rank();
      word.targets = 1;
      word.first = 40 + ranks.rank();
      word.stop = ranks.rank() == size / 2 ? 16 : 0;
      const Word all = ranks.agree(word);
      if ((size & (size - 1)) == 0 && all.loss_nats != tree(0, size)) fail_internal("the loss");
      if (all.correct != size * (size - 1) / 2 || all.targets != size || all.first != 40 || all.stop != 16)
        fail_internal("the rest");
    });
  }
}

TEST_CASE("a rank that fails is heard by all in the place of its next word, and the lowest stands for all", "[ranks]") {
  for (const int size : {2, 3, 8}) {
    for (const int failing : {0, size - 1}) {
      const auto thrown = run_as_ranks(size, [&](Ranks& ranks) {
        ranks.agree({});
        if (ranks.rank() == failing) throw ranks.fail(Error(Exit::kOutput, "cannot write x"));
        ranks.agree({});
        fail_internal("went on");
      });
      for (const std::string& text : texts_of(thrown))
        CHECK(text == (failing == 0 ? "4 cannot write x" : "4 rank " + std::to_string(failing) + ": cannot write x"));
    }
  }
  const auto both = run_as_ranks(4, [](Ranks& ranks) {
    const std::string said(1000, static_cast<char>('a' + ranks.rank()));
    if (ranks.rank() >= 2) throw ranks.fail(Error(ranks.rank() == 2 ? Exit::kInput : Exit::kUsage, said));
    ranks.agree({});
  });
  for (const std::string& text : texts_of(both)) CHECK(text == "3 rank 2: " + std::string(511, 'c'));
}

TEST_CASE("who has failed is not waited for by those who leave, and rank 0's status is everybody's", "[ranks]") {
  run_all_ranks(4, [](Ranks& ranks) {
    if (ranks.leave(ranks.rank() == 0 ? 143 : 0) != 143) fail_internal("the status");
  });
  const auto thrown = run_as_ranks(4, [](Ranks& ranks) {
    if (ranks.rank() == 3) throw ranks.fail(Error(Exit::kInput, "no data"));
    ranks.leave(0);
  });
  for (const std::string& text : texts_of(thrown)) CHECK(text == "3 rank 3: no data");
}

TEST_CASE("nobody waits for ever for a rank that ended without a word", "[ranks]") {
  const auto texts = texts_of(run_as_ranks(4, [](Ranks& ranks) {
    if (ranks.rank() == 2) return;
    ranks.agree({});
  }));
  for (const std::size_t rank : {0U, 1U, 3U}) CHECK(texts[rank].find("has ended without a word") != std::string::npos);
}

TEST_CASE("a broadcast gives all ranks rank 0's bytes", "[ranks]") {
  for (const int size : {1, 2, 3, 6, 8})
    run_all_ranks(size, [](Ranks& ranks) {
      std::vector<int> numbers(5 << 20);  // more than travels at a time
      if (ranks.is_first()) std::iota(numbers.begin(), numbers.end(), 1);
      ranks.broadcast(std::as_writable_bytes(std::span(numbers)));
      std::vector<int> wanted(numbers.size());
      std::iota(wanted.begin(), wanted.end(), 1);
      if (numbers != wanted) fail_internal("other bytes");
    });
}

TEST_CASE("what was sent is counted", "[ranks]") {
  run_all_ranks(2, [](Ranks& ranks) {
    std::array<std::byte, 100> in{}, out{};
    ranks.exchange(1 - ranks.rank(), std::span(out).first(ranks.is_first() ? 100 : 40),
                   std::span(in).first(ranks.is_first() ? 40 : 100));
    if (ranks.sent_bytes() != (ranks.is_first() ? 100 : 40)) fail_internal("the count");
  });
}

TEST_CASE("who this process is follows from what mpirun or srun left in the environment", "[ranks]") {
  using test::EnvironmentVariable;
  CHECK(launched().size == 1);
  {
    const EnvironmentVariable rank("OMPI_COMM_WORLD_RANK", "2"), size("OMPI_COMM_WORLD_SIZE", "4");
    CHECK((launched().rank == 2 && launched().size == 4));
  }
  {
    const EnvironmentVariable rank("PMI_RANK", "1"), size("PMI_SIZE", "2");
    CHECK((launched().rank == 1 && launched().size == 2));
  }
  {
    const EnvironmentVariable rank("PMIX_RANK", "5"), size("SLURM_STEP_NUM_TASKS", "6");
    CHECK((launched().rank == 5 && launched().size == 6));
  }
  const EnvironmentVariable rank("PMI_RANK", "3"), size("PMI_SIZE", "nonsense");
  CHECK((launched().rank == 0 && launched().size == 1));
}

}  // namespace qkvbench::testing
