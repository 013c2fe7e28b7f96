// The study as a page: the answers first, then each table with its claims, cells and charts.
// The parts of a table are the report's own.
#include "qkvbench/base/text.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/study_document.hpp"
#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::report {

namespace {

std::string css_of(const Answered& answer) {
  if (!answer.verdict) return "inconclusive";
  return *answer.verdict == Verdict::kHolds     ? "holds"
         : *answer.verdict == Verdict::kRefuted ? "refuted"
                                                : "inconclusive";
}

/// Text with commands in `…`.
std::string prose_html(const std::string& text) {
  std::string html;
  bool inside = false;
  for (std::size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1, inside = !inside) {
    end = text.find('`', begin);
    const std::string part = escaped(text.substr(begin, end - begin));
    html += inside ? "<code>" + part + "</code>" : part;
  }
  return html;
}

std::string questions_html(const Study& study, std::span<const study::Question> questions) {
  std::string rows;
  for (const study::Question& question : questions) {
    rows += "<li><b>" + escaped(question.text) + "</b><ul>\n";
    if (!question.otherwise.empty()) rows += "<li>" + prose_html(question.otherwise) + "</li>\n";
    for (const study::ClaimOf& claim : question.claims) {
      const Answered answer = answered(study, claim);
      rows += "<li><span class=\"verdict " + css_of(answer) + "\">" + escaped(verdict_text(answer)) +
              "</span>: " + escaped(answer.claim) + ". <span class=\"why\">" + escaped(answer.says) + "</span></li>\n";
    }
    rows += "</ul></li>\n";
  }
  return "<ol>" + rows + "</ol>\n";
}

std::string list_html(const std::vector<std::string>& lines, const char* css = "why") {
  std::string rows;
  for (const std::string& line : lines) rows += "<li>" + prose_html(line) + "</li>\n";
  return "<ul class=\"" + std::string(css) + "\">" + rows + "</ul>\n";
}

std::string table_section(const StudiedTable& table) {
  const PageInput input = page_of(table);
  std::string html;
  for (const std::string& remark : remarks_of(*table.recipe, table.part.plan))
    html += "<p>" + escaped(remark) + "</p>\n";
  for (const std::string& line : lines_below(*table.recipe, table.part.plan, table.made))
    html += "<p>" + escaped(line) + "</p>\n";
  html += claims_html(input) + table_html(input);
  for (const char* id : {"differences", "swept", "cost", "runs"}) html += charts_html(input, id);
  return html;
}

}  // namespace

PageInput page_of(const StudiedTable& table) {
  PageInput input{.records = table.part.results, .summary = table.made.summary};
  input.claims = table.made.claims;
  input.references = reference_values(*table.recipe, table.made.agreement, table.part.plan.level);
  return input;
}

std::string study_page(const Study& study) {
  std::string links, parts;
  const auto add = [&](const std::string& id, const std::string& title, const std::string& content) {
    links += "<a href=\"#" + id + "\">" + escaped(title) + "</a>\n";
    parts += section(id, title, content);
  };
  add("questions", "Ten questions", questions_html(study, study::paper_questions()));
  add("doubts", "What there was to doubt", questions_html(study, study::paper_doubts()));
  add("record", "What was run", plain_table(recorded_columns(), recorded_rows(study)) + list_html(machines_of(study)));
  add("open", "What was not run", list_html(not_run(study)));
  for (const StudiedTable& table : study.tables) add(table.recipe->id, table.recipe->title, table_section(table));
  const std::string title = "Do transformers need three projections? The study, from its record";
  return document(title,
                  "<header><h1>" + escaped(title) +
                      "</h1>\n<p>Made by <b>qkvbench study</b> from the recorded results; nothing here is written by "
                      "hand. A verdict is given where an interval lies wholly on one side of its threshold, and where "
                      "q_k_v has learned the task.</p>\n<p><b>" +
                      escaped(tally_text(study)) + "</b></p>\n" + list_html(sentences(study), "") + "</header>\n",
                  links, parts);
}

}  // namespace qkvbench::report
