// The loss of a student against its formula, and what follows for training.
// Gradients of its terms are in tests/autograd.
#include "qkvbench/train/distill.hpp"

#include <cmath>

#include "qkvbench/data/dataset.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/modern_models.hpp"

using namespace qkvbench;
using namespace qkvbench::train;

namespace {

nn::ModelConfig config_of(const std::string& variant) {
  nn::ModelConfig config = testing::tiny_config("gpt", variant);
  config.d_model = 12;
  return config;
}

/// softmax(logits/τ) of row r, in double.
std::vector<double> softmax(const std::vector<real>& logits, std::size_t r, std::size_t V, double temperature) {
  std::vector<double> p;
  double sum = 0;
  for (std::size_t j = 0; j < V; ++j) p.push_back(std::exp(static_cast<double>(logits[r * V + j]) / temperature));
  for (const double x : p) sum += x;
  for (double& x : p) x /= sum;
  return p;
}

/// What attention adds in each layer of a model.
class AddedBy : public TapeObserver {
 public:
  void on_named(const char*, const char* name, Value value) override {
    if (!value.defined()) return;  // the scores' term where there is none
    const std::vector<real> numbers(value.data(), value.data() + value.shape().elements());
    if (name == std::string("residual")) before_ = numbers;
    if (name != std::string("sum")) return;
    layers.emplace_back();
    for (std::size_t i = 0; i < numbers.size(); ++i)
      layers.back().push_back(static_cast<double>(numbers[i]) - static_cast<double>(before_[i]));
  }
  std::vector<std::vector<double>> layers;

 private:
  std::vector<real> before_;
};

std::vector<std::vector<double>> added_by(const nn::Model& model, const Batch& batch) {
  Tape tape(false);
  AddedBy added;
  tape.watch(&added);
  model.forward(tape, batch);
  return added.layers;
}

/// (1 - λ)·CE + λτ² KL + μ Σ |a_t - a_s|²/(BTd), in double from the logits.
double expected_loss(const nn::Model& student, const nn::Model& teacher, const Batch& batch,
                     const DistillOptions& options) {
  const std::vector<real> s = testing::logits_of(student, batch), t = testing::logits_of(teacher, batch);
  const auto V = static_cast<std::size_t>(student.config().vocab);
  double ce = 0, kl = 0, scored = 0, matched = 0;
  for (std::size_t r = 0; r < batch.targets.size(); ++r) {
    if (batch.targets[r] < 0) continue;
    ++scored;
    ce -= std::log(softmax(s, r, V, 1)[static_cast<std::size_t>(batch.targets[r])]);
    const auto p = softmax(t, r, V, options.temperature), q = softmax(s, r, V, options.temperature);
    for (std::size_t j = 0; j < V; ++j) kl += p[j] * std::log(p[j] / q[j]);
  }
  const auto ours = added_by(student, batch), theirs = added_by(teacher, batch);
  for (std::size_t layer = 0; layer < ours.size(); ++layer)
    for (std::size_t i = 0; i < ours[layer].size(); ++i)
      matched += std::pow(ours[layer][i] - theirs[layer][i], 2) / static_cast<double>(ours[layer].size());
  return (1 - options.weight) * ce / scored + options.weight * options.temperature * options.temperature * kl / scored +
         options.layers * matched;
}

}  // namespace

TEST_CASE("a student's loss is what the formula says, in rows that are scored", "[distill]") {
  nn::Model student(config_of("q_kv")), teacher(config_of("q_k_v"));
  testing::fill_parameters(student, 1);
  testing::fill_parameters(teacher, 2);
  const Batch batch = testing::tiny_batch(student.config());
  for (const DistillOptions& options :
       {DistillOptions{0.5, 2, 0}, DistillOptions{1, 1, 0}, DistillOptions{0, 2, 0}, DistillOptions{0.3, 4, 0.7}}) {
    Teacher teaching(teacher, student, options);
    Tape tape;
    const Loss loss = teaching.loss(tape, student, batch);
    const double expected = expected_loss(student, teacher, batch, options);
    CHECK(std::abs(static_cast<double>(*loss.mean_nats.data()) - expected) <= 1e-5 * expected);
    Tape plain(false);
    const Loss alone = cross_entropy(plain, student.forward(plain, batch), batch.targets);
    CHECK(loss.score.loss_nats == alone.score.loss_nats);  // curves stay those of the cross-entropy
    CHECK(loss.score.correct == alone.score.correct);
  }
}

TEST_CASE("a gradient of what attention adds goes through the layers before it", "[distill]") {
  nn::Model student(config_of("q_kv")), teacher(config_of("q_k_v"));
  testing::fill_parameters(student, 1);
  testing::fill_parameters(teacher, 2);
  const Batch batch = testing::tiny_batch(student.config());
  const DistillOptions options{0.4, 2, 0.7};
  Teacher teaching(teacher, student, options);
  student.parameters().zero_grads();
  Tape tape;
  tape.backward(teaching.loss(tape, student, batch).mean_nats);
  // Along the gradient itself the loss changes by its squared length.
  const std::vector<real> gradient(student.parameters().grads().begin(), student.parameters().grads().end());
  const std::vector<real> values(student.parameters().values().begin(), student.parameters().values().end());
  double squared = 0;
  for (const real g : gradient) squared += static_cast<double>(g) * static_cast<double>(g);
  const auto loss_at = [&](double step) {
    for (std::size_t i = 0; i < values.size(); ++i)
      student.parameters().values()[i] = values[i] + static_cast<real>(step * static_cast<double>(gradient[i]));
    return expected_loss(student, teacher, batch, options);
  };
  const double step = 1e-3 / std::sqrt(squared);
  CHECK(std::abs((loss_at(step) - loss_at(-step)) / (2 * step) - squared) <= 2e-3 * squared);
}

TEST_CASE("a teacher of other examples or layers is refused", "[distill]") {
  const nn::Model student(config_of("q_kv"));
  const auto refuses = [&](const char* part, double layers, auto change) {
    nn::ModelConfig config = config_of("q_k_v");
    change(config);
    const nn::Model teacher(config);
    testing::check_error(Exit::kUsage, {part}, [&] { Teacher(teacher, student, {0.5, 2, layers}); });
  };
  refuses("vocabulary", 0, [](auto& c) { c.vocab = 12; });
  refuses("positions", 0, [](auto& c) { c.seq_len = 4; });
  refuses("layers", 1, [](auto& c) { c.layers = 3; });
  refuses("width", 1, [](auto& c) { c.d_model = 6; });
  nn::ModelConfig other = config_of("q_k_v");
  other.layers = 3, other.d_model = 6;
  const nn::Model teacher(other);
  Teacher(teacher, student, {0.5, 2, 0});  // logits alone need no more than the same rows
}
