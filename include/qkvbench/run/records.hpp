// Result records read back from disk, for tables and pictures: checked, in a fixed order, nothing silently left out.
// Reads result.json and recorded results only; neither models nor checkpoints.
#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/run/result.hpp"

namespace qkvbench::run {

/// One result.json, and what follows from it.
struct Record : Result {
  std::filesystem::path path{};  ///< of the file; of recorded results FILE:LINE
  std::string run{};             ///< run_name(config)
  std::string build{};  ///< what computed it: version, commit, compiler, flags, product routine, instruction set
  std::string machine{};
  std::string data{};       ///< SHA-256 of its data: of the one file, or over those of several; or empty
  std::string canonical{};  ///< hash of its canonical part
  std::string training{};   ///< hash of identity_of(config) and its data: what was trained
  std::string outcome{};    ///< hash of what came out, but for what log_every averages; of equal trainings equal
  std::string course{};     ///< hash of what log_every averages: the curve, train_loss and train_accuracy
};

/// A file that is not among the records, and why.
struct SkippedFile {
  std::filesystem::path path;
  std::string reason;
};

/// For a machine: a list of path and reason.
Json left_out_json(const std::vector<SkippedFile>& left_out);

struct RecordSet {
  /// Completed and diverged runs, ordered by task, variant, kv heads, run name, build and path; tasks and variants in
  /// the order of every listing, more kv heads before fewer.
  std::vector<Record> records;
  std::vector<SkippedFile> left_out;  ///< ordered by path
};

/// Reads every result.json and all recorded results (see recorded_results) in the given files, run directories and
/// directories of runs (one level deep). A file that is reached twice is read once. Holds one file at a time.
/// Left out and named: files that are torn, larger than 64 MiB or not of this schema, whose configuration is not one or
/// is not the one that its directory is named after, runs that are not finished or failed, copies of a training that is
/// there already (the first by path stays; keys of no effect on the weights may differ), and runs of one training and
/// build that contradict each other (none stays). Runs of one configuration on different data both stay.
/// Throws Error (input) when a path does not exist, a directory that is named cannot be read, or recorded results are
/// damaged.
RecordSet read_records(const std::vector<std::filesystem::path>& paths);

/// Leaves one record of each training and build, the first by path, or none of those that contradict each other. The
/// records are ordered as read_records() orders them.
void settle_copies(RecordSet& set);

/// Seconds that the runs took, all together.
double wall_s_of(std::span<const Record> records);

/// The different texts with how often each stands there, the most frequent first (equals: by text).
std::vector<std::pair<std::string, std::size_t>> most_frequent(const std::vector<std::string>& texts);

/// The builds among the records, the one with most records first (equals: by name).
std::vector<std::string> builds_of(const std::vector<Record>& records);

/// Leaves the records of builds_of()'s first build and names the others as left out. With `mix`, another build's run
/// stays where no build before it has that training: at most one record of each is left either way.
/// Before that all whose numerics are not the highest there are left out, with `mix` too: they computed something else.
void keep_one_build(RecordSet& set, bool mix = false);

/// The identity of a configuration without seed and without what makes its arm (variant, kv_heads and the keys that are
/// Option::of_arm), as JSON text: what runs that are compared have in common. `matched`: keys that were chosen for each
/// arm, left out too.
std::string common_configuration(const Config& config, std::span<const std::string> matched = {});

}  // namespace qkvbench::run
