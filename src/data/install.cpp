// Gathering a set's files into a new folder, and renaming that into place.
// Where the files come from (folder, archive, .gz) is decided once; every byte then goes through Gathering::take().
#include "qkvbench/data/install.hpp"

#include <map>
#include <memory>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/record.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/formats/unpack.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

std::string bytes_text(std::uint64_t bytes) { return with_commas(static_cast<long long>(bytes)) + " bytes"; }

bool is_single_file(const Source& source) {
  return source.files.size() == 1 && source.files[0].name.find('*') == std::string::npos;
}

/// The download of that name that is an archive, if it is one.
const KnownFile* archive_download(const Source& source, const std::string& name) {
  for (const KnownFile& download : source.downloads)
    if (download.name == name && !match_file(source, name) && !match_file(source, without_gz(name))) return &download;
  return nullptr;
}

/// A folder that is being filled with the files of a set.
class Gathering {
 public:
  Gathering(const Source& source, fs::path folder) : source_(source), folder_(std::move(folder)) {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);  // left behind by a killed process
    make_directories(folder_);
  }
  ~Gathering() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Gathering(const Gathering&) = delete;
  Gathering& operator=(const Gathering&) = delete;

  /// Writes one file of the set; `from` names where it comes from, for errors.
  void take(const Match& match, const std::string& from, std::optional<std::uint64_t> declared,
            const std::function<void(const formats::Pieces&)>& read) {
    const std::uint64_t wanted = match.row->bytes, limit = wanted != 0 ? wanted : source_.max_bytes - bytes_;
    const auto refuse = [&](const std::string& size) {
      fail_input(from + " has " + size + ", but data set " + source_.name + " has " +
                 (wanted != 0 ? bytes_text(wanted) + " there" : "at most " + bytes_text(source_.max_bytes)));
    };
    if (declared && (wanted != 0 ? *declared != wanted : *declared > limit)) refuse(bytes_text(*declared));
    if (record_.contains(match.name))
      fail_input(from + " is a second " + match.name + " of data set " + source_.name + ": give the folder of one");
    const fs::path path = folder_ / match.name;
    make_directories(path.parent_path());
    AppendFile file(path, 0);
    formats::Sha256 hash;
    read([&](std::string_view piece) {
      if (file.size() + piece.size() > limit) refuse("more than " + bytes_text(limit));
      file.append(piece);
      hash.update(piece);
    });
    if (wanted != 0 && file.size() != wanted) refuse(bytes_text(file.size()));
    if (wanted != 0) file.sync();  // few and large; verify() finds what a crash did to many small ones
    bytes_ += file.size();
    record_[match.name] = {match.name, file.size(), hash.hex()};
  }

  void take_archive(const fs::path& path, const KnownFile* download) {
    formats::read_archive(path, source_.max_bytes, [&](const formats::Member& member) {
      if (const auto match = match_file(source_, member.name))
        take(*match, path.string() + ": " + member.name, member.bytes, member.read);
    });
    from_published_archive_ = download != nullptr && fs::file_size(path) == download->bytes &&
                              !download->sha256.empty() && formats::sha256_file(path) == download->sha256;
  }

  void take_file(const Match& match, const fs::path& path) {
    const bool zipped = path.extension() == ".gz" && fs::path(match.name).extension() != ".gz";
    std::optional<std::uint64_t> declared;
    if (!zipped) declared = fs::file_size(path);
    take(match, path.string(), declared,
         [&](const formats::Pieces& pieces) { zipped ? formats::read_gzip(path, pieces) : read_pieces(path, pieces); });
  }

  /// Checks that nothing is missing, leaves the record and puts the folder in its place.
  InstallRecord finish(const fs::path& from) {
    const std::string missing = first_missing(source_, folder_);
    if (!missing.empty())
      fail_input(from.string() + " has no " + missing + " of data set " + source_.name + "; it needs " +
                 needed_files(source_));
    InstallRecord record{Origin::kUnknown, {}};
    for (const auto& [name, file] : record_) record.files.push_back(file);
    const Origin origin = compare_published(source_, record.files);
    record.origin = origin == Origin::kPublished || from_published_archive_ ? Origin::kPublished : Origin::kCopy;
    write_record(folder_, source_, record);
    put_in_place();
    return record;
  }

 private:
  void put_in_place() {
    const fs::path place = data_root() / source_.name;
    const fs::path old = folder_.string() + ".old";
    std::error_code error;
    fs::remove_all(old, error);
    const bool replaces = fs::exists(fs::symlink_status(place, error));
    error.clear();  // that nothing is there is one, too
    if (replaces) fs::rename(place, old, error);
    if (!error) fs::rename(folder_, place, error);
    if (error) fail_output("cannot put data set " + source_.name + " into " + place.string() + ": " + error.message());
    fs::remove_all(old, error);
  }

  const Source& source_;
  fs::path folder_;
  std::map<std::string, KnownFile> record_;
  std::uint64_t bytes_ = 0;
  bool from_published_archive_ = false;
};

