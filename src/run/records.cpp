// Finding result files, checking every field that is read, and deciding what stays.
// A reason for leaving a file out never repeats its path.
#include "qkvbench/run/records.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/identity.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

using Parsed = nlohmann::json;

constexpr std::uint64_t kLargestFile = std::uint64_t{64} << 20;

/// Why a file is left out, on its way up.
struct Refusal {
  std::string reason;
};

/// Reads typed fields of one object; throws Refusal naming the field.
class Fields {
 public:
  Fields(const Parsed& json, std::string name) : json_(json), name_(std::move(name)) {
    if (!json.is_object()) throw Refusal{name_.empty() ? "it is no JSON object" : name_ + " is no object"};
  }
  const Parsed& at(const char* key) const {
    const auto found = json_.find(key);
    if (found == json_.end()) throw Refusal{"there is no " + path(key)};
    return *found;
  }
  Fields object(const char* key) const { return {at(key), path(key)}; }
  std::string text(const char* key) const {
    if (!at(key).is_string()) throw Refusal{path(key) + " is no text"};
    return at(key).get<std::string>();
  }
  index_t count(const char* key) const {
    const Parsed& value = at(key);
    if (!formats::is_count(value)) throw Refusal{path(key) + " is no count"};
    return value.get<index_t>();
  }
  /// NaN for null.
  double number(const char* key) const {
    const Parsed& value = at(key);
    if (!value.is_null() && !value.is_number()) throw Refusal{path(key) + " is neither a number nor null"};
    return value.is_null() ? NAN : value.get<double>();
  }
  const std::string& name() const { return name_; }
  const Parsed& json() const { return json_; }

 private:
  std::string path(const char* key) const { return name_.empty() ? key : name_ + "." + key; }

  const Parsed& json_;
  std::string name_;
};

Status status_of(const Fields& result) {
  const std::string name = result.text("status");
  for (const Status status :
       {Status::kCompleted, Status::kDiverged, Status::kInterrupted, Status::kFailed, Status::kImported,
        Status::kConverted})
    if (name == status_name(status)) {
      if (status == Status::kInterrupted) throw Refusal{"the run is not finished; train --resume goes on with it"};
      if (status == Status::kImported) throw Refusal{"the model was imported, not trained here"};
      if (status == Status::kConverted) throw Refusal{"the model was converted from another run's, not trained"};
      if (status == Status::kFailed) throw Refusal{"the run failed"};
      return status;
    }
  throw Refusal{"status '" + name.substr(0, 40) + "' is not known"};
}

/// The configuration, which must be written as a run writes it: resolved, with every key of its task but newer ones.
Config config_of(const Fields& result) {
  const Parsed& json = result.object("config").json();
  Config config;
  try {
    config = stored_config(json, "config");
    if (json.value("variant", "q_k_v") != config.model.variant.id()) throw Refusal{"config.variant is no id"};
    nn::check_heads(config.model);
  } catch (const Error& error) {
    throw Refusal{error.what()};
  }
  const Parsed resolved(config_json(config));
  for (const auto& [key, value] : resolved.items()) {
    const auto found = json.find(key);
    if (found == json.end()) throw Refusal{"there is no config." + key};
    if (*found != value) throw Refusal{"config." + key + " is not as a run writes it"};
  }
  for (const auto& [key, value] : json.items())
    if (!find_option(key, "config").concerns(data::find_task(config.task.id).form()))
      throw Refusal{"config." + key + " does not concern task " + config.task.id};
  return config;
}

/// A run directory is named after its configuration: today's name, or that of an earlier version, which is over every
/// key as it stands in the file. One that someone gave a name of their own is believed.
void check_directory(const fs::path& file, const std::string& run, const Parsed& config) {
  const std::string name = fs::absolute(file).lexically_normal().parent_path().filename().string();
  const std::size_t dash = name.rfind('-');
  const bool has_hash = dash != std::string::npos && name.size() - dash == 9 &&
                        name.find_first_not_of("0123456789abcdef", dash + 1) == std::string::npos;
  const std::string former = run.substr(0, run.rfind('-') + 1) + stored_hash(config);
  if (has_hash && file.filename() == "result.json" && name != run && name != former)
    throw Refusal{"its configuration is that of " + run + ", not of its directory: one of them was changed"};
}

