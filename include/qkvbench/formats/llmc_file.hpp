// llm.c's model files: a header of 256 integers, then each tensor of GPT-2 for all layers before the next.
// Not its files of tokens, which token_file reads, nor its debug states.
#pragma once
#include <filesystem>

#include "qkvbench/formats/foreign_tensor.hpp"

namespace qkvbench::formats {

constexpr std::int32_t kLlmcModel = 20240326;

struct LlmcModel {
  index_t max_len = 0, vocab = 0, layers = 0, heads = 0, d_model = 0;
  std::string dtype;       ///< F32 or BF16
  ForeignTensors tensors;  ///< as GPT-2 names them, "h.0.attn.c_attn.weight"; matrices [out, in], wte without padding
};

/// Throws Error (input) naming the file when it is of another form or version, a size is out of range, or the file is
/// not exactly as long as its header says.   Source: llm.c train_gpt2.py write_model(), train_gpt2.c.
LlmcModel read_llmc_model(const std::filesystem::path& path);
LlmcModel parse_llmc_model(std::string_view bytes, const std::string& origin, std::shared_ptr<const void> owner);

/// One tensor of the file, in its order.
struct LlmcTensor {
  std::string name;  ///< with "h.{}." before it where there is one for each layer
  bool in_layers;
  std::vector<index_t> shape;
};
std::vector<LlmcTensor> llmc_tensors(const LlmcModel& sizes, index_t padded_vocab);

}  // namespace qkvbench::formats
