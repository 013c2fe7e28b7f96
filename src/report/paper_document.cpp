// One document in three formats.
// A format differs by how it writes a heading, a paragraph and a table.
#include "qkvbench/report/paper_document.hpp"

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/paper_table.hpp"

namespace qkvbench::report {

namespace {

std::string heading(const std::string& text, Format format) {
  return format == Format::kMarkdown ? "## " + text + "\n\n"
         : format == Format::kLatex  ? "% " + text + "\n"
                                     : text + "\n";
}

std::string paragraph(const std::string& text, Format format) {
  return format == Format::kMarkdown ? text + "\n\n" : format == Format::kLatex ? "% " + text + "\n" : wrapped(text);
}

std::string how_tested(const ClaimResult& claim) {
  return claim.id + ": " + claim.claim + ". " + claim.test + (claim.note.empty() ? "" : " (" + claim.note + ")") +
         (claim.needed.empty() ? "" : "; needed: " + claim.needed);
}

}  // namespace

std::string wrapped(const std::string& text, std::size_t width) {
  std::string out, line;
  for (const std::string& word : split(text, ' ')) {
    if (!line.empty() && display_width(line) + 1 + display_width(word) > width) {
      out += line + "\n";
      line = "  " + word;
    } else {
      line += (line.empty() ? "" : " ") + word;
    }
  }
  return out + line + "\n";
}

std::string claims_document(const std::vector<ClaimResult>& claims, Format format) {
  if (claims.empty()) return {};
  std::string text = claims_table(claims).render(format) + "\n";
  if (!claims.front().rule.empty()) {
    text += paragraph("A claim holds, or does not, when " + claims.front().rule + ".", format) + "\n";
    text += baseline_table(claims).render(format) + "\n";
  }
  for (const ClaimResult& claim : claims) text += paragraph(how_tested(claim), format);
  return text;
}

std::string render(const PaperDocument& document, Format format) {
  std::string text = heading(document.title, format);
  for (const std::string& remark : document.remarks) text += paragraph(remark, format);
  text += (format == Format::kMarkdown ? "" : "\n") + document.table.render(format) + "\n";
  for (const std::string& line : document.below) text += paragraph(line, format);
  return text + (format == Format::kMarkdown ? "" : "\n") + claims_document(document.claims, format);
}

}  // namespace qkvbench::report
