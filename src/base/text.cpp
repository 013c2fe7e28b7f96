// Edit distance and friends.
// Nothing here knows what the names stand for.
#include "qkvbench/base/text.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <sstream>
#include <utility>

namespace qkvbench {

namespace {

/// Letters that are missing, too many, wrong or exchanged with the next, with case ignored.
std::size_t distance(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  };
  std::vector<std::size_t> before, above(b.size() + 1), row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before = std::exchange(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1), above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row.back();
}

/// Whether someone who typed `name` may have meant `candidate`: at most a third of it, or one letter, is wrong. Dashes
/// of flags do not count.
bool is_near(std::string_view name, std::string_view candidate) {
  for (std::string_view* text : {&name, &candidate})
    text->remove_prefix(std::min(text->find_first_not_of('-'), text->size()));
  const std::size_t wrong = distance(name, candidate);
  return wrong < name.size() && wrong <= std::max<std::size_t>(1, (std::max(name.size(), candidate.size()) + 1) / 3);
}

}  // namespace

std::string nearest(std::string_view name, std::span<const std::string> candidates) {
  const auto best = std::min_element(candidates.begin(), candidates.end(), [&](const auto& a, const auto& b) {
    return distance(name, a) < distance(name, b);
  });
  return best == candidates.end() ? "" : *best;
}

std::string unknown_name_in_short(std::string_view kind, std::string_view name, std::span<const std::string> known) {
  std::vector<std::string> begun;  // a name that was not typed to its end is nearer than one of the same length
  for (const std::string& candidate : known)
    if (name.size() > 2 && candidate.starts_with(name)) begun.push_back(candidate);
  const std::string near = begun.empty() ? nearest(name, known) : nearest(name, begun);
  const bool offer = !begun.empty() || is_near(name, near);
  return "unknown " + std::string(kind) + " '" + std::string(name) + "'" +
         (offer ? ": did you mean '" + near + "'?" : "");
}

std::string unknown_name(std::string_view kind, std::string_view name, std::span<const std::string> known) {
  const std::string message = unknown_name_in_short(kind, name, known);
  if (known.empty()) return message;
  return message + (message.ends_with('?') ? "" : ".") + " Known: " + join(known);
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) out += (i ? std::string(separator) : "") + parts[i];
  return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    parts.emplace_back(part);
    begin = end + 1;
  }
  return parts;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

bool has_word(std::string_view list, std::string_view word) {
  for (std::size_t begin = 0, end = 0; end != list.npos; begin = end + 1) {
    end = list.find(' ', begin);
    if (list.substr(begin, end - begin) == word) return true;
  }
  return false;
}

double parse_duration(const std::string& flag, const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string_view unit(end);
  const double factor = unit.empty() || unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  const bool begins_well = !text.empty() && (text[0] == '.' || (text[0] >= '0' && text[0] <= '9'));
  if (!begins_well || !(number * factor > 0) || !(number * factor < 1e9))
    fail_usage(flag + ": '" + text + "' is no length of time; write 90s, 10m or 1.5h");
  return number * factor;
}

std::string shortened(const std::string& text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;  // inside a character
  return text.substr(0, most) + "…";
}

namespace {

/// A bound as people write it.
std::string bound_text(double x) {
  if (x == std::floor(x) && std::abs(x) < 1e16) return std::to_string(static_cast<long long>(x));
  std::ostringstream out;
  out << x;
  return out.str();
}

/// Written so that NaN lies nowhere. Whole numbers are compared as such: a double would round 2^53 + 1 to 2^53.
bool lies_between(const std::string& text, double least, double most, bool whole) {
  const double value = std::strtod(text.c_str(), nullptr);
  if (!(value >= least && value <= most)) return false;
  if (!whole || most > 9e18) return true;
  const long long exact = std::strtoll(text.c_str(), nullptr, 10);
  return exact >= static_cast<long long>(least) && exact <= static_cast<long long>(most);
}

/// "; write 1000" for the whole number that "1e3" or "2.0" is.
std::string as_digits(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const bool number = !text.empty() && text.find_first_not_of("0123456789.eE") == std::string::npos && *end == '\0';
  return number && value == std::floor(value) && value < 1e15 ? "; write " + bound_text(value) : "";
}

}  // namespace

std::string number_fault(const std::string& text, double least, double most, bool whole) {
  const std::string quoted = "'" + shortened(text, 40) + "'";
  if (whole) {
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    const bool digits = text.size() > first && text.find_first_not_of("0123456789", first) == std::string::npos;
    if (!digits || (text[first] == '0' && text.size() > first + 1))
      return quoted + " is no whole number written in decimal digits" + as_digits(text);
  } else {
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || text.find_first_not_of("0123456789+-.eE") != std::string::npos || *end != '\0' ||
        !std::isfinite(value))
      return quoted + " is no number; " +
             (text.find(',') == std::string::npos ? "write 0.001 or 1e-3" : "decimals stand behind a point: 0.001");
  }
  if (lies_between(text, least, most, whole)) return "";
  if (!(most < std::numeric_limits<double>::max())) return quoted + " is not at least " + bound_text(least);
  return quoted + " is not between " + bound_text(least) + " and " + bound_text(most);
}

std::string with_commas(long long n) {
  std::string digits = std::to_string(n);
  if (n < 0) digits.erase(0, 1);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return (n < 0 ? "−" : "") + digits;
}

std::string counted(std::size_t n, std::string_view what) {
  return with_commas(static_cast<long long>(n)) + " " + std::string(what) + (n == 1 ? "" : "s");
}

}  // namespace qkvbench
