// Causal tasks on lists of tokens with known answers: associative recall, induction, copying from a distance.
// Only answers are scored. Lists are drawn on demand from (seed, split, list); nothing is stored.
#pragma once
#include "qkvbench/data/dataset.hpp"

namespace qkvbench::data {

/// The tasks. To add one, add a row to the table in answers.cpp.
std::span<const Task> answer_tasks();

}  // namespace qkvbench::data
