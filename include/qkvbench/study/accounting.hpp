// The paper's exact accounting of its 300-million-parameter model beside what this program counts.
// Counts; trains and measures nothing.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "qkvbench/base/real.hpp"

namespace qkvbench::study {

/// Of q_k_v, all together.   Source: the same.
inline constexpr index_t kPaperParameters = 305534976;

/// One number of the paper and ours.
struct AccountingRow {
  std::string variant;
  index_t kv_heads;
  std::string what;  ///< "parameters", "MACs at T 512", "cache bytes a token, bf16"
  index_t here, paper;
};

/// Parameters, attention parameters and multiply-adds at four lengths of four variants, cache bytes of six ways to
/// share, parameters of the 1.2 B model.   Source: the paper's official analysis.
std::vector<AccountingRow> accounting_rows();

}  // namespace qkvbench::study
