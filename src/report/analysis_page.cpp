// Charts from an analysis: a row a layer and model, a dot a head, and maps of all heads with all.
// The style and the kinds of charts are the report's.
#include <algorithm>
#include <array>
#include <cmath>

#include "qkvbench/report/analysis.hpp"
#include "qkvbench/report/charts.hpp"
#include "qkvbench/report/heatmap.hpp"
#include "qkvbench/report/sections.hpp"

namespace qkvbench::report {

namespace {

using run::AnalyzedValue;
using run::Measured;

/// How the three models look: full, hollow, and another shape, so that colour is not the only code.
struct Look {
  const char* name;
  Measured AnalyzedValue::*values;
  Style style;
};
constexpr std::array<Look, 3> kLooks{{{"trained", &AnalyzedValue::trained, {0, MarkerShape::kCircle, false, 0}},
                                      {"step 0", &AnalyzedValue::initial, {1, MarkerShape::kSquare, true, 0}},
                                      {"random", &AnalyzedValue::random, {4, MarkerShape::kTriangle, true, 0}}}};

/// One measure of one subject over the layers; an empty text where it has no value.
std::string chart(const run::Analysis& analysis, const std::string& of, const run::Measure& measure) {
  StripChart strip{measure.title, "mean", {}, {}, {}};
  for (const AnalyzedValue& value : analysis.values) {
    if (value.of != of || value.measure != &measure) continue;
    for (const Look& look : kLooks) {
      const Measured& measured = value.*look.values;
      if (!measured.value) continue;
      StripRow row;
      row.label = std::to_string(value.layer) + " " + look.name;
      row.style = look.style;
      row.mean = measured.value;
      row.note = fixed(*measured.value, std::abs(*measured.value) >= 10 ? 1 : 3);
      if (measure.items == std::string_view("head"))
        for (std::size_t h = 0; h < measured.items.size(); ++h)
          if (measured.items[h])
            row.dots.push_back({*measured.items[h], "head " + std::to_string(h) + ": " + fixed(*measured.items[h], 3)});
      strip.rows.push_back(row);
    }
  }
  return strip.rows.empty() ? "" : strip_svg(strip);
}

std::string charts_html(const run::Analysis& analysis, const std::string& of) {
  std::string figures;
  for (const run::Measure& measure : run::all_measures()) {
    if (*measure.title == '\0') continue;
    const std::string picture = chart(analysis, of, measure);
    if (picture.empty()) continue;
    figures += "<figure><figcaption>" + escaped(std::string(measure.title) + ", " + measure.scope) +
               "</figcaption>\n<p class=\"why\">" + escaped(measure.definition) + "</p>\n" + picture + "</figure>\n";
  }
  return figures.empty() ? "" : "<div class=\"charts\">\n" + figures + "</div>\n";
}

std::string legend() {
  std::string out = "<p class=\"why\">Rows are layers, from 0.";
  for (const Look& look : kLooks)
    out += " <span class=\"key " + style_class(look.style) + "\">" + marker_svg(look.style) + look.name + "</span>";
  return out +
         ": the model, the same before its first step, and random projections of the model's own input. Dots are "
         "heads.</p>\n";
}

std::string maps_html(const run::Analysis& analysis) {
  std::string figures;
  for (const run::HeadMap& map : analysis.maps) {
    if (map.cka.size() < 4) continue;  // of one head there is nothing to compare
    const auto n = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(map.cka.size()))));
    std::vector<std::string> labels;
    for (std::size_t h = 0; h < n; ++h) labels.push_back(std::to_string(h));
    figures += "<figure>" + heatmap_svg({"layer " + std::to_string(map.layer), map.cka}, n, labels) +
               "<figcaption>layer " + std::to_string(map.layer) + "<br>largest " +
               fixed(*std::ranges::max_element(map.cka), 3) + ", least " +
               fixed(*std::ranges::min_element(map.cka), 3) + "</figcaption></figure>\n";
  }
  if (figures.empty()) return {};
  return "<p class=\"why\">Linear CKA of the activations of each key head (row) with each value head (column). Colour: "
         "<span class=\"scale\"></span> from 0 to the map's largest.</p>\n<div class=\"maps\">" +
         figures + "</div>\n";
}

std::string tables_html(const std::vector<AnalysisTable>& tables) {
  std::string out;
  for (const AnalysisTable& one : tables)
    out += "<h3>" + escaped(one.heading) + "</h3>\n" +
           (one.rows.empty() ? "<p class=\"why\">" + escaped(one.note) + "</p>\n" : plain_table(one.columns, one.rows));
  return out;
}

struct Part {
  std::string id, title, content;
};

}  // namespace

std::string analysis_html(const AnalysisPage& page) {
  const run::Analysis& analysis = *page.analysis;
  std::vector<Part> parts;
  for (const auto& [of, title] :
       {std::pair{"kv", "Keys and values"}, {"qk", "Queries and keys"}, {"qv", "Queries and values"}})
    parts.push_back({of, title, charts_html(analysis, of)});
  parts.push_back({"heads", "Key heads and value heads", maps_html(analysis)});
  for (const auto& [of, title] : {std::pair{"q", "Ranks of Q"}, {"k", "Ranks of K"}, {"v", "Ranks of V"}})
    parts.push_back({of, title, charts_html(analysis, of)});
  parts.push_back({"attention", "Attention", charts_html(analysis, "attention")});
  if (page.against)
    for (const auto& [of, title] :
         {std::pair{"k", "K of both models"}, {"v", "V of both models"}, {"q", "Q of both models"}})
      parts.push_back({"against-" + std::string(of), title, charts_html(*page.against, of)});
  std::string tables = tables_html(analysis_tables(analysis, false));
  if (page.against) tables += tables_html(against_tables(*page.against, false));
  parts.push_back({"tables", "Every number shown", tables});
  std::string heading = "<header><h1>" + escaped(page.title) + "</h1>\n";
  for (const std::string& remark : page.remarks) heading += "<p>" + escaped(remark) + "</p>\n";
  heading += legend() + "</header>\n";
  std::string links, sections;
  for (const Part& part : parts) {
    if (part.content.empty()) continue;
    links += "<a href=\"#" + part.id + "\">" + escaped(part.title) + "</a>\n";
    sections += section(part.id, part.title, part.content);
  }
  return document(page.title, heading, links, sections);
}

}  // namespace qkvbench::report
