// Archives byte by byte from their formats' descriptions: tar (ustar), zip without compression, gzip with stored
// blocks. Not by the library that reads them, so that they can say what no honest writer would.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace qkvbench::test {

/// A number in little-endian order.
inline std::string little_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}

inline std::uint32_t crc32(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

/// RFC 1952 around RFC 1951's stored blocks.
inline std::string gzip(const std::string& bytes) {
  std::string out("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  for (std::size_t at = 0; at == 0 || at < bytes.size(); at += 0xFFFF) {
    const std::string block = bytes.substr(at, 0xFFFF);
    out += at + 0xFFFF >= bytes.size() ? '\1' : '\0';
    out += little_endian(block.size(), 2) + little_endian(~block.size(), 2) + block;
  }
  return out + little_endian(crc32(bytes), 4) + little_endian(bytes.size(), 4);
}

/// One member of a tar; `type` is '0' file, '1' hard link, '2' symbolic link, '3' device, '5' folder. `declared` is the
/// size that the header tells, if it is not the true one.
inline std::string tar_member(const std::string& name, const std::string& content, char type = '0',
                              const std::string& target = "", std::uint64_t declared = ~std::uint64_t{0}) {
  const auto octal = [](std::uint64_t value, std::size_t digits) {
    std::string text(digits, '0');
    for (std::size_t i = digits; i-- > 0; value /= 8) text[i] = static_cast<char>('0' + value % 8);
    return text;
  };
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(100, 7, octal(0644, 7));
  header.replace(108, 7, octal(0, 7));
  header.replace(116, 7, octal(0, 7));
  header.replace(124, 11, octal(declared == ~std::uint64_t{0} ? content.size() : declared, 11));
  header.replace(136, 11, octal(0, 11));
  header.replace(148, 8, "        ");
  header[156] = type;
  header.replace(157, target.size(), target);
  header.replace(257, 8, std::string("ustar\00000", 8));
  std::uint64_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  header.replace(148, 7, octal(sum, 6) + '\0');
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}

inline std::string tar_end() { return std::string(1024, '\0'); }

struct ZipMember {
  std::string name, content;
  std::uint32_t mode = 0100644;  ///< 0120777 is a symbolic link
};

/// APPNOTE.TXT: local headers with their content, the central directory, its end.
inline std::string zip(const std::vector<ZipMember>& members) {
  std::string out, directory;
  for (const ZipMember& m : members) {
    const std::string fields = little_endian(0, 2) + little_endian(0, 2) + little_endian(0, 2) +
                               little_endian(0x21, 2) + little_endian(crc32(m.content), 4) +
                               little_endian(m.content.size(), 4) + little_endian(m.content.size(), 4) +
                               little_endian(m.name.size(), 2) + little_endian(0, 2);
    directory += "PK\1\2" + little_endian(0x0314, 2) + little_endian(20, 2) + fields + little_endian(0, 2) +
                 little_endian(0, 2) + little_endian(0, 2) + little_endian(std::uint64_t{m.mode} << 16, 4) +
                 little_endian(out.size(), 4) + m.name;
    out += "PK\3\4" + little_endian(20, 2) + fields + m.name + m.content;
  }
  const std::size_t begin = out.size();
  return out + directory + "PK\5\6" + little_endian(0, 4) + little_endian(members.size(), 2) +
         little_endian(members.size(), 2) + little_endian(directory.size(), 4) + little_endian(begin, 4) +
         little_endian(0, 2);
}

}  // namespace qkvbench::test
