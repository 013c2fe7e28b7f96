// One decoder for all that reads UTF-8, and one way to print what is none.
// Characters are looked at one by one; nothing here knows a whole file.
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::formats {

CodePoint code_point_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() - at < bytes) return {0, 0};
  char32_t value = lead & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0u) != 0x80) return {0, 0};
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  constexpr char32_t kSmallest[5] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < kSmallest[bytes] || value > 0x10FFFF || surrogate) return {0, 0};
  return {value, bytes};
}

std::string utf8(char32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xF0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

std::string printable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = code_point_at(text, at);
    const bool whole = c.bytes > 0 && c.value >= 0x20 && !(c.value >= 0x7F && c.value < 0xA0);
    const auto byte = static_cast<unsigned char>(text[at]);
    constexpr char kHex[] = "0123456789abcdef";
    if (whole) {
      out += text.substr(at, c.bytes);
    } else {
      out += byte == '\n' ? "\\n" : std::string("\\x") + kHex[byte >> 4] + kHex[byte & 15];
    }
    at += whole ? c.bytes : 1;
  }
  return out;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kShown = 30;  // bytes at either end
  if (text.size() <= 3 * kShown) return "'" + printable(text) + "'";
  std::size_t head = kShown, tail = text.size() - kShown;
  const auto within = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80; };
  while (head > 0 && within(head)) --head;
  while (tail < text.size() && within(tail)) ++tail;
  return "'" + printable(text.substr(0, head)) + " … " + printable(text.substr(tail)) + "'";
}

}  // namespace qkvbench::formats
