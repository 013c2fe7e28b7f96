// What a reader of the paper asks, and which claims of which tables answer it: rows of data.
// Nothing is judged here: verdicts come from report/verdicts.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace qkvbench::study {

/// A claim of a table: PaperTable::id and Claim::id.
struct ClaimOf {
  std::string table, claim;
};

/// A question, in the order in which it is answered. Where no claim can answer it, `otherwise` says what can.
struct Question {
  std::string text;
  std::vector<ClaimOf> claims;
  std::string otherwise{};
};

/// Questions of the paper's reader: ten of them.
std::span<const Question> paper_questions();
/// What there is to doubt in the paper.
std::span<const Question> paper_doubts();

}  // namespace qkvbench::study
