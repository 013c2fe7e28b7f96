// Manifests: which files belong together, how long they are and what is in them, in a form that `sha256sum -c` reads.
// A manifest vouches for itself too: one bit changed in it, or its end cut off, is found.
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qkvbench::formats {

/// One file of a manifest, by its name in the manifest's folder.
struct ManifestEntry {
  std::string name;
  std::uint64_t bytes = 0;
  std::string sha256;
  bool operator==(const ManifestEntry&) const = default;
};

/// The entry of a content in pieces that is about to be written.
ManifestEntry manifest_entry(const std::string& name, std::span<const std::string_view> pieces);

/// The text of a manifest: for each file "sha256  name" and "# bytes n name", then "# end" and the SHA-256 of all that.
std::string manifest_text(const std::vector<ManifestEntry>& entries);

/// Reads a manifest and compares every file with it: first that exactly `names` are listed, in that order (a name from
/// a file becomes no path), then sizes, then content. Throws Error (input) naming the file that is damaged or missing.
void check_manifest(const std::filesystem::path& path, const std::vector<std::string>& names);

/// The same for the one file whose content is in memory already. Throws Error (input).
void check_manifest(const std::filesystem::path& path, const std::vector<std::string>& names, const std::string& name,
                    std::string_view content);

}  // namespace qkvbench::formats
