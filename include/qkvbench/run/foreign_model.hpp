// Other programs' models as this program's: which configuration they are of, and which of their tensors is which
// parameter. One function for each way of naming.
// Neither reads nor writes files; formats/ hands over tensors, run/import writes the run.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "qkvbench/formats/foreign_tensor.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/llmc_file.hpp"
#include "qkvbench/formats/model_folder.hpp"
#include "qkvbench/formats/torch_file.hpp"
#include "qkvbench/run/config.hpp"
#include "qkvbench/run/numbers.hpp"

namespace qkvbench::run {

/// A parameter's numbers in another program's file.
struct ForeignParameter {
  std::string theirs;             ///< how errors call it; empty: zeros, since the file has none
  formats::ForeignTensor tensor;  ///< in our shape
};

struct ForeignModel {
  std::string format;  ///< "authors-encoder", "authors-vit", "authors-llm", "nanogpt", "huggingface-gpt2", "llm.c"
  Config config;       ///< resolved
  std::map<std::string, ForeignParameter> parameters;  ///< by our names
  index_t steps = 0;               ///< optimizer steps that the file says were taken; 0: it does not
  Numbers claims;                  ///< scores that the file states of itself
  std::vector<std::string> notes;  ///< what is not as one would expect
};

/// Another program's tensors by their names, and which of them were taken.
class ForeignNames {
 public:
  ForeignNames(formats::ForeignTensors tensors, std::string origin)
      : tensors_(std::move(tensors)), origin_(std::move(origin)) {}

  /// Takes the prefix off if every name has it.
  void strip(const std::string& prefix);
  /// Takes the prefix off where a name has it: the stack of blocks in a model that has a read-out too. Throws Error
  /// (input) when a name is there with and without.
  void strip_inner(const std::string& prefix);
  bool has(const std::string& name) const { return tensors_.contains(name); }
  /// Throws Error (input) when there is no such tensor or its rank is another.
  formats::ForeignTensor take(const std::string& name, std::size_t rank);
  /// Leaves a tensor aside, if it is there.
  void drop(const std::string& name) { tensors_.erase(name); }
  /// The number of layers: one more than the largest n in names that begin with prefix + n + ".".
  index_t layers(const std::string& prefix) const;
  /// Throws Error (input) naming a tensor that was not taken.
  void finish() const;
  const std::string& origin() const { return origin_; }

 private:
  formats::ForeignTensors tensors_;
  std::set<std::string> taken_;
  std::string origin_;
};

/// Sets a key of the configuration; what is wrong with the value is the file's fault. Throws Error (input).
void set_foreign(Config& config, const std::string& key, const std::string& text, const std::string& origin);

/// A score that the file states of itself, where it is a number; null where that is not finite.
void claim(ForeignModel& model, const char* key, formats::Pickle::Value value);
/// The optimizer steps that the file says were taken; 0 where it says none, or what cannot be.
index_t steps_of(formats::Pickle::Value value);
/// Leaves GPT-2's causal masks aside, which are no parameters. Throws Error (input) when one is no mask.
void drop_masks(ForeignNames& names, index_t layers);

/// The best_val_loss of a nanoGPT that has not measured one: where its training loop begins.
inline constexpr double kNanogptUnmeasured = 1e9;

/// A file of torch.save(): the authors' encoders, image and language models, or nanoGPT's. `heads`: of a bare state
/// dictionary, which does not say them; 0: not given. Throws Error (input) naming what is missing or does not fit.
/// Source: the official code's export_checkpoints.py and transformer_*.py; nanoGPT train.py, model.py.
ForeignModel torch_model(const formats::TorchFile& file, index_t heads);
ForeignModel authors_encoder(const formats::TorchFile& file);
ForeignModel authors_llm(const formats::TorchFile& file, formats::Pickle::Value weights, index_t heads);

/// Hugging Face's GPT-2. Source: transformers modeling_gpt2.py, configuration_gpt2.py.
ForeignModel huggingface_model(const formats::ModelFolder& folder, const std::string& origin);

/// llm.c's model files. Source: llm.c train_gpt2.py.
ForeignModel llmc_model(formats::LlmcModel file, const std::string& origin);

/// Sizes of a model that is GPT-2 but for its activation.
struct GptSizes {
  index_t vocab = 0, max_len = 0, layers = 0, d_model = 0, heads = 0;
};
/// Puts sizes into the configuration of a language model that says nothing of its data.
void set_gpt_sizes(Config& config, const GptSizes& sizes, const std::string& origin);

/// GPT-2's names but for q, k and v: embeddings, norms, output projections, MLPs, biases where the file has them.
///   transposed: matrices are [in, out]
/// Sets bias and tied_head.
void place_gpt(ForeignModel& model, ForeignNames& names, bool transposed, bool tied);
/// c_attn, whose rows (transposed: columns) are q, k and v.
void place_c_attn(ForeignModel& model, ForeignNames& names, bool transposed);

/// Resolves the configuration and compares every parameter of its model with what was placed; missing biases beside
/// those of norms become zeros. Throws Error (input) naming the parameter and both shapes.
void finish_model(ForeignModel& model, const ForeignNames& names);

}  // namespace qkvbench::run
