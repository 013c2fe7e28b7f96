// How fast a task's examples are made, and batches of them, with no model to wait for them.
// On one thread, as training makes batches beside a step.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

struct DataSpeed {
  std::string name;  ///< "glyphs, read", "glyphs, batches", "glyphs, batches augmented"
  index_t examples;  ///< of one pass
  double examples_per_s;
};

/// Times reading the training examples of a task once (drawing or decoding all of them, unless examples are made when
/// a batch asks), and making batches for about `seconds`; of images with crops and flips too.
/// `folder`: of the files, or empty. Throws Error (usage) if there is no such task, or as its data do.
std::vector<DataSpeed> run_data_bench(const std::string& task, const std::string& folder, double seconds);

}  // namespace qkvbench::run
