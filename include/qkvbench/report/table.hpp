// Tables for a terminal, for Markdown, for LaTeX and for other programs, and the numbers in them.
// Not a document writer: one table, no caption.
#pragma once
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/report/statistics.hpp"

namespace qkvbench::report {

enum class Align { kLeft, kRight };
enum class Format { kText, kMarkdown, kLatex, kCsv };

/// "text", "markdown", "latex", "csv", in the order of Format.
inline constexpr std::array<const char*, 4> kFormatNames{"text", "markdown", "latex", "csv"};

/// How tables and what stands around them are written.
struct Rendering {
  Rendering(Format form = Format::kText, std::size_t most_columns = 0, bool with_colours = false)
      : format(form), columns(most_columns), colours(with_colours) {}
  Format format;
  std::size_t columns;  ///< of text: the most that a line takes; 0: any
  bool colours;         ///< of text: marks are escape sequences of a terminal; elsewhere they are not shown
};

/// What a cell is: the best of its column (bold), a good or a bad end (green, red), or nothing certain (faint).
enum class Mark { kNone, kBest, kGood, kBad, kFaint };

/// Numbers of a column with the rows that they stand in.
using RowValues = std::vector<std::pair<std::size_t, double>>;

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
  /// Marks a cell of the row that was added last, or of the one that is named.
  void mark(std::size_t column, Mark mark) { this->mark(rows_.size() - 1, column, mark); }
  void mark(std::size_t row, std::size_t column, Mark mark) { marks_[{row, column}] = mark; }
  /// Marks the best of a column's numbers, as far as so many decimals tell them apart; none where all are alike.
  void mark_best(std::size_t column, const RowValues& values, bool higher_is_better, int decimals);
  std::size_t rows() const { return rows_.size(); }
  /// Title line, a rule, and the rows, each ended by a newline and without spaces at its end. In at most `width`
  /// columns (0: any), where its numbers and words allow it: titles and left-aligned cells break between words, and
  /// where that is not enough parts of the columns stand below each other.
  std::string text(std::size_t width = 0, bool colours = false) const;
  /// A table of GitHub's Markdown.
  std::string markdown() const;
  /// A tabular with the rules of the package booktabs.
  std::string latex() const;
  /// Comma-separated values as RFC 4180 has them: lines end in CR LF, cells with commas, quotes or line ends are
  /// quoted.
  std::string csv() const;
  std::string render(const Rendering& style) const;

 private:
  std::string part(const std::vector<std::size_t>& shown, std::size_t width, bool colours) const;
  std::vector<std::string> column_cells(std::size_t column) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::map<std::pair<std::size_t, std::size_t>, Mark> marks_;
};

/// Lines broken between words so that each takes at most `width` columns (0: any).
std::string wrapped(const std::string& text, std::size_t width);

/// Lines that stand around tables: text broken to its width; of Markdown a paragraph each, of LaTeX a comment; of CSV
/// none. Empty lines are kept in text only.
std::string prose(const std::string& lines, const Rendering& style);

/// What stands above a table, with an empty line behind it; in bold in Markdown, none in CSV.
std::string heading(const std::string& text, const Rendering& style);

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
