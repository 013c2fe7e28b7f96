// Three spellings of one list.
// What a merge makes, and whether it can be made, is the encoder's affair.
#include "qkvbench/formats/merges.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::formats {

namespace {

constexpr int kBytes = 256;
constexpr char32_t kFirstOther = 0x100;  // of what stands for bytes that cannot be printed

struct ByteNames {
  std::array<unsigned char, kBytes> byte_of_rank;
  std::array<char32_t, kBytes> name;  // by byte
  std::map<char32_t, unsigned char> byte_of_name;
};

const ByteNames& byte_names() {
  static const ByteNames names = [] {
    ByteNames n{};
    const auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
    std::size_t rank = 0;
    for (const bool first : {true, false})
      for (int b = 0; b < kBytes; ++b)
        if (printable(b) == first) n.byte_of_rank[rank++] = static_cast<unsigned char>(b);
    char32_t other = kFirstOther;
    for (int b = 0; b < kBytes; ++b) {
      const auto byte = static_cast<unsigned char>(b);
      n.name[byte] = printable(b) ? byte : other++;
      n.byte_of_name[n.name[byte]] = byte;
    }
    return n;
  }();
  return names;
}

std::string bytes_of(std::string_view written, const std::string& place) {
  std::string bytes;
  for (std::size_t at = 0; at < written.size();) {
    const CodePoint c = code_point_at(written, at);
    const auto found = byte_names().byte_of_name.find(c.value);
    if (c.bytes == 0 || found == byte_names().byte_of_name.end())
      fail_input(place + ": " + quoted(written) + " has a character that stands for no byte");
    bytes += static_cast<char>(found->second);
    at += c.bytes;
  }
  return bytes;
}

std::string written(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) out += utf8(byte_names().name[static_cast<unsigned char>(c)]);
  return out;
}

Merges parse_lines(std::string_view text, const std::string& origin) {
  Merges merges;
  for (std::size_t at = 0, number = 1; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (number == 1 && line.starts_with("#version")) continue;
    if (line.empty() && at >= text.size()) break;
    merges.push_back(parse_merge(line, origin + ": line " + std::to_string(number)));
  }
  return merges;
}

/// Whether the entry, or one of those in a Sequence, is ByteLevel with GPT-2's regular expression.
bool splits_as_gpt2(const nlohmann::json& entry) {
  const std::string type = entry.value("type", "");
  if (type == "Sequence" && entry.at("pretokenizers").size() == 1) return splits_as_gpt2(entry["pretokenizers"][0]);
  return type == "ByteLevel" && entry.value("use_regex", true) && !entry.value("add_prefix_space", false);
}

void check_ids(const nlohmann::json& vocabulary, const Merges& merges, const std::string& origin) {
  const auto check = [&](const std::string& bytes, std::size_t id) {
    const std::string token = written(bytes);
    if (!vocabulary.contains(token) || vocabulary[token] != id)
      fail_input(origin + ": vocab: " + formats::quoted(token) + " is not token " + std::to_string(id) +
                 "; only vocabularies in GPT-2's order are read: bytes first, then merges");
  };
  for (int rank = 0; rank < kBytes; ++rank) check(byte_of_rank(rank), static_cast<std::size_t>(rank));
  for (std::size_t i = 0; i < merges.size(); ++i) check(merges[i].first + merges[i].second, kBytes + i);
}

Merges parse_tokenizer(std::string_view text, const std::string& origin) {
  const nlohmann::json json = parse_json(std::string(text), origin);
  try {
    const nlohmann::json& model = json.at("model");
    if (model.value("type", "BPE") != "BPE")
      fail_input(origin + ": model: its type is '" + model.value("type", "") + "'; only BPE is read");
    if (!json.at("normalizer").is_null()) fail_input(origin + ": normalizer: GPT-2 has none, so a text would change");
    if (!splits_as_gpt2(json.at("pre_tokenizer")))
      fail_input(origin +
                 ": pre_tokenizer: it does not split a text as GPT-2 does (ByteLevel, without a prefix space)");
    Merges merges;
    for (const auto& entry : model.at("merges")) {
      const std::string place = origin + ": merge " + std::to_string(merges.size());
      if (entry.is_string())
        merges.push_back(parse_merge(entry.get<std::string>(), place));
      else
        merges.emplace_back(bytes_of(entry.at(0).get<std::string>(), place),
                            bytes_of(entry.at(1).get<std::string>(), place));
    }
    check_ids(model.at("vocab"), merges, origin);
    return merges;
  } catch (const nlohmann::json::exception& error) {
    fail_input(origin + ": " + error.what());
  }
}

}  // namespace

std::string byte_of_rank(int rank) {
  return {static_cast<char>(byte_names().byte_of_rank[static_cast<std::size_t>(rank)])};
}

std::pair<std::string, std::string> parse_merge(std::string_view line, const std::string& place) {
  const std::size_t space = line.find(' ');
  if (space == 0 || space == line.npos || space + 1 == line.size() || line.find(' ', space + 1) != line.npos)
    fail_input(place + ": " + quoted(line) + " is not two tokens with a space between them");
  return {bytes_of(line.substr(0, space), place), bytes_of(line.substr(space + 1), place)};
}

std::vector<std::string> merge_lines(const Merges& merges) {
  std::vector<std::string> lines;
  for (const auto& [left, right] : merges) lines.push_back(written(left) + " " + written(right));
  return lines;
}

Merges parse_merges(std::string_view text, const std::string& origin) {
  const bool is_json =
      text.substr(0, text.find_first_not_of(" \t\r\n") + 1).ends_with('{') && text.find("\"model\"") != text.npos;
  Merges merges = is_json ? parse_tokenizer(text, origin) : parse_lines(text, origin);
  if (merges.empty()) fail_input(origin + ": it has no merges; it is to be a vocab.bpe, merges.txt or tokenizer.json");
  return merges;
}

}  // namespace qkvbench::formats
