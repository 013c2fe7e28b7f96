// Padding and number formats.
// Widths count code points, so wide East Asian characters would not line up.
#include "qkvbench/report/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace qkvbench::report {

namespace {

std::string formatted(const char* format, int decimals, double x) {
  char buffer[64];
  std::snprintf(buffer, sizeof(buffer), format, decimals, x);
  return buffer;
}

std::string padded(const std::string& text, std::size_t width, Align align) {
  const std::string spaces(width - std::min(width, display_width(text)), ' ');
  return align == Align::kLeft ? text + spaces : spaces + text;
}

}  // namespace

std::size_t display_width(const std::string& text) {
  // Every byte but the continuation bytes of UTF-8.
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    widths.push_back(display_width(columns_[c].title));
    for (const auto& row : rows_)
      if (c < row.size()) widths[c] = std::max(widths[c], display_width(row[c]));
  }
  const auto line = [&](auto&& cell) {
    std::string out;
    for (std::size_t c = 0; c < columns_.size(); ++c)
      out += (c ? "  " : "") + padded(cell(c), widths[c], columns_[c].align);
    return out.substr(0, out.find_last_not_of(' ') + 1) + "\n";
  };
  std::string out = line([&](std::size_t c) { return columns_[c].title; });
  std::size_t total = columns_.empty() ? 0 : 2 * (columns_.size() - 1);
  for (const std::size_t width : widths) total += width;
  for (std::size_t i = 0; i < total; ++i) out += "─";
  out += "\n";
  for (const auto& row : rows_) out += line([&](std::size_t c) { return c < row.size() ? row[c] : std::string(); });
  return out;
}

std::string fixed(double x, int decimals) { return std::isfinite(x) ? formatted("%.*f", decimals, x) : "–"; }

std::string scientific(double x, int decimals) { return std::isfinite(x) ? formatted("%.*e", decimals, x) : "–"; }

std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "–";
  if (seconds < 60) return fixed(seconds, seconds < 10 ? 1 : 0) + " s";
  const auto whole = static_cast<long long>(seconds + 0.5);
  char buffer[64];
  if (whole < 3600)
    std::snprintf(buffer, sizeof(buffer), "%lld min %02lld s", whole / 60, whole % 60);
  else
    std::snprintf(buffer, sizeof(buffer), "%lld h %02lld min", whole / 3600, whole % 3600 / 60);
  return buffer;
}

}  // namespace qkvbench::report
