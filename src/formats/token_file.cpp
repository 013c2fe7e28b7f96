// Reading .bin files of tokens. Every number of a header is compared with the file's real size before it is used.
// Knows nothing of train and validation; the corpus does.
#include "qkvbench/formats/token_file.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/formats/token_form.hpp"

namespace qkvbench::formats {

namespace {

constexpr std::uint32_t kMagic = 20240520, kVersion = 1;
constexpr std::uint32_t kMagicTurned = kMagic << 24 | (kMagic & 0xFF00) << 8 | (kMagic >> 8 & 0xFF00) | kMagic >> 24;
constexpr std::uint32_t kMagicOf32Bits = 20240801;  // llm.c's form for Llama 3
constexpr std::size_t kHeaderBytes = 256 * 4, kTokenBytes = 2;

constexpr const char* kMend = "; write little-endian tokens of 16 bits, as numpy's astype('<u2').tofile() does";

std::uint32_t little_endian_32(const std::string& bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = 4; i-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
  return out;
}

/// The byte at which tokens begin. Throws when a header contradicts the file.
std::size_t first_token(const std::string& bytes, const std::string& path) {
  const std::uint32_t magic = bytes.size() >= 4 ? little_endian_32(bytes, 0) : 0;
  if (magic == kMagicOf32Bits)
    fail_input(path +
               ": at byte 0 stands llm.c's mark of 32-bit tokens, which this program does not read; write "
               "16-bit tokens, as for GPT-2");
  if (magic == kMagicTurned) fail_input(path + ": at byte 0 stands llm.c's mark in big-endian order" + kMend);
  if (magic != kMagic) {
    // A header whose mark was damaged would pass for tokens.
    const bool header = bytes.size() >= kHeaderBytes && little_endian_32(bytes, 4) == kVersion &&
                        little_endian_32(bytes, 8) == (bytes.size() - kHeaderBytes) / kTokenBytes;
    if (header) fail_input(path + ": llm.c's header stands there, but its mark at byte 0 is damaged; fetch it again");
    return 0;
  }
  if (bytes.size() < kHeaderBytes)
    fail_input(path + ": llm.c's header has " + std::to_string(kHeaderBytes) + " bytes, but the file ends at byte " +
               std::to_string(bytes.size()) + "; fetch it again");
  const std::uint32_t version = little_endian_32(bytes, 4), count = little_endian_32(bytes, 8);
  if (version != kVersion)
    fail_input(path + ": the header's version at byte 4 is " + std::to_string(version) + "; only version 1 is known");
  const std::size_t held = (bytes.size() - kHeaderBytes) / kTokenBytes;
  if (count != 0 && held % count == 0 && (held / count == 2 || held / count == 4))
    fail_input(path + ": the header at byte 8 promises " + std::to_string(count) + " tokens, and the file has " +
               std::to_string(8 * kTokenBytes * (held / count)) + " bits for each" + kMend);
  if (count != held)
    fail_input(path + ": the header at byte 8 promises " + std::to_string(count) + " tokens, but the file holds " +
               std::to_string(held) + "; fetch it again");
  for (std::size_t at = 12; at < kHeaderBytes; at += 4)
    if (little_endian_32(bytes, at) != 0)
      fail_input(path + ": the header at byte " + std::to_string(at) + " should be zero; fetch it again");
  return kHeaderBytes;
}

/// Whether every token is below the vocabulary with its bytes in the other order.
bool turned_fits(const std::string& bytes, std::size_t begin, index_t vocab) {
  for (std::size_t at = begin; at < bytes.size(); at += kTokenBytes)
    if ((static_cast<unsigned char>(bytes[at]) << 8 | static_cast<unsigned char>(bytes[at + 1])) >= vocab) return false;
  return true;
}

}  // namespace

TokenFile read_token_file(const std::filesystem::path& path, index_t vocab, std::uint64_t max_bytes) {
  const std::string name = path.string();
  const std::string bytes = read_file(path, max_bytes);
  if (bytes.size() % kTokenBytes != 0) {
    if (const std::string form = foreign_form(bytes, 0); !form.empty())
      fail_input(name + ": its bytes look like " + form + kMend);
    fail_input(name + ": its length of " + std::to_string(bytes.size()) +
               " bytes is odd, but every token has two; fetch it again");
  }
  const std::size_t begin = first_token(bytes, name);
  if (bytes.size() == begin) fail_input(name + ": it holds no tokens");
  if (const std::string form = foreign_form(bytes, begin); !form.empty())
    fail_input(name + ": its bytes look like " + form + kMend);

  TokenFile out{std::vector<std::uint16_t>((bytes.size() - begin) / kTokenBytes), {name, sha256(bytes), bytes.size()}};
  for (std::size_t i = 0; i < out.tokens.size(); ++i) {
    const std::size_t at = begin + i * kTokenBytes;
    const auto low = static_cast<unsigned char>(bytes[at]), high = static_cast<unsigned char>(bytes[at + 1]);
    out.tokens[i] = static_cast<std::uint16_t>(low | high << 8);
    if (out.tokens[i] >= vocab)
      fail_input(name + ": token " + std::to_string(out.tokens[i]) + " at byte " + std::to_string(at) +
                 " is beyond the vocabulary of " + std::to_string(vocab) +
                 "; give the vocabulary size that the file was made with" +
                 (turned_fits(bytes, begin, vocab)
                      ? ", or write little-endian tokens: read as big-endian, all are below it"
                      : ""));
  }
  return out;
}

}  // namespace qkvbench::formats
