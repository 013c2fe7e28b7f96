// TFRecord around the few fields of tensorflow.Event that scalars take, in protobuf's wire format.
#include "qkvbench/formats/event_file.hpp"

#include <bit>
#include <boost/crc.hpp>
#include <cmath>

#include "qkvbench/formats/little_endian.hpp"

namespace qkvbench::formats {

namespace {

// A field's number and the type of what follows, as protobuf writes them in one byte.
constexpr char kWallTime = 1 << 3 | 1, kStep = 2 << 3 | 0, kFileVersion = 3 << 3 | 2, kSummary = 5 << 3 | 2;
constexpr char kValue = 1 << 3 | 2, kTag = 1 << 3 | 2, kSimpleValue = 2 << 3 | 5;

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  return out + static_cast<char>(value);
}

std::string message(char field, const std::string& bytes) { return field + varint(bytes.size()) + bytes; }

std::string wall_time(double seconds) { return kWallTime + little_endian(std::bit_cast<std::uint64_t>(seconds), 8); }

/// So that a checksum of bytes that hold checksums is not trivial.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xA282EAD8U; }

std::string masked_crc(std::string_view bytes) { return little_endian(masked(crc32c(bytes)), 4); }

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, ~0U, ~0U, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

std::string tf_record(std::string_view bytes) {
  const std::string length = little_endian(bytes.size(), 8);
  return length + masked_crc(length) + std::string(bytes) + masked_crc(bytes);
}

std::string_view tf_record_at(std::string_view file, std::size_t at) {
  if (at > file.size() || file.size() - at < 16) return {};
  const std::string_view length = file.substr(at, 8);
  const std::uint64_t size = little_endian(length);
  if (file.substr(at + 8, 4) != masked_crc(length) || file.size() - at - 16 < size) return {};
  const std::string_view bytes = file.substr(at + 12, size);
  return file.substr(at + 12 + size, 4) == masked_crc(bytes) ? bytes : std::string_view{};
}

std::string version_record(double wall_time_s) {
  return tf_record(wall_time(wall_time_s) + message(kFileVersion, "brain.Event:2"));
}

std::string scalars_record(double wall_time_s, std::int64_t step,
                           const std::vector<std::pair<std::string, double>>& scalars) {
  std::string summary;
  for (const auto& [tag, value] : scalars)
    if (std::isfinite(value))
      summary += message(kValue, message(kTag, tag) + kSimpleValue +
                                     little_endian(std::bit_cast<std::uint32_t>(static_cast<float>(value)), 4));
  return tf_record(wall_time(wall_time_s) + kStep + varint(static_cast<std::uint64_t>(step)) +
                   message(kSummary, summary));
}

double wall_time_of(std::string_view event) {
  if (event.size() < 9 || event.front() != kWallTime) return 0;
  return std::bit_cast<double>(little_endian(event.substr(1, 8)));
}

}  // namespace qkvbench::formats
