// A summary as CSV for other programs: one kind of row a file, every value in a column of its own, numbers in full.
// For people there is summary_tables.
#pragma once
#include <string>

#include "qkvbench/report/summary.hpp"

namespace qkvbench::report {

/// A row for each cell: task, data, a column for each key by which groups are told apart, variant, kv_heads, metric, n,
/// expected, configurations, mean, deviation, low and high (of the 95 % interval), solved, chance. What does not exist
/// is empty, here and below.
std::string cells_csv(const Summary& summary);

/// A row for each difference: the same beginning; baseline, relative (true: a share of the baseline's), n, expected,
/// mean, deviation, low, high, p, p_holm.
std::string differences_csv(const Summary& summary);

/// A row for each record, in a cell or not: run, status, dataset, dataset_sha256, every key of the configuration that
/// concerns one of the tasks, parameters, cache, every metric, every number of `timing`, build, machine and path.
std::string runs_csv(const std::vector<run::Record>& records);

}  // namespace qkvbench::report
