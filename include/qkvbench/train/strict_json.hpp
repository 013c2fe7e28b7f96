// JSON from files that are not to be trusted: bounded depth and size, no duplicate keys, one-line errors with a place.
// Everything that parses JSON in this project goes through here.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace qkvbench::train {

/// Parses `text`. Throws Error (input) naming `origin` and the place when it is no JSON, nests deeper than 64,
/// repeats a key in an object, or is larger than `limit` bytes.
nlohmann::json parse_json(std::string_view text, const std::string& origin, std::size_t limit = std::size_t{64} << 20);

}  // namespace qkvbench::train
