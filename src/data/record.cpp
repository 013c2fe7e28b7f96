// The record of an installed set: text that a person can read, and verify reads back.
// A damaged record is an error of its own; it never makes a set look verified.
#include "qkvbench/data/record.hpp"

#include <charconv>
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/sha256.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRecord = "installed.txt";
constexpr std::string_view kPublishedLine = "origin published", kCopyLine = "origin copy";
constexpr std::uint64_t kMaxRecordBytes = std::uint64_t{1} << 28;

/// "sha256 bytes name"; nothing when the line is of another form.
std::optional<KnownFile> parse_line(std::string_view line) {
  const std::size_t first = line.find(' '), second = line.find(' ', first + 1);
  if (first != 64 || second == std::string_view::npos || second + 1 >= line.size()) return std::nullopt;
  KnownFile file{std::string(line.substr(second + 1)), 0, std::string(line.substr(0, first))};
  if (file.sha256.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
  const char* end = line.data() + second;
  const auto [stop, error] = std::from_chars(line.data() + first + 1, end, file.bytes);
  if (error != std::errc() || stop != end) return std::nullopt;
  return file;
}

}  // namespace

std::string without_gz(const std::string& name) {
  return name.ends_with(".gz") ? name.substr(0, name.size() - 3) : name;
}

std::string needed_files(const Source& source) {
  std::vector<std::string> names;
  for (const KnownFile& row : source.files)
    names.push_back(row.name +
                    (row.bytes == 0 ? "" : " (" + with_commas(static_cast<long long>(row.bytes)) + " bytes)"));
  return join(names);
}

Origin compare_published(const Source& source, const std::vector<KnownFile>& files) {
  bool all_known = true;
  for (const KnownFile& file : files) {
    const auto match = match_file(source, file.name);
    if (!match || match->row->sha256.empty())
      all_known = false;
    else if (match->row->sha256 != file.sha256)
      return Origin::kCopy;
  }
  return all_known ? Origin::kPublished : Origin::kUnknown;
}

void write_record(const fs::path& folder, const Source& source, const InstallRecord& record) {
  std::string text = "# data set " + source.name + " as installed by qkvbench: sha256, bytes and name of each file\n";
  text += std::string(record.origin == Origin::kPublished ? kPublishedLine : kCopyLine) + "\n";
  for (const KnownFile& file : record.files)
    text += file.sha256 + " " + std::to_string(file.bytes) + " " + file.name + "\n";
  write_file_atomic(folder / kRecord, text);
}

InstallRecord read_record(const fs::path& folder) {
  InstallRecord record;
  const fs::path path = folder / kRecord;
  std::error_code error;
  if (!fs::exists(path, error)) return record;
  const std::string text = read_file(path, kMaxRecordBytes);
  int number = 0;
  for (std::size_t begin = 0; begin < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    if (line.starts_with("#")) continue;
    if (line == kPublishedLine || line == kCopyLine) {
      record.origin = line == kPublishedLine ? Origin::kPublished : Origin::kCopy;
      continue;
    }
    const auto file = parse_line(line);
    if (!file)
      fail_input(path.string() + ": line " + std::to_string(number + 1) +
                 " is damaged; import or fetch the set again with --overwrite");
    record.files.push_back(*file);
  }
  if (record.origin == Origin::kUnknown || record.files.empty())
    fail_input(path.string() + " is cut short; import or fetch the set again with --overwrite");
  return record;
}

Verification verify(const Source& source, const fs::path& folder) {
  const InstallRecord record = read_record(folder);
  std::map<std::string, KnownFile> recorded;
  for (const KnownFile& file : record.files) recorded[file.name] = file;
  Verification result;
  std::vector<KnownFile> found;
  for (const std::string& name : files_of(source, folder)) {
    const KnownFile file{name, fs::file_size(folder / name), formats::sha256_file(folder / name)};
    found.push_back(file);
    result.bytes += file.bytes;
    const auto known = recorded.find(name);
    if (known == recorded.end()) {
      if (!recorded.empty()) result.problems.push_back(name + ": added since the set was installed");
      continue;
    }
    if (known->second.bytes != file.bytes)
      result.problems.push_back(name + ": " + std::to_string(file.bytes) + " bytes, not the " +
                                std::to_string(known->second.bytes) + " that were installed");
    else if (known->second.sha256 != file.sha256)
      result.problems.push_back(name + ": its content changed since it was installed");
    recorded.erase(known);
  }
  for (const auto& [name, file] : recorded) result.problems.push_back(name + ": missing");
  const std::string missing = first_missing(source, folder);
  if (!missing.empty() && result.problems.empty()) result.problems.push_back("no " + missing);
  result.files = found.size();
  result.origin = compare_published(source, found);
  if (result.origin == Origin::kCopy && record.files.empty())
    result.problems.push_back("its content is not the published one, and no record tells that it was imported so");
  // Files without a checksum of their own are the published ones when they came out of the published archive and
  // have not changed since.
  if (result.origin == Origin::kUnknown && result.problems.empty()) result.origin = record.origin;
  return result;
}

}  // namespace qkvbench::data
