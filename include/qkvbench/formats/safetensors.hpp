// The safetensors file format: named tensors behind a JSON header, as the public Python and Rust libraries read it.
// Reading trusts nothing: every size is checked against the file before it is used.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"
#include "qkvbench/formats/foreign_tensor.hpp"
#include "qkvbench/formats/manifest.hpp"

namespace qkvbench::formats {

/// A file's tensors and metadata; the bytes stay where they are.
class Safetensors {
 public:
  struct Tensor {
    std::string dtype;  ///< "F32", "I64" …
    std::vector<index_t> shape;
    std::size_t offset, bytes;  ///< within the data section
    index_t elements() const;
  };

  /// Throws Error (input) with the file, the place and what is wrong: header longer than the file, unknown dtype,
  /// shape and byte count that differ, gaps, overlaps or a tail that no tensor covers.
  static Safetensors read(const std::filesystem::path& path);
  static Safetensors parse(std::string content, const std::string& origin);
  /// The same of a file that is not copied into memory, for large ones that are read once.
  static Safetensors map(const std::filesystem::path& path);
  static Safetensors parse(std::string_view content, const std::string& origin, std::shared_ptr<const void> owner);

  const std::map<std::string, Tensor>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::string& origin() const { return origin_; }

  /// Throws Error (input) if there is no such tensor or metadata entry.
  const Tensor& tensor(const std::string& name) const;
  const std::string& metadata(const std::string& key) const;
  /// Numbers of an F32 (F64, I64) tensor. Throws Error (input) on another dtype.
  std::vector<float> floats(const std::string& name) const;
  std::vector<double> doubles(const std::string& name) const;
  std::vector<std::int64_t> integers(const std::string& name) const;
  /// Copies the numbers of an F32 tensor, and lets go of the memory that a mapped file had for them.
  /// Throws Error (input) on another dtype.
  void copy_floats(const std::string& name, float* out) const;
  /// A tensor of any dtype as those of other formats.
  ForeignTensor foreign(const std::string& name) const;
  std::string_view content() const { return content_; }

 private:
  template <class Number>
  std::vector<Number> numbers(const std::string& name, const char* dtype) const;

  std::string origin_;
  std::string_view content_;
  std::shared_ptr<const void> owner_;
  bool mapped_ = false;
  std::size_t data_begin_ = 0;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// An F32 tensor to be written; the numbers are the caller's.
struct TensorToWrite {
  std::string name;
  std::vector<index_t> shape;
  std::span<const real> numbers;
};

/// What stands before the tensors: the header's length and the header, padded with spaces to a multiple of 8.
std::string safetensors_header(const std::vector<TensorToWrite>& tensors,
                               const std::map<std::string, std::string>& metadata);

/// Writes a file, whole or not at all: header, then the tensors in the given order, from where they are.
/// Returns what a manifest says of it. Throws Error (output).
ManifestEntry write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                                const std::map<std::string, std::string>& metadata);

}  // namespace qkvbench::formats
