// The parts of the page, each a piece of HTML or charts; and how arms and numbers look in all of them.
// For pages and files of charts alone.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "qkvbench/report/page.hpp"
#include "qkvbench/report/svg.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

/// The style sheet; it holds every colour, for light, dark and paper.
std::string page_style();
/// That of the charts alone, in colours for white paper and without variables, which not every reader of SVG knows.
std::string chart_style();

/// Colour and shape follow the partition, hollow and dashed say +; other dashes, paler and with a mark within: fewer
/// key/value heads.
Style style_of(const Arm& arm, const Summary& summary);
/// Its marker and name as HTML.
std::string arm_html(const Arm& arm, const Summary& summary);

/// "0.987" of shares, about four figures of the rest.
std::string value_text(const Metric& metric, double value);
/// <section id=…><h2>…</h2>…</section>
std::string section(const std::string& id, const std::string& title, const std::string& content);
/// Rows of texts under the columns' titles, scrolling sideways where it is too wide.
std::string plain_table(const std::vector<Table::Column>& columns, const std::vector<std::vector<std::string>>& rows);

/// A whole page of these: its head with the style sheet, a heading, links to its parts, and the parts.
std::string document(const std::string& title, const std::string& heading, const std::string& links,
                     const std::string& parts);

/// A chart and what stands over it: the group or data set that it is of.
struct Chart {
  std::string title, svg;
};
/// A part of the page that is charts.
struct ChartPart {
  const char *id, *title;
  std::string (*why)(const PageInput& input);  ///< how they are read
  std::vector<Chart> (*charts)(const PageInput& input);
};
/// In the order of the page.
std::span<const ChartPart> chart_parts();
std::string charts_html(const PageInput& input, std::string_view id);
/// Of each data set: the metric over the values of each key that was swept, a line an arm.
std::vector<Chart> sweeps_of(const PageInput& input);
/// Of each task: the metric against parameters, cache, seconds and tokens, each where arms or settings differ in it.
std::vector<Chart> costs_of(const PageInput& input);

// Parts; an empty text when there is nothing to show.
std::string arms_html(const PageInput& input);
std::string table_html(const PageInput& input);
/// Below the title: a sentence or more for each group, unless there are claims.
std::string findings_html(const PageInput& input);
std::string claims_html(const PageInput& input);
std::string attention_html(const PageInput& input);
/// The same, a picture a run.
std::vector<Chart> attention_grids(const PageInput& input);
std::string runs_html(const PageInput& input);

}  // namespace qkvbench::report
