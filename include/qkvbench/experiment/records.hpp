// Result records read back from disk, for tables and pictures: checked, in a fixed order, nothing silently left out.
// Reads result.json only; neither models nor checkpoints.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "qkvbench/experiment/record.hpp"

namespace qkvbench::experiment {

/// One result.json.
struct Record {
  std::filesystem::path path;  ///< of the file
  Status status = Status::kFailed;
  Config config;
  std::string run;    ///< run_name(config)
  std::string build;  ///< what computed it: version, commit, compiler, flags, product routine, instruction set
  std::string machine;
  std::map<std::string, double> metrics;  ///< those that exist: nulls are left out
  std::vector<train::CurvePoint> curve;
  index_t params_total = 0, params_attention = 0, macs_forward = 0, kv_cache_bytes_per_token = 0;
  double wall_s = 0;
};

/// A file that is not among the records, and why.
struct LeftOut {
  std::filesystem::path path;
  std::string reason;
};

struct RecordSet {
  std::vector<Record> records;    ///< completed and diverged runs, ordered by task, variant, kv heads and run name
  std::vector<LeftOut> left_out;  ///< ordered by path
};

/// Reads every result.json in the given files, run directories and directories of runs (one level deep).
/// Left out and named: files that are torn or not of this schema, whose configuration is not one, runs that are not
/// finished, copies of a run that is there already, and runs of one configuration and build that contradict each other.
/// Throws Error (input) when a path does not exist.
RecordSet read_records(const std::vector<std::filesystem::path>& paths);

/// The builds among the records, the one with most records first (equals: by name).
std::vector<std::string> builds_of(const std::vector<Record>& records);

}  // namespace qkvbench::experiment
