// Tables for a terminal, for Markdown, for LaTeX and for other programs, and the numbers in them.
// Not a document writer: one table, no caption.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "qkvbench/report/statistics.hpp"

namespace qkvbench::report {

enum class Align { kLeft, kRight };
enum class Format { kText, kMarkdown, kLatex };

/// "text", "markdown", "latex", in the order of Format.
inline constexpr std::array<const char*, 3> kFormatNames{"text", "markdown", "latex"};

class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::kLeft;
    bool is_key = false;  ///< stands in every part of a table that is too wide; the first column always does
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// Adds a row; missing cells are empty.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Title line, a rule, and the rows, each ended by a newline and without spaces at its end. In at most `width`
  /// columns (0: any), where its numbers and words allow it: titles and left-aligned cells break between words, and
  /// where that is not enough parts of the columns stand below each other.
  std::string text(std::size_t width = 0) const;
  /// A table of GitHub's Markdown.
  std::string markdown() const;
  /// A tabular with the rules of the package booktabs.
  std::string latex() const;
  /// Comma-separated values as RFC 4180 has them: lines end in CR LF, cells with commas, quotes or line ends are
  /// quoted.
  std::string csv() const;
  std::string render(Format format, std::size_t width = 0) const;

 private:
  std::string part(const std::vector<std::size_t>& shown, std::size_t width) const;
  std::vector<std::string> column_cells(std::size_t column) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// Lines broken between words so that each takes at most `width` columns (0: any).
std::string wrapped(const std::string& text, std::size_t width);

/// Columns that a UTF-8 text takes in a terminal, taking one for each code point.
std::size_t display_width(const std::string& text);

/// A number for people with so many decimals, its minus U+2212, and no minus where all digits are 0; "–" when it is not
/// finite.
std::string fixed(double x, int decimals);
/// "+1.2", "−0.4"; zero has no sign.
std::string signed_text(double x, int decimals);
/// "[0.612, 0.781]", and with signs "[−2.0, −0.4]".
std::string interval_text(const Interval& interval, int decimals);
std::string signed_interval_text(const Interval& interval, int decimals);
/// A number in scientific form with so many decimals: "1.8e-07".
std::string scientific(double x, int decimals);
/// A short text that reads back as the same number: "0.0003"; "–" when it is not finite.
std::string exact(double x);
/// A size in binary units with at most one decimal: "512 B", "2.5 KiB", "80 KiB", "5.1 GiB".
std::string size_text(double bytes);
/// "1.2 s", "3 min 04 s", "2 h 05 min".
std::string duration(double seconds);

}  // namespace qkvbench::report
