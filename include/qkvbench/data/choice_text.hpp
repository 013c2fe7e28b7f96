// What lm-evaluation-harness does to texts before it asks, as Python does it.
// Characters are code points; a byte that begins none is one.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace qkvbench::data {

/// Without Python's white space at both ends, or at the end only.
std::string stripped(std::string_view text);
std::string right_stripped(std::string_view text);

/// The first character in title case, all others in lower case; one for one, so "ß" stays.
std::string capitalized(std::string_view text);

/// Code points, as Python's len().
std::size_t characters_of(std::string_view text);

/// HellaSwag's preprocess(): stripped, " [title]" becomes ". ", what stands in [] goes, and of two spaces one is left.
std::string without_brackets(std::string_view text);

}  // namespace qkvbench::data
