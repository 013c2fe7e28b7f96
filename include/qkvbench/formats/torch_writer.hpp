// Writing files that torch.load() reads: a pickle of dictionaries, numbers, texts and tensors, and the tensors'
// numbers. Not for sizes beyond 4 GiB, which need zip's 64-bit form.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::formats {

/// Puts one pickle of protocol 2 together. Begin with open(), end each dictionary with close().
class PickleWriter {
 public:
  PickleWriter() : bytes_("\x80\x02", 2) {}
  /// A dictionary, the first or the value of a key; its keys and values follow.
  void open() { bytes_ += "}("; }
  void close() { bytes_ += 'u'; }
  void text(const std::string& value);
  void integer(std::int64_t value);
  void number(double value);
  void flag(bool value) { bytes_ += value ? '\x88' : '\x89'; }
  /// A float tensor in row-major order over a whole storage, which is the place of its numbers in the file.
  void tensor(std::size_t storage, const std::vector<index_t>& shape);
  std::string finish() { return bytes_ + '.'; }

 private:
  void global(const char* module_and_name);
  void tuple(const std::vector<index_t>& values);
  std::string bytes_;
};

/// Writes the pickle and its storages, whole or not at all, as torch.save() lays them out. Throws Error (output), and
/// (usage) when they have more than 4 GiB.
void write_torch_file(const std::filesystem::path& path, const std::string& pickle,
                      const std::vector<std::span<const float>>& storages);

}  // namespace qkvbench::formats
