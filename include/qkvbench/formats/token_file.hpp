// Files of 16-bit token ids: nanoGPT's (nothing but little-endian ids) and llm.c's (256 int32 of header before them).
// Not memory-mapped and never partly read: a file is checked whole before anything trains on it.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"
#include "qkvbench/formats/source_file.hpp"

namespace qkvbench::formats {

struct TokenFile {
  std::vector<std::uint16_t> tokens;
  SourceFile source;
};

/// Reads either form; llm.c's is known by its first int32, 20240520, and must then be of version 1.
/// Throws Error (input) naming file and byte when the file is missing, larger than max_bytes, empty, of an odd length,
/// of another version, when its header promises more or fewer tokens than it holds, when an id is not below vocab, or
/// when its bytes show another form: numbers of 8, 32 or 64 bits, big-endian, floats, text, a .npy file or an archive.
/// Source: nanoGPT data/*/prepare.py, llm.c dev/data/data_common.py.
TokenFile read_token_file(const std::filesystem::path& path, index_t vocab, std::uint64_t max_bytes);

}  // namespace qkvbench::formats
