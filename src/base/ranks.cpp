// Words and broadcasts over any means of exchange: binomial trees with the nearest rank first.
// A lone process says its words to itself.
#include "qkvbench/base/ranks.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "qkvbench/base/system.hpp"

#ifdef QKVBENCH_MPI
#include "qkvbench/base/mpi_ranks.hpp"
#endif

namespace qkvbench {

namespace {

/// Neighbours' words: `a` is of lower ranks than `b`.
Word both(const Word& a, const Word& b) {
  Word word = a.rank <= b.rank ? a : b;
  word.loss_nats = a.loss_nats + b.loss_nats;
  word.correct = a.correct + b.correct;
  word.targets = a.targets + b.targets;
  word.first = a.first;
  word.stop = std::max(a.stop, b.stop);
  return word;
}

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

class Alone : public Ranks {
 public:
  Alone() : Ranks(0, 1) {}

 private:
  void do_exchange(int, std::span<const std::byte>, std::span<std::byte>) override {}
};

/// Where the environment says who a process is: Open MPI's mpirun, then MPICH's and srun with PMI, then srun with PMIx,
/// which leaves the size to Slurm.
struct LaunchNames {
  const char *rank, *size;
};
constexpr LaunchNames kLaunchNames[]{
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"}, {"PMI_RANK", "PMI_SIZE"}, {"PMIX_RANK", "SLURM_STEP_NUM_TASKS"}};

/// The number that a variable of the environment holds, or -1.
int number_in(const char* name) {
  const char* const text = std::getenv(name);
  int number = -1;
  if (text != nullptr) std::from_chars(text, text + std::strlen(text), number);
  return number;
}

}  // namespace

void Word::tell(int by, int with_status, const std::string& what) {
  rank = by;
  status = with_status;
  text = {};
  std::copy_n(what.begin(), std::min(what.size(), text.size() - 1), text.begin());
}

void Ranks::exchange(int partner, std::span<const std::byte> out, std::span<std::byte> in) {
  const double begin = seconds_now();
  try {
    do_exchange(partner, out, in);
  } catch (const RankLost&) {
    lost_ = left_ = true;
    throw;
  }
  sent_bytes_ += out.size();
  if (!beside()) waited_s_ += seconds_now() - begin;
}

void Ranks::broadcast(std::span<std::byte> bytes) {
  // Each rank has it from the rank without its lowest set bit, and hands it to those above itself, the farthest first.
  int step = 1;
  while (step < size_ && rank_ % (2 * step) == 0) step *= 2;
  constexpr std::size_t kPiece = std::size_t{16} << 20;
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(kPiece, bytes.size()))) {
    const std::span<std::byte> piece = bytes.first(std::min(kPiece, bytes.size()));
    if (rank_ != 0) exchange(rank_ - step, {}, piece);
    for (int above = step / 2; above > 0; above /= 2)
      if (rank_ + above < size_) exchange(rank_ + above, piece, {});
  }
}

Word Ranks::put_together(const Word& mine) {
  Word all = mine, other;
  for (int step = 1; step < size_ && rank_ % (2 * step) != step; step *= 2) {
    if (rank_ + step >= size_) continue;
    exchange(rank_ + step, {}, std::as_writable_bytes(std::span(&other, 1)));
    all = both(all, other);
  }
  if (rank_ != 0) exchange(rank_ - (rank_ & -rank_), bytes_of(all), {});
  broadcast(std::as_writable_bytes(std::span(&all, 1)));
  return all;
}

Word Ranks::agree(const Word& mine) {
  const Word all = put_together(mine);
  if (all.rank == Word::kNobody) return all;
  left_ = true;
  const std::string who = all.rank == 0 ? "" : "rank " + std::to_string(all.rank) + ": ";
  throw Error(static_cast<Exit>(all.status), who + all.text.data());
}

Error Ranks::fail(const Error& error) {
  if (left_ || size_ == 1) return error;
  Word mine;
  mine.tell(rank_, static_cast<int>(error.status()), error.what());
  try {
    agree(mine);
  } catch (const Error& of_all) {
    return of_all;
  }
  return error;
}

int Ranks::leave(int status) {
  if (left_) return status;
  Word mine;
  mine.first = status;
  return static_cast<int>(agree(mine).first);
}

Ranks& alone() {
  static Alone process;
  return process;
}

Launched launched() {
  for (const LaunchNames& names : kLaunchNames) {
    const Launched found{number_in(names.rank), number_in(names.size)};
    if (found.rank >= 0 && found.size > found.rank) return found;
  }
  return {};
}

void launch_alone() {
  for (const LaunchNames& names : kLaunchNames) {
    ::unsetenv(names.rank);
    ::unsetenv(names.size);
  }
}

#ifdef QKVBENCH_MPI
std::unique_ptr<Ranks> join_ranks() {
  if (launched().size == 1) return std::make_unique<Alone>();
  return join_mpi();
}

std::string mpi_library() { return mpi_name(); }
#else
std::unique_ptr<Ranks> join_ranks() {
  if (const int size = launched().size; size > 1)
    fail_usage("this qkvbench was built without MPI, so it cannot be one of " + std::to_string(size) +
               " ranks; build it where MPI is installed (libopenmpi-dev), or start it without mpirun");
  return std::make_unique<Alone>();
}

std::string mpi_library() { return ""; }
#endif

}  // namespace qkvbench
