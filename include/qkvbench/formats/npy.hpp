// NumPy's .npy files: a matrix of numbers, or a list of integers, read and written.
// No objects, no structured types, no Fortran order, no big-endian numbers: those are refused by name.
#pragma once
#include <filesystem>
#include <span>
#include <vector>

#include "qkvbench/base/real.hpp"
#include "qkvbench/formats/source_file.hpp"

namespace qkvbench::formats {

struct NpyMatrix {
  index_t rows = 0, columns = 0;
  std::vector<float> values;  ///< [rows, columns]
  SourceFile file;
};

/// A matrix of float32 or float64 in versions 1 to 3 of the format.
/// Throws Error (input) naming the file when it is no such matrix, its size is not what its header says, or a value is
/// not finite.
NpyMatrix read_npy_matrix(const std::filesystem::path& path);

struct NpyLabels {
  std::vector<std::int32_t> values;
  SourceFile file;
};

/// A list of integers of any width. Throws Error (input) likewise, and for one that is negative or above 2²⁴.
NpyLabels read_npy_labels(const std::filesystem::path& path);

/// Writes a matrix of float32, or a list of int32, in version 1, whole or not at all.   values: [rows, columns]
/// Returns what was written. Throws Error (output).
SourceFile write_npy_matrix(const std::filesystem::path& path, index_t columns, std::span<const float> values);
SourceFile write_npy_labels(const std::filesystem::path& path, std::span<const std::int32_t> values);

}  // namespace qkvbench::formats
