// MPI: messages between two ranks, waited for without holding the processor.
// The only file that includes mpi.h. Its collective operations are not used: the order of their sums is their own.
#include "qkvbench/base/mpi_ranks.hpp"

#include <mpi.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "qkvbench/base/system.hpp"

namespace qkvbench {

namespace {

/// A process, as others on its machine see it.
struct Place {
  std::array<char, 320> machine{};  ///< its name, and the name space of process numbers
  std::int64_t pid = 0;
};

Place this_place() {
  Place place;
  place.pid = ::getpid();
  char* const text = place.machine.data();
  ::gethostname(text, 255);
  const std::size_t end = std::strlen(text);
  static_cast<void>(!::readlink("/proc/self/ns/pid", text + end, place.machine.size() - end - 1));
  return place;
}

class MpiRanks : public Ranks {
 public:
  MpiRanks(int rank, int size, bool any_thread)
      : Ranks(rank, size), any_thread_(any_thread), places_(static_cast<std::size_t>(size)) {
    const Place mine = this_place();
    MPI_Allgather(&mine, sizeof(Place), MPI_BYTE, places_.data(), sizeof(Place), MPI_BYTE, MPI_COMM_WORLD);
  }

  int leave(int status) override {
    int all = status;
    try {
      all = Ranks::leave(status);
    } catch (const Error& error) {  // of a rank that failed while this one was done
      all = static_cast<int>(error.status());
    }
    if (lost()) MPI_Abort(MPI_COMM_WORLD, all);  // MPI_Finalize would wait for the lost one
    MPI_Finalize();
    return all;
  }

  int on_this_machine() const override {
    int count = 0;
    for (const Place& place : places_) count += shares_machine(place) ? 1 : 0;
    return count;
  }

  bool any_thread() const override { return any_thread_; }

 private:
  bool shares_machine(const Place& place) const {
    return place.machine == places_[static_cast<std::size_t>(rank())].machine;
  }

  void do_exchange(int partner, std::span<const std::byte> out, std::span<std::byte> in) override {
    std::array<MPI_Request, 2> requests{MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    if (out.size() > INT_MAX || in.size() > INT_MAX) fail_internal("exchange: a message of more than 2 GiB");
    if (!in.empty())
      MPI_Irecv(in.data(), static_cast<int>(in.size()), MPI_BYTE, partner, 0, MPI_COMM_WORLD, &requests[0]);
    if (!out.empty())
      MPI_Isend(out.data(), static_cast<int>(out.size()), MPI_BYTE, partner, 0, MPI_COMM_WORLD, &requests[1]);
    wait(requests, partner);
  }

  /// Polls, at first between other threads, then between short sleeps: MPI's own waiting holds a core, also while
  /// rank 0 tests the model for minutes. Beside other work it sleeps from the beginning.
  void wait(std::array<MPI_Request, 2>& requests, int partner) {
    constexpr double kAwake_s = 2e-3, kLook_s = 0.25;
    constexpr useconds_t kSleep_us = 100, kSleepBeside_us = 20;
    const double begin = seconds_now();
    double looked = begin;
    for (int done = 0;;) {
      MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE);
      if (done != 0) return;
      const double now = seconds_now();
      if (beside())
        ::usleep(kSleepBeside_us);
      else if (now - begin < kAwake_s)
        ::sched_yield();
      else
        ::usleep(kSleep_us);
      if (now - looked < kLook_s) continue;
      looked = now;
      if (has_ended(places_[static_cast<std::size_t>(partner)])) throw RankLost(partner);
    }
  }

  /// Of a rank on this machine. The connection to one elsewhere breaks when it ends, which MPI ends all ranks for.
  bool has_ended(const Place& place) const {
    return shares_machine(place) && ::kill(static_cast<pid_t>(place.pid), 0) != 0 && errno == ESRCH;
  }

  const bool any_thread_;
  std::vector<Place> places_;
};

}  // namespace

std::unique_ptr<Ranks> join_mpi() {
  int rank = 0, size = 1, threads = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &threads);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return std::make_unique<MpiRanks>(rank, size, threads >= MPI_THREAD_SERIALIZED);
}

std::string mpi_name() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  // "Open MPI v4.1.4, package: …", or "MPICH Version:\t4.0.2\nMPICH Release date: …"
  std::string name(text.data(), static_cast<std::size_t>(length));
  name.resize(std::min(name.find_first_of(",\n"), name.size()));
  std::ranges::replace(name, '\t', ' ');
  return name;
}

}  // namespace qkvbench
