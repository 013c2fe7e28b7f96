// JSON as text whatever bytes it holds: names of files and arguments need not be UTF-8, strings of JSON must be.
// Parsing is strict_json.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace qkvbench::formats {

/// JSON whose keys keep the order in which they were put, for all that is written.
using Json = nlohmann::ordered_json;

/// The bytes as UTF-8, so that unescape_bytes() gives them back: each byte that belongs to no character is \x and two
/// hexadecimal digits ("caf\xE9"), and the backslash of a text that reads so itself is \x5C. Any other text, so all but
/// the strangest, is left as it is.
std::string escape_bytes(std::string_view bytes);
std::string unescape_bytes(std::string_view text);
std::vector<std::string> escape_bytes(const std::vector<std::string>& texts);

/// The text of a JSON value, indented or on one line. Strings that are no UTF-8 are escaped first, so it never fails.
std::string text_of(const Json& json, int indent = -1);

}  // namespace qkvbench::formats
