// curl, one file and one address at a time.
// What a server sends counts for nothing until size and checksum are right.
#include "qkvbench/data/fetch.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/process.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/sha256.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

constexpr int kNoProgram = 127, kCannotWrite = 23, kCannotResume = 33, kBadOffset = 36;  // all but the first are curl's

std::uint64_t size_of(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

std::vector<std::string> addresses_of(const Source& source, const KnownFile& download) {
  std::vector<std::string> addresses;
  const char* chosen = std::getenv("QKVBENCH_MIRROR");
  std::string mirror = chosen == nullptr ? "" : chosen;
  while (mirror.ends_with("/")) mirror.pop_back();
  if (!mirror.empty()) {
    if (!mirror.starts_with("http://") && !mirror.starts_with("https://"))
      fail_usage("QKVBENCH_MIRROR is '" + mirror + "': it must begin with http:// or https://");
    addresses = {mirror + "/" + source.name + "/" + download.name, mirror + "/" + download.name};
  }
  for (const std::string& address : source.addresses) addresses.push_back(address + download.name);
  return addresses;
}

/// How to go on by hand.
std::string by_hand(const Source& source) {
  std::vector<std::string> names;
  for (const KnownFile& download : source.downloads) names.push_back(download.name);
  return "get " + join(names) + " from " + source.addresses.front() +
         " on another machine, and `qkvbench data import " + source.name + " PATH` takes " +
         (names.size() == 1 ? "it" : "the folder of them");
}

bool looks_like_html(const fs::path& path, const std::string& content_type) {
  std::string head(512, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  for (char& c : head) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::size_t begin = std::min(head.find_first_not_of(" \t\r\n\xEF\xBB\xBF"), head.size());
  head.erase(0, begin);
  return head.starts_with("<!doctype html") || head.starts_with("<html") || content_type.starts_with("text/html");
}

/// curl's message in one line, without its "curl: (22) ".
std::string curl_message(const ProcessResult& result) {
  std::string line = result.err.substr(0, result.err.find('\n'));
  if (line.starts_with("curl: (")) line.erase(0, std::min(line.find(") ") + 2, line.size()));
  return line.empty() ? "curl ended with status " + std::to_string(result.status) : line;
}

/// Downloads from one address into `part`, going on where it ends. Returns what went wrong; what cannot be part of the
/// file is removed.
std::string download_from(const std::string& address, const Source& source, const KnownFile& download,
                          const fs::path& part, const FetchMonitor& monitor) {
  const std::uint64_t limit = download.bytes != 0 ? download.bytes : source.max_bytes;
  std::vector<std::string> command{
      "curl",          "--globoff",   "--fail",        "--location",  "--silent",          "--show-error",
      "--proto",       "=http,https", "--proto-redir", "=http,https", "--connect-timeout", "20",
      "--speed-limit", "100",         "--speed-time",  "30",          "--write-out",       "%{content_type}",
      "--output",      part.string(), "--url",         address};
  if (fs::exists(part)) command.insert(command.end(), {"--continue-at", "-"});
  bool too_long = false;
  const ProcessResult result = run_process(command, [&] {
    const std::uint64_t bytes = size_of(part);
    too_long = bytes > limit;
    if (monitor.on_bytes) monitor.on_bytes(download, bytes);
    return !too_long;
  });
  if (result.status == kNoProgram)
    fail_input("cannot fetch data set " + source.name + ": the program curl is not there; install it, or " +
               by_hand(source));
  if (result.status == kCannotWrite) fail_output("cannot write " + part.string() + ": " + curl_message(result));
  const std::uint64_t bytes = size_of(part);
  const auto remove_and_say = [&](const std::string& text) {
    std::error_code ignored;
    fs::remove(part, ignored);
    return text;
  };
  const bool html = looks_like_html(part, result.out);
  if (too_long || bytes > limit) return remove_and_say("it sent more than " + std::to_string(limit) + " bytes");
  if (result.status == kCannotResume || result.status == kBadOffset) return remove_and_say(curl_message(result));
  if (result.status != 0) return html ? remove_and_say(curl_message(result)) : curl_message(result);
  const std::string page = "it sent a web page (HTML) in place of the file";
  if (download.bytes != 0 && bytes != download.bytes)
    return remove_and_say(html ? page
                               : "it sent " + std::to_string(bytes) + " bytes, not the " +
                                     std::to_string(download.bytes) + " of the published file");
  if (download.sha256.empty()) return html ? remove_and_say(page) : "";
  const std::string sha256 = formats::sha256_file(part);
  if (sha256 != download.sha256)
    return remove_and_say(html ? page : "wrong checksum: SHA-256 is " + sha256 + ", published is " + download.sha256);
  return "";
}

/// Brings one file to `path`, from the first address that has it.
void bring(const Source& source, const KnownFile& download, const fs::path& path, const FetchMonitor& monitor) {
  if (fs::exists(path)) return;  // an earlier call brought it and checked it
  const fs::path part = path.string() + ".part";
  std::string failure;
  for (const std::string& address : addresses_of(source, download)) {
    if (!failure.empty() && monitor.note) monitor.note(failure + "; trying the next source");
    const bool whole = download.bytes != 0 && size_of(part) == download.bytes;
    if (size_of(part) > download.bytes || (whole && formats::sha256_file(part) != download.sha256)) fs::remove(part);
    const bool resumed = fs::exists(part);
    std::string problem = whole && resumed ? "" : download_from(address, source, download, part, monitor);
    // The old part may be what was wrong, or the server may not be able to go on in the middle.
    if (!problem.empty() && resumed && !fs::exists(part))
      problem = download_from(address, source, download, part, monitor);
    if (problem.empty()) {
      fs::rename(part, path);
      return;
    }
    failure = address + ": " + problem;
  }
  fail_input("cannot fetch " + download.name + " of data set " + source.name + ": " + failure +
             "; try again later (what is here is kept), or " + by_hand(source));
}

}  // namespace

InstallRecord fetch(const Source& source, const FetchMonitor& monitor) {
  const fs::path work = work_folder(source);
  make_directories(work);
  for (const KnownFile& download : source.downloads) bring(source, download, work / download.name, monitor);
  const InstallRecord record = install(source, work);
  std::error_code ignored;
  fs::remove_all(work, ignored);
  return record;
}

}  // namespace qkvbench::data
