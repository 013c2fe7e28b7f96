// Markdown, LaTeX and CSV, and number formats. Text for a terminal is in table_text.
// Widths count code points, so wide East Asian characters would not line up.
#include "qkvbench/report/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "qkvbench/base/text.hpp"

namespace qkvbench::report {

namespace {

/// With a point whatever the locale. Not to_chars, which libc++ long had for integers only.
std::string formatted(const char* format, int digits, double x) {
  if (!std::isfinite(x)) return "–";
  std::array<char, 400> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, digits, x);
  std::string text = buffer.data();
  std::ranges::replace(text, ',', '.');
  return text;
}

using Spellings = std::vector<std::pair<std::string_view, std::string_view>>;

/// `text` with every piece that has another spelling in it, from the left.
std::string replaced(const std::string& text, const Spellings& spellings) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto found = std::ranges::find_if(
        spellings, [&](const auto& pair) { return std::string_view(text).substr(at).starts_with(pair.first); });
    out += found == spellings.end() ? text.substr(at, 1) : std::string(found->second);
    at += found == spellings.end() ? 1 : found->first.size();
  }
  return out;
}

/// What LaTeX reads as a command, and the characters of our equations that its fonts may lack.
const Spellings kLatexSpellings{{"\\", "\\textbackslash{}"},
                                {"_", "\\_"},
                                {"&", "\\&"},
                                {"%", "\\%"},
                                {"#", "\\#"},
                                {"$", "\\$"},
                                {"α", "$\\alpha$"},
                                {"ᵀ", "$^\\top$"},
                                {"Δ", "$\\Delta$"},
                                {"√", "$\\surd$"},
                                {"σ", "$\\sigma$"},
                                {"Σ", "$\\Sigma$"},
                                {"−", "$-$"},
                                {"×", "$\\times$"},
                                {"–", "--"},
                                {"→", "$\\to$"},
                                {"↑", "$\\uparrow$"},
                                {"↓", "$\\downarrow$"},
                                {"·", "$\\cdot$"},
                                {"±", "$\\pm$"},
                                {"≤", "$\\le$"},
                                {"≥", "$\\ge$"}};

}  // namespace

std::size_t display_width(const std::string& text) {
  // Every byte but the continuation bytes of UTF-8.
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void Table::mark_best(std::size_t column, const RowValues& values, bool higher_is_better, int decimals) {
  if (values.empty()) return;
  const auto [least, most] = std::ranges::minmax(values, {}, &RowValues::value_type::second);
  const std::string low = fixed(least.second, decimals), high = fixed(most.second, decimals);
  if (low == high) return;
  for (const auto& [row, value] : values)
    if (fixed(value, decimals) == (higher_is_better ? high : low)) mark(row, column, Mark::kBest);
}

std::string Table::markdown() const {
  const auto line = [&](auto&& cell) {
    std::string out = "|";
    for (std::size_t c = 0; c < columns_.size(); ++c) out += " " + cell(c) + " |";
    return out + "\n";
  };
  const auto cell = [](const std::string& text) { return replaced(text, {{"|", "\\|"}}); };
  std::string out = line([&](std::size_t c) { return cell(columns_[c].title); });
  out += line([&](std::size_t c) { return std::string(columns_[c].align == Align::kRight ? "---:" : "---"); });
  for (const auto& row : rows_)
    out += line([&](std::size_t c) { return c < row.size() ? cell(row[c]) : std::string(); });
  return out;
}

std::string Table::latex() const {
  const auto line = [&](auto&& cell) {
    std::string out;
    for (std::size_t c = 0; c < columns_.size(); ++c) out += (c ? " & " : "  ") + cell(c);
    return out + " \\\\\n";
  };
  const auto cell = [](const std::string& text) { return replaced(text, kLatexSpellings); };
  std::string out = "\\begin{tabular}{";
  for (const Column& column : columns_) out += column.align == Align::kRight ? 'r' : 'l';
  out += "}\n\\toprule\n" + line([&](std::size_t c) { return cell(columns_[c].title); }) + "\\midrule\n";
  for (const auto& row : rows_)
    out += line([&](std::size_t c) { return c < row.size() ? cell(row[c]) : std::string(); });
  return out + "\\bottomrule\n\\end{tabular}\n";
}

std::string Table::csv() const {
  const auto line = [&](auto&& cell) {
    std::string out;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string text = cell(c);
      const bool plain = text.find_first_of(",\"\r\n") == std::string::npos;
      out += (c ? "," : "") + (plain ? text : "\"" + replaced(text, {{"\"", "\"\""}}) + "\"");
    }
    return out + "\r\n";
  };
  std::string out = line([&](std::size_t c) { return columns_[c].title; });
  for (const auto& row : rows_) out += line([&](std::size_t c) { return c < row.size() ? row[c] : std::string(); });
  return out;
}

std::string Table::render(const Rendering& style) const {
  switch (style.format) {
    case Format::kText: return text(style.columns, style.colours);
    case Format::kMarkdown: return markdown();
    case Format::kLatex: return latex();
    case Format::kCsv: return csv();
  }
  return "";
}

std::string size_text(double bytes) {
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  const bool whole = std::abs(bytes - std::round(bytes)) < 0.05;
  return fixed(bytes, whole ? 0 : 1) + " " + kUnits[unit];
}

std::string fixed(double x, int decimals) {
  const std::string text = formatted("%.*f", decimals, std::abs(x));
  return x < 0 && std::isfinite(x) && text.find_first_of("123456789") != std::string::npos ? "−" + text : text;
}

std::string signed_text(double x, int decimals) {
  const std::string text = fixed(x, decimals);
  return x > 0 && std::isfinite(x) && text.find_first_of("123456789") != std::string::npos ? "+" + text : text;
}

std::string interval_text(const Interval& interval, int decimals) {
  return "[" + fixed(interval.low, decimals) + ", " + fixed(interval.high, decimals) + "]";
}

std::string signed_interval_text(const Interval& interval, int decimals) {
  return "[" + signed_text(interval.low, decimals) + ", " + signed_text(interval.high, decimals) + "]";
}

std::string scientific(double x, int decimals) { return formatted("%.*e", decimals, x); }

std::string exact(double x) {
  std::string text;
  for (int digits = 15; digits <= 17; ++digits) {
    text = formatted("%.*g", digits, x);
    if (std::strtod(text.c_str(), nullptr) == x) break;
  }
  return text;
}

std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "–";
  if (seconds < 60) return fixed(seconds, seconds < 10 ? 1 : 0) + " s";
  if (seconds >= 1000 * 3600.0 && seconds < 1e15) return with_commas(std::llround(seconds / 86400)) + " days";
  const auto whole = static_cast<long long>(seconds + 0.5);
  char buffer[64];
  if (whole < 3600)
    std::snprintf(buffer, sizeof(buffer), "%lld min %02lld s", whole / 60, whole % 60);
  else
    std::snprintf(buffer, sizeof(buffer), "%lld h %02lld min", whole / 3600, whole % 3600 / 60);
  return buffer;
}

}  // namespace qkvbench::report
