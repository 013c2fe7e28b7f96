// The parts of the page, each a piece of HTML; and how arms and numbers look in all of them.
// For page.cpp alone.
#pragma once
#include <string>
#include <string_view>

#include "qkvbench/report/page.hpp"
#include "qkvbench/report/svg.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

/// The style sheet; it holds every colour, for light, dark and paper.
std::string_view page_style();

/// Colour and shape follow the partition, hollow and dashed say +, other dashes fewer key/value heads.
Style style_of(const Arm& arm, const Summary& summary);
/// Its marker and name as HTML.
std::string arm_html(const Arm& arm, const Summary& summary);

/// "0.987" of shares, about four figures of the rest.
std::string value_text(const Metric& metric, double value);
/// <section id=…><h2>…</h2>…</section>
std::string section(const std::string& id, const std::string& title, const std::string& content);
/// A chart with its title; nothing for an empty chart.
std::string figure(const std::string& title, const std::string& svg);

/// Rows of texts under the columns' titles, scrolling sideways where it is too wide.
std::string plain_table(const std::vector<Table::Column>& columns, const std::vector<std::vector<std::string>>& rows);

/// A whole page of these: its head with the style sheet, a heading, links to its parts, and the parts.
std::string document(const std::string& title, const std::string& heading, const std::string& links,
                     const std::string& parts);

// Parts; an empty text when there is nothing to show.
std::string arms_html(const PageInput& input);
std::string table_html(const PageInput& input);
std::string strips_html(const PageInput& input);
std::string curves_html(const PageInput& input);
std::string forests_html(const PageInput& input);
std::string paretos_html(const PageInput& input);
std::string claims_html(const PageInput& input);
std::string attention_html(const PageInput& input);
std::string runs_html(const PageInput& input);

}  // namespace qkvbench::report
