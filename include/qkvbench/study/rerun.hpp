// The authors' own later runs, one by one, so that like can be compared with like: data/rerun, kept in the binary.
// Not the paper's numbers, which stand in recipes; nothing is averaged or judged here.
#pragma once
#include <vector>

#include "qkvbench/run/config.hpp"

namespace qkvbench::study {

/// Test accuracies (fractions) of the authors' later runs of this resolved configuration, whatever its seed, in the
/// order of their table; none when they have not run it. It is theirs when nothing but the variant, the sizes that
/// their table names and the seed differs from its task's recipe: a shorter training is another configuration.
std::vector<double> rerun_accuracies(const run::Config& resolved);

}  // namespace qkvbench::study
