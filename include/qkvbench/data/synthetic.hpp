// The synthetic tasks of the paper's Table 1: lists of symbols 0-9 with one target symbol for each position.
// Lists are drawn on demand from (seed, split, list, position); nothing is stored.
#pragma once
#include "qkvbench/data/dataset.hpp"

namespace qkvbench::data {

inline constexpr std::int32_t kSymbols = 10;

/// The synthetic tasks. To add one, add a row to the table in synthetic.cpp.
std::span<const Task> synthetic_tasks();

/// The targets of one list under a synthetic task.   input, result: T symbols. Throws (usage) if there is no such task.
std::vector<std::int32_t> synthetic_target(const std::string& task, std::span<const std::int32_t> input);

}  // namespace qkvbench::data
