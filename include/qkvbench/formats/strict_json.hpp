// JSON from files that are not to be trusted: bounded depth and size, no duplicate keys, one-line errors with a place.
// Everything that parses JSON in this project goes through here.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace qkvbench::formats {

/// Parses `text`. Throws Error (input) naming `origin` and the place when it is no JSON, nests deeper than 64,
/// repeats a key in an object, or is larger than `limit` bytes.
nlohmann::json parse_json(std::string_view text, const std::string& origin, std::size_t limit = std::size_t{64} << 20);

/// The same with the keys in the order of the text; refuses more than 256 keys in one object too, since each new key is
/// compared with those before it.
nlohmann::ordered_json parse_ordered(std::string_view text, const std::string& origin,
                                     std::size_t limit = std::size_t{64} << 20);

/// Whether it is a whole number from 0 to 2^62. The library would turn any number into an integer, as C++ would:
/// undefined for 4e27, and negative for 2^64 - 1.
bool is_count(const nlohmann::json& value);

/// The number. Throws Error (input) naming `where` when it is no count.
std::int64_t count_of(const nlohmann::json& value, const std::string& where);

}  // namespace qkvbench::formats
