// qkvbench data: what public data sets there are, bringing them, taking local copies, checking them.
// Only words and tables; the work is in data/.
#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/cli/status_line.hpp"
#include "qkvbench/data/fetch.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

namespace fs = std::filesystem;
using data::Origin;
using data::Source;
using formats::Json;
using report::Align;

struct DataFlags {
  std::string name, path;
  bool overwrite = false;
};

std::string megabytes(std::uint64_t bytes) { return report::fixed(static_cast<double>(bytes) / 1e6, 1) + " MB"; }

const char* origin_id(Origin origin) {
  return origin == Origin::kPublished ? "published" : origin == Origin::kCopy ? "copy" : "unknown";
}

const char* origin_text(Origin origin) {
  return origin == Origin::kPublished ? "published"
         : origin == Origin::kCopy    ? "imported, not the original's checksum"
                                      : "checksum not known";
}

/// The folder of a set as a person can look it up.
std::string full_path(const fs::path& path) {
  std::error_code error;
  const fs::path full = fs::absolute(path, error);
  return (error ? path : full).lexically_normal().string();
}

Json known_files_json(const std::vector<data::KnownFile>& files) {
  Json list = Json::array();
  for (const data::KnownFile& file : files)
    list.push_back({{"name", file.name},
                    {"bytes", file.bytes == 0 ? Json(nullptr) : Json(file.bytes)},
                    {"sha256", file.sha256.empty() ? Json(nullptr) : Json(file.sha256)}});
  return list;
}

/// "there, the published files", "not there", "incomplete …": and the same for machines.
std::pair<std::string, std::string> state_of(const Source& source) {
  const fs::path folder = data::data_root() / source.name;
  std::error_code error;
  if (!fs::exists(folder, error)) return {"not there", "missing"};
  const std::string missing = data::first_missing(source, folder);
  if (!missing.empty()) return {"incomplete: no " + missing, "incomplete"};
  try {
    const data::InstallRecord record = data::read_record(folder);
    if (record.files.empty()) return {"there, not verified", "unknown"};
    return {std::string("there: ") + origin_text(record.origin), origin_id(record.origin)};
  } catch (const Error&) {
    return {"there, its record is damaged", "unknown"};
  }
}

Exit list(const Session& session) {
  report::Table table({{"name"}, {"what it is"}, {"licence"}, {"download", Align::kRight}, {"state"}});
  Json rows = Json::array();
  for (const Source& source : data::all_sources()) {
    std::uint64_t bytes = 0;
    bool known = true;
    for (const data::KnownFile& download : source.downloads) {
      bytes += download.bytes;
      known = known && !download.sha256.empty();
    }
    const auto [state, id] = state_of(source);
    table.add(
        {source.name, source.summary, source.licence, megabytes(bytes) + (known ? "" : ", checksum not known"), state});
    rows.push_back({{"name", source.name},
                    {"summary", source.summary},
                    {"licence", source.licence},
                    {"folder", full_path(data::data_root() / source.name)},
                    {"state", id},
                    {"addresses", source.addresses},
                    {"downloads", known_files_json(source.downloads)},
                    {"files", known_files_json(source.files)}});
  }
  const bool chosen = data::data_root() != "data";
  print(
      session, "data-list",
      shown(session, table) + said(session, "\nLooked for in " + full_path(data::data_root()) + "/NAME" +
                                                (chosen ? " (QKVBENCH_DATA)" : "; QKVBENCH_DATA names another place") +
                                                ". `qkvbench data fetch NAME` brings one.\n"),
      {{"sets", rows}});
  return Exit::kDone;
}

/// What fetch and import say when a set is in its place.
void print_installed(const Session& session, const Source& source, std::uint64_t files, std::uint64_t bytes,
                     Origin origin) {
  const std::string folder = full_path(data::data_root() / source.name);
  print(session, "data-install",
        said(session, source.name + " is in " + folder + ": " + with_commas(static_cast<long long>(files)) +
                          (files == 1 ? " file, " : " files, ") + megabytes(bytes) + ", " + origin_text(origin) + "\n"),
        {{"name", source.name}, {"folder", folder}, {"files", files}, {"bytes", bytes}, {"origin", origin_id(origin)}});
}

void print_installed(const Session& session, const Source& source, const data::InstallRecord& record) {
  std::uint64_t bytes = 0;
  for (const data::KnownFile& file : record.files) bytes += file.bytes;
  print_installed(session, source, record.files.size(), bytes, record.origin);
}

Exit fetch(const Session& session, const DataFlags& flags) {
  const Source& source = data::find_source(flags.name);
  if (const auto folder = data::find_installed(source.name); folder && !flags.overwrite) {
    const data::Verification v = data::verify(source, *folder);
    if (!v.problems.empty())
      throw Error(Exit::kCheckFailed, source.name + " is already in " + folder->string() + ", but " +
                                          v.problems.front() + "; --overwrite fetches it again");
    note(session, source.name + " is already there; --overwrite fetches it again");
    print_installed(session, source, v.files, v.bytes, v.origin);
    return Exit::kDone;
  }
  const FileLock lock = data::lock_set(source);
  data::check_place(source, flags.overwrite);
  StatusLine progress(session);
  const data::InstallRecord record = data::fetch(
      source, {[&](const std::string& text) {
                 progress.clear();
                 note(session, text);
               },
               [&](const data::KnownFile& download, std::uint64_t bytes) {
                 if (progress.due())
                   progress.show(download.name + "  " + megabytes(bytes) + " of " + megabytes(download.bytes));
               }});
  progress.clear();
  print_installed(session, source, record);
  return Exit::kDone;
}

