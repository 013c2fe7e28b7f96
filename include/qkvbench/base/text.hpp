// Small helpers on text: nearest names for error messages, numbers and sizes for people.
// No formatting of tables; that is the report's.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "qkvbench/base/error.hpp"

namespace qkvbench {

/// The candidate with the smallest edit distance to `name` (the first of equals); empty without candidates.
std::string nearest(std::string_view name, std::span<const std::string> candidates);

/// "unknown flag '--varient': did you mean '--variant'?", or without the question where none is near: it must begin so,
/// or at most a third of it, or two letters, be wrong.
std::string unknown_name_in_short(std::string_view kind, std::string_view name, std::span<const std::string> known);

/// The same with all that there are: "unknown variant 'qk-vv': did you mean 'qk_v'? Known: q_k_v, qk_v …"
std::string unknown_name(std::string_view kind, std::string_view name, std::span<const std::string> known);

/// The row whose `name_of` member is `name`. Throws Error (usage) with the nearest one if there is none; `also_known`
/// are names that are no rows.
template <class Rows, class Name>
const auto& find_row(std::string_view kind, std::string_view name, const Rows& rows, Name name_of,
                     const std::vector<std::string>& also_known = {}) {
  std::vector<std::string> known;
  for (const auto& row : rows) {
    if (name == std::invoke(name_of, row)) return row;
    known.emplace_back(std::invoke(name_of, row));
  }
  known.insert(known.end(), also_known.begin(), also_known.end());
  fail_usage(unknown_name(kind, name, known));
}

/// "a, b, c"
std::string join(std::span<const std::string> parts, std::string_view separator = ", ");

/// The parts of `text` between separators, without spaces around them; an empty text has none.
std::vector<std::string> split(std::string_view text, char separator);

/// The lines of a text as they stand there, without their ends.
std::vector<std::string> lines_of(const std::string& text);

/// Whether `word` is one of the words of `list`, which stand between spaces.
bool has_word(std::string_view list, std::string_view word);

/// Seconds of "90s", "10m", "1.5h" or a bare number of seconds.
/// Throws Error (usage) naming `flag` when it is none of these or not above 0.
double parse_duration(const std::string& flag, const std::string& text);

/// The first `most` bytes of `text`, less where a UTF-8 character would be cut, and "…" where something was left out.
std::string shortened(const std::string& text, std::size_t most);

/// What is wrong with a number that a user wrote; empty when nothing is and it lies in [least, most]. Whole numbers are
/// decimal digits without leading zeros, which others read as octal; the rest is decimal too, finite and no nan.
std::string number_fault(const std::string& text, double least, double most, bool whole);

/// "12,345,678", "−1,024": for people
std::string with_commas(long long n);

/// "1 run", "3,000 runs"
std::string counted(std::size_t n, std::string_view what);

}  // namespace qkvbench
