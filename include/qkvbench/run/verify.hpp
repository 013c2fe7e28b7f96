// Parity with the paper's official code: rebuilds the models of golden files and compares every number.
// The tolerances are those of the golden files' own description; nothing here can loosen them.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::run {

/// Largest disagreement of each kind in one file, as a share of its tolerance's scale.
struct ParityErrors {
  double logits = 0;     ///< max|Δ| / max|logits|
  double loss = 0;       ///< relative, the first forward pass and the loss before each step
  double grads = 0;      ///< max|Δ| / the model's largest gradient
  double after = 0;      ///< max|Δ| of parameters after training
  double after_far = 0;  ///< share of elements further than 2e-6 off, the worst parameter's; not of loops
  // Of files that hold a whole training loop only; there `loss` is the largest of all steps and of the test.
  index_t steps = 0;     ///< 0: it is no loop
  double lr = 0;         ///< relative, the worst step's
  double grad_norm = 0;  ///< relative, before clipping, the worst step's
};

struct ParityResult {
  enum class Verdict { kPassed, kFailed, kNotBuilt } verdict;
  std::string file, family, variant;
  ParityErrors errors;
  std::string reason;  ///< what failed, or what is not built
};

/// Compares one golden file. Throws Error (input) when it is corrupt or of the wrong form.
ParityResult verify_golden(const std::filesystem::path& file);

/// All *.safetensors of a directory, by name. Throws Error (input) when there are none.
std::vector<ParityResult> verify_golden_directory(const std::filesystem::path& directory);

}  // namespace qkvbench::run
