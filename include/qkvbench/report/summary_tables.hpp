// A summary as tables for a terminal, Markdown and LaTeX.
// Computes nothing but averages over tasks; says what an interval is, and never hides what is missing.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

/// Groups that stand in one table, for they are told apart by the same keys: a column for each data set, a block of
/// rows for each set of values.
struct Panel {
  std::vector<std::string> keys;
  std::vector<std::vector<std::string>> rows;  ///< values of the keys; one row without any where there are no keys
  std::vector<Group> columns;                  ///< task and data, without settings

  /// The group at a row and a column.
  Group at(std::size_t row, std::size_t column) const;
};
std::vector<Panel> panels_of(const Summary& summary);

/// Mean of an arm's means over the row's columns of shares; none unless there are several and each has a mean.
std::optional<double> task_average(const Summary& summary, const Panel& panel, std::size_t row, const Arm& arm);

/// "accuracy ↑", "perplexity ↓"
std::string directed(const Metric& metric);
/// "0.698 [0.612, 0.781]", "0.698" without an interval, "0.698 (5 of 6)" over fewer runs than expected, "– (5 of 6)"
/// when the average is refused, "" when the group has no such arm.
std::string cell_text(const Cell* cell);
/// "−0.012 [−0.020, −0.004]", or for ratios "+3.1 % [+2.0 %, +4.2 %]".
std::string difference_text(const Difference& difference);

/// Rows values and arms, and what guessing gets; columns data sets, and the average over those of shares when there are
/// several.
Table main_table(const Summary& summary, const Panel& panel);
/// The same of shares: "62 of 108, 0.57 [0.48, 0.66]" with Wilson's interval.
Table solved_table(const Summary& summary, const Panel& panel);
/// A row for each difference: its group, arm, pairs, difference with its interval, p, p after Holm.
Table differences_table(const Summary& summary);

/// All tables that have rows, each with its heading, and what the numbers in them are. For CSV see summary_csv.
std::string tables_document(const Summary& summary, const Rendering& style);

}  // namespace qkvbench::report
