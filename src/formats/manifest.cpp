// Writing and comparing manifests.
// The text is made again from what was read and must be the same, so nothing in it goes unseen.
#include "qkvbench/formats/manifest.hpp"

#include <charconv>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/sha256.hpp"

namespace qkvbench::formats {

namespace {

constexpr std::uint64_t kMaxManifestBytes = 1 << 20;
constexpr std::size_t kHashDigits = 64;
constexpr std::string_view kBytes = "# bytes ";

/// The next line without its end; `text` goes on behind it.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// What a manifest lists, as far as it is of that form; the caller compares the text that follows from it.
std::vector<ManifestEntry> parse(std::string_view text) {
  std::vector<ManifestEntry> entries;
  while (!text.empty()) {
    const std::string_view file = take_line(text);
    if (file.size() < kHashDigits + 3 || file.starts_with("#")) break;
    ManifestEntry entry{std::string(file.substr(kHashDigits + 2)), 0, std::string(file.substr(0, kHashDigits))};
    const std::string_view bytes = take_line(text);
    if (!bytes.starts_with(kBytes)) break;
    std::from_chars(bytes.data() + kBytes.size(), bytes.data() + bytes.size(), entry.bytes);
    entries.push_back(entry);
  }
  return entries;
}

std::vector<ManifestEntry> read_manifest(const std::filesystem::path& path, const std::vector<std::string>& names) {
  const std::string text = read_file(path, kMaxManifestBytes);
  std::vector<ManifestEntry> entries = parse(text);
  if (manifest_text(entries) != text) fail_input(path.string() + " is damaged or cut short");
  std::vector<std::string> found;
  for (const ManifestEntry& entry : entries) found.push_back(entry.name);
  if (found != names) fail_input(path.string() + " is a manifest of other files");
  return entries;
}

void check_size(const ManifestEntry& entry, const std::filesystem::path& path, std::uint64_t bytes) {
  if (bytes != entry.bytes)
    fail_input(path.string() + " has " + std::to_string(bytes) + " bytes, not the " + std::to_string(entry.bytes) +
               " that were written: it is cut short or damaged");
}

void check_hash(const ManifestEntry& entry, const std::filesystem::path& path, const std::string& sha256) {
  if (sha256 != entry.sha256) fail_input(path.string() + " is damaged: its SHA-256 is not the one that was written");
}

}  // namespace

ManifestEntry manifest_entry(const std::string& name, std::span<const std::string_view> pieces) {
  ManifestEntry entry{name, 0, ""};
  Sha256 hash;
  for (const std::string_view piece : pieces) {
    hash.update(piece);
    entry.bytes += piece.size();
  }
  entry.sha256 = hash.hex();
  return entry;
}

std::string manifest_text(const std::vector<ManifestEntry>& entries) {
  std::string text;
  for (const ManifestEntry& entry : entries) {
    text += entry.sha256 + "  " + entry.name + "\n";
    text += std::string(kBytes) + std::to_string(entry.bytes) + " " + entry.name + "\n";
  }
  return text + "# end " + sha256(text) + "\n";
}

void check_manifest(const std::filesystem::path& path, const std::vector<std::string>& names) {
  const std::vector<ManifestEntry> entries = read_manifest(path, names);
  for (const ManifestEntry& entry : entries) {
    const std::filesystem::path file = path.parent_path() / entry.name;
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(file, error);
    if (error) fail_input("cannot read " + file.string() + ": " + error.message());
    check_size(entry, file, bytes);
  }
  for (const ManifestEntry& entry : entries) {
    const std::filesystem::path file = path.parent_path() / entry.name;
    check_hash(entry, file, sha256_file(file));
  }
}

void check_manifest(const std::filesystem::path& path, const std::vector<std::string>& names, const std::string& name,
                    std::string_view content) {
  for (const ManifestEntry& entry : read_manifest(path, names)) {
    if (entry.name != name) continue;
    check_size(entry, path.parent_path() / name, content.size());
    check_hash(entry, path.parent_path() / name, sha256(content));
  }
}

}  // namespace qkvbench::formats
