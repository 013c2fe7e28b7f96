// The table of public data sets, and where they are found once they are here.
// Not their formats: a loader asks for the folder and reads the files itself. Nothing here touches the network.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qkvbench::data {

/// A file with what is known of its content.
struct KnownFile {
  std::string name;
  std::uint64_t bytes = 0;  ///< 0: any size
  std::string sha256;       ///< empty: not known
};

/// One public data set: a row of the table.
struct Source {
  std::string name, summary, licence;
  std::vector<std::string> addresses;  ///< tried in order; the name of a download is appended
  /// What is downloaded. A download that is named like an installed file is that file, one with ".gz" behind the name
  /// is unpacked to it, any other is an archive that holds the installed files.
  std::vector<KnownFile> downloads;
  /// What makes the set there, by its path in the set's folder. `*` stands for any name without a slash and without a
  /// dot in front; a name with it stands for one or more files.
  std::vector<KnownFile> files;
  std::uint64_t max_bytes = 0;  ///< that an archive's members, or the installed files, may have together
};

/// The table.
const std::vector<Source>& all_sources();

/// The row of that name. Throws Error (usage) naming the nearest one.
const Source& find_source(const std::string& name);

/// Where data sets live: $QKVBENCH_DATA, else `data`. Each has a folder of its name there.
std::filesystem::path data_root();

/// The folder of a set that is there whole, by names and sizes of its files; contents are checked by verify().
std::optional<std::filesystem::path> find_installed(const std::string& name);

/// The same, for loaders: throws Error (input) that says where it was looked for and how to get it.
std::filesystem::path require_installed(const std::string& name);

/// The first file of the set that `folder` lacks or that has another size there; empty when it is whole.
std::string first_missing(const Source& source, const std::filesystem::path& folder);

/// The file of the set that a path ends with ("a/train/n01/images/x.JPEG" -> "train/n01/images/x.JPEG"), and its row;
/// nothing when the set has no such file. Never a path that leads out of a folder.
struct Match {
  const KnownFile* row = nullptr;
  std::string name;
};
std::optional<Match> match_file(const Source& source, std::string_view path);

/// Every file below `folder` that belongs to the set, in the order of their names.
std::vector<std::string> files_of(const Source& source, const std::filesystem::path& folder);

}  // namespace qkvbench::data