Exit import(const Session& session, const DataFlags& flags) {
  const Source& source = data::find_source(flags.name);
  const FileLock lock = data::lock_set(source);
  data::check_place(source, flags.overwrite);
  print_installed(session, source, data::install(source, flags.path));
  return Exit::kDone;
}

Exit verify(const Session& session, const DataFlags& flags) {
  std::vector<const Source*> sources;
  std::error_code error;
  if (!flags.name.empty()) {
    sources.push_back(&data::find_source(flags.name));
    if (!fs::exists(data::data_root() / flags.name, error)) data::require_installed(flags.name);
  } else {
    for (const Source& source : data::all_sources())
      if (fs::exists(data::data_root() / source.name, error)) sources.push_back(&source);
    if (sources.empty())
      fail_input("no data set is there: looked in " + full_path(data::data_root()) +
                 "; `qkvbench data list` says which there are");
  }
  report::Table table({{"name"}, {"files", Align::kRight}, {"size", Align::kRight}, {"origin"}, {"verdict"}});
  Json rows = Json::array();
  bool all_hold = true;
  for (const Source* source : sources) {
    const data::Verification v = data::verify(*source, data::data_root() / source->name);
    const bool holds = v.problems.empty();
    all_hold = all_hold && holds;
    const std::string more = v.problems.size() > 1 ? " (and " + std::to_string(v.problems.size() - 1) + " more)" : "";
    table.add({source->name, with_commas(static_cast<long long>(v.files)), megabytes(v.bytes), origin_text(v.origin),
               holds ? "unchanged" : v.problems.front() + more});
    table.mark(4, holds ? report::Mark::kGood : report::Mark::kBad);
    rows.push_back({{"name", source->name},
                    {"folder", full_path(data::data_root() / source->name)},
                    {"files", v.files},
                    {"bytes", v.bytes},
                    {"origin", origin_id(v.origin)},
                    {"holds", holds},
                    {"problems", v.problems}});
  }
  print(session, "data-verify", shown(session, table), {{"holds", all_hold}, {"sets", rows}});
  return all_hold ? Exit::kDone : Exit::kCheckFailed;
}

}  // namespace

void add_data(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<DataFlags>();
  const auto add_name = [&](CLI::App& sub) {
    return add_option(sub, "name", flags->name, "a data set; see qkvbench data list").type_name("NAME");
  };
  const auto add_overwrite = [&](CLI::App& sub) {
    add_flag(sub, "--overwrite", flags->overwrite, "replace what stands in its place");
  };
  set_footer(command, "Example:\n  qkvbench data fetch mnist\n  qkvbench data import mnist ~/downloads/mnist");

  CLI::App& sets = add_command(command, "list", "the data sets, their licences, and whether they are there");
  finish_command(sets, session, "Lists the public data sets that tasks can use, and where they are looked for.",
                 "  qkvbench data list");
  on_call(sets, session, flags, [](const Session& s, const DataFlags&) { return list(s); });

  CLI::App& fetching = add_command(command, "fetch", "download a data set");
  add_name(fetching).required();
  add_overwrite(fetching);
  finish_command(fetching, session,
                 "Downloads a data set with curl, checks sizes and SHA-256, and unpacks it. Called again it goes on\n"
                 "where it stopped. QKVBENCH_MIRROR=http://host/path is tried before the public sources.",
                 "  qkvbench data fetch mnist", Prints::kText);
  on_call(fetching, session, flags, fetch);

  CLI::App& verifying = add_command(command, "verify", "check the files of data sets that are there");
  add_name(verifying);
  finish_command(verifying, session,
                 "Compares every file with what was installed and with what was published. Status 7 when a check does\n"
                 "not hold, 3 when the set is not there. Without a name: all that are there.",
                 "  qkvbench data verify mnist");
  on_call(verifying, session, flags, verify);

  CLI::App& importing = add_command(command, "import", "take a local copy of a data set");
  add_name(importing).required();
  add_option(importing, "path", flags->path, "a folder, an archive, or the file of a set of one file")
      .required()
      .type_name("PATH");
  add_overwrite(importing);
  finish_command(importing, session,
                 "Takes a data set from a folder (unpacked, as .gz, or with the archive in it) or from an archive.\n"
                 "Names and sizes must be right; a copy with other bytes than the published files is recorded as such.",
                 "  qkvbench data import fashion-mnist /usr/share/datasets/fashion-mnist", Prints::kText);
  on_call(importing, session, flags, import);
}

}  // namespace qkvbench::cli
