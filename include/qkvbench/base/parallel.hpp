// Threads: how many, and a loop over independent pieces of work.
// It offers no reduction on purpose: a sum split by thread count would change with the machine.
#pragma once
#include <algorithm>
#include <exception>
#include <mutex>
#include <type_traits>

#include "qkvbench/base/real.hpp"

namespace qkvbench {

/// Sets the number of threads that parallel_for uses; n >= 1.
void set_threads(int n);

/// Number of threads that parallel_for uses now (1 inside a parallel_for and on a thread that works alone).
int threads();

/// From now on every parallel_for that the calling thread begins runs on that thread alone. For a thread that works
/// beside the others: a second team would only take the cores from the first.
void work_alone();

/// Number of physical cores this process may run on (SMT siblings count once; 1 when unknown).
int physical_cores();

/// Calls f(i). Never inlined: alone and in a team the same machine code runs, since two copies of a body may be
/// contracted to fused multiply-adds in two ways, and then differ in their last bits.
template <class F>
[[gnu::noinline]] void run_piece(F& f, index_t i) {
  f(i);
}

/// What a member of a team does of a loop: share(loop, member), member in [0, team).
using TeamShare = void (*)(void* loop, int member);

/// Calls share(loop, member) once for each member, member 0 on the calling thread, and returns when all are done.
/// Threads are started when they are first needed and wait between loops: some ten microseconds awake, since a training
/// step has hundreds of loops, then asleep, since another program may need the core. When the threads have another
/// caller's loop, all members run on the calling thread. `share` must not throw.
void run_team(int team, TeamShare share, void* loop);

/// Calls f(i) once for every i in [0, n), on up to threads() threads, in contiguous shares.
/// The pieces must not depend on each other. The first exception is thrown again after the loop.
/// Loops inside f run on the calling thread.
template <class F>
void parallel_for(index_t n, F&& f) {
  if (n <= 1 || threads() == 1) {
    for (index_t i = 0; i < n; ++i) run_piece(f, i);
    return;
  }
  struct Loop {
    std::remove_reference_t<F>& f;
    const index_t n, team;
    std::mutex mutex{};
    std::exception_ptr error{};
  } loop{f, n, std::min<index_t>(n, threads())};
  const auto share = [](void* data, int member) {
    Loop& all = *static_cast<Loop*>(data);
    for (index_t i = all.n * member / all.team; i < all.n * (member + 1) / all.team; ++i) {
      try {
        run_piece(all.f, i);
      } catch (...) {
        const std::lock_guard lock(all.mutex);
        if (!all.error) all.error = std::current_exception();
      }
    }
  };
  run_team(static_cast<int>(loop.team), share, &loop);
  if (loop.error) std::rethrow_exception(loop.error);
}

/// Splits [0, n) into pieces of `grain` (the last may be shorter) and calls f(begin, end) for each.
/// The pieces depend on n and grain alone, so a partial result for each piece is the same on any machine.
template <class F>
void parallel_ranges(index_t n, index_t grain, F&& f) {
  parallel_for((n + grain - 1) / grain, [&](index_t i) { f(i * grain, std::min(n, (i + 1) * grain)); });
}

}  // namespace qkvbench
