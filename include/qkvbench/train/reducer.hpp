// The sum of a step's gradient over a process's own parts and over all ranks, bucket by bucket: what is sent hides
// behind the backward pass, which computes the gradients of the first layers last.
#pragma once
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "qkvbench/nn/parameters.hpp"
#include "qkvbench/train/all_reduce.hpp"
#include "qkvbench/train/replicas.hpp"

namespace qkvbench::train {

/// Looks on at the backward pass of a step's last micro-batch. A parameter's gradient is whole when the pass has gone
/// behind the first operation that could have used it; buckets are handed to a thread from the end of the array on.
/// Every rank sums every bucket in every step, whatever happened to it, so that none waits for another.
/// Source: Li et al. 2020, "PyTorch Distributed", section 3.2.
class Reducer : public TapeObserver {
 public:
  /// `gather`: all ranks get all sums, else their shares alone. `parts`: that this rank computes, one after the other
  /// in the parameters' gradients. Parameters, allocated, and ranks must outlive it.
  Reducer(Ranks& ranks, nn::Parameters& parameters, index_t parts, bool gather);
  ~Reducer();

  AllReduce& all_reduce() { return all_reduce_; }

  /// Before the first part of a step.
  void begin();
  /// Behind a part that is not this rank's last.
  void add_part() { tree_.add(); }
  /// Behind the last part, or where the step is given up: waits until all buckets are summed. Throws RankLost.
  void finish();

  /// Who is to watch the last micro-batch: this, on behalf of another observer too (null: of none), or that one alone
  /// where nothing is sent beside the pass.
  TapeObserver* with(TapeObserver* next) {
    next_ = next;
    return beside_ ? this : next;
  }
  void on_result(const Node& node) override;
  void on_parameter(const Node& node) override;
  void on_forget() override;
  void on_named(const char* module, const char* name, Value value) override;
  void on_backward(const Node& node) override;

 private:
  struct Use {
    index_t offset;  ///< of a parameter in the flat array
    index_t place;   ///< of the operations behind which those that use it come; kUnused before the first
  };
  static constexpr index_t kUnused = index_t{1} << 62;

  void work();
  void sum(index_t bucket);
  /// Gradients from here on are whole.
  void publish(index_t whole_from);

  Ranks& ranks_;
  AllReduce all_reduce_;
  std::span<real> gradient_;
  GradientTree tree_;
  const bool gather_, beside_;
  TapeObserver* next_ = nullptr;
  std::vector<Use> uses_;  // in the order of the flat array
  std::size_t open_ = 0;   // uses_ from here on are whole
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by the mutex.
  index_t whole_from_ = 0, left_ = 0;  // elements; buckets that are not summed yet, the first ones
  bool ends_ = false;
  std::exception_ptr error_;
  std::thread thread_;  // begins with the first step
};

}  // namespace qkvbench::train
