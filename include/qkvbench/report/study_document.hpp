// The study from its record: what it says of every question, every table beside the paper's, and what was not run.
// A function of the recorded results alone: the same files give the same bytes.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "qkvbench/report/page.hpp"
#include "qkvbench/report/reproduction.hpp"
#include "qkvbench/study/questions.hpp"
#include "qkvbench/study/recorded_part.hpp"

namespace qkvbench::report {

/// A table of the paper that is recorded, and what follows from it.
struct StudiedTable {
  const study::PaperTable* recipe = nullptr;
  study::RecordedPart part;
  Reproduction made;  ///< of part.results
};

struct Study {
  std::vector<StudiedTable> tables;               ///< in the order of study::all_recipes()
  std::vector<const study::PaperTable*> missing;  ///< of which nothing is recorded
};

/// Reads the record. Throws Error (input) when nothing is recorded there, or as study::recorded_part().
Study read_study(const std::filesystem::path& record);

/// What the record says of one claim.
struct Answered {
  std::optional<Verdict> verdict;  ///< none: nothing of its table is recorded
  std::string claim;               ///< "sharing K and V costs a few per cent at most"
  std::string says;                ///< its effect, threshold, runs and the paper's effect, or why nothing can be said
};
Answered answered(const Study& study, const study::ClaimOf& claim);

/// "not recorded", or as verdict_name().
std::string verdict_text(const Answered& answered);

/// How many claims hold, do not, and are open, of how many runs and hours: the whole study in two sentences.
std::string tally_text(const Study& study);
/// What to take home: for each question to the paper its first claim that holds or does not, else the first of which
/// most is known, in a line with its numbers and the paper's.
std::vector<std::string> sentences(const Study& study);
/// What is recorded, a row a table: its part, runs, hours of computing, cells that agree with the authors' runs.
std::vector<Table::Column> recorded_columns();
std::vector<std::vector<std::string>> recorded_rows(const Study& study);
Table recorded_table(const Study& study);
/// What was not run, a line each.
std::vector<std::string> not_run(const Study& study);
/// The machines and builds of all results, those with most results first.
std::vector<std::string> machines_of(const Study& study);

/// The study as Markdown.
std::string study_markdown(const Study& study);
/// A table of the study as a page has it; the study must outlive it.
PageInput page_of(const StudiedTable& table);
/// The study as one HTML page, with charts.
std::string study_page(const Study& study);

}  // namespace qkvbench::report
