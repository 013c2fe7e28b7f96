// Ranks that are threads of one process, for tests of what is said and summed without MPI.
// Messages are copied; a thread that is through has ended, as a process would.
#pragma once
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "qkvbench/base/ranks.hpp"

namespace qkvbench::testing {

/// What all ranks' threads share.
struct Post {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> letters;  // from, to
  std::vector<bool> ended;
};

class ThreadRank : public Ranks {
 public:
  ThreadRank(int rank, int size, Post& post) : Ranks(rank, size), post_(post) {}

 private:
  void do_exchange(int partner, std::span<const std::byte> out, std::span<std::byte> in) override {
    std::unique_lock lock(post_.mutex);
    if (!out.empty()) post_.letters[{rank(), partner}].emplace_back(out.begin(), out.end());
    post_.changed.notify_all();
    if (in.empty()) return;
    auto& letters = post_.letters[{partner, rank()}];
    post_.changed.wait(lock, [&] { return !letters.empty() || post_.ended[static_cast<std::size_t>(partner)]; });
    if (letters.empty()) throw RankLost(partner);
    if (letters.front().size() != in.size()) fail_internal("a letter of another size");
    std::copy(letters.front().begin(), letters.front().end(), in.begin());
    letters.pop_front();
  }

  Post& post_;
};

/// Runs f as so many ranks and waits for all. Returns what each threw; null where it threw nothing.
inline std::vector<std::exception_ptr> run_as_ranks(int size, const std::function<void(Ranks&)>& f) {
  Post post;
  post.ended.resize(static_cast<std::size_t>(size));
  std::vector<std::exception_ptr> thrown(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      ThreadRank self(rank, size, post);
      try {
        f(self);
      } catch (...) {
        thrown[static_cast<std::size_t>(rank)] = std::current_exception();
      }
      const std::lock_guard lock(post.mutex);
      post.ended[static_cast<std::size_t>(rank)] = true;
      post.changed.notify_all();
    });
  for (std::thread& thread : threads) thread.join();
  return thrown;
}

/// The same of what must not throw.
inline void run_all_ranks(int size, const std::function<void(Ranks&)>& f) {
  for (const std::exception_ptr& error : run_as_ranks(size, f))
    if (error) std::rethrow_exception(error);
}

}  // namespace qkvbench::testing