/// Takes a set from a folder: its files at any depth, or else the archive that is downloaded.
void take_folder(const Source& source, const fs::path& folder, Gathering& gathering) {
  std::map<std::string, std::pair<Match, fs::path>> found;
  fs::path archive;
  const KnownFile* download = nullptr;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied)) {
    if (!entry.is_regular_file(error)) continue;
    const std::string name = entry.path().lexically_relative(folder).generic_string();
    if (const KnownFile* known = archive_download(source, entry.path().filename().string())) {
      archive = entry.path();
      download = known;
    }
    auto match = match_file(source, name);
    if (!match) match = match_file(source, without_gz(name));
    if (!match) continue;
    const auto [other, is_new] = found.try_emplace(match->name, *match, entry.path());
    if (is_new) continue;
    // The same file packed and unpacked, side by side, is common; the unpacked one is taken.
    fs::path& kept = other->second.second;
    if (without_gz(entry.path().string()) == kept.string()) continue;
    if (without_gz(kept.string()) != entry.path().string())
      fail_input("both " + kept.string() + " and " + entry.path().string() + " could be " + match->name +
                 " of data set " + source.name + ": give the folder of one");
    kept = entry.path();
  }
  bool whole = true;
  for (const KnownFile& row : source.files) {
    bool there = false;
    for (const auto& [name, entry] : found) there = there || entry.first.row == &row;
    whole = whole && there;
  }
  if (!whole && download != nullptr) return gathering.take_archive(archive, download);
  for (const auto& [name, entry] : found) gathering.take_file(entry.first, entry.second);
}

}  // namespace

fs::path work_folder(const Source& source) { return data_root() / "downloads" / source.name; }

FileLock lock_set(const Source& source) {
  make_directories(work_folder(source).parent_path());
  return FileLock(work_folder(source).string() + ".lock", "data set " + source.name, "set QKVBENCH_DATA elsewhere");
}

void check_place(const Source& source, bool overwrite) {
  const fs::path place = data_root() / source.name;
  std::error_code error;
  if (overwrite || !fs::exists(fs::symlink_status(place, error))) return;
  const std::string missing = first_missing(source, place);
  fail_usage("data set " + source.name + " is already in " + place.string() +
             (missing.empty() ? "" : ", but lacks " + missing) + "; --overwrite replaces it");
}

InstallRecord install(const Source& source, const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) fail_input("cannot read " + path.string() + ": there is no such file or folder");
  Gathering gathering(source, work_folder(source).string() + ".new");
  if (fs::is_directory(status)) {
    try {
      take_folder(source, path, gathering);
    } catch (const fs::filesystem_error& failure) {
      fail_input("cannot read " + path.string() + ": " + failure.code().message());
    }
  } else if (!fs::is_regular_file(status)) {
    fail_input("cannot read " + path.string() + ": neither a file nor a folder");
  } else if (is_single_file(source)) {
    gathering.take_file({&source.files[0], source.files[0].name}, path);
  } else if (match_file(source, path.generic_string()) || match_file(source, without_gz(path.filename().string()))) {
    fail_input(path.string() + " is one of several files of data set " + source.name + ": give the folder of " +
               needed_files(source));
  } else {
    const KnownFile* download = archive_download(source, path.filename().string());
    if (download == nullptr && !source.downloads.empty()) download = &source.downloads[0];
    gathering.take_archive(path, download);
  }
  return gathering.finish(path);
}

}  // namespace qkvbench::data
