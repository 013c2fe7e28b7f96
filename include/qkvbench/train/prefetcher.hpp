// Making the next batch on a thread of its own while the present one is trained on.
// Two batches and one thread; what a batch holds is a function of its number alone, so nothing here changes a result.
#pragma once
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "qkvbench/tensor/batch.hpp"

namespace qkvbench::train {

class Prefetcher {
 public:
  static constexpr index_t kNone = -1;
  /// Makes the batch of this number, which is never negative. Called on the thread alone, one batch after another.
  using Fill = std::function<void(index_t number, Batch& batch)>;

  explicit Prefetcher(Fill fill) : fill_(std::move(fill)) {}
  /// Waits for the batch that is being made.
  ~Prefetcher();
  Prefetcher(const Prefetcher&) = delete;
  Prefetcher& operator=(const Prefetcher&) = delete;

  /// The batch of this number, valid until the next call; `next` (or kNone) is made from now on. It need not wait when
  /// the call before said `next` = number and enough time went by. Throws what the filling threw.
  const Batch& take(index_t number, index_t next);

  /// Seconds that calls of take() waited so far.
  double waited_s() const { return waited_s_; }

 private:
  void work();
  void request(index_t number);

  Fill fill_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by the mutex. `back_` belongs to the thread while wanted_ != made_, and to the caller otherwise.
  index_t wanted_ = kNone, made_ = kNone;
  bool ends_ = false;
  std::exception_ptr error_;  // of batch made_

  Batch front_, back_;
  double waited_s_ = 0;
  std::thread thread_;  // begins with the first request
};

}  // namespace qkvbench::train
