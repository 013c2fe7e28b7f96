// Listens to a forward pass, and looks up the projections of what it hears.
// Which of q, k and v is a plain projection is tested on the numbers, so no kind of attention is known here.
#include "qkvbench/run/layer_values.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "qkvbench/nn/score_reader.hpp"
#include "qkvbench/run/projections.hpp"

namespace qkvbench::run {

namespace {

/// Rows of what each module tells, in the order of the examples.
class Listener : public TapeObserver {
 public:
  explicit Listener(const nn::Model& model) : scores_(model) {}
  void on_named(const char* module, const char* name, Value value) override {
    scores_.on_named(module, name, value);
    constexpr std::array<std::string_view, 4> kWanted{"x", "q", "k", "v"};
    if (std::ranges::find(kWanted, name) == kWanted.end()) return;
    std::vector<real>& rows = rows_[module][name];
    rows.insert(rows.end(), value.data(), value.data() + value.shape().elements());
    tensors_[module][name] = value.data();
  }
  /// [n, C] of the n positions so far.
  Matrix matrix(const std::string& module, const std::string& name, Eigen::Index n) const {
    const std::vector<real>& all = rows_.at(module).at(name);
    return matrix_of(all.data(), n, static_cast<Eigen::Index>(all.size()) / n);
  }
  /// The first of q, k and v that is the same tensor.
  std::string tensor(const std::string& module, const std::string& name) const {
    const auto& tensors = tensors_.at(module);
    for (const char* other : nn::kLetters)
      if (tensors.at(other) == tensors.at(name)) return other;
    return name;
  }
  const nn::ScoreReader& scores() const { return scores_; }

 private:
  nn::ScoreReader scores_;
  std::map<std::string, std::map<std::string, std::vector<real>>> rows_;
  std::map<std::string, std::map<std::string, const real*>> tensors_;  // of the last pass
};

/// Gives `out` the weight of the sharing's projection, where it makes these rows; kinds that have another way to make
/// them may have a parameter of that name too.
void find_projection(const nn::Model& model, const std::string& module, int projection, const Matrix& x,
                     Projected& out) {
  const nn::AttentionKind& kind = *model.config().variant.kind;
  const std::string letters(kind.sharing.projections[static_cast<std::size_t>(projection)]);
  const nn::Parameter* weight = model.parameters().find(module + ".c_" + letters + ".weight");
  if (weight == nullptr || weight->shape.rank() != 2 || weight->shape[0] != out.rows.cols()) return;
  const Matrix w = matrix_of(*weight);
  Eigen::VectorXd bias;
  Matrix rows = x * w.transpose();
  if (const nn::Parameter* b = model.parameters().find(module + ".c_" + letters + ".bias"))
    bias = matrix_of(*b).col(0), rows.rowwise() += bias.transpose();
  constexpr double kSame = 1e-4;
  const double apart = (rows - out.rows).cwiseAbs().maxCoeff();
  out.is_projection = apart <= kSame * out.rows.cwiseAbs().maxCoeff();
  if (!out.is_projection && !kind.is_partition()) return;
  if (out.is_projection) out.rows = std::move(rows);
  out.weight = w, out.bias = bias, out.projection = "c_" + letters;
}

LayerValues values_of(const nn::Model& model, const nn::Block& block, const Listener& heard, Eigen::Index n) {
  const nn::Attention& attention = block.attention();
  const HeadLayout layout = attention.layout();
  const nn::Sharing& sharing = model.config().variant.sharing();
  LayerValues out{heard.matrix(attention.name(), "x", n), {}};
  const std::array<int, 3> projections = sharing.by_letter();
  for (std::size_t i = 0; i < nn::kLetters.size(); ++i) {
    Projected& one = out.qkv[i];
    one.rows = heard.matrix(attention.name(), nn::kLetters[i], n);
    one.heads = i == 0 ? layout.heads : layout.kv_heads;
    one.tensor = heard.tensor(attention.name(), nn::kLetters[i]);
    find_projection(model, attention.name(), projections[i], out.x, one);
  }
  return out;
}

void add(HeadAttention& sum, const HeadAttention& one, double weight) {
  for (double HeadAttention::*part : {&HeadAttention::entropy, &HeadAttention::entropy_share, &HeadAttention::distance,
                                      &HeadAttention::score_asymmetry, &HeadAttention::probability_asymmetry,
                                      &HeadAttention::diagonal, &HeadAttention::previous})
    sum.*part += weight * (one.*part);
}

}  // namespace

ModelValues layer_values(const nn::Model& model, const std::vector<Batch>& batches) {
  Listener listener(model);
  Tape tape(false);
  const index_t T = model.family().positions(), heads = model.config().heads;
  index_t examples = 0;
  for (const Batch& batch : batches) examples += batch.size;
  ModelValues out;
  out.attention.assign(model.blocks().size(), std::vector<HeadAttention>(static_cast<std::size_t>(heads)));
  for (const Batch& batch : batches) {
    tape.reset();
    tape.watch(&listener);
    model.forward(tape, batch);
    for (std::size_t layer = 0; layer < out.attention.size(); ++layer) {
      const real* scores = listener.scores().layer(static_cast<index_t>(layer)).data();
      for (index_t i = 0; i < batch.size * heads; ++i)
        add(out.attention[layer][static_cast<std::size_t>(i % heads)], measure_attention(scores + i * T * T, T),
            1 / static_cast<double>(examples));
    }
  }
  for (const nn::Block& block : model.blocks()) out.layers.push_back(values_of(model, block, listener, examples * T));
  return out;
}

LayerValues random_projections(const LayerValues& layer, index_t number, std::uint64_t seed, const std::string& salt) {
  LayerValues out{{}, layer.qkv};
  const Eigen::Index d = layer.x.cols();
  for (std::size_t i = 0; i < nn::kLetters.size(); ++i) {
    Projected& one = out.qkv[i];
    // One name for those that share their rows or their projection.
    std::string name = one.projection.empty() ? one.tensor : one.projection;
    const RandomStream random(seed, Purpose::kInit, fnv1a("random." + std::to_string(number) + "." + salt + name));
    one.weight.resize(one.rows.cols(), d);
    for (Eigen::Index r = 0; r < one.weight.rows(); ++r)
      for (Eigen::Index c = 0; c < d; ++c)
        one.weight(r, c) = random.normal(static_cast<std::uint64_t>(r * d + c)) / std::sqrt(static_cast<double>(d));
    one.bias = {};
    one.rows = layer.x * one.weight.transpose();
    one.is_projection = true;
    one.projection = name;
    one.tensor = name;
  }
  return out;
}

}  // namespace qkvbench::run
