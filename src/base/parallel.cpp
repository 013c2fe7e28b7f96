// The threads of the process and how they wait for work; how many physical cores there are.
// No pinning: the operating system decides where threads run, within what the process may use.
#include "qkvbench/base/parallel.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "qkvbench/base/profile.hpp"

#ifdef __linux__
#include <sched.h>
#endif
#ifdef __APPLE__
#include <sys/sysctl.h>
#endif

namespace qkvbench {

namespace {
int g_threads = 1;
thread_local bool t_alone = false;

/// Tells the processor that this thread spins.
inline void spin_pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Returns when `value` is no longer `old`: spins shortly, since the next loop of a step follows within microseconds,
/// then sleeps. Threads that spin on keep each other, and other programs, from the processor: a training step beside a
/// busy program takes up to ten times as long.
void wait_while(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  constexpr int kSpins = 3000;
  for (int i = 0; i < kSpins; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    spin_pause();
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

/// The threads of run_team() beside its callers. Each has a counter of the loops that it was given, on a cache line of
/// its own, so that a loop wakes only those that take part.
class Workers {
 public:
  void run(int team, TeamShare share, void* loop) {
    const std::unique_lock lock(busy_, std::try_to_lock);
    if (!lock.owns_lock()) {
      for (int member = 0; member < team; ++member) run_alone(share, loop, member);
      return;
    }
    const std::uint32_t others = static_cast<std::uint32_t>(team) - 1;
    while (workers_.size() < others) start_worker();
    share_ = share;
    loop_ = loop;
    unfinished_.store(others);
    for (std::uint32_t i = 0; i < others; ++i) {
      workers_[i].loops.fetch_add(1);
      workers_[i].loops.notify_one();
    }
    run_alone(share, loop, 0);
    wait_for_others();
  }

 private:
  struct alignas(64) Worker {
    std::atomic<std::uint32_t> loops{0};
  };

  void start_worker() {
    Worker& worker = workers_.emplace_back();
    const int member = static_cast<int>(workers_.size());
    std::thread([this, &worker, member] {
      work_alone();
      for (std::uint32_t done = 0;; ++done) {
        wait_while(worker.loops, done);
        share_(loop_, member);
        if (unfinished_.fetch_sub(1) == 1) unfinished_.notify_one();
      }
    }).detach();
  }

  /// A member's share, in which other loops do not look for threads.
  static void run_alone(TeamShare share, void* loop, int member) {
    const bool before = std::exchange(t_alone, true);
    share(loop, member);
    t_alone = before;
  }

  void wait_for_others() {
    Profile* const profile = Profile::current();
    const Part part = profile == nullptr ? Part::kOther : profile->enter(Part::kWaiting);
    for (std::uint32_t left; (left = unfinished_.load(std::memory_order_acquire)) != 0;) wait_while(unfinished_, left);
    if (profile != nullptr) profile->enter(part);
  }

  std::mutex busy_;
  std::deque<Worker> workers_;  // a deque: a worker stays where it is when another is added
  TeamShare share_ = nullptr;
  void* loop_ = nullptr;
  std::atomic<std::uint32_t> unfinished_{0};
};

/// Never destroyed, and its threads never joined: they may be asleep when the process ends.
Workers& workers() {
  static Workers* const all = new Workers;
  return *all;
}
}  // namespace

void set_threads(int n) { g_threads = std::max(1, n); }

int threads() { return t_alone ? 1 : g_threads; }

void work_alone() { t_alone = true; }

void run_team(int team, TeamShare share, void* loop) { workers().run(team, share, loop); }

int physical_cores() {
#ifdef __linux__
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) {
    std::set<std::string> cores;  // one entry for each distinct set of SMT siblings
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &allowed)) continue;
      std::ifstream in("/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list");
      std::string siblings;
      cores.insert(in >> siblings ? siblings : "cpu" + std::to_string(cpu));
    }
    if (!cores.empty()) return static_cast<int>(cores.size());
  }
#endif
#ifdef __APPLE__
  int count = 0;
  std::size_t size = sizeof(count);
  if (sysctlbyname("hw.physicalcpu", &count, &size, nullptr, 0) == 0 && count > 0) return count;
#endif
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace qkvbench
