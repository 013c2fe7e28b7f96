// Reading and writing safetensors.
// Source: the format's specification, https://github.com/huggingface/safetensors#format.
#include "qkvbench/formats/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/mapped_file.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::formats {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian and read in place");

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLargestHeader = std::size_t{100} << 20;  // the public library's own bound

/// A JSON number as a size; throws when it is negative, fractional or too large.
std::size_t as_size(const Json& json, const std::string& where) {
  if (!json.is_number_unsigned() || json.get<std::uint64_t>() > std::uint64_t{1} << 48)
    fail_input(where + ": '" + json.dump() + "' is no size");
  return json.get<std::size_t>();
}

Safetensors::Tensor read_entry(const Json& entry, const std::string& where) {
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets"))
    fail_input(where + ": needs dtype, shape and data_offsets");
  const Json &dtype = entry["dtype"], &shape = entry["shape"], &offsets = entry["data_offsets"];
  if (!dtype.is_string() || bytes_of(dtype.get<std::string>()) == 0)
    fail_input(where + ": unknown dtype " + dtype.dump());
  if (!shape.is_array() || shape.size() > 16 || !offsets.is_array() || offsets.size() != 2)
    fail_input(where + ": shape must be a list of at most 16 sizes and data_offsets a list of two");
  Safetensors::Tensor tensor{dtype.get<std::string>(), {}, 0, 0};
  auto bytes = static_cast<std::size_t>(bytes_of(tensor.dtype));
  for (const Json& size : shape) {
    const std::size_t n = as_size(size, where);
    if (n != 0 && bytes > std::numeric_limits<std::size_t>::max() / n) fail_input(where + ": the shape overflows");
    bytes *= n;
    tensor.shape.push_back(static_cast<index_t>(n));
  }
  const std::size_t begin = as_size(offsets[0], where), end = as_size(offsets[1], where);
  if (end < begin || end - begin != bytes)
    fail_input(where + ": the shape takes " + std::to_string(bytes) + " bytes, data_offsets give " + offsets.dump());
  tensor.offset = begin;
  tensor.bytes = bytes;
  return tensor;
}

/// Tensors must cover [0, size) without gap or overlap.
void check_coverage(const std::map<std::string, Safetensors::Tensor>& tensors, std::size_t size,
                    const std::string& origin) {
  std::vector<const Safetensors::Tensor*> order;
  for (const auto& [name, tensor] : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->offset, a->bytes) < std::pair(b->offset, b->bytes);
  });
  std::size_t at = 0;
  for (const Safetensors::Tensor* tensor : order) {
    if (tensor->offset != at)
      fail_input(origin + ": tensor data should go on at offset " + std::to_string(at) + ", the next begins at " +
                 std::to_string(tensor->offset));
    at += tensor->bytes;
  }
  if (at != size)
    fail_input(origin + ": tensors cover " + std::to_string(at) + " bytes of data, the file has " +
               std::to_string(size) + "; it is cut short or damaged");
}

}  // namespace

index_t Safetensors::Tensor::elements() const {
  index_t n = 1;
  for (const index_t size : shape) n *= size;
  return n;
}

Safetensors Safetensors::read(const std::filesystem::path& path) { return parse(read_file(path), path.string()); }

Safetensors Safetensors::map(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  Safetensors out = parse(file->bytes(), path.string(), file);
  out.mapped_ = true;
  return out;
}

Safetensors Safetensors::parse(std::string content, const std::string& origin) {
  auto owner = std::make_shared<const std::string>(std::move(content));
  return parse(*owner, origin, owner);
}

