// Student's t over sources: differences of losses between models of one seed have one mode.
#include "qkvbench/report/surgery.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/report/charts.hpp"
#include "qkvbench/report/mean_claim.hpp"
#include "qkvbench/report/mean_interval.hpp"
#include "qkvbench/report/sections.hpp"

namespace qkvbench::report {

using Beside = study::SurgeryClaim::Beside;

namespace {

constexpr double kLeastPercent = 0.1;  // of a logarithmic axis

std::string shown(const std::vector<double>& units) {
  if (units.empty()) return "–";
  const auto interval = mean_interval(units, kSymmetricNumbers);
  return fixed(percent_of(mean(units)), 1) +
         (interval ? " ± " + fixed((percent_of(interval->high) - percent_of(interval->low)) / 2, 1) : "");
}

std::string share_text(double share) { return fixed(100 * share, 0) + " %"; }

std::string beside_text(Beside beside) {
  return beside == Beside::kSource ? "q_k_v" : beside == Beside::kScratch ? "q_kv from scratch" : "the same without";
}

std::vector<Table::Column> columns() {
  std::vector<Table::Column> columns{{"K = V by"}};
  for (const double share : study::kUptrainingShares) columns.push_back({share_text(share), Align::kRight});
  return columns;
}

std::vector<std::vector<std::string>> rows_of(const SurgeryNumbers& numbers) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t arm = 0; arm < study::surgery_arms().size(); ++arm) {
    rows.push_back({study::surgery_arms()[arm].name()});
    // Taught by the source, it would begin as the same without.
    for (std::size_t share = 0; share < study::kUptrainingShares.size(); ++share)
      rows.back().push_back(study::surgery_arms()[arm].distilled && share == 0
                                ? ""
                                : shown(surgery_nats(numbers, arm, share, Beside::kSource)));
  }
  rows.push_back({"q_kv from scratch", shown(scratch_nats(numbers))});
  rows.back().resize(columns().size());
  return rows;
}

/// On a logarithmic axis: what is as good as the source or better lies at its bottom.
double shown_at(double nats) { return std::max(percent_of(nats), kLeastPercent); }

/// Lines of the arms with or without a teacher. What stands at 0 is the converted model, the same for both.
CurvesChart chart_of(const SurgeryNumbers& numbers, bool distilled) {
  CurvesChart chart;
  chart.axis = "% above q_k_v's perplexity", chart.what = "Surgery", chart.shares = "of the source's steps";
  chart.marked = true, chart.scale = Scale::kLog, chart.most = study::kUptrainingShares.back();
  const std::span<const study::SurgeryArm> arms = study::surgery_arms();
  int hue = 0;
  for (std::size_t arm = 0; arm < arms.size(); ++arm) {
    if (arms[arm].method != nullptr && !arms[arm].distilled) ++hue;  // one colour for both charts
    if (arms[arm].method != nullptr && arms[arm].distilled != distilled) continue;
    CurveLine line{arms[arm].method == nullptr ? "q_k_v" : arms[arm].method,
                   {hue % kHues, static_cast<MarkerShape>(hue % kShapes), false, hue % 8},
                   {}};
    for (std::size_t share = 0; share < study::kUptrainingShares.size(); ++share) {
      const std::vector<double> units = surgery_nats(numbers, arm, share, Beside::kSource);
      if (units.empty()) continue;
      const auto [low, high] = std::ranges::minmax(units);
      line.points.push_back({study::kUptrainingShares[share], shown_at(mean(units)), shown_at(low), shown_at(high)});
    }
    chart.lines.push_back(line);
  }
  const std::vector<double> scratch = scratch_nats(numbers);
  if (!scratch.empty()) {
    CurveLine line{"q_kv from scratch", {8, MarkerShape::kCross, false, 1}, {}};
    for (const double share : {0.0, study::kUptrainingShares.back()})
      line.points.push_back({share, shown_at(mean(scratch)), shown_at(mean(scratch)), shown_at(mean(scratch))});
    chart.lines.push_back(line);
  }
  return chart;
}

/// A claim that was judged in nats.
void tell_in_percent(ClaimResult& claim) {
  claim.threshold = percent_of(*claim.threshold);
  if (claim.effect) claim.effect = percent_of(*claim.effect);
  if (claim.interval) claim.interval = Interval{percent_of(claim.interval->low), percent_of(claim.interval->high)};
}

/// f(arm, share, units) of all cells.
template <class F>
void for_cells(const SurgeryNumbers& numbers, F f) {
  for (std::size_t arm = 0; arm < study::surgery_arms().size(); ++arm)
    for (std::size_t share = 0; share < study::kUptrainingShares.size(); ++share)
      f(arm, share, surgery_nats(numbers, arm, share, Beside::kSource));
}

}  // namespace

double percent_of(double nats) { return 100 * std::expm1(nats); }

