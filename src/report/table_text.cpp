// A table laid out for a terminal: columns side by side; where they are too wide titles and texts break between words,
// and where that is not enough the columns stand in parts below each other.
// No number is ever cut: one that is too wide for the window sticks out.
#include <algorithm>
#include <numeric>
#include <utility>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

using Lines = std::vector<std::string>;
constexpr std::size_t kGap = 2, kNarrowText = 10;  // between columns; a column of text is not made narrower

/// Words put into lines of at most `width` columns; a longer word has a line of its own.
Lines broken(const std::string& text, std::size_t width) {
  Lines lines{""};
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (lines.back().empty())
      lines.back() = word;
    else if (display_width(lines.back()) + 1 + display_width(word) <= width)
      lines.back() += " " + word;
    else
      lines.push_back(word);
    at = end + 1;
  }
  return lines;
}

std::size_t longest_word(const std::string& text) {
  std::size_t longest = 0;
  for (const std::string& word : broken(text, 0)) longest = std::max(longest, display_width(word));
  return longest;
}

/// A text as a terminal shows the mark.
std::string marked(const std::string& text, Mark mark) {
  constexpr std::array<const char*, 5> kCodes{"", "\033[1m", "\033[32m", "\033[31m", "\033[2m"};
  return text.empty() || mark == Mark::kNone ? text : kCodes[static_cast<std::size_t>(mark)] + text + "\033[0m";
}

std::string padded(const std::string& text, std::size_t width, Align align, Mark mark) {
  const std::string spaces(width - std::min(width, display_width(text)), ' ');
  return align == Align::kLeft ? marked(text, mark) + spaces : spaces + marked(text, mark);
}

/// How wide a column may be: as it is, with its title broken, with its texts broken too.
struct Widths {
  std::size_t whole, cells, least;
};

Widths widths_of(const Table::Column& column, const Lines& cells) {
  std::size_t widest = 0, word = longest_word(column.title);
  const std::size_t title = word;
  for (const std::string& cell : cells) {
    widest = std::max(widest, display_width(cell));
    word = std::max(word, longest_word(cell));
  }
  Widths widths{std::max(widest, display_width(column.title)), std::max(widest, title), 0};
  widths.least = column.align == Align::kRight ? widths.cells : std::max(word, std::min(widths.cells, kNarrowText));
  return widths;
}

std::size_t total(const std::vector<std::size_t>& widths) {
  return std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
}

/// Lines of the tallest text at a width.
std::size_t tallest(const Lines& texts, std::size_t width) {
  std::size_t lines = 0;
  for (const std::string& text : texts)
    lines = std::max(lines, display_width(text) <= width ? 1 : broken(text, width).size());
  return lines;
}

/// Widens columns of these texts while all fit: always the one whose texts take most lines, of equals the one that
/// lacks most.
void widen(std::vector<std::size_t>& widths, const std::vector<std::size_t>& wanted, const std::vector<Lines>& texts,
           std::size_t width) {
  std::vector<std::pair<std::size_t, std::size_t>> need(widths.size());  // lines, columns that it lacks
  const auto measure = [&](std::size_t c) {
    const std::size_t lacks = wanted[c] - std::min(wanted[c], widths[c]);
    need[c] = {lacks == 0 ? 0 : tallest(texts[c], widths[c]), lacks};
  };
  for (std::size_t c = 0; c < widths.size(); ++c) measure(c);
  while (total(widths) < width) {
    const auto most = static_cast<std::size_t>(std::ranges::max_element(need) - need.begin());
    if (need[most].second == 0) return;
    ++widths[most];
    measure(most);
  }
}

}  // namespace

std::string wrapped(const std::string& text, std::size_t width) {
  if (width == 0) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (display_width(line) <= width)
      out += line + "\n";
    else
      for (const std::string& part : broken(line, width)) out += part + "\n";
    at = end + 1;
  }
  if (!text.ends_with('\n') && !out.empty()) out.pop_back();
  return out;
}

