// A summary as tables for a terminal, Markdown, LaTeX and as CSV.
// Computes nothing but the average over tasks; says what an interval is, and never hides what is missing.
#pragma once
#include <optional>
#include <string>

#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

/// Mean of an arm's means over all tasks whose metric is a share; none unless there are several and each has a mean.
std::optional<double> task_average(const Summary& summary, const Arm& arm);

/// "0.698 [0.612, 0.781]", "0.698" without an interval, "0.698 (5 of 6)" over fewer runs than expected, "– (5 of 6)"
/// when the average is refused, "" when the task has no such arm.
std::string cell_text(const Cell* cell);
/// "-0.012 [-0.020, -0.004]", or for ratios "+3.1 % [+2.0 %, +4.2 %]".
std::string difference_text(const Difference& difference);

/// Rows arms, columns tasks, and the average over tasks when there are several.
Table main_table(const Summary& summary);
/// Rows arms, columns tasks of shares: "62 of 108, 0.57 [0.48, 0.66]" with Wilson's interval.
Table solved_table(const Summary& summary);
/// A row for each difference: task, arm, pairs, difference with its interval, p, p after Holm.
Table differences_table(const Summary& summary);

/// All tables that have rows, each with its heading, and what the numbers in them are.
std::string tables_document(const Summary& summary, Format format);

/// One table with a row for each run, cell and difference (column `row`), numbers in full, nothing for what does not
/// exist.
std::string summary_csv(const Summary& summary);

}  // namespace qkvbench::report
