// The thread and the hand-over of batches.
// It holds no data of its own: who needs one batch only pays for a thread that sleeps.
#include "qkvbench/train/prefetcher.hpp"

#include <utility>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"

namespace qkvbench::train {

Prefetcher::~Prefetcher() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Prefetcher::work() {
  work_alone();
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ends_ || wanted_ != made_; });
    if (ends_) return;
    const index_t number = wanted_;
    lock.unlock();
    std::exception_ptr error;
    try {
      fill_(number, back_);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    error_ = error;
    made_ = number;
    changed_.notify_all();
  }
}

void Prefetcher::request(index_t number) {
  if (number == kNone) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
  {
    const std::lock_guard lock(mutex_);
    wanted_ = number;
  }
  changed_.notify_all();
}

const Batch& Prefetcher::take(index_t number, index_t next) {
  const double begin = seconds_now();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return wanted_ == made_; });
  if (made_ != number) {  // the first batch, or a jump
    lock.unlock();
    request(number);
    lock.lock();
    changed_.wait(lock, [this] { return wanted_ == made_; });
  }
  waited_s_ += seconds_now() - begin;
  if (error_) {
    wanted_ = made_ = kNone;  // asked for again, it is made again
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
  std::swap(front_, back_);
  wanted_ = made_ = kNone;
  lock.unlock();
  request(next);
  return front_;
}

}  // namespace qkvbench::train
