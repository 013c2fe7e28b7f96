// Both forward passes, and the three terms of the loss.
// What attention adds is the difference of two values that it tells.
#include "qkvbench/train/distill.hpp"

#include <cmath>
#include <string_view>
#include <vector>

#include "qkvbench/base/error.hpp"

namespace qkvbench::train {

namespace {

/// The student's residual before and behind each attention, in the order of the layers. Hands on what it hears.
class Residuals : public TapeObserver {
 public:
  explicit Residuals(TapeObserver* next) : next_(next) {}
  void on_result(const Node& node) override {
    if (next_) next_->on_result(node);
  }
  void on_parameter(const Node& node) override {
    if (next_) next_->on_parameter(node);
  }
  void on_forget() override {
    if (next_) next_->on_forget();
  }
  void on_backward(const Node& node) override {
    if (next_) next_->on_backward(node);
  }
  void on_named(const char* module, const char* name, Value value) override {
    if (name == std::string_view("residual")) before_.push_back(value);
    if (name == std::string_view("sum")) behind_.push_back(value);
    if (next_) next_->on_named(module, name, value);
  }
  std::size_t layers() const { return behind_.size(); }
  Value before(std::size_t layer) const { return before_[layer]; }
  Value behind(std::size_t layer) const { return behind_[layer]; }

 private:
  TapeObserver* next_;
  std::vector<Value> before_, behind_;
};

/// What each attention of the teacher adds to the residual; copied, since a tape that does not record forgets a block
/// when it is through.
class Added : public TapeObserver {
 public:
  explicit Added(std::vector<std::vector<real>>& layers) : layers_(layers) { layers.clear(); }
  void on_named(const char*, const char* name, Value value) override {
    if (name == std::string_view("residual")) before_ = value;
    if (name != std::string_view("sum")) return;
    std::vector<real>& added = layers_.emplace_back(static_cast<std::size_t>(value.shape().elements()));
    for (std::size_t i = 0; i < added.size(); ++i) added[i] = value.data()[i] - before_.data()[i];
  }

 private:
  std::vector<std::vector<real>>& layers_;
  Value before_;
};

/// The logits, while `observer` looks on.
Value forward(Tape& tape, const nn::Model& model, const Batch& batch, TapeObserver* observer) {
  TapeObserver* const watch = tape.watcher();
  tape.watch(observer);
  const Value logits = model.forward(tape, batch);
  tape.watch(watch);
  return logits;
}

}  // namespace

Teacher::Teacher(const nn::Model& teacher, const nn::Model& student, const DistillOptions& options)
    : model_(teacher), options_(options) {
  const nn::ModelConfig &t = teacher.config(), &s = student.config();
  const auto differ = [](const std::string& what, const std::string& theirs, const std::string& ours) {
    if (theirs != ours)
      fail_usage("the teacher's " + what + " is " + theirs + ", the model's " + ours +
                 "; name one that takes the same examples with --distill");
  };
  const auto number = [](index_t n) { return std::to_string(n); };
  differ("family", t.family, s.family);
  differ("number of positions", number(teacher.family().positions()), number(student.family().positions()));
  // What is not a family's own is alike in all of its models.
  differ("vocabulary", number(t.vocab), number(s.vocab));
  differ("number of symbols", number(t.symbols), number(s.symbols));
  differ("number of features", number(t.features), number(s.features));
  differ("image size", number(t.image_size), number(s.image_size));
  differ("number of channels", number(t.channels), number(s.channels));
  differ("number of classes", number(t.classes), number(s.classes));
  if (options.layers == 0) return;
  differ("number of layers, which --distill-layers compares,", number(t.layers), number(s.layers));
  differ("width, which --distill-layers compares,", number(t.d_model), number(s.d_model));
  if (s.recompute)
    fail_usage(
        "--distill-layers compares what is inside the blocks, which --activations recompute forgets; leave one "
        "of them out");
}

Loss Teacher::loss(Tape& tape, const nn::Model& student, const Batch& batch) {
  const bool match = options_.layers > 0;
  Residuals ours(tape.watcher());
  Added theirs(added_);
  const Value logits = forward(tape, student, batch, match ? &ours : tape.watcher());
  Loss loss = cross_entropy(tape, logits, batch.targets);
  if (loss.score.targets == 0 || !std::isfinite(loss.score.loss_nats)) return loss;
  tape_.reset();
  const Value taught = forward(tape_, model_, batch, match ? &theirs : nullptr);
  const auto weight = static_cast<real>(options_.weight);
  loss.mean_nats = weighted_sum(
      tape, loss.mean_nats, 1 - weight,
      divergence(tape, logits, taught.data(), batch.targets, static_cast<real>(options_.temperature)), weight);
  for (std::size_t layer = 0; layer < ours.layers(); ++layer)
    loss.mean_nats = weighted_sum(tape, loss.mean_nats, 1,
                                  squared_distance(tape, ours.behind(layer), ours.before(layer), added_[layer].data()),
                                  static_cast<real>(options_.layers));
  return loss;
}

}  // namespace qkvbench::train
