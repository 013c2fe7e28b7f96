// One form for bytes that are no UTF-8, in everything that is written.
// U+FFFD in their place would make two files one.
#include "qkvbench/formats/json_text.hpp"

#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::formats {

namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

std::string escaped(unsigned char byte) { return {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]}; }

/// The byte of "\xE9", when that stands at text[at]; -1 otherwise.
int byte_at(std::string_view text, std::size_t at) {
  if (text.size() - at < 4 || text[at] != '\\' || text[at + 1] != 'x') return -1;
  const std::size_t high = kDigits.find(text[at + 2]), low = kDigits.find(text[at + 3]);
  return high == kDigits.npos || low == kDigits.npos ? -1 : static_cast<int>(high * 16 + low);
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = code_point_at(text, at).bytes;
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

/// Nearly always so; then nothing is copied.
bool is_all_utf8(const Json& json) {
  if (json.is_string()) return is_utf8(json.get_ref<const std::string&>());
  if (!json.is_structured()) return true;
  for (const auto& [key, value] : json.items())
    if (!is_utf8(key) || !is_all_utf8(value)) return false;
  return true;
}

Json with_escapes(const Json& json) {
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    return is_utf8(text) ? text : escape_bytes(text);
  }
  if (!json.is_structured()) return json;
  Json out = json.is_object() ? Json::object() : Json::array();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array())
      out.push_back(with_escapes(value));
    else
      out[is_utf8(key) ? key : escape_bytes(key)] = with_escapes(value);
  }
  return out;
}

}  // namespace

std::string escape_bytes(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = code_point_at(bytes, at).bytes;
    const bool as_it_is = size > 0 && byte_at(bytes, at) < 0;
    out += as_it_is ? std::string(bytes.substr(at, size)) : escaped(static_cast<unsigned char>(bytes[at]));
    at += as_it_is ? size : 1;
  }
  return out;
}

std::string unescape_bytes(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const int byte = byte_at(text, at);
    out += byte < 0 ? text[at] : static_cast<char>(byte);
    at += byte < 0 ? 1 : 4;
  }
  return out;
}

std::vector<std::string> escape_bytes(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  for (const std::string& text : texts) out.push_back(escape_bytes(text));
  return out;
}

std::string text_of(const Json& json, int indent) {
  return is_all_utf8(json) ? json.dump(indent) : with_escapes(json).dump(indent);
}

}  // namespace qkvbench::formats
