// The files of a run directory: what makes a run finished, what its checkpoints are, and how both outlast a crash.
// Knows nothing of training; the order in which things become visible is decided here and nowhere else.
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/run/result.hpp"

namespace qkvbench::run {

/// Where the parts of a run lie.
struct RunFiles {
  explicit RunFiles(const std::filesystem::path& directory);
  std::filesystem::path directory, result, metrics, events, model, manifest, lock;
};

/// The result of a run that ended, completed or diverged, compared with its manifest; nothing when there is none or it
/// was interrupted. Throws Error (input) when the result, the model or the metrics are damaged or missing.
std::optional<Result> finished_result(const RunFiles& files);

/// Compares a model's bytes with the manifest beside it, if there is one. Throws Error (input) when they differ.
void check_model(const RunFiles& files, std::string_view content);

/// Makes a run finished: metrics.jsonl, the manifest of everything, and last result.json. The model, if the run has
/// one, is there already. A kill before the last step leaves an unfinished run. Throws Error (output).
void write_finished(const RunFiles& files, const std::optional<formats::ManifestEntry>& model,
                    const std::string& metrics, const Result& result);

/// Checkpoints of an unfinished run: checkpoint-<step>.safetensors, which counts only once its manifest
/// checkpoint-<step>.sha256 is there, written last. The one before stays until the next is whole, and one that was
/// found damaged stays for whoever wants to look at it.
class Checkpoints {
 public:
  explicit Checkpoints(std::filesystem::path directory) : directory_(std::move(directory)) {}

  bool any() const { return !steps().empty(); }
  /// Calls load(path) with the newest that is whole; false when there is none. `tell` hears of each that is damaged.
  /// Throws Error (input) when there are some and none is whole.
  bool load_newest(const std::function<void(const std::filesystem::path&)>& load,
                   const std::function<void(const std::string&)>& tell);
  /// write(path) writes a checkpoint and returns its entry. Throws Error (output); then the older ones are as before.
  void save(index_t step, const std::function<formats::ManifestEntry(const std::filesystem::path&)>& write);
  /// Removes all but those that are damaged.
  void clear() { remove_all_but({}); }

 private:
  /// Of all that have a manifest, newest first.
  std::vector<index_t> steps() const;
  std::filesystem::path path(index_t step, const std::string& ending) const;
  void remove_all_but(const std::set<index_t>& kept);

  std::filesystem::path directory_;
  std::set<index_t> damaged_;
  std::optional<index_t> newest_;  ///< that this process read or wrote
};

/// Directories that are about to be made for a run. Between begin() and keep(), when the run has its lock, an exception
/// removes what was not there before and holds no more than a lock and an empty metrics.jsonl: a run that fails before
/// its first step leaves nothing that looks like one to be resumed.
class Footprint {
 public:
  /// Outer directories before inner ones.
  explicit Footprint(const std::vector<std::filesystem::path>& directories);
  ~Footprint();
  Footprint(const Footprint&) = delete;
  Footprint& operator=(const Footprint&) = delete;
  void begin() { ours_ = true; }
  void keep() { ours_ = false; }

 private:
  bool ours_ = false;                        ///< else they may be those of the process that holds the lock
  std::vector<std::filesystem::path> made_;  ///< not there when it began
};

/// Where a run works that will replace what is in `directory`; hidden, beside it.
std::filesystem::path replacement_of(const std::filesystem::path& directory);

/// Puts the replacement in the place of `directory` in one step and removes what was there. Throws Error (output).
void put_in_place(const std::filesystem::path& directory);

}  // namespace qkvbench::run
