// Files of torch.save(): a pickle of data, and the numbers of its tensors beside it, in a zip archive or, before
// PyTorch 1.6, one behind the other. Read as data, see pickle.hpp.
// Knows no model: which of its dictionaries are weights is the caller's affair.
#pragma once
#include <filesystem>
#include <memory>

#include "qkvbench/base/mapped_file.hpp"
#include "qkvbench/formats/foreign_tensor.hpp"
#include "qkvbench/formats/pickle.hpp"

namespace qkvbench::formats {

class TorchFile {
 public:
  /// Throws Error (input) naming the file when it is no such file, is cut short or damaged, asks for anything to be
  /// executed, or names numbers that it does not hold. Numbers themselves are compared with their checksums when they
  /// are read.
  static TorchFile open(const std::filesystem::path& path);
  /// The same of bytes in memory, kept alive by `owner`.
  static TorchFile parse(std::string_view bytes, const std::string& origin, std::shared_ptr<const void> owner);

  Pickle::Value root() const { return pickle_->root(); }
  const std::string& origin() const { return origin_; }
  /// The tensors of a state dictionary. Throws Error (input) naming `what` or the entry when it is none.
  ForeignTensors state_dict(Pickle::Value value, const std::string& what) const;

 private:
  struct Storage {
    std::string dtype;
    std::shared_ptr<const ForeignStorage> bytes;
  };
  void read_archive(std::string_view bytes, const std::shared_ptr<const void>& owner);
  void read_legacy(std::string_view bytes, const std::shared_ptr<const void>& owner);
  ForeignTensor tensor(Pickle::Value value, const std::string& what) const;

  std::string origin_;
  std::shared_ptr<const void> owner_;  ///< of the bytes that texts lie in
  std::unique_ptr<Pickle> pickle_;
  std::map<std::string, Storage, std::less<>> storages_;
};

/// Whether the bytes begin as torch.save() begins a file.
bool is_torch_file(std::string_view bytes);

}  // namespace qkvbench::formats
