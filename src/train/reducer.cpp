// Which gradients are whole, and the thread that sums them.
// The order of sums is all_reduce's and replicas'.
#include "qkvbench/train/reducer.hpp"

#include <algorithm>
#include <utility>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/system.hpp"

namespace qkvbench::train {

Reducer::Reducer(Ranks& ranks, nn::Parameters& parameters, index_t parts, bool gather)
    : ranks_(ranks),
      all_reduce_(ranks, static_cast<index_t>(parameters.grads().size())),
      gradient_(parameters.grads()),
      tree_(gradient_, parts),
      gather_(gather),
      beside_(ranks.size() > 1 && ranks.any_thread()) {
  for (const nn::Parameter& p : parameters.all()) uses_.push_back({p.offset, kUnused});
}

Reducer::~Reducer() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Reducer::begin() {
  tree_.begin();
  for (Use& use : uses_) use.place = kUnused;
  open_ = uses_.size();
  if (!beside_) return;
  {
    const std::lock_guard lock(mutex_);
    whole_from_ = static_cast<index_t>(gradient_.size());
    left_ = all_reduce_.buckets();
    ranks_.work_beside(true);
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
}

void Reducer::finish() {
  if (!beside_) {
    for (index_t i = all_reduce_.buckets(); i-- > 0;) sum(i);
    return;
  }
  ranks_.work_beside(false);
  publish(0);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return left_ == 0; });
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Reducer::sum(index_t bucket) {
  const auto [begin, end] = all_reduce_.bucket(bucket);
  tree_.add_last(begin, end);
  all_reduce_.reduce_scatter(gradient_, bucket);
  if (gather_) all_reduce_.all_gather(gradient_, bucket);
}

void Reducer::work() {
  work_alone();
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ends_ || (left_ > 0 && all_reduce_.bucket(left_ - 1).first >= whole_from_); });
    if (ends_) return;
    const index_t bucket = left_ - 1;
    lock.unlock();
    std::exception_ptr error;
    try {
      sum(bucket);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    left_ = error ? 0 : bucket;
    error_ = error;
    changed_.notify_all();
  }
}

void Reducer::publish(index_t whole_from) {
  {
    const std::lock_guard lock(mutex_);
    whole_from_ = whole_from;
  }
  changed_.notify_all();
}

void Reducer::on_result(const Node& node) {
  if (next_) next_->on_result(node);
}

void Reducer::on_parameter(const Node& node) {
  if (next_) next_->on_parameter(node);
  // What a recomputed block begins with is on the tape as a parameter too.
  const std::ptrdiff_t offset = node.grad - gradient_.data();
  if (offset < 0 || offset >= std::ssize(gradient_)) return;
  Use& use = *std::prev(std::ranges::upper_bound(uses_, offset, {}, &Use::offset));
  use.place = std::min(use.place, node.place);
}

void Reducer::on_forget() {
  if (next_) next_->on_forget();
}

void Reducer::on_named(const char* module, const char* name, Value value) {
  if (next_) next_->on_named(module, name, value);
}

void Reducer::on_backward(const Node& node) {
  if (next_) next_->on_backward(node);
  const std::size_t before = open_;
  while (open_ > 0 && uses_[open_ - 1].place >= node.place) --open_;
  if (open_ < before) publish(uses_[open_].offset);
}

}  // namespace qkvbench::train
