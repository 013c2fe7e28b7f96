// The record through the paper's tables, and Markdown of it.
// The page is in study_page; numbers and verdicts are reproduction's.
#include "qkvbench/report/study_document.hpp"

#include <algorithm>
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/run/recorded_results.hpp"

namespace qkvbench::report {

namespace {

using study::PaperTable;

const StudiedTable* table_of(const Study& study, const std::string& id) {
  const auto at = std::ranges::find_if(study.tables, [&](const StudiedTable& t) { return t.recipe->id == id; });
  return at == study.tables.end() ? nullptr : &*at;
}

const ClaimResult* claim_of(const StudiedTable& table, const study::ClaimOf& of) {
  const auto claim = std::ranges::find(table.made.claims, of.claim, &ClaimResult::id);
  if (claim == table.made.claims.end()) fail_internal("study: " + of.table + " has not judged " + of.claim);
  return &*claim;
}

std::string runs_text(const StudiedTable& table) {
  return table.recipe->id + ", " + counted(table.part.results.records.size(), "run") + " of " + table.part.plan.level;
}

/// 0: decided; the more, the less is known.
int openness_of(const Answered& answer) {
  if (!answer.verdict) return 3;
  if (*answer.verdict == Verdict::kNotTested) return 2;
  return *answer.verdict == Verdict::kInconclusive ? 1 : 0;
}

std::string sentence_of(const Study& study, const study::ClaimOf& of) {
  const Answered answer = answered(study, of);
  const StudiedTable* table = table_of(study, of.table);
  std::string text = answer.claim + ": " + verdict_text(answer);
  if (openness_of(answer) <= 1) {
    const ClaimResult& claim = *claim_of(*table, of);
    text += ", " + effect_text(claim) + (claim.paper ? ", paper " + value_text(claim, claim.paper) : "");
  }
  return text + " (" + (table == nullptr ? of.table : runs_text(*table)) + ")";
}

std::string questions_text(const Study& study, std::span<const study::Question> questions) {
  std::string text;
  int number = 0;
  for (const study::Question& question : questions) {
    text += std::to_string(++number) + ". " + question.text + "\n";
    if (!question.otherwise.empty()) text += "   * " + question.otherwise + "\n";
    for (const study::ClaimOf& claim : question.claims) {
      const Answered answer = answered(study, claim);
      text += "   * **" + verdict_text(answer) + "**: " + answer.claim + ". " + answer.says + "\n";
    }
  }
  return text + "\n";
}

}  // namespace

Study read_study(const std::filesystem::path& record) {
  Study study;
  study.tables.reserve(study::all_recipes().size());  // summaries point at their results
  for (const PaperTable& recipe : study::all_recipes()) {
    auto part = recipe.shown == PaperTable::Shown::kMetrics ? study::recorded_part(recipe, record) : std::nullopt;
    if (!part) {
      study.missing.push_back(&recipe);
      continue;
    }
    StudiedTable& table = study.tables.emplace_back();
    table.recipe = &recipe;
    table.part = std::move(*part);
    table.made = reproduction_of(recipe, table.part.plan, table.part.results.records, false, true);
  }
  if (study.tables.empty())
    fail_input("no table of the paper is recorded in " + record.string() + ": there is no file such as " +
               study::all_recipes().front().levels.back() + run::kRecordedEnding + "; `qkvbench record` makes one");
  return study;
}

Answered answered(const Study& study, const study::ClaimOf& of) {
  const PaperTable& recipe = study::find_recipe(of.table);
  const auto row = std::ranges::find(recipe.claims, of.claim, &study::Claim::id);
  if (row == recipe.claims.end()) fail_internal("study: " + of.table + " has no claim " + of.claim);
  Answered out{{}, row->text, "Nothing of " + of.table + " is recorded."};
  const StudiedTable* table = table_of(study, of.table);
  if (table == nullptr) return out;
  const ClaimResult* claim = claim_of(*table, of);
  out.verdict = claim->verdict;
  const std::string where = " (" + runs_text(*table) + ")";
  if (claim->verdict == Verdict::kNotTested) {
    out.says = claim->note + where + ".";
    return out;
  }
  out.says = effect_text(*claim) + " where " + threshold_text(*claim) + " is asked" + where;
  if (claim->paper) out.says += "; the paper has " + value_text(*claim, claim->paper);
  out.says += claim->note.empty() ? "." : "; " + claim->note + ".";
  return out;
}

std::string verdict_text(const Answered& answered) {
  return answered.verdict ? verdict_name(*answered.verdict) : "not recorded";
}

std::vector<std::string> sentences(const Study& study) {
  std::vector<std::string> lines;
  for (const study::Question& question : study::paper_questions()) {
    const auto openness = [&](const study::ClaimOf& of) { return openness_of(answered(study, of)); };
    lines.push_back(sentence_of(study, *std::ranges::min_element(question.claims, {}, openness)));
  }
  return lines;
}

std::string tally_text(const Study& study) {
  std::map<Verdict, std::size_t> counts;
  std::size_t runs = 0, claims = 0;
  double seconds = 0;
  for (const StudiedTable& table : study.tables) {
    runs += table.part.results.records.size();
    seconds += run::wall_s_of(table.part.results.records);
    claims += table.made.claims.size();
    for (const ClaimResult& claim : table.made.claims) ++counts[claim.verdict];
  }
  return "From " + counted(runs, "run") + " that took " + duration(seconds) + " together. Of " +
         counted(claims, "claim") + " hold: " + std::to_string(counts[Verdict::kHolds]) +
         "; do not hold: " + std::to_string(counts[Verdict::kRefuted]) +
         "; inconclusive: " + std::to_string(counts[Verdict::kInconclusive]) +
         "; not tested at these sizes, where q_k_v has not learned: " + std::to_string(counts[Verdict::kNotTested]) +
         ".";
}

std::vector<Table::Column> recorded_columns() {
  return {{"table"}, {"part"}, {"runs", Align::kRight}, {"computing", Align::kRight}, {"agree with the authors' runs"}};
}

std::vector<std::vector<std::string>> recorded_rows(const Study& study) {
  std::vector<std::vector<std::string>> rows;
  for (const StudiedTable& table : study.tables) {
    const Agreement& agreement = table.made.agreement;
    const std::string cells = std::to_string(agreement.agree) + " of " + std::to_string(agreement.compared) + " cells";
    rows.push_back({table.recipe->id, table.part.plan.level, std::to_string(table.part.results.records.size()),
                    duration(run::wall_s_of(table.part.results.records)), agreement.compared == 0 ? "–" : cells});
  }
  return rows;
}

Table recorded_table(const Study& study) {
  Table table(recorded_columns());
  for (const auto& row : recorded_rows(study)) table.add(row);
  return table;
}

std::vector<std::string> not_run(const Study& study) {
  std::vector<std::string> lines;
  for (const StudiedTable& table : study.tables)
    if (!table.part.plan.shrunk.empty())
      lines.push_back(table.recipe->id + " beyond " + table.part.plan.level + ": " +
                      join(table.part.plan.shrunk, "; "));
  for (const PaperTable* recipe : study.missing)
    lines.push_back(recipe->id + (recipe->shown == PaperTable::Shown::kMetrics
                                      ? ": no part of it is recorded"
                                      : ": it looks into models, which are not recorded; `qkvbench reproduce " +
                                            recipe->id + "` trains them"));
  return lines;
}

std::vector<std::string> machines_of(const Study& study) {
  std::vector<std::string> all, lines;
  for (const StudiedTable& table : study.tables)
    for (const run::Record& record : table.part.results.records) all.push_back(record.machine + "; " + record.build);
  for (const auto& [text, n] : run::most_frequent(all)) lines.push_back(counted(n, "run") + ": " + text);
  return lines;
}

std::string study_markdown(const Study& study) {
  std::string text =
      "# The study\n\nMade by `qkvbench study` from the recorded results; nothing here is written by hand. A verdict "
      "is "
      "given where an interval lies wholly on one side of its threshold, all claims of a table together at 95 %, and "
      "where q_k_v has learned the task (docs/statistics.md).\n\n";
  text += tally_text(study) + "\n\n";
  for (const std::string& line : sentences(study)) text += "* " + line + "\n";
  text += "\n## Ten questions\n\n";
  text += questions_text(study, study::paper_questions());
  text += "## What there was to doubt\n\n" + questions_text(study, study::paper_doubts());
  text += "## What was run\n\n" + recorded_table(study).markdown() + "\n";
  for (const std::string& line : machines_of(study)) text += "* " + line + "\n";
  text += "\n## What was not run\n\n";
  for (const std::string& line : not_run(study)) text += "* " + line + "\n";
  for (const StudiedTable& table : study.tables)
    text +=
        "\n" + render({table.recipe->title, remarks_of(*table.recipe, table.part.plan), paper_table(table.made.rows),
                       lines_below(*table.recipe, table.part.plan, table.made), table.made.claims},
                      Format::kMarkdown);
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace qkvbench::report
