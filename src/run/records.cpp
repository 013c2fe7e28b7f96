// Finding result files, reading them, and deciding what stays.
// A reason for leaving a file out never repeats its path.
#include "qkvbench/run/records.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/recorded_results.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

using Parsed = nlohmann::json;

constexpr std::uint64_t kLargestFile = std::uint64_t{64} << 20;

/// Why a file is left out, on its way up.
struct Refusal {
  std::string reason;
};

void check_status(Status status) {
  if (status == Status::kInterrupted) throw Refusal{"the run is not finished; train --resume goes on with it"};
  if (status == Status::kImported) throw Refusal{"the model was imported, not trained here"};
  if (status == Status::kConverted) throw Refusal{"the model was converted from another run's, not trained"};
  if (status == Status::kFailed) throw Refusal{"the run failed"};
}

/// A run directory is named after its configuration: today's name, or that of an earlier version, which is over every
/// key. One that someone gave a name of their own is believed.
void check_directory(const fs::path& file, const Record& record) {
  const std::string name = fs::absolute(file).lexically_normal().parent_path().filename().string();
  const std::size_t dash = name.rfind('-');
  const bool has_hash = dash != std::string::npos && name.size() - dash == 9 &&
                        name.find_first_not_of("0123456789abcdef", dash + 1) == std::string::npos;
  if (has_hash && file.filename() == "result.json" && name != record.run && name != former_run_name(record.config))
    throw Refusal{"its configuration is that of " + record.run + ", not of its directory: one of them was changed"};
}

std::string hash_of(const Parsed& json) { return formats::sha256(json.dump()); }

/// Hashes of a result by which copies are recognised, whatever the order of its keys.
void take_hashes(Record& record) {
  Parsed canonical(canonical_json(record)), course = Parsed::object(), training = Parsed::array();
  course["curve"] = canonical["curve"];
  record.canonical = hash_of(canonical);
  for (const char* key : {"train_loss", "train_accuracy"}) {
    course[key] = canonical["metrics"].value(key, Parsed());
    canonical["metrics"].erase(key);
  }
  record.course = hash_of(course);
  for (const char* key : {"config", "curve"}) canonical.erase(key);
  record.outcome = hash_of(canonical);
  training.push_back(Parsed(config_json(identity_of(record.config))));
  training.push_back(Parsed(dataset_json(record.dataset)));
  record.training = hash_of(training);
}

/// One hash for all files of a data set, whatever their paths; empty where it has none.
std::string data_hash(const std::vector<data::SourceFile>& files) {
  std::string hashes;
  for (const data::SourceFile& file : files) hashes += file.sha256;
  return files.size() > 1 ? formats::sha256(hashes) : hashes;
}

/// From the text of a result that lies at `path`: a result.json, or a line of recorded results.
Record parse_record(const fs::path& path, std::string_view text) {
  Record record{parse_result(text, path.string())};
  check_status(record.status);
  record.path = path;
  record.run = run_name(record.config);
  check_directory(path, record);
  const Tool& tool = record.tool;
  for (const std::string& part : {tool.version, tool.git_sha, tool.compiler, tool.flags, tool.gemm})
    record.build += part + ", ";
  record.build += record.env.isa;
  if (tool.numerics > 1) record.build += ", numerics " + std::to_string(tool.numerics);
  record.machine = record.env.cpu + ", " + record.env.os;
  record.data = data_hash(record.dataset.files);
  take_hashes(record);
  return record;
}

/// Where records may be, before any of them is read.
struct Candidates {
  std::vector<fs::path> files;
  std::vector<SkippedFile> left_out;

