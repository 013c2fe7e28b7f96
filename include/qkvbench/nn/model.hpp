// A model: an input stage, a stack of pre-norm blocks, a read-out. Families differ in the two ends alone.
// Not a registry of variants: sharing is part of the block's configuration.
#pragma once
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/nn/block.hpp"
#include "qkvbench/tensor/batch.hpp"

namespace qkvbench::nn {

/// Sizes of a model; each family reads the fields that concern it.
struct ModelConfig : BlockSpec {
  std::string family;  ///< "encoder", "vit", "set" or "gpt"
  index_t layers = 2;
  index_t seq_len = 16;                                            ///< T: positions of one example
  index_t max_len = 128;                                           ///< rows of learned positions (encoder, gpt)
  index_t symbols = 10;                                            ///< input and output symbols (encoder)
  index_t features = 512;                                          ///< numbers of one element (set)
  index_t vocab = 65;                                              ///< tokens (gpt)
  bool tied_head = true;                                           ///< the read-out is the embedding's transpose (gpt)
  index_t image_size = 28, channels = 1, patch = 4, classes = 10;  ///< square images (vit)
  bool recompute = false;  ///< blocks run again on the backward pass instead of keeping what is inside them
};

/// The two ends of a family: how inputs become [B, T, d] and how [B, T, d] becomes rows of logits.
class ModelEnds {
 public:
  virtual ~ModelEnds() = default;
  virtual bool causal() const { return false; }
  virtual InitScheme init() const { return InitScheme::kPyTorch; }
  virtual DropoutPlace dropout_place() const { return DropoutPlace::kResidual; }
  /// Declares what comes before the blocks, and what comes after the last LayerNorm.
  virtual void declare_input(Parameters& parameters) = 0;
  virtual void declare_output(Parameters& parameters) = 0;
  /// result: [B, T, d]. Throws when the batch is not of the family's form.
  virtual Value embed(Tape& tape, const Batch& batch) const = 0;
  /// New tokens at given positions, for decoding.   ids, positions: [B]; result: [B, 1, d].
  /// Throws Error (usage) when the family does not decode.
  virtual Value embed_at(Tape& tape, std::span<const std::int32_t> ids, std::span<const std::int32_t> positions) const;
  /// h: [B, T, d]; result: [rows, classes], one row for each target.
  virtual Value read_out(Tape& tape, Value h) const = 0;
  /// What the last layer reads of an example as a whole.   h: [B, T, d]; result: [B, d].
  /// Throws Error (usage) when the family has no such vector.
  virtual Value features(Tape& tape, Value h) const;
  /// Positions that the blocks see, and multiply-adds of the two ends for one example.
  virtual index_t positions() const = 0;
  virtual index_t io_macs() const = 0;
  /// Numbers that a training step holds in the two ends and the loss for one example, values and gradients.
  virtual index_t io_activations() const = 0;
};

/// Names of the families that exist.
const std::vector<std::string>& family_names();

class Model {
 public:
  /// Declares all parameters; nothing is allocated. Throws Error (usage) when sizes do not fit each other.
  explicit Model(const ModelConfig& config);

  const ModelConfig& config() const { return config_; }
  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }
  const std::deque<Block>& blocks() const { return blocks_; }
  const ModelEnds& family() const { return *family_; }

  /// Rows of logits for a batch.   result: [rows, classes], as Batch::targets has rows.
  Value forward(Tape& tape, const Batch& batch) const;

  /// What the last layer reads of each example: its penultimate representation.   result: [B, d_model].
  /// Throws Error (usage) when the family has none.
  Value features(Tape& tape, const Batch& batch) const;

  /// Decoding: logits after new tokens, which the cache then holds too; the tape must not record.
  /// The first tokens of an empty row.   ids: [n]; result: [1, V], after the last of them.
  /// Throws Error: internal when the cache has no room, usage when the family does not decode.
  Value decode_first(Tape& tape, std::span<const std::int32_t> ids, KvCache& cache, index_t row) const;
  /// The next token of each row from first_row on.   ids: [rows]; result: [rows, V].   Throws as decode_first().
  Value decode_next(Tape& tape, std::span<const std::int32_t> ids, KvCache& cache, index_t first_row = 0) const;

 private:
  Value hidden(Tape& tape, const Batch& batch) const;
  Value decode(Tape& tape, Value h, KvCache& cache, index_t first_row) const;

  ModelConfig config_;
  Parameters parameters_;
  std::unique_ptr<ModelEnds> family_;
  PositionRows position_rows_, rope_rows_;  // made only when they are used
  std::deque<Block> blocks_;
  std::unique_ptr<Norm> ln_f_;
};

}  // namespace qkvbench::nn
