// One document in three formats.
// A format differs by how it writes a heading, a paragraph and a table.
#include "qkvbench/report/paper_document.hpp"

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/paper_table.hpp"

namespace qkvbench::report {

namespace {

constexpr std::size_t kColumns = 80;

std::string title(const std::string& text, const Rendering& style) {
  return style.format == Format::kMarkdown ? "## " + text + "\n\n" : prose(text + "\n", style);
}

std::string paragraph(const std::string& text, Rendering style) {
  if (style.columns == 0) style.columns = kColumns;
  return prose(text + "\n", style);
}

/// The empty line below a table.
std::string below(const Rendering& style) { return style.format == Format::kCsv ? "\r\n" : "\n"; }

/// Between parts; Markdown's paragraphs end in it.
std::string gap(const Rendering& style) { return style.format == Format::kMarkdown ? "" : "\n"; }

std::string how_tested(const ClaimResult& claim) {
  return claim.id + ": " + claim.claim + ". " + claim.test + (claim.note.empty() ? "" : " (" + claim.note + ")") +
         (claim.needed.empty() ? "" : "; needed: " + claim.needed);
}

}  // namespace

std::string claims_document(const std::vector<ClaimResult>& claims, const Rendering& style) {
  if (claims.empty()) return {};
  std::string text = claims_table(claims).render(style) + below(style);
  if (!claims.front().rule.empty()) {
    text += paragraph("A claim holds, or does not, when " + claims.front().rule + ".", style) +
            (style.format == Format::kCsv ? "" : "\n");
    text += baseline_table(claims).render(style) + below(style);
  }
  for (const ClaimResult& claim : claims) text += paragraph(how_tested(claim), style);
  return text;
}

std::string render(const PaperDocument& document, const Rendering& style) {
  std::string text = title(document.title, style);
  for (const std::string& remark : document.remarks) text += paragraph(remark, style);
  text += gap(style) + document.table.render(style) + below(style);
  for (const std::string& line : document.below) text += paragraph(line, style);
  text += gap(style) + claims_document(document.claims, style);
  if (document.answers.empty()) return text;
  text += gap(style) + heading("What this says", style);
  for (const Answer& answer : document.answers) text += paragraph(answer.text, style);
  return text;
}

}  // namespace qkvbench::report