Safetensors Safetensors::parse(std::string_view content, const std::string& origin, std::shared_ptr<const void> owner) {
  Safetensors file;
  file.origin_ = origin;
  std::uint64_t header_size = 0;
  if (content.size() < sizeof(header_size))
    fail_input(origin + ": " + std::to_string(content.size()) + " bytes are too few for a safetensors file");
  std::memcpy(&header_size, content.data(), sizeof(header_size));
  if (header_size > kLargestHeader || header_size > content.size() - sizeof(header_size))
    fail_input(origin + ": the header is said to have " + std::to_string(header_size) + " bytes, the file has " +
               std::to_string(content.size()) + "; it is no safetensors file or cut short");
  file.data_begin_ = sizeof(header_size) + header_size;
  const Json header = parse_json(content.substr(sizeof(header_size), header_size), origin + ": header", kLargestHeader);
  if (!header.is_object()) fail_input(origin + ": the header is no JSON object");
  for (const auto& [name, entry] : header.items()) {
    const std::string where = origin + ": " + name;
    if (name != "__metadata__") {
      file.tensors_.emplace(name, read_entry(entry, where));
      continue;
    }
    if (!entry.is_object()) fail_input(where + ": no JSON object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) fail_input(where + "." + key + ": no text");
      file.metadata_.emplace(key, value.get<std::string>());
    }
  }
  check_coverage(file.tensors_, content.size() - file.data_begin_, origin);
  file.content_ = content;
  file.owner_ = std::move(owner);
  return file;
}

const Safetensors::Tensor& Safetensors::tensor(const std::string& name) const {
  const auto at = tensors_.find(name);
  if (at == tensors_.end()) fail_input(origin_ + ": there is no tensor '" + name + "'");
  return at->second;
}

const std::string& Safetensors::metadata(const std::string& key) const {
  const auto at = metadata_.find(key);
  if (at == metadata_.end()) fail_input(origin_ + ": there is no metadata entry '" + key + "'");
  return at->second;
}

template <class Number>
std::vector<Number> Safetensors::numbers(const std::string& name, const char* dtype) const {
  const Tensor& t = tensor(name);
  if (t.dtype != dtype) fail_input(origin_ + ": " + name + " is " + t.dtype + ", not " + dtype);
  std::vector<Number> out(t.bytes / sizeof(Number));
  std::memcpy(out.data(), content_.data() + data_begin_ + t.offset, t.bytes);
  return out;
}

std::vector<float> Safetensors::floats(const std::string& name) const { return numbers<float>(name, "F32"); }
std::vector<double> Safetensors::doubles(const std::string& name) const { return numbers<double>(name, "F64"); }
std::vector<std::int64_t> Safetensors::integers(const std::string& name) const {
  return numbers<std::int64_t>(name, "I64");
}

void Safetensors::copy_floats(const std::string& name, float* out) const {
  const Tensor& t = tensor(name);
  if (t.dtype != "F32") fail_input(origin_ + ": " + name + " is " + t.dtype + ", not F32");
  const std::string_view bytes = content_.substr(data_begin_ + t.offset, t.bytes);
  std::memcpy(out, bytes.data(), bytes.size());
  if (mapped_) forget_pages(bytes);
}

ForeignTensor Safetensors::foreign(const std::string& name) const {
  const Tensor& t = tensor(name);
  return whole_tensor(t.dtype, t.shape,
                      std::make_shared<const ForeignStorage>(ForeignStorage{
                          origin_, content_.substr(data_begin_ + t.offset, t.bytes), owner_, std::nullopt}));
}

std::string safetensors_header(const std::vector<TensorToWrite>& tensors,
                               const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header;
  header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const TensorToWrite& t : tensors) {
    const std::size_t bytes = t.numbers.size() * sizeof(float);
    header[t.name] = {{"dtype", "F32"}, {"shape", t.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  std::string out(sizeof(std::uint64_t), '\0');
  const std::uint64_t header_size = text.size();
  std::memcpy(out.data(), &header_size, sizeof(header_size));
  return out + text;
}

ManifestEntry write_safetensors(const std::filesystem::path& path, const std::vector<TensorToWrite>& tensors,
                                const std::map<std::string, std::string>& metadata) {
  const std::string header = safetensors_header(tensors, metadata);
  std::vector<std::string_view> pieces{header};
  for (const TensorToWrite& t : tensors)
    pieces.emplace_back(reinterpret_cast<const char*>(t.numbers.data()), t.numbers.size() * sizeof(float));
  write_file_atomic(path, pieces);
  return manifest_entry(path.filename().string(), pieces);
}

}  // namespace qkvbench::formats
