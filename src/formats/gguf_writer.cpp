// GGUF's header, its list of tensors, and their numbers, each at a multiple of 32 bytes.
#include "qkvbench/formats/gguf_writer.hpp"

#include <bit>
#include <string_view>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/little_endian.hpp"

namespace qkvbench::formats {

namespace {

constexpr std::uint64_t kVersion = 3;
constexpr std::uint64_t kUint32 = 4, kFloat32 = 6, kText = 8;  // types of values
constexpr std::uint64_t kF32 = 0;                              // type of a tensor
constexpr std::size_t kAlignment = 32;                         // where no key says otherwise

std::string text_bytes(const std::string& text) { return little_endian(text.size(), 8) + text; }

std::string value_bytes(const std::variant<std::uint32_t, float, std::string>& value) {
  if (const auto* n = std::get_if<std::uint32_t>(&value)) return little_endian(kUint32, 4) + little_endian(*n, 4);
  if (const auto* x = std::get_if<float>(&value))
    return little_endian(kFloat32, 4) + little_endian(std::bit_cast<std::uint32_t>(*x), 4);
  return little_endian(kText, 4) + text_bytes(std::get<std::string>(value));
}

std::size_t padding(std::size_t bytes) { return (kAlignment - bytes % kAlignment) % kAlignment; }

}  // namespace

void write_gguf(const std::filesystem::path& path, const std::vector<GgufKey>& keys,
                const std::vector<TensorToWrite>& tensors) {
  std::string head =
      "GGUF" + little_endian(kVersion, 4) + little_endian(tensors.size(), 8) + little_endian(keys.size(), 8);
  for (const GgufKey& key : keys) head += text_bytes(key.name) + value_bytes(key.value);
  std::size_t at = 0;
  for (const TensorToWrite& tensor : tensors) {
    head += text_bytes(tensor.name) + little_endian(tensor.shape.size(), 4);
    for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size)
      head += little_endian(static_cast<std::uint64_t>(*size), 8);
    head += little_endian(kF32, 4) + little_endian(at, 8);
    const std::size_t bytes = tensor.numbers.size_bytes();
    at += bytes + padding(bytes);
  }
  head.append(padding(head.size()), '\0');
  const std::string zeros(kAlignment, '\0');
  std::vector<std::string_view> pieces{head};
  for (const TensorToWrite& tensor : tensors) {
    const std::size_t bytes = tensor.numbers.size_bytes();
    pieces.emplace_back(reinterpret_cast<const char*>(tensor.numbers.data()), bytes);
    pieces.emplace_back(zeros.data(), padding(bytes));
  }
  write_file_atomic(path, pieces);
}

}  // namespace qkvbench::formats
