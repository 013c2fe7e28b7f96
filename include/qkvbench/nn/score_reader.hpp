// A reader of forward passes: the scores of attention before the softmax, layer by layer.
// It only listens to what modules tell by name; no module knows of it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "qkvbench/nn/model.hpp"

namespace qkvbench::nn {

/// Give it to Tape::watch() before a forward pass.
class ScoreReader : public TapeObserver {
 public:
  explicit ScoreReader(const Model& model) : model_(model) {}
  void on_named(const char* module, const char* name, Value value) override;
  /// Of the last pass.   result: [B, heads, T, T]; pairs that a mask leaves out are -infinity.
  const std::vector<real>& layer(index_t i) const;

 private:
  const Model& model_;
  Value q_, k_;
  std::map<std::string, std::vector<real>> scores_;  // by the name of the module
};

}  // namespace qkvbench::nn