std::vector<train::CurvePoint> curve_of(const Fields& result) {
  const Parsed& points = result.at("curve");
  if (!points.is_array()) throw Refusal{"curve is no list"};
  std::vector<train::CurvePoint> curve;
  for (const Parsed& json : points) {
    const Fields point(json, "a point of curve");
    curve.push_back({point.count("step"), point.number("train_loss"), point.number("train_accuracy"),
                     point.number("lr"), point.number("grad_norm")});
  }
  return curve;
}

std::string hash_of(const Parsed& json) { return formats::sha256(json.dump()); }

/// Hashes of a result by which copies are recognised.
void take_hashes(const Parsed& result, Record& record) {
  Parsed canonical = canonical_part(result), course = Parsed::object(), training = Parsed::array();
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
  training.push_back(result.value("dataset", Parsed()));
  record.training = hash_of(training);
}

/// One hash for all files of a data set, whatever their paths; empty where it has none.
std::string data_hash(const Parsed& dataset) {
  const auto files = dataset.is_object() ? dataset.find("files") : dataset.end();
  if (files == dataset.end() || !files->is_array() || files->empty()) return "";
  std::string hashes;
  for (const Parsed& file : *files) hashes += file.is_object() ? file.value("sha256", std::string()) : "";
  return files->size() == 1 ? hashes : formats::sha256(hashes);
}

Record parse_record(const fs::path& path) {
  const std::string origin = path.string();
  const Parsed json = formats::parse_json(read_file(path, kLargestFile), origin, kLargestFile);
  const Fields result(json, "");
  const Parsed& version = result.at("schema_version");
  if (version != 1) throw Refusal{"schema_version is " + version.dump().substr(0, 40) + ", and this program reads 1"};
  Record record;
  record.path = path;
  record.status = status_of(result);
  record.config = config_of(result);
  record.run = run_name(record.config);
  check_directory(path, record.run, json["config"]);
  const Fields tool = result.object("tool"), env = result.object("env");
  for (const char* key : {"version", "git_sha", "compiler", "flags", "gemm"}) record.build += tool.text(key) + ", ";
  record.build += env.text("isa");
  record.numerics = numerics_of(tool.json());
  if (record.numerics > 1) record.build += ", numerics " + std::to_string(record.numerics);
  record.machine = env.text("cpu") + ", " + env.text("os");
  const Fields metrics = result.object("metrics"), model = result.object("model");
  for (const auto& [key, value] : metrics.json().items())
    if (const double number = metrics.number(key.c_str()); !std::isnan(number)) record.metrics[key] = number;
  record.curve = curve_of(result);
  record.params_total = model.count("params_total");
  record.params_attention = model.count("params_attention");
  record.macs_forward = model.count("macs_forward");
  record.kv_cache_bytes_per_token = model.count("kv_cache_bytes_per_token");
  const Fields timing = result.object("timing");
  const double wall_s = timing.number("wall_s");
  record.wall_s = std::isnan(wall_s) ? 0 : wall_s;
  for (const auto& [key, value] : timing.json().items())
    if (value.is_number()) record.timing[key] = value.get<double>();
  record.data = data_hash(result.json().value("dataset", Parsed()));
  take_hashes(json, record);
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
      fail_input("there is no " + path.string() + "; give a result.json, a run directory or a directory of runs");
    if (!fs::is_directory(status)) return files.push_back(path);
    if (take_run(path)) return;
    fs::directory_iterator entries(path, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      std::error_code unreadable;
      const bool hidden = entries->path().filename().string().starts_with(".");  // a run that will replace another
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

void read_one(const fs::path& path, RecordSet& set) {
  try {
    std::error_code error;
    if (const fs::file_status status = fs::status(path, error); !fs::is_regular_file(status))
      throw Refusal{fs::exists(status) ? "it is no regular file" : "the link leads nowhere"};
    set.records.push_back(parse_record(path));
  } catch (const Refusal& refusal) {
    set.left_out.push_back({path, refusal.reason});
  } catch (const Error& error) {
    std::string reason = error.what();
    if (const std::string prefix = path.string() + ": "; reason.starts_with(prefix)) reason.erase(0, prefix.size());
    set.left_out.push_back({path, reason});
  }
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
  for (const fs::path& file : distinct(std::move(candidates.files))) read_one(file, set);
  std::ranges::sort(set.records, stands_before);
  settle_copies(set);
  return set;
}

}  // namespace qkvbench::run
