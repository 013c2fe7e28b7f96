// The family of vision: patches of an image behind a class token.
// No convolution: a patch projection is an affine map of the patch's pixels.
#include <cmath>
#include <optional>

#include "qkvbench/autograd/elementwise.hpp"
#include "qkvbench/autograd/linear.hpp"
#include "qkvbench/autograd/patches.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/families.hpp"

namespace qkvbench::nn {

namespace {

index_t patches_along(const ModelConfig& c) { return (c.image_size + c.patch - 1) / c.patch; }

/// Images in, one row of class logits each out, read from a class token in front of the patches.
class VitFamily : public ModelEnds {
 public:
  explicit VitFamily(const ModelConfig& config)
      : config_(config), patches_(patches_along(config) * patches_along(config)) {}
  DropoutPlace dropout_place() const override { return DropoutPlace::kMlp; }
  void declare_input(Parameters& parameters) override {
    const index_t p = config_.patch, C = config_.channels, d = config_.d_model;
    const Init init = Init::uniform(1 / std::sqrt(static_cast<double>(C * p * p)));
    weight_ = &parameters.declare("patch_embed.proj.weight", {d, C, p, p}, init);
    if (config_.bias) bias_ = &parameters.declare("patch_embed.proj.bias", {d}, init);
    cls_ = &parameters.declare("cls", {1, 1, d}, Init::zeros());
    if (config_.positions == "learned")
      positions_ = &parameters.declare("pos_emb", {1, patches_ + 1, d}, Init::normal(0.02));
  }
  void declare_output(Parameters& parameters) override {
    head_.emplace(parameters, "head", config_.d_model, config_.classes, init(), config_.bias);
  }
  Value embed(Tape& tape, const Batch& batch) const override {
    const index_t side = config_.image_size, C = config_.channels;
    if (!(batch.input == Shape{batch.size, C, side, side}))
      fail_internal("vit: the input has shape " + batch.input.text() + "; [B, " + std::to_string(C) + ", " +
                    std::to_string(side) + ", " + std::to_string(side) + "] images are needed");
    const Value pixels = image_patches(tape, tape.constant(batch.input, batch.features.data()), config_.patch);
    const Value weight = tape.reshape(weight_->on(tape), {config_.d_model, C * config_.patch * config_.patch});
    const Value patches = linear(tape, pixels, weight, bias_ ? bias_->on(tape) : Value());
    const Value h = prepend_token(tape, patches, cls_->on(tape));
    return dropout(tape, positions_ ? add_positions(tape, h, positions_->on(tape)) : h,
                   static_cast<real>(config_.dropout));
  }
  Value features(Tape& tape, Value h) const override { return first_position(tape, h); }
  Value read_out(Tape& tape, Value h) const override { return head_->forward(tape, features(tape, h)); }
  index_t positions() const override { return patches_ + 1; }
  index_t io_macs() const override {
    return config_.d_model * (patches_ * config_.channels * config_.patch * config_.patch + config_.classes);
  }
  index_t io_activations() const override {
    const index_t d = config_.d_model, pixels = config_.channels * config_.patch * config_.patch;
    const index_t dropped = config_.dropout > 0 ? 2 * positions() * d : 0;
    return patches_ * (pixels + 2 * d) + 2 * positions() * d + dropped + 2 * d + 2 * config_.classes + 1;
  }

 private:
  ModelConfig config_;
  index_t patches_;
  const Parameter *weight_ = nullptr, *bias_ = nullptr, *cls_ = nullptr, *positions_ = nullptr;
  std::optional<Linear> head_;
};

}  // namespace

std::unique_ptr<ModelEnds> make_vit(const ModelConfig& config) { return std::make_unique<VitFamily>(config); }

}  // namespace qkvbench::nn
