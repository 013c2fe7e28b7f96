// Putting a data set into its folder, from files that are already on this machine, and checking it later.
// A set appears whole or not at all: it is gathered beside its folder and then renamed.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/base/files.hpp"
#include "qkvbench/data/sources.hpp"

namespace qkvbench::data {

/// Where a set's content comes from, as far as checksums tell.
enum class Origin {
  kPublished,  ///< byte for byte the published files
  kCopy,       ///< the right names and sizes, other bytes
  kUnknown     ///< nothing to compare with: no checksum is known and no record was left
};

/// What an installation leaves beside the files, as `installed.txt`: a line for the origin and one for each file.
struct InstallRecord {
  Origin origin = Origin::kUnknown;
  std::vector<KnownFile> files;
};

/// The record in a set's folder; an empty one when there is none. Throws Error (input) when it is damaged.
InstallRecord read_record(const std::filesystem::path& folder);

/// Where downloads and half-made folders of a set live until it is there.
std::filesystem::path work_folder(const Source& source);

/// Keeps other processes from installing the same set at the same time. Throws Error (output).
FileLock lock_set(const Source& source);

/// Throws Error (usage) when something stands where the set goes, unless it may be overwritten.
void check_place(const Source& source, bool overwrite);

/// Takes the set's files from `path`: a folder that holds them at any depth, unpacked, as `.gz` or in the archive as it
/// is downloaded; an archive of any name; or the file itself when the set has but one. Names and sizes must be right;
/// other bytes than the published ones make it a copy. The caller holds the lock.
/// Throws Error (input) when a file is missing, doubtful or of another size, (output) when it cannot be written.
InstallRecord install(const Source& source, const std::filesystem::path& path);

/// What a set that is there is worth.
struct Verification {
  Origin origin = Origin::kUnknown;
  std::uint64_t files = 0, bytes = 0;
  std::vector<std::string> problems;  ///< "train.bin: its content changed since it was installed" …
};

/// Reads every file of the set in `folder` again and compares it with the record and with what was published.
Verification verify(const Source& source, const std::filesystem::path& folder);

}  // namespace qkvbench::data
