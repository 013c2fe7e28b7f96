// The page's skeleton: head, title, links to its parts, and the parts in order.
// What a part shows is in the sections_*.cpp files.
#include "qkvbench/report/page.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

/// Different texts, the most frequent first.
std::string listed(const std::vector<run::Record>& records, std::string run::Record::*member) {
  std::vector<std::string> texts;
  for (const run::Record& record : records) texts.push_back(record.*member);
  const auto order = run::most_frequent(texts);
  std::string out;
  for (const auto& [text, n] : order)
    out += (out.empty() ? "" : "<br>") + escaped(text) + (order.size() > 1 ? " (" + counted(n, "run") + ")" : "");
  return out;
}

std::string heading_html(const PageInput& input) {
  const std::vector<run::Record>& records = input.records.records;
  std::size_t diverged = 0;
  std::set<std::string> data;
  for (const Group& group : input.summary.groups) data.insert(group.data);
  for (const run::Record& record : records) {
    diverged += record.status == run::Status::kDiverged ? 1 : 0;
  }
  std::string out = "<header><h1>" + escaped(input.title) + "</h1>\n" + findings_html(input) +
                    "<p>Transformers whose query, key and value " +
                    "projections are shared, trained and tested by <b>qkvbench</b>: " + counted(records.size(), "run") +
                    (diverged > 0 ? " (" + std::to_string(diverged) + " diverged)" : "") + " of " +
                    counted(data.size(), "data set") + " and " + counted(input.summary.arms.size(), "variant") + ", " +
                    duration(run::wall_s_of(records)) + " of computing.</p>\n";
  for (const std::string& remark : input.remarks) out += "<p>" + escaped(remark) + "</p>\n";
  if (!records.empty())
    out += "<dl class=\"facts\"><dt>machine</dt><dd>" + listed(records, &run::Record::machine) +
           "</dd><dt>build</dt><dd>" + listed(records, &run::Record::build) + "</dd></dl>\n";
  if (input.summary.builds.size() > 1)
    out += "<p class=\"warning\">Runs of " + counted(input.summary.builds.size(), "build") +
           " stand together in these averages.</p>\n";
  if (!input.records.left_out.empty())
    out += "<p class=\"warning\">" + counted(input.records.left_out.size(), "file") +
           " left out, see <a href=\"#how\">What was run</a>.</p>\n";
  return out + "</header>\n";
}

}  // namespace

std::string section(const std::string& id, const std::string& title, const std::string& content) {
  return "<section id=\"" + id + "\"><h2>" + escaped(title) + "</h2>\n" + content + "</section>\n";
}

std::string plain_table(const std::vector<Table::Column>& columns, const std::vector<std::vector<std::string>>& rows) {
  std::string head, body;
  for (const Table::Column& column : columns) head += "<th>" + escaped(column.title) + "</th>";
  for (const auto& row : rows) {
    body += "<tr>";
    for (const std::string& cell : row) body += "<td>" + escaped(cell) + "</td>";
    body += "</tr>\n";
  }
  return "<div class=\"scroll\"><table><thead><tr>" + head + "</tr></thead>\n<tbody>" + body +
         "</tbody></table></div>\n";
}

std::string document(const std::string& title, const std::string& heading, const std::string& links,
                     const std::string& parts) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
         "<title>" +
         escaped(title) + "</title>\n<style>\n" + page_style() + "</style></head>\n<body>\n" + heading + "<nav>" +
         links + "</nav>\n<main>\n" + parts + "</main>\n</body></html>\n";
}

std::string page_html(const PageInput& input) {
  std::string links, parts;
  const auto add = [&](const char* id, const char* title, const std::string& content) {
    if (content.empty()) return;
    links += "<a href=\"#" + std::string(id) + "\">" + escaped(title) + "</a>\n";
    parts += section(id, title, content);
  };
  add("claims", "The paper's claims", claims_html(input));
  add("results", "Results", table_html(input));
  for (const ChartPart& part : chart_parts()) add(part.id, part.title, charts_html(input, part.id));
  add("attention", "Attention maps", attention_html(input));
  add("arms", "The variants", arms_html(input));
  add("how", "What was run", runs_html(input));
  return document(input.title, heading_html(input), links, parts);
}

}  // namespace qkvbench::report
