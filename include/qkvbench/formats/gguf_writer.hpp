// Writing GGUF, the form of llama.cpp's models: keys with values, then named tensors of 32-bit floats.
// Nothing is read here. Source: ggml, docs/gguf.md, version 3.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "qkvbench/formats/safetensors.hpp"

namespace qkvbench::formats {

struct GgufKey {
  std::string name;
  std::variant<std::uint32_t, float, std::string> value;
};

/// Writes a file whole or not at all. Tensors are row-major as everywhere here; GGUF names their sizes in the opposite
/// order, the contiguous one first. Throws Error (output).
void write_gguf(const std::filesystem::path& path, const std::vector<GgufKey>& keys,
                const std::vector<TensorToWrite>& tensors);

}  // namespace qkvbench::formats