std::string prose(const std::string& lines, const Rendering& style) {
  if (style.format == Format::kText) return wrapped(lines, style.columns);
  std::string out;
  if (style.format != Format::kCsv)
    for (const std::string& line : lines_of(lines))
      if (!line.empty()) out += style.format == Format::kLatex ? "% " + line + "\n" : line + "\n\n";
  return out;
}

std::string heading(const std::string& text, const Rendering& style) {
  switch (style.format) {
    case Format::kText: return wrapped(text, style.columns) + "\n\n";
    case Format::kMarkdown: return "**" + text + "**\n\n";
    case Format::kLatex: return "% " + text + "\n\n";
    case Format::kCsv: return "";
  }
  return "";
}

std::string Table::part(const std::vector<std::size_t>& shown, std::size_t width, bool colours) const {
  std::vector<std::size_t> widths, whole, cells;
  std::vector<Lines> texts, titles;
  for (const std::size_t c : shown) {
    texts.push_back(column_cells(c));
    titles.push_back({columns_[c].title});
    const Widths of = widths_of(columns_[c], texts.back());
    widths.push_back(width == 0 ? of.whole : of.least);
    whole.push_back(of.whole);
    cells.push_back(of.cells);
  }
  widen(widths, cells, texts, width);
  widen(widths, whole, titles, width);
  const auto row_text = [&](auto&& cell, auto&& mark, bool from_below) {
    std::vector<Lines> lines;
    std::size_t height = 1;
    for (std::size_t i = 0; i < shown.size(); ++i) {
      const std::string text = cell(shown[i]);
      lines.push_back(display_width(text) <= widths[i] ? Lines{text} : broken(text, widths[i]));
      height = std::max(height, lines.back().size());
    }
    std::string out;
    for (std::size_t y = 0; y < height; ++y) {
      std::string line;
      for (std::size_t i = 0; i < shown.size(); ++i) {
        const std::size_t above = from_below ? height - lines[i].size() : 0;
        const bool has = y >= above && y - above < lines[i].size();
        line += std::string(i ? kGap : 0, ' ') +
                padded(has ? lines[i][y - above] : "", widths[i], columns_[shown[i]].align, mark(shown[i]));
      }
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    }
    return out;
  };
  std::string out =
      row_text([&](std::size_t c) { return columns_[c].title; }, [](std::size_t) { return Mark::kNone; }, true);
  for (std::size_t i = 0; i < total(widths); ++i) out += "─";
  out += "\n";
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    const auto& row = rows_[r];
    out += row_text([&](std::size_t c) { return c < row.size() ? row[c] : std::string(); },
                    [&](std::size_t c) {
                      const auto found = colours ? marks_.find({r, c}) : marks_.end();
                      return found == marks_.end() ? Mark::kNone : found->second;
                    },
                    false);
  }
  return out;
}

std::vector<std::string> Table::column_cells(std::size_t column) const {
  std::vector<std::string> cells;
  for (const auto& row : rows_)
    if (column < row.size()) cells.push_back(row[column]);
  return cells;
}

std::string Table::text(std::size_t width, bool colours) const {
  if (columns_.empty()) return "\n\n";
  std::vector<std::size_t> keys, others, whole, least;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const Widths of = widths_of(columns_[c], column_cells(c));
    whole.push_back(of.whole);
    least.push_back(of.least);
    (c == 0 || columns_[c].is_key ? keys : others).push_back(c);
  }
  std::vector<std::size_t> all(columns_.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (width == 0 || total(whole) <= width) return part(all, 0, colours);
  if (total(least) <= width || others.empty()) return part(all, width, colours);
  std::size_t room = width;
  for (const std::size_t key : keys) room -= std::min(room, least[key] + kGap);
  std::string out;
  for (std::size_t next = 0; next < others.size();) {
    std::vector<std::size_t> shown = keys;
    std::size_t used = 0;
    do {
      used += least[others[next]] + kGap;
      shown.push_back(others[next++]);
    } while (next < others.size() && used + least[others[next]] <= room);
    out += (out.empty() ? "" : "\n") + part(shown, width, colours);
  }
  return out;
}

}  // namespace qkvbench::report
