// Python's str methods on UTF-8, as far as the tasks need them.
// Nothing of a task's form; choices.cpp has that.
#include "qkvbench/data/choice_text.hpp"

#include <utf8proc.h>

#include <algorithm>

#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::data {

namespace {

/// str.isspace(): by its category or its direction.
bool is_python_space(char32_t c) {
  const utf8proc_property_t* property = utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
  return property->category == UTF8PROC_CATEGORY_ZS || property->bidi_class == UTF8PROC_BIDI_CLASS_WS ||
         property->bidi_class == UTF8PROC_BIDI_CLASS_B || property->bidi_class == UTF8PROC_BIDI_CLASS_S;
}

/// Calls f(code point, its bytes); bytes that begin none come as they are, with code point −1.
template <class F>
void for_each_character(std::string_view text, F&& f) {
  for (std::size_t at = 0; at < text.size();) {
    const formats::CodePoint c = formats::code_point_at(text, at);
    const std::size_t n = std::max<std::size_t>(1, c.bytes);
    f(c.bytes == 0 ? utf8proc_int32_t{-1} : static_cast<utf8proc_int32_t>(c.value), text.substr(at, n));
    at += n;
  }
}

/// Where what is no white space begins and ends.
std::pair<std::size_t, std::size_t> core_of(std::string_view text) {
  std::size_t begin = text.size(), end = 0, at = 0;
  for_each_character(text, [&](utf8proc_int32_t c, std::string_view bytes) {
    if (c < 0 || !is_python_space(static_cast<char32_t>(c))) {
      begin = std::min(begin, at);
      end = at + bytes.size();
    }
    at += bytes.size();
  });
  return {std::min(begin, end), end};
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool here = text.substr(at).starts_with(from);
    out += here ? to : text.substr(at, 1);
    at += here ? from.size() : 1;
  }
  return out;
}

}  // namespace

std::string stripped(std::string_view text) {
  const auto [begin, end] = core_of(text);
  return std::string(text.substr(begin, end - begin));
}

std::string right_stripped(std::string_view text) { return std::string(text.substr(0, core_of(text).second)); }

std::string capitalized(std::string_view text) {
  std::string out;
  for_each_character(text, [&](utf8proc_int32_t c, std::string_view bytes) {
    if (c < 0)
      out += bytes;
    else
      out += formats::utf8(static_cast<char32_t>(out.empty() ? utf8proc_totitle(c) : utf8proc_tolower(c)));
  });
  return out;
}

std::size_t characters_of(std::string_view text) {
  std::size_t n = 0;
  for_each_character(text, [&](utf8proc_int32_t, std::string_view) { ++n; });
  return n;
}

std::string without_brackets(std::string_view text) {
  const std::string whole = replaced(stripped(text), " [title]", ". ");
  std::string out;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t close = whole[at] == '[' ? whole.find(']', at) : whole.npos;
    const bool goes = close != whole.npos && whole.find('\n', at) > close;  // a dot of Python's re is no line break
    if (!goes) out += whole[at];
    at = goes ? close + 1 : at + 1;
  }
  return replaced(out, "  ", " ");
}

}  // namespace qkvbench::data