  /// A run directory's result, or what it has instead. False when it does not look like a run.
  bool take_run(const fs::path& directory) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(directory / "result.json", ignored))) {
      files.push_back(directory / "result.json");
      return true;
    }
    if (fs::exists(directory / "failure.json", ignored)) {
      left_out.push_back({directory, "the run failed before it had a result; failure.json in it says why"});
      return true;
    }
    for (const char* name : {"checkpoint.safetensors", "metrics.jsonl", "lock"})
      if (fs::exists(directory / name, ignored)) {
        left_out.push_back({directory, "there is no result.json: the run is not finished; train --resume goes on"});
        return true;
      }
    return false;
  }

  void take(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status))
      fail_input("there is no " + path.string() + "; give a result.json, a run directory, a directory of runs or " +
                 "recorded results (*" + kRecordedEnding + ")");
    if (!fs::is_directory(status)) return files.push_back(path);
    if (take_run(path)) return;
    fs::directory_iterator entries(path, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      std::error_code unreadable;
      const bool hidden = entries->path().filename().string().starts_with(".");  // a run that will replace another
      if (!hidden && has_recorded_results(entries->path())) files.push_back(entries->path());
      if (hidden || !entries->is_directory(unreadable)) continue;
      // Asking once for what is inside tells apart a directory that is closed to us and one that holds no run.
      const fs::directory_iterator inside(entries->path(), unreadable);
      if (unreadable)
        left_out.push_back({entries->path(), "it cannot be read: " + unreadable.message()});
      else
        take_run(entries->path());
    }
    if (error) fail_input("cannot read the directory " + path.string() + ": " + error.message());
  }
};

/// Sorted by path, each file once whatever links lead to it.
std::vector<fs::path> distinct(std::vector<fs::path> files) {
  std::ranges::sort(files);
  std::set<fs::path> seen;
  std::erase_if(files, [&](const fs::path& file) {
    std::error_code error;
    const fs::path real = fs::canonical(file, error);
    return !error && !seen.insert(real).second;
  });
  return files;
}

/// What `read` reads joins the set, or is named with the reason why not.
void take(const fs::path& path, RecordSet& set, const std::function<Record()>& read) {
  try {
    set.records.push_back(read());
  } catch (const Refusal& refusal) {
    set.left_out.push_back({path, refusal.reason});
  } catch (const Error& error) {
    std::string reason = error.what();
    if (const std::string prefix = path.string() + ": "; reason.starts_with(prefix)) reason.erase(0, prefix.size());
    set.left_out.push_back({path, reason});
  }
}

void read_one(const fs::path& path, RecordSet& set) {
  std::error_code error;
  if (const fs::file_status status = fs::status(path, error); !fs::is_regular_file(status))
    set.left_out.push_back({path, fs::exists(status) ? "it is no regular file" : "the link leads nowhere"});
  else
    take(path, set, [&] { return parse_record(path, read_file(path, kLargestFile)); });
}

/// A damaged file of recorded results is an error, since nobody can say how much of it would be left out.
void read_file_of(const fs::path& path, RecordSet& set) {
  if (!has_recorded_results(path)) return read_one(path, set);
  each_recorded_result(path, [&](const fs::path& place, const std::string& text) {
    take(place, set, [&] { return parse_record(place, text); });
  });
}

/// The order of every listing.
bool stands_before(const Record& a, const Record& b) {
  const auto place = [](const Record& r) {
    const nn::Variant variant = r.config.model.variant;
    const auto task =
        std::ranges::find(data::all_tasks(), r.config.task.id, &data::Task::id) - data::all_tasks().begin();
    return std::tuple(task, variant.place(), variant.plus, -r.config.model.kv_heads);
  };
  const auto x = place(a), y = place(b);
  return x != y ? x < y : std::tie(a.run, a.build, a.training, a.path) < std::tie(b.run, b.build, b.training, b.path);
}

}  // namespace

RecordSet read_records(const std::vector<fs::path>& paths) {
  Candidates candidates;
  for (const fs::path& path : paths) candidates.take(path);
  RecordSet set;
  set.left_out = std::move(candidates.left_out);
  for (const fs::path& file : distinct(std::move(candidates.files))) read_file_of(file, set);
  std::ranges::sort(set.records, stands_before);
  settle_copies(set);
  return set;
}

}  // namespace qkvbench::run
