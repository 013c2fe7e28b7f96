// Records of finished runs, made up in no time: for what judges them.
// The numbers are the caller's; nothing is written or trained.
#pragma once
#include "qkvbench/report/summary.hpp"
#include "support/results.hpp"

namespace qkvbench::testing {

/// A run for each of these accuracies, or perplexities of text that is learned; its place is the seed.
inline void add(std::vector<run::Record>& records, const std::string& task, const std::string& variant,
                const std::vector<double>& values, index_t heads = 4) {
  for (std::size_t seed = 0; seed < values.size(); ++seed) {
    run::Record record;
    record.config = config_of(task, variant, seed, heads);
    record.run = run_name(record.config);
    record.build = "build";
    record.status = run::Status::kCompleted;
    record.metrics.set(report::metric_of(task).key, values[seed]);
    if (task == "lm") record.metrics.set("val_loss", 1.1), record.metrics.set("val_floor", 1);
    records.push_back(record);
  }
}

}  // namespace qkvbench::testing
