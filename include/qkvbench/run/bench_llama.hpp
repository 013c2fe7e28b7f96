// The same model in llama.cpp, where its llama-bench is installed: the peer of decoding.
// It runs in a process of its own and reads a GGUF file, which is written for it and removed again.
#pragma once
#include <filesystem>
#include <string>

#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

struct LlamaSpeed {
  index_t context;
  double token_ms, token_ms_min, token_ms_max;  ///< of its repetitions, each a mean over tokens: median and spread
  std::string build;                            ///< "4567 (a1b2c3d)"
  std::string cache_type;                       ///< of keys and values, "f16": llama-bench takes no 32-bit floats
};

class LlamaPeer {
 public:
  /// Exports a model of the configuration with random weights into a temporary folder.
  /// Throws Error: input when PATH has no llama-bench; usage when it is no GPT-2, naming the key; output.
  explicit LlamaPeer(const Config& config);
  ~LlamaPeer();
  LlamaPeer(const LlamaPeer&) = delete;
  LlamaPeer& operator=(const LlamaPeer&) = delete;

  /// Times the last tokens of a context, as many as run_decode_bench does, on threads() threads and no GPU.
  /// Throws Error (input) with the program's last words when it fails or answers in another form.
  LlamaSpeed time(index_t context) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace qkvbench::run
