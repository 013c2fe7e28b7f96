// What `reproduce` prints: a table of the paper beside this machine's cells, its claims, and how they are tested.
// Puts texts and tables in order; numbers and verdicts come from outside.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/answer.hpp"
#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

struct PaperDocument {
  std::string title;
  std::vector<std::string> remarks;  ///< below the title: what was shrunk or left out
  Table table;
  std::vector<std::string>
      below;  ///< below the table: agreement with the re-run, what is missing, the next larger part
  std::vector<ClaimResult> claims;
  std::vector<Answer> answers{};  ///< at the end
};

/// Text in any width has paragraphs of 80 columns. Markdown has headings, and LaTeX what is no table as comments.
std::string render(const PaperDocument& document, const Rendering& style);

/// Only the claims: their table, the rule, what the baseline has learned, and a line for each on how it is tested.
std::string claims_document(const std::vector<ClaimResult>& claims, const Rendering& style);

}  // namespace qkvbench::report
