// The processes that work on one run together, started by mpirun or srun: who this one is, and how they talk.
// What they compute is in train/: here bytes are exchanged, and at agreed points a word of fixed size.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "qkvbench/base/error.hpp"

namespace qkvbench {

/// What a rank says at one of the points where all do, and what all of them said, put together.
struct Word {
  double loss_nats = 0;          ///< added by the tree of neighbours, ((0+1)+(2+3))+…
  std::int64_t correct = 0;      ///< added
  std::int64_t targets = 0;      ///< added
  std::int64_t first = 0;        ///< rank 0's, whatever others say
  std::int32_t stop = 0;         ///< not 0: somebody was asked to stop; the largest
  std::int32_t rank = kNobody;   ///< the lowest that has something to tell
  std::int32_t status = 0;       ///< of that rank: the Exit that it leaves with
  std::array<char, 512> text{};  ///< of that rank, ended by 0, cut where it is longer
  static constexpr std::int32_t kNobody = 1 << 30;

  void tell(int by, int with_status, const std::string& what);
};

/// This process among the ranks of a run. All of them say the same number of words; who cannot go on says so in the
/// place of its next word, and then all leave with that error. So nobody waits for a rank that has left.
class Ranks {
 public:
  Ranks(int rank, int size) : rank_(rank), size_(size) {}
  virtual ~Ranks() = default;
  Ranks(const Ranks&) = delete;
  Ranks& operator=(const Ranks&) = delete;

  int rank() const { return rank_; }
  int size() const { return size_; }
  /// The one that writes files and prints.
  bool is_first() const { return rank_ == 0; }

  /// Sends `out` to another rank and takes `in` from it, which says the same sizes the other way round; either may be
  /// empty. Throws RankLost when the other process has ended.
  void exchange(int partner, std::span<const std::byte> out, std::span<std::byte> in);
  /// Makes every rank's bytes those of rank 0. All say the same size.
  void broadcast(std::span<std::byte> bytes);
  /// What all said, once all have.
  Word put_together(const Word& mine);
  /// The same. Throws the Error of the lowest rank that left with fail(), "rank 2: …" when it is not rank 0.
  Word agree(const Word& mine);
  /// Leaves with an error: tells the others in the place of the next word, unless they have left too. Returns the error
  /// that all leave with: this one, or that of a lower rank.
  Error fail(const Error& error);
  /// The last word; afterwards nothing may be said. `status`: what the program ends with. Returns rank 0's; ends all
  /// ranks where one was lost.
  virtual int leave(int status);

  /// Exchanges from here on are made beside other work, on a thread of their own: nobody waits for them, and they take
  /// as little of a core as they can. The thread that joined makes none meanwhile. Only where another thread may.
  void work_beside(bool beside) { beside_ = beside; }
  bool beside() const { return beside_; }
  virtual bool any_thread() const { return true; }

  /// Bytes that exchange() sent, and seconds that were waited for it.
  std::uint64_t sent_bytes() const { return sent_bytes_; }
  double waited_s() const { return waited_s_; }
  /// How many ranks share this machine.
  virtual int on_this_machine() const { return 1; }

 protected:
  virtual void do_exchange(int partner, std::span<const std::byte> out, std::span<std::byte> in) = 0;
  bool lost() const { return lost_; }

 private:
  int rank_, size_;
  bool left_ = false, lost_ = false;
  std::atomic<bool> beside_{false};
  std::uint64_t sent_bytes_ = 0;
  double waited_s_ = 0;
};

/// A rank ended without a word.
class RankLost : public Error {
 public:
  explicit RankLost(int rank)
      : Error(Exit::kInternal,
              "rank " + std::to_string(rank) + " has ended without a word; start all ranks again with --resume") {}
};

/// A process that was started alone.
Ranks& alone();

/// Who mpirun or srun says that this process is, by the environment; nothing is started.
struct Launched {
  int rank = 0, size = 1;
};
Launched launched();

/// Takes what launched() reads out of the environment: processes that this one starts are no ranks.
void launch_alone();

/// The ranks among which this process was started; alone where it is the only one, and then MPI is not touched.
/// Throws Error (usage) when there are more and the program was built without MPI.
std::unique_ptr<Ranks> join_ranks();

/// "Open MPI v4.1.4", or empty where the program was built without MPI.
std::string mpi_library();

}  // namespace qkvbench