std::vector<double> surgery_nats(const SurgeryNumbers& numbers, std::size_t arm, std::size_t share, Beside beside) {
  std::vector<double> units;
  for (const SurgeryLosses& source : numbers.sources) {
    const std::optional<double> loss = source.losses[arm][share];
    // Each arm with a teacher stands behind the same without.
    const std::optional<double> other = beside == Beside::kSource    ? std::optional(source.source)
                                        : beside == Beside::kScratch ? std::optional(source.scratch)
                                                                     : source.losses[arm - 1][share];
    if (!loss || !other) return {};
    units.push_back(*loss - *other);
  }
  return units;
}

std::vector<double> scratch_nats(const SurgeryNumbers& numbers) {
  std::vector<double> units;
  for (const SurgeryLosses& source : numbers.sources) units.push_back(source.scratch - source.source);
  return units;
}

Table surgery_table(const SurgeryNumbers& numbers) {
  Table table(columns());
  for (const auto& row : rows_of(numbers)) table.add(row);
  return table;
}

std::string surgery_csv(const SurgeryNumbers& numbers, const std::vector<ClaimResult>& claims) {
  Table table({{"kind"},
               {"data"},
               {"method"},
               {"taught"},
               {"share"},
               {"claim"},
               {"percent"},
               {"low"},
               {"high"},
               {"sources"},
               {"threshold"},
               {"p_adjusted"},
               {"verdict"}});
  const auto text = [](const std::optional<double>& x) { return x ? exact(*x) : std::string(); };
  const auto add = [&](const std::string& method, const std::string& taught, double share,
                       const std::vector<double>& units) {
    const auto interval = mean_interval(units, kSymmetricNumbers);
    table.add({"number", numbers.data, method, taught, exact(share), "",
               units.empty() ? "" : exact(percent_of(mean(units))), interval ? exact(percent_of(interval->low)) : "",
               interval ? exact(percent_of(interval->high)) : "", std::to_string(units.size()), "", "", ""});
  };
  for_cells(numbers, [&](std::size_t arm, std::size_t share, const std::vector<double>& units) {
    const study::SurgeryArm& one = study::surgery_arms()[arm];
    add(one.method == nullptr ? "none" : one.method, one.distilled ? "true" : "false", study::kUptrainingShares[share],
        units);
  });
  add("scratch", "false", 1, scratch_nats(numbers));
  for (const ClaimResult& claim : claims)
    table.add({"claim", "", "", "", "", claim.id, text(claim.effect), claim.interval ? exact(claim.interval->low) : "",
               claim.interval ? exact(claim.interval->high) : "", "", text(claim.threshold), text(claim.p_adjusted),
               verdict_name(claim.verdict)});
  return table.csv();
}

std::string surgery_html(const std::string& title, const std::vector<std::string>& remarks,
                         const SurgeryNumbers& numbers, const std::vector<ClaimResult>& claims) {
  std::string heading = "<header><h1>" + escaped(title) + "</h1>\n", charts, verdicts;
  for (const std::string& remark : remarks) heading += "<p>" + escaped(remark) + "</p>\n";
  for (const bool distilled : {false, true})
    charts += "<figure>" + curves_svg(chart_of(numbers, distilled)) + "<figcaption>" +
              (distilled ? "trained on with the source as teacher" : "trained on by the text alone") +
              "</figcaption></figure>\n";
  std::vector<std::vector<std::string>> judged;
  for (const ClaimResult& claim : claims)
    judged.push_back({claim.claim, threshold_text(claim), effect_text(claim), verdict_name(claim.verdict)});
  const std::string sections =
      section("chart", "What it costs, by training on",
              "<p class=\"why\">Means over sources, bands from the least to the largest; what costs less than " +
                  fixed(kLeastPercent, 1) + " % lies at the bottom.</p>\n<div class=\"charts\">\n" + charts +
                  "</div>\n") +
      section("table", "Every number", plain_table(columns(), rows_of(numbers))) +
      section("claims", "Claims", plain_table({{"claim"}, {"holds if"}, {"effect"}, {"verdict"}}, judged));
  return document(title, heading + "</header>\n",
                  "<a href=\"#chart\">Chart</a>\n<a href=\"#table\">Table</a>\n<a href=\"#claims\">Claims</a>\n",
                  sections);
}

std::vector<ClaimResult> surgery_claims(const SurgeryNumbers& numbers) {
  std::vector<ClaimResult> results;
  for (const study::SurgeryClaim& claim : study::surgery_claims()) {
    ClaimResult result;
    result.id = claim.id;
    result.claim = claim.text;
    result.unit = "%";
    result.test = "perplexity of " + study::surgery_arms()[claim.arm].name() + ", " +
                  share_text(study::kUptrainingShares[claim.share]) + ", above " + beside_text(claim.beside);
    result.threshold = std::log1p(claim.percent / 100);
    result.above = claim.above;
    result.baseline = {numbers.level};
    judge_mean(surgery_nats(numbers, claim.arm, claim.share, claim.beside), study::surgery_claims().size(), result);
    tell_in_percent(result);
    results.push_back(result);
  }
  return results;
}

}  // namespace qkvbench::report
