// A language model in another program's form, to be run there: Hugging Face's GPT-2, llm.c, nanoGPT, llama.cpp.
// None of them shares projections: what is shared here is written once for each of q, k and v.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

/// "huggingface", "llm.c", "nanogpt", "gguf"
std::vector<std::string> export_forms();

struct Exported {
  std::vector<std::filesystem::path> files;
  std::vector<std::string> lost;  ///< what the other form cannot say, or computes otherwise
};

/// Writes config.json and model.safetensors, or model.bin, or ckpt.pt, or model.gguf into `out`, which is made. The
/// other program computes the same logits unless `lost` says otherwise. Throws Error: usage when the model is none that
/// the form can hold, naming the key, or when a file is there and `overwrite` is false; output when one cannot be
/// written.
Exported export_model(const LoadedModel& run, const std::string& form, const std::filesystem::path& out,
                      bool overwrite = false);

}  // namespace qkvbench::run
