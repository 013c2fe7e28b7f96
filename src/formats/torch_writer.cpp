// A zip archive of stored entries, data at multiples of 64 bytes, and the few opcodes that state dictionaries need.
// Source: torch/serialization.py; APPNOTE.TXT 6.3.10, PKWARE.
#include "qkvbench/formats/torch_writer.hpp"

#include <bit>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/crc32.hpp"
#include "qkvbench/formats/foreign_tensor.hpp"
#include "qkvbench/formats/little_endian.hpp"

namespace qkvbench::formats {

namespace {

/// What stands alike in an entry's header and in the directory: version, flags, method, time, date, checksum, sizes.
std::string common_fields(std::string_view content) {
  const std::uint64_t first_of_1980 = 0x21;
  return little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 2) +
         little_endian(first_of_1980, 2) + little_endian(crc32(content), 4) + little_endian(content.size(), 4) +
         little_endian(content.size(), 4);
}

}  // namespace

void PickleWriter::text(const std::string& value) { bytes_ += "X" + little_endian(value.size(), 4) + value; }

void PickleWriter::integer(std::int64_t value) {
  if (value == static_cast<std::int32_t>(value))
    bytes_ += "J" + little_endian(static_cast<std::uint64_t>(value), 4);
  else
    bytes_ += "\x8a\x08" + little_endian(static_cast<std::uint64_t>(value), 8);
}

void PickleWriter::number(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  bytes_ += 'G';
  for (int i = 7; i >= 0; --i) bytes_ += static_cast<char>(bits >> 8 * i & 0xFF);
}

void PickleWriter::global(const char* module_and_name) { bytes_ += std::string("c") + module_and_name + "\n"; }

void PickleWriter::tuple(const std::vector<index_t>& values) {
  bytes_ += '(';
  for (const index_t value : values) integer(value);
  bytes_ += 't';
}

void PickleWriter::tensor(std::size_t storage, const std::vector<index_t>& shape) {
  const std::vector<index_t> strides = row_major_strides(shape);
  const index_t elements = shape.empty() ? 1 : strides[0] * shape[0];
  global("torch._utils\n_rebuild_tensor_v2");
  bytes_ += "((";
  text("storage");
  global("torch\nFloatStorage");
  text(std::to_string(storage));
  text("cpu");
  integer(elements);
  bytes_ += "tQ";
  integer(0);
  tuple(shape);
  tuple(strides);
  flag(false);
  global("collections\nOrderedDict");
  bytes_ += ")RtR";
}

void write_torch_file(const std::filesystem::path& path, const std::string& pickle,
                      const std::vector<std::span<const float>>& storages) {
  const std::string version = "3\n", order = "little";
  std::vector<std::pair<std::string, std::string_view>> entries{{"archive/data.pkl", pickle},
                                                                {"archive/byteorder", order}};
  for (std::size_t i = 0; i < storages.size(); ++i)
    entries.emplace_back("archive/data/" + std::to_string(i),
                         std::string_view(reinterpret_cast<const char*>(storages[i].data()), storages[i].size_bytes()));
  entries.emplace_back("archive/version", version);

  constexpr std::uint64_t kMost = 0xFFFFFFFE;
  std::vector<std::string> headers;
  std::string directory;
  std::uint64_t at = 0;
  for (const auto& [name, content] : entries) {
    const std::string fields = common_fields(content);
    const std::uint64_t data = at + 30 + name.size() + 4, padding = (64 - data % 64) % 64;
    headers.push_back("PK\x03\x04" + fields + little_endian(name.size(), 2) + little_endian(padding + 4, 2) + name +
                      "FB" + little_endian(padding, 2) + std::string(padding, 'Z'));
    directory += "PK\x01\x02" + little_endian(0, 2) + fields + little_endian(name.size(), 2) + little_endian(0, 12) +
                 little_endian(at, 4) + name;
    at = data + padding + content.size();
    if (at + directory.size() > kMost)
      fail_usage("the weights have more than 4 GiB, which is not written to one .pt file; take --to huggingface");
  }
  const std::string end = "PK\x05\x06" + little_endian(0, 4) + little_endian(entries.size(), 2) +
                          little_endian(entries.size(), 2) + little_endian(directory.size(), 4) + little_endian(at, 4) +
                          little_endian(0, 2);
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < entries.size(); ++i) pieces.insert(pieces.end(), {headers[i], entries[i].second});
  pieces.insert(pieces.end(), {directory, end});
  write_file_atomic(path, pieces);
}

}  // namespace qkvbench::formats
