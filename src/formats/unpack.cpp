// Archives by libarchive, one block of memory at a time.
// What a member is called is checked here once, for every caller; see match_file() for where it may be written.
#include "qkvbench/formats/unpack.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::formats {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kBlock = 1 << 16;
constexpr int kMaxMembers = 1'000'000;

struct Close {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, Close>;

[[noreturn]] void refuse(const fs::path& path, const std::string& reason) { fail_input(path.string() + ": " + reason); }

/// What libarchive complains about, in one line.
std::string complaint(archive* reader) {
  const char* text = archive_error_string(reader);
  std::string line = text == nullptr ? "it cannot be read" : text;
  for (char& c : line)
    if (c == '\n') c = ' ';
  return line;
}

Reader open_reader(const fs::path& path, bool single_file) {
  Reader reader(archive_read_new());
  if (!reader) throw std::bad_alloc();
  archive_read_support_filter_gzip(reader.get());
  if (single_file) {
    archive_read_support_format_raw(reader.get());
  } else {
    archive_read_support_filter_xz(reader.get());
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip(reader.get());
  }
  if (archive_read_open_filename(reader.get(), path.c_str(), kBlock) != ARCHIVE_OK)
    refuse(path, "damaged, cut short or no archive: " + complaint(reader.get()));
  return reader;
}

/// The next member, or null at the end.
archive_entry* next_entry(const Reader& reader, const fs::path& path) {
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(reader.get(), &entry);
  if (result == ARCHIVE_EOF) return nullptr;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
    refuse(path, "damaged, cut short or no archive: " + complaint(reader.get()));
  return entry;
}

void read_content(const Reader& reader, const fs::path& path, const Pieces& take) {
  std::string buffer(kBlock, '\0');
  for (;;) {
    const la_ssize_t n = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (n == 0) return;
    if (n < 0) refuse(path, "damaged or cut short: " + complaint(reader.get()));
    take({buffer.data(), static_cast<std::size_t>(n)});
  }
}

/// The member's name, or an error that says why it must not be unpacked.
std::string checked_name(archive_entry* entry, const fs::path& path) {
  const char* raw = archive_entry_pathname(entry);
  if (raw == nullptr) raw = archive_entry_pathname_utf8(entry);
  if (raw == nullptr) refuse(path, "a member has a name that cannot be read; nothing was unpacked");
  const std::string name = raw;
  const std::string member = "member '" + name.substr(0, name.find('\n')).substr(0, 200) + "' ";
  bool outside = name.starts_with("/");
  for (const std::string& part : split(name, '/')) outside = outside || part == "..";
  if (outside) refuse(path, member + "points outside the archive's folder; nothing was unpacked");
  const bool link = archive_entry_hardlink(entry) != nullptr || archive_entry_symlink(entry) != nullptr;
  const auto type = archive_entry_filetype(entry);
  if (link || (type != AE_IFREG && type != AE_IFDIR))
    refuse(path, member + "is a link or a device, no file; nothing was unpacked");
  return name;
}

}  // namespace

void read_archive(const fs::path& path, std::uint64_t max_bytes, const std::function<void(const Member&)>& each) {
  const Reader reader = open_reader(path, false);
  std::uint64_t declared = 0;
  for (int count = 0; archive_entry* entry = next_entry(reader, path); ++count) {
    if (count == kMaxMembers) refuse(path, "more than a million members");
    Member member{checked_name(entry, path), std::nullopt, {}};
    if (archive_entry_size_is_set(entry) != 0) {
      const la_int64_t bytes = archive_entry_size(entry);
      if (bytes < 0 || static_cast<std::uint64_t>(bytes) > max_bytes - declared)
        refuse(path, "its members have more than the " + with_commas(static_cast<long long>(max_bytes)) +
                         " bytes that this data set may have");
      member.bytes = static_cast<std::uint64_t>(bytes);
      declared += *member.bytes;
    }
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    member.read = [&](const Pieces& take) { read_content(reader, path, take); };
    each(member);
  }
}

void read_gzip(const fs::path& path, const Pieces& take) {
  const Reader reader = open_reader(path, true);
  if (next_entry(reader, path) == nullptr) return;
  if (archive_filter_count(reader.get()) < 2) refuse(path, "not compressed with gzip");
  read_content(reader, path, take);
}

}  // namespace qkvbench::formats
