// One decoder for all that reads UTF-8, utf8proc's, and one way to print what is none.
// Characters are looked at one by one; nothing here knows a whole file.
#include "qkvbench/formats/utf8.hpp"

#include <utf8proc.h>

#include <algorithm>

namespace qkvbench::formats {

CodePoint code_point_at(std::string_view text, std::size_t at) {
  constexpr std::size_t kLongest = 4;
  const std::string_view bytes = text.substr(at, kLongest);
  utf8proc_int32_t value = 0;
  const utf8proc_ssize_t n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                                              static_cast<utf8proc_ssize_t>(bytes.size()), &value);
  if (n <= 0) return {0, 0};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(n)};
}

std::string_view character_at(std::string_view text, std::size_t at) {
  return text.substr(at, std::max<std::size_t>(1, code_point_at(text, at).bytes));
}

std::string utf8(char32_t c) {
  std::string bytes(4, '\0');
  bytes.resize(static_cast<std::size_t>(
      utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), reinterpret_cast<utf8proc_uint8_t*>(bytes.data()))));
  return bytes;
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
