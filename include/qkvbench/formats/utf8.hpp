// UTF-8 from whoever: its characters, what begins none, and texts as lines that can be printed.
// Nothing is replaced silently.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace qkvbench::formats {

/// A character of UTF-8: its number and how many bytes it takes; 0 bytes when none begins here.
struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

/// The character that begins at text[at], at < text.size(). Overlong forms, surrogates, numbers beyond U+10FFFF and
/// sequences that break off are not characters. Source: RFC 3629.
CodePoint code_point_at(std::string_view text, std::size_t at);
/// Its bytes, or the one byte at text[at] where none begins.
std::string_view character_at(std::string_view text, std::size_t at);

/// The same text as a line that can be printed: control characters become \n or \x and two digits, and so does every
/// byte that begins no character. quoted(): between '' and with long texts cut in the middle.
std::string printable(std::string_view text);
std::string quoted(std::string_view text);

/// UTF-8 of a number below 0x110000.
std::string utf8(char32_t code_point);

}  // namespace qkvbench::formats
