// Marks of other files, and patterns of numbers of other widths and orders.
// numpy's tofile() writes whatever type an array has, and says nothing of it.
#include "qkvbench/formats/token_form.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

namespace qkvbench::formats {

namespace {

using Bytes = std::string_view;

/// So many numbers do not come to a pattern by chance: zeros alone, where the least vocabulary has two ids, and others.
constexpr std::size_t kFewest = 16, kMany = 64;

std::uint16_t word(Bytes bytes, std::size_t i) {
  const auto low = static_cast<unsigned char>(bytes[2 * i]), high = static_cast<unsigned char>(bytes[2 * i + 1]);
  return static_cast<std::uint16_t>(low | high << 8);
}

std::string marked(Bytes bytes) {
  static const std::vector<std::pair<Bytes, const char*>> marks{{"\x93NUMPY", "a .npy file"},
                                                                {"\x1f\x8b\x08", "a file packed with gzip"},
                                                                {{"PK\3\4", 4}, "a zip or .npz archive"},
                                                                {{"\x28\xb5\x2f\xfd", 4}, "a file packed with zstd"},
                                                                {{"\x89HDF\r\n\x1a\n", 8}, "an HDF5 file"},
                                                                {"PAR1", "a Parquet file"},
                                                                {"ARROW1", "an Arrow file"}};
  for (const auto& [mark, what] : marks)
    if (bytes.starts_with(mark)) return what;
  return "";
}

/// Tokens have small numbers among their bytes, a text has none.
bool is_text(Bytes bytes) {
  return bytes.size() >= kMany &&
         std::ranges::all_of(bytes.substr(0, 1 << 16),
                             [](unsigned char c) { return c >= 32 || (c >= '\t' && c <= '\r'); }) &&
         std::ranges::count(bytes.substr(0, 1 << 16), ' ') * 50 >=
             static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes.size(), 1 << 16));
}

/// What is true of every word at places `first`, `first` + `step` …
template <class F>
bool every(Bytes bytes, std::size_t first, std::size_t step, F&& is) {
  for (std::size_t i = first; i < bytes.size() / 2; i += step)
    if (!is(word(bytes, i))) return false;
  return true;
}

bool is_zero(std::uint16_t w) { return w == 0; }
/// The upper half of an integer of 32 bits that is below 2^18, or negative and small.
bool is_upper_half(std::uint16_t w) { return w < 4 || w == 0xFFFF; }
/// The upper half of a float that is 0 or 1 … 65536.
bool is_float_half(std::uint16_t w) { return w == 0 || (w >= 0x3F80 && w <= 0x4780); }
/// The upper quarter of a double of that range.
bool is_double_quarter(std::uint16_t w) { return w == 0 || (w >= 0x3FF0 && w <= 0x40F0); }

std::string wide(Bytes bytes) {
  const std::size_t pairs = bytes.size() / 4;
  if (bytes.size() % 4 != 0 || pairs < kFewest || every(bytes, 0, 1, is_zero)) return "";
  const bool fours = bytes.size() % 8 == 0;
  if (every(bytes, 1, 2, is_zero))
    return fours && every(bytes, 2, 4, is_zero) ? "tokens of 64 bits: three of every four 16-bit numbers are 0"
                                                : "tokens of 32 bits: every second 16-bit number is 0";
  if (every(bytes, 0, 2, is_zero)) {
    if (fours && every(bytes, 2, 4, is_zero) && every(bytes, 3, 4, is_double_quarter)) return "floats of 64 bits";
    if (every(bytes, 1, 2, is_float_half)) return "floats of 32 bits";
    return "big-endian tokens of 32 or 64 bits: every second 16-bit number is 0";
  }
  if (pairs < kMany) return "";
  const auto is_small = [](std::uint16_t w) { return w < 1024; };
  if (every(bytes, 1, 2, is_upper_half) && !every(bytes, 0, 2, is_small))
    return "integers of 32 or 64 bits: every second 16-bit number is below 4";
  if (bytes.size() % 8 == 0 && every(bytes, 3, 4, is_double_quarter) && every(bytes, 0, 4, is_zero))
    return "floats of 64 bits";
  return every(bytes, 1, 2, is_float_half) ? "floats of 32 bits" : "";
}

std::string turned_or_narrow(Bytes bytes) {
  const std::size_t n = bytes.size() / 2;
  if (n < kFewest || every(bytes, 0, 1, is_zero)) return "";
  const std::uint16_t first = word(bytes, 0);
  if (every(bytes, 0, 1, [](std::uint16_t w) { return (w & 0xFF) == 0; }) &&
      !every(bytes, 0, 1, [first](std::uint16_t w) { return w == first; }))
    return "big-endian tokens: the first of every two bytes is 0";
  const auto below_128 = [](unsigned char c) { return c < 128; };
  if (n >= kMany && std::ranges::all_of(bytes, below_128) &&
      !every(bytes, 0, 1, [](std::uint16_t w) { return w < 256; }))
    return "tokens of 8 bits: no byte is above 127";
  return "";
}

}  // namespace

std::string foreign_form(Bytes bytes, std::size_t begin) {
  if (begin == 0) {
    if (std::string what = marked(bytes); !what.empty()) return what;
    if (is_text(bytes)) return "text, which is a corpus itself";
  }
  const Bytes tokens = bytes.substr(begin);
  if (std::string what = wide(tokens); !what.empty()) return what;
  return tokens.size() % 2 == 0 ? turned_or_narrow(tokens) : "";
}

}  // namespace qkvbench::formats
