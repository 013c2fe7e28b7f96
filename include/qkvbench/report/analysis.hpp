// What `analyze` shows of an analysis: tables with the definitions below them, and a page with charts.
// Not the measures; run/measures has those.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/table.hpp"
#include "qkvbench/run/analyze.hpp"

namespace qkvbench::report {

/// A table with its heading; without rows where nothing can be measured.
struct AnalysisTable {
  std::string heading;
  std::vector<Table::Column> columns;
  std::vector<std::vector<std::string>> rows;
  std::string note;  ///< definitions of its columns, a line each; or why there are no rows

  Table table() const;
};

/// Of all pairs, of ranks and of attention; by head a row for each head in place of the mean.
std::vector<AnalysisTable> analysis_tables(const run::Analysis& analysis, bool by_head);

/// Of two models: K with K, V with V, Q with Q.
std::vector<AnalysisTable> against_tables(const run::Analysis& analysis, bool by_head);

/// What the page says of the run; `against` is null without a second model.
struct AnalysisPage {
  std::string title;
  std::vector<std::string> remarks;
  const run::Analysis* analysis;
  const run::Analysis* against;
  std::string against_name;
};

/// One HTML page: a chart a measure with its baselines, maps of heads, and all tables.
std::string analysis_html(const AnalysisPage& page);

/// "K and V", "Q", "attention" for the ids of run::AnalyzedValue.
std::string subject_title(const std::string& of);

}  // namespace qkvbench::report
