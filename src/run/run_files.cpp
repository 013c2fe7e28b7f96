// Manifests around results and checkpoints.
// Every file is written by write_file_atomic(); here is only the order.
#include "qkvbench/run/run_files.hpp"

#include <algorithm>
#include <charconv>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

constexpr const char *kResult = "result.json", *kModel = "model.safetensors", *kMetrics = "metrics.jsonl";
constexpr std::uint64_t kMaxResultBytes = std::uint64_t{64} << 20;
constexpr const char *kCheckpoint = "checkpoint-", *kTensors = ".safetensors", *kSums = ".sha256";

/// What the manifest of a run lists.
std::vector<std::string> manifest_names(bool has_model) {
  std::vector<std::string> names{kResult, kMetrics};
  if (has_model) names.insert(names.begin() + 1, kModel);
  return names;
}

/// The step in "checkpoint-<step><ending>"; nothing for other names.
std::optional<index_t> step_of(const std::string& name, std::string_view ending) {
  const std::string_view start = kCheckpoint;
  if (!name.starts_with(start) || !name.ends_with(ending)) return std::nullopt;
  const char *begin = name.data() + start.size(), *end = name.data() + name.size() - ending.size();
  index_t step = 0;
  const auto [stop, error] = std::from_chars(begin, end, step);
  if (begin >= end || error != std::errc() || stop != end || step < 0) return std::nullopt;
  return step;
}

std::vector<fs::path> entries_of(const fs::path& directory) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) paths.push_back(entry.path());
  return paths;
}

}  // namespace

RunFiles::RunFiles(const fs::path& dir)
    : directory(dir),
      result(dir / kResult),
      metrics(dir / kMetrics),
      events(dir / "events.out.tfevents.0.qkvbench"),
      model(dir / kModel),
      manifest(dir / "manifest.sha256"),
      lock(dir / "lock") {}

std::optional<Result> finished_result(const RunFiles& files) {
  if (!fs::exists(files.result)) return std::nullopt;
  const std::string origin = files.result.string();
  const Json json = formats::parse_ordered(read_file(files.result, kMaxResultBytes), origin);
  const std::optional<Status> status = status_in(json);
  if (status == Status::kInterrupted) return std::nullopt;
  if (!status || status == Status::kFailed)
    fail_input(origin + " is no result of this tool; move it away or use --overwrite");
  // Results of before there were manifests have none.
  if (fs::exists(files.manifest)) formats::check_manifest(files.manifest, manifest_names(status != Status::kDiverged));
  return result_from_json(json, origin);
}

void check_model(const RunFiles& files, std::string_view content) {
  if (fs::exists(files.manifest)) formats::check_manifest(files.manifest, manifest_names(true), kModel, content);
}

void write_finished(const RunFiles& files, const std::optional<formats::ManifestEntry>& model,
                    const std::string& metrics, const Result& result) {
  const std::string text = result_text(result);
  const std::string_view result_piece = text, metrics_piece = metrics;
  std::vector<formats::ManifestEntry> entries{formats::manifest_entry(kResult, {&result_piece, 1}),
                                              formats::manifest_entry(kMetrics, {&metrics_piece, 1})};
  if (model) entries.insert(entries.begin() + 1, *model);
  write_file_atomic(files.metrics, metrics);
  write_file_atomic(files.manifest, formats::manifest_text(entries));
  write_file_atomic(files.result, text);
}

fs::path Checkpoints::path(index_t step, const std::string& ending) const {
  return directory_ / (kCheckpoint + std::to_string(step) + ending);
}

std::vector<index_t> Checkpoints::steps() const {
  std::vector<index_t> steps;
  for (const fs::path& entry : entries_of(directory_))
    if (const auto step = step_of(entry.filename().string(), kSums)) steps.push_back(*step);
  std::ranges::sort(steps, std::greater());
  return steps;
}

bool Checkpoints::load_newest(const std::function<void(const fs::path&)>& load,
                              const std::function<void(const std::string&)>& tell) {
  std::string first;
  for (const index_t step : steps()) {
    const fs::path tensors = path(step, kTensors);
    try {
      formats::check_manifest(path(step, kSums), {tensors.filename().string()});
      load(tensors);
      newest_ = step;
      if (!first.empty()) tell("going on from " + tensors.string());
      return true;
    } catch (const Error& error) {
      if (error.status() != Exit::kInput) throw;
      damaged_.insert(step);
      if (first.empty()) first = error.what();
      tell(std::string("checkpoint left aside: ") + error.what());
    }
  }
  if (first.empty()) return false;
  fail_input("no checkpoint in " + directory_.string() + " is whole (" + first + "); --overwrite begins anew");
}

void Checkpoints::save(index_t step, const std::function<formats::ManifestEntry(const fs::path&)>& write) {
  if (step == newest_) return;  // there already, and the state follows from the step
  // The manifest of the same step would vouch for other bytes until it is written again.
  remove_file(path(step, kSums));
  const std::vector<index_t> before = steps();
  const formats::ManifestEntry entry = write(path(step, kTensors));
  write_file_atomic(path(step, kSums), formats::manifest_text({entry}));
  damaged_.erase(step);
  newest_ = step;
  std::set<index_t> kept{step};
  const auto previous = std::ranges::find_if(before, [&](index_t s) { return !damaged_.contains(s); });
  if (previous != before.end()) kept.insert(*previous);
  remove_all_but(kept);
}

void Checkpoints::remove_all_but(const std::set<index_t>& kept) {
  const auto goes = [&](const std::optional<index_t>& step) {
    return step && !kept.contains(*step) && !damaged_.contains(*step);
  };
  const std::vector<fs::path> entries = entries_of(directory_);
  for (const char* ending : {kSums, kTensors})  // what makes it visible first
    for (const fs::path& entry : entries)
      if (goes(step_of(entry.filename().string(), ending))) remove_file(entry);
}

Footprint::Footprint(const std::vector<fs::path>& directories) {
  std::error_code ignored;
  for (const fs::path& directory : directories)
    if (!fs::exists(fs::symlink_status(directory, ignored))) made_.push_back(directory);
}

Footprint::~Footprint() {
  if (!ours_) return;
  std::error_code ignored;
  for (auto directory = made_.rbegin(); directory != made_.rend(); ++directory) {
    const RunFiles files(*directory);
    bool untouched = true;
    for (const fs::path& entry : entries_of(*directory))
      untouched = untouched && (entry == files.lock || (entry == files.metrics && fs::file_size(entry, ignored) == 0));
    if (!untouched) continue;
    for (const fs::path& file : {files.metrics, files.lock, *directory}) fs::remove(file, ignored);
  }
}

fs::path replacement_of(const fs::path& directory) {
  return directory.parent_path() / ("." + directory.filename().string() + ".new");
}

void put_in_place(const fs::path& directory) {
  const fs::path replacement = replacement_of(directory);
  exchange_directories(replacement, directory);
  std::error_code ignored;
  fs::remove_all(replacement, ignored);  // the next run that replaces takes care of what cannot be removed now
}

}  // namespace qkvbench::run
