// The directory of a zip archive. Sizes and offsets come from it alone: local headers may hold zeros.
// Each number is compared with what it is to fit into before anything is added to it.
#include "qkvbench/formats/stored_zip.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/crc32.hpp"
#include "qkvbench/formats/little_endian.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::formats {

namespace {

constexpr std::uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kLocator64 = 0x07064b50, kCentral = 0x02014b50,
                        kLocal = 0x04034b50;
constexpr std::uint64_t kEndBytes = 22, kEnd64Bytes = 56, kLocatorBytes = 20, kCentralBytes = 46, kLocalBytes = 30;
constexpr std::uint64_t kMostComment = 65535;
constexpr std::uint32_t kIn64 = 0xFFFFFFFF;

/// A number of n bytes at a place that is known to be there.
std::uint64_t number(std::string_view bytes, std::uint64_t at, std::size_t n) {
  return little_endian(bytes.substr(at, n));
}

}  // namespace

StoredZip::StoredZip(std::string_view archive, const std::string& origin) : archive_(archive), origin_(origin) {
  const std::uint64_t size = archive.size();
  std::uint64_t end = size;
  for (std::uint64_t back = kEndBytes; back <= std::min(size, kEndBytes + kMostComment) && end == size; ++back)
    if (number(archive, size - back, 4) == kEnd && number(archive, size - back + 20, 2) == back - kEndBytes)
      end = size - back;
  if (end == size) fail_input(origin + ": the end of the archive is missing; the file is cut short, fetch it again");
  std::uint64_t count = number(archive, end + 10, 2), bytes = number(archive, end + 12, 4),
                begin = number(archive, end + 16, 4), behind = end;
  if (end >= kLocatorBytes && number(archive, end - kLocatorBytes, 4) == kLocator64) {
    const std::uint64_t at = number(archive, end - kLocatorBytes + 8, 8);
    if (size < kEnd64Bytes || at > end - kLocatorBytes || end - kLocatorBytes - at < kEnd64Bytes ||
        number(archive, at, 4) != kEnd64)
      fail_input(origin + ": the 64-bit end record is not where it should be; the file is damaged");
    count = number(archive, at + 32, 8), bytes = number(archive, at + 40, 8), begin = number(archive, at + 48, 8);
    behind = at;
  }
  if (begin > behind || bytes > behind - begin)
    fail_input(origin + ": the archive's directory lies outside of it; the file is damaged");
  directory_ = begin;
  read_directory(begin, bytes, count);
}

void StoredZip::read_directory(std::uint64_t begin, std::uint64_t size, std::uint64_t count) {
  const std::string damaged = origin_ + ": the archive's directory is damaged";
  if (count > size / kCentralBytes) fail_input(damaged + ": it cannot hold " + std::to_string(count) + " entries");
  const std::string_view all = archive_.substr(begin, size);
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (all.size() - at < kCentralBytes || number(all, at, 4) != kCentral)
      fail_input(damaged + " at entry " + std::to_string(i));
    const std::uint64_t name_bytes = number(all, at + 28, 2), extra_bytes = number(all, at + 30, 2),
                        comment_bytes = number(all, at + 32, 2);
    if (name_bytes + extra_bytes + comment_bytes > all.size() - at - kCentralBytes)
      fail_input(damaged + " at entry " + std::to_string(i));
    const std::string name(all.substr(at + kCentralBytes, name_bytes));
    Place place{number(all, at + 42, 4),
                number(all, at + 20, 4),
                number(all, at + 24, 4),
                static_cast<std::uint32_t>(number(all, at + 16, 4)),
                static_cast<std::uint16_t>(number(all, at + 10, 2)),
                static_cast<std::uint16_t>(number(all, at + 8, 2))};
    const std::string_view extra = all.substr(at + kCentralBytes + name_bytes, extra_bytes);
    for (std::size_t field = 0; extra.size() - field >= 4;) {
      const std::uint64_t n = number(extra, field + 2, 2), held = extra.size() - field - 4;
      if (n > held) break;
      std::uint64_t value = field + 4;
      if (number(extra, field, 2) == 1)
        for (std::uint64_t* wide : {&place.size, &place.stored, &place.header})
          if (*wide == kIn64 && value + 8 <= field + 4 + n) *wide = number(extra, value, 8), value += 8;
      field += 4 + n;
    }
    if (i == 0) first_folder_ = name.substr(0, name.find('/') == name.npos ? 0 : name.find('/') + 1);
    if (!entries_.emplace(name, place).second) fail_input(origin_ + ": two entries are named " + quoted(name));
    at += kCentralBytes + name_bytes + extra_bytes + comment_bytes;
  }
}

StoredZip::Entry StoredZip::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  const std::string where = origin_ + ": " + quoted(name);
  if (found == entries_.end()) fail_input(where + " is not in the archive; the file is damaged or of another form");
  const Place& place = found->second;
  if ((place.flags & 1) != 0) fail_input(where + " is encrypted");
  if (place.method != 0)
    fail_input(where + " is compressed (method " + std::to_string(place.method) +
               "), which torch.save never does; zip it again without compression");
  if (place.size != place.stored || place.header > directory_ || directory_ - place.header < kLocalBytes ||
      number(archive_, place.header, 4) != kLocal)
    fail_input(where + " is not where the archive's directory says; the file is damaged");
  const std::uint64_t begin =
      place.header + kLocalBytes + number(archive_, place.header + 26, 2) + number(archive_, place.header + 28, 2);
  if (begin > directory_ || place.size > directory_ - begin)
    fail_input(where + " has " + std::to_string(place.size) + " bytes, more than the archive");
  return {archive_.substr(begin, place.size), place.crc};
}

StoredZip::Entry StoredZip::checked_entry(const std::string& name) const {
  const Entry found = entry(name);
  constexpr std::size_t kMost = std::size_t{1} << 30;
  if (found.bytes.size() > kMost || crc32(found.bytes) != found.crc)
    fail_input(origin_ + ": " + quoted(name) + ": its checksum differs; the file is damaged, fetch it again");
  return found;
}

}  // namespace qkvbench::formats
