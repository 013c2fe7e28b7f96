// The tape: a record of the operations of one step, walked backward to give every value its gradient.
// No graph, no reference counts: values are plain structs that live in an arena until the step is over.
#pragma once
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "qkvbench/base/arena.hpp"
#include "qkvbench/base/profile.hpp"
#include "qkvbench/kernels/number_format.hpp"
#include "qkvbench/tensor/shape.hpp"

namespace qkvbench {

/// One value on the tape. Operations read and write its fields; everyone else uses Value.
struct Node {
  Shape shape;
  real* data = nullptr;         ///< null where the numbers are narrow
  std::byte* narrow = nullptr;  ///< rows of the last size, of what is only read, by rows
  kernels::NumberFormat format = kernels::NumberFormat::kFp32;
  real* grad = nullptr;  ///< null until something flows back
  bool needs_grad = false;
  /// The place among the operations that have a backward pass; of a parameter that of the last one before it, so that
  /// all that use it come behind.
  index_t place = 0;
  const char* operation = "";  ///< the function that made it
  Part part = Part::kOther;    ///< of the operation, to which its backward pass belongs too
  void (*backward)(void* closure) = nullptr;
  void* closure = nullptr;
  Node* previous = nullptr;
};

/// A handle to a value on a tape: its shape, its numbers, its gradient. Copied freely, valid until the tape's reset().
class Value {
 public:
  Value() = default;
  explicit Value(Node* node) : node_(node) {}

  bool defined() const { return node_ != nullptr; }
  const Shape& shape() const { return node_->shape; }
  real* data() const { return node_->data; }
  /// The same numbers as rows of the last size, in whatever format they are.
  kernels::Rows rows() const {
    if (node_->narrow) return {node_->narrow, shape().last(), node_->format};
    return kernels::real_rows(node_->data, shape().last());
  }
  /// Where the operation that made it writes them.
  kernels::NumberStore store() const {
    return node_->narrow ? kernels::NumberStore(node_->narrow, node_->format) : kernels::NumberStore(node_->data);
  }
  /// The gradient, or null when nothing has flowed back.
  const real* grad() const { return node_->grad; }
  bool needs_grad() const { return node_ && node_->needs_grad; }
  Node* node() const { return node_; }

 private:
  Node* node_ = nullptr;
};

/// What reads a result. What products alone read, by rows(), is kept in the format to which they round their operands,
/// where a backward pass will want it again: half the memory with kBf16, and the same bits.
enum class ReadBy { kAll, kProducts };

/// Where an operation's backward pass writes: `accumulate` says whether the numbers there count already.
struct GradientSlot {
  real* data;
  bool accumulate;
};

/// What dropout draws from: which seed and training step, and the number of the first dropout that this tape meets.
struct RandomContext {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  std::uint32_t first_dropout_site = 0;
};

/// Looks on while a tape is filled and walked back. What it throws ends the step; parameters are then as before it.
class TapeObserver {
 public:
  virtual ~TapeObserver() = default;
  /// An operation has room for its result and will compute it next; all results before it are computed.
  virtual void on_result(const Node&) {}
  virtual void on_parameter(const Node&) {}
  /// All results are computed and some of them will go.
  virtual void on_forget() {}
  /// A module tells a value by name: "blocks.0.attn", "q". It is computed.
  virtual void on_named(const char* /*module*/, const char* /*name*/, Value) {}
  /// A value has its whole gradient and will hand it on.
  virtual void on_backward(const Node&) {}
};

class Tape {
 public:
  /// `recording` false: forward passes only, nothing is kept for gradients and dropout does nothing.
  /// operands: to what products round their operands, forward and backward; all else is in fp32.
  explicit Tape(bool recording = true, kernels::NumberFormat operands = kernels::NumberFormat::kFp32)
      : operands_(operands), recording_(recording) {}

  bool recording() const { return recording_; }
  kernels::NumberFormat operands() const { return operands_; }
  Arena& arena() { return arena_; }
  /// Tells those who look on what a module calls a value.
  void tell(const char* module, const char* name, Value value) {
    if (watch_) watch_->on_named(module, name, value);
  }
  /// From now on; null ends it. It must outlive its time here.
  void watch(TapeObserver* watch) { watch_ = watch; }
  TapeObserver* watcher() const { return watch_; }

  /// Forgets all values and gives their memory back for the next step.
  void reset(RandomContext random = {});

  RandomContext random() const { return random_; }
  /// A new number for each dropout of a step, the same from step to step.
  std::uint32_t next_dropout_site() { return dropout_site_++; }
  /// The number that comes next.
  std::uint32_t dropout_site() const { return dropout_site_; }

  /// A value that the caller owns and that gets no gradient.
  Value constant(const Shape& shape, const real* data);
  /// A value that the caller owns, with the caller's gradient, which is accumulated.
  Value parameter(const Shape& shape, real* data, real* grad);
  /// A value that the caller owns, in a narrow format, and that gets no gradient: rows of the last size.
  Value narrow_parameter(const Shape& shape, kernels::NumberFormat format, const std::byte* rows);
  /// An operation's result, uninitialised. The operation is known by the name of the function that calls.
  Value new_value(const Shape& shape, bool needs_grad, const char* operation = __builtin_FUNCTION());
  Value new_value(ReadBy readers, const Shape& shape, bool needs_grad, const char* operation = __builtin_FUNCTION());
  /// The same numbers under another shape of as many elements; gradients flow through.
  Value reshape(Value x, const Shape& shape);

  /// Registers what to do when `out` has its gradient. F is called once, in reverse order of registration;
  /// it captures pointers and sizes only, since nothing is destroyed.
  template <class F>
  void on_backward(Value out, F backward) {
    if (!out.needs_grad()) return;
    static_assert(std::is_trivially_destructible_v<F> && alignof(F) <= 64);
    Node* node = out.node();
    node->part = current_part();
    node->place = ++places_;
    node->closure = new (arena_.take_bytes(sizeof(F))) F(backward);
    node->backward = [](void* closure) { (*static_cast<F*>(closure))(); };
    node->previous = last_;
    last_ = node;
  }

  /// x's gradient, to be written or accumulated as the slot says.
  GradientSlot grad_slot(Value x);
  /// x's gradient, to be accumulated: zero if nothing had flowed back.
  real* accumulator(Value x);
  /// Lets `to` have the buffer of `from`'s gradient, which nobody needs any more. Call it last in a backward pass.
  void alias_grad(Value from, Value to);

  /// Gives every value its gradient of seed · loss; loss is a single number of this tape.
  void backward(Value loss, real seed = 1);

  /// Runs f, then takes everything off the tape again that f left on it, with its memory.
  template <class F>
  void run_and_forget(F f) {
    const Arena::Mark mark = arena_.mark();
    Node* last = last_;
    f();
    if (watch_) watch_->on_forget();
    last_ = last;
    arena_.rewind(mark);
  }
  /// The same, with a walk backward over what f left before it goes; f draws dropout from `site` on.
  template <class F>
  void run_and_walk_back(std::uint32_t site, F f) {
    const std::uint32_t site_here = std::exchange(dropout_site_, site);
    run_and_forget([&] {
      last_ = nullptr;
      f();
      walk_back();
    });
    dropout_site_ = site_here;
  }

 private:
  Node* new_node(const Shape& shape, bool needs_grad);
  void walk_back();

  Arena arena_;
  Node* last_ = nullptr;
  index_t places_ = 0;
  TapeObserver* watch_ = nullptr;
  RandomContext random_;
  std::uint32_t dropout_site_ = 0;
  kernels::NumberFormat operands_;
  bool recording_;
};

}  // namespace qkvbench
