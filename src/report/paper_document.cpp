// One document in three formats.
// A format differs by how it writes a heading, a paragraph and a table.
#include "qkvbench/report/paper_document.hpp"

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/paper_table.hpp"

namespace qkvbench::report {

namespace {

constexpr std::size_t kColumns = 80;

std::string heading(const std::string& text, Format format) {
  return format == Format::kMarkdown ? "## " + text + "\n\n"
         : format == Format::kLatex  ? "% " + text + "\n"
                                     : text + "\n";
}

std::string paragraph(const std::string& text, Format format, std::size_t width) {
  return format == Format::kMarkdown ? text + "\n\n"
         : format == Format::kLatex  ? "% " + text + "\n"
                                     : wrapped(text + "\n", width == 0 ? kColumns : width);
}

std::string how_tested(const ClaimResult& claim) {
  return claim.id + ": " + claim.claim + ". " + claim.test + (claim.note.empty() ? "" : " (" + claim.note + ")") +
         (claim.needed.empty() ? "" : "; needed: " + claim.needed);
}

}  // namespace

std::string claims_document(const std::vector<ClaimResult>& claims, Format format, std::size_t width) {
  if (claims.empty()) return {};
  std::string text = claims_table(claims).render(format, width) + "\n";
  if (!claims.front().rule.empty()) {
    text += paragraph("A claim holds, or does not, when " + claims.front().rule + ".", format, width) + "\n";
    text += baseline_table(claims).render(format, width) + "\n";
  }
  for (const ClaimResult& claim : claims) text += paragraph(how_tested(claim), format, width);
  return text;
}

std::string render(const PaperDocument& document, Format format, std::size_t width) {
  std::string text = heading(document.title, format);
  for (const std::string& remark : document.remarks) text += paragraph(remark, format, width);
  text += (format == Format::kMarkdown ? "" : "\n") + document.table.render(format, width) + "\n";
  for (const std::string& line : document.below) text += paragraph(line, format, width);
  return text + (format == Format::kMarkdown ? "" : "\n") + claims_document(document.claims, format, width);
}

}  // namespace qkvbench::report
