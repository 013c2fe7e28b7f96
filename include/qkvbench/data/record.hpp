// The record of an installed data set, and the comparison of files with what was published.
// Shared by install and verify; nobody else needs it.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/data/install.hpp"

namespace qkvbench::data {

/// "train.bin.gz" -> "train.bin"; other names as they are.
std::string without_gz(const std::string& name);

/// "train.bin (153,700,000 bytes), test.bin (30,740,000 bytes)"
std::string needed_files(const Source& source);

/// kPublished when every file has a published checksum and equals it, kCopy when one differs, else kUnknown.
Origin compare_published(const Source& source, const std::vector<KnownFile>& files);

/// Writes `installed.txt` into a folder. Throws Error (output).
void write_record(const std::filesystem::path& folder, const Source& source, const InstallRecord& record);

}  // namespace qkvbench::data
