// What looks on while a tape works: stopping between two operations, and finding the first number that is not finite.
// Neither changes a bit of a result.
#pragma once
#include <functional>
#include <string>
#include <unordered_map>

#include "qkvbench/nn/parameters.hpp"

namespace qkvbench::train {

/// Thrown out of a step or an evaluation that was asked to stop; no parameter has changed since the step before.
struct Stopped {
  int signal = 0;  ///< that asked for it; 0: its time is up
};

/// Asks before every operation, so that a step of minutes stops within one operation.
class StopObserver : public TapeObserver {
 public:
  /// `signal`: what to say of who asks.
  explicit StopObserver(std::function<bool()> wants_stop, std::function<int()> signal = {})
      : wants_stop_(std::move(wants_stop)), signal_(std::move(signal)) {}
  void on_result(const Node&) override { ask(); }
  void on_backward(const Node&) override { ask(); }

 private:
  void ask() const {
    if (wants_stop_ && wants_stop_()) throw Stopped{signal_ ? signal_() : 0};
  }
  std::function<bool()> wants_stop_;
  std::function<int()> signal_;
};

/// Thrown by FiniteObserver: "the output of linear (blocks.0.mlp.fc_in)".
struct NotFinite {
  std::string what;
};

/// Looks at every result and every gradient; throws NotFinite at the first that is not finite.
class FiniteObserver : public TapeObserver {
 public:
  explicit FiniteObserver(const nn::Parameters& parameters) : parameters_(parameters) {}
  void on_result(const Node& node) override;
  void on_parameter(const Node& node) override;
  void on_forget() override { check(); }
  void on_backward(const Node& node) override;
  /// Looks at the last result too.
  void check();

 private:
  const nn::Parameters& parameters_;
  const Node* pending_ = nullptr;
  std::string place_;
  bool fresh_ = false;  ///< place_ was named after the result before
  std::unordered_map<const Node*, std::string> names_;
};

/// The name of the first parameter with a value that is not finite; empty when all are.
std::string parameter_not_finite(const nn::Parameters& parameters);
/// The last with such a gradient: gradients come from behind.
std::string gradient_not_finite(const nn::Parameters& parameters);

}  // namespace qkvbench::train
