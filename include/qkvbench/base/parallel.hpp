// The one wrapper of OpenMP: how many threads, and a loop over independent pieces of work.
// It offers no reduction on purpose: a sum split by thread count would change with the machine.
#pragma once
#include <omp.h>

#include <algorithm>
#include <exception>

#include "qkvbench/base/profile.hpp"
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

/// Makes waiting threads sleep after some ten microseconds instead of many milliseconds, unless the environment says
/// how they should wait. Call it first in main(): on Linux it starts the program again, in the same process, since the
/// OpenMP library has read its environment by then. With another program busy on a core, a training step is
/// otherwise up to ten times slower: threads that spin keep each other from the processor.
void use_short_waits(char** argv);

/// Calls f(i). Never inlined: alone and in a team the same machine code runs, since two copies of a body may be
/// contracted to fused multiply-adds in two ways, and then differ in their last bits.
template <class F>
[[gnu::noinline]] void run_piece(F& f, index_t i) {
  f(i);
}

/// Calls f(i) once for every i in [0, n), on up to threads() threads, in contiguous shares.
/// The pieces must not depend on each other. The first exception is thrown again after the loop.
/// Loops inside f run on the calling thread.
template <class F>
void parallel_for(index_t n, F&& f) {
  if (n <= 1 || threads() == 1) {
    for (index_t i = 0; i < n; ++i) run_piece(f, i);
    return;
  }
  std::exception_ptr error;
  const int team = static_cast<int>(std::min<index_t>(n, threads()));
  Profile* const profile = Profile::current();
  Part part = Part::kOther;
#pragma omp parallel num_threads(team)
  {
#pragma omp for schedule(static) nowait
    for (index_t i = 0; i < n; ++i) {
      try {
        run_piece(f, i);
      } catch (...) {
#pragma omp critical(qkvbench_parallel_error)
        if (!error) error = std::current_exception();
      }
    }
    if (profile != nullptr && omp_get_thread_num() == 0) part = profile->enter(Part::kWaiting);
  }
  if (profile != nullptr) profile->enter(part);
  if (error) std::rethrow_exception(error);
}

/// Splits [0, n) into pieces of `grain` (the last may be shorter) and calls f(begin, end) for each.
/// The pieces depend on n and grain alone, so a partial result for each piece is the same on any machine.
template <class F>
void parallel_ranges(index_t n, index_t grain, F&& f) {
  parallel_for((n + grain - 1) / grain, [&](index_t i) { f(i * grain, std::min(n, (i + 1) * grain)); });
}

}  // namespace qkvbench
