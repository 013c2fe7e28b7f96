// The paper's claims with their verdicts.
// They come from outside; here they become HTML.
#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "qkvbench/report/sections.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::report {

namespace {

/// How a verdict is named, marked and coloured, in the order of Verdict.
struct VerdictLook {
  const char *name, *mark, *css;
};
constexpr std::array<VerdictLook, 4> kVerdicts{{{"holds", "✓", "holds"},
                                                {"does not hold", "✗", "refuted"},
                                                {"inconclusive", "?", "inconclusive"},
                                                {"not tested at this size", "–", "inconclusive"}}};

const VerdictLook& look_of(Verdict verdict) { return kVerdicts[static_cast<std::size_t>(verdict)]; }

/// Differences have a sign and one decimal, counts none of both, other numbers three decimals.
bool is_difference(const ClaimResult& claim) { return claim.unit == "points" || claim.unit == "%"; }
int decimals_of(const ClaimResult& claim) { return is_difference(claim) ? 1 : claim.unit == "counts" ? 0 : 3; }

std::string p_text(double p) { return p < 0.001 ? scientific(p, 1) : fixed(p, 3); }

std::string claim_row(const ClaimResult& claim) {
  const VerdictLook& look = look_of(claim.verdict);
  const std::string adjusted =
      claim.p_adjusted ? "<br><span class=\"why\">adjusted p " + p_text(*claim.p_adjusted) + "</span>" : "";
  return "<tr><td><b>" + escaped(claim.claim) + "</b><br><span class=\"why\">" + escaped(claim.id) + ": " +
         escaped(claim.test) + "</span></td><td data-name=\"threshold\">" + escaped(threshold_text(claim)) +
         "</td><td data-name=\"here\">" + escaped(effect_text(claim)) + adjusted + "</td><td data-name=\"paper\">" +
         escaped(value_text(claim, claim.paper)) + "</td><td data-name=\"re-run\">" +
         escaped(value_text(claim, claim.rerun)) + "</td><td><span class=\"verdict " + look.css + "\">" + look.mark +
         " " + look.name + "</span>" +
         (claim.note.empty() ? "" : "<br><span class=\"why\">" + escaped(claim.note) + "</span>") +
         (claim.needed.empty() ? "" : "<br><span class=\"why\">needed: " + escaped(claim.needed) + "</span>") +
         "</td></tr>\n";
}

/// A line for each task of the claims, and for each value of the key by which a task has several levels.
std::string baseline_html(const std::vector<ClaimResult>& claims) {
  std::set<std::string> seen;
  std::string lines;
  for (const ClaimResult& claim : claims)
    for (const BaselineLevel& level : claim.baseline) {
      if (!seen.insert(baseline_task(level)).second) continue;
      lines += "<li>" + escaped(baseline_text(level));
      const std::pair<const char*, std::optional<double>> known[]{{"chance", level.chance}, {"floor", level.floor}};
      for (const auto& [name, value] : known)
        if (value) lines += std::string("; ") + name + " " + fixed(*value, 3);
      lines += "</li>\n";
    }
  return lines.empty() ? "" : "<ul class=\"why\">" + lines + "</ul>\n";
}

}  // namespace

const char* verdict_name(Verdict verdict) { return look_of(verdict).name; }

std::string number_text(const ClaimResult& claim, const std::optional<double>& value) {
  if (!value) return "–";
  return (is_difference(claim) ? signed_text : fixed)(*value, decimals_of(claim));
}

std::string claim_interval_text(const ClaimResult& claim) {
  return (is_difference(claim) ? signed_interval_text : interval_text)(*claim.interval, decimals_of(claim));
}

std::string value_text(const ClaimResult& claim, const std::optional<double>& value) {
  return number_text(claim, value) + (value && !claim.unit.empty() ? " " + claim.unit : "");
}

std::string effect_text(const ClaimResult& claim) {
  return value_text(claim, claim.effect) + (claim.interval ? " " + claim_interval_text(claim) : "");
}

std::string threshold_text(const ClaimResult& claim) {
  if (!claim.threshold) return "–";
  return (!claim.above ? "< " : claim.unit.empty() ? "≥ " : "> ") + value_text(claim, claim.threshold);
}

std::string claims_html(const PageInput& input) {
  if (input.claims.empty()) return {};
  std::array<std::size_t, kVerdicts.size()> counts{};
  std::string rows, tally;
  for (const ClaimResult& claim : input.claims) {
    ++counts[static_cast<std::size_t>(claim.verdict)];
    rows += claim_row(claim);
  }
  for (std::size_t i = 0; i < counts.size(); ++i)
    tally += std::string(i > 0 ? " · " : "") + kVerdicts[i].name + ": " + std::to_string(counts[i]);
  const std::string rule = input.claims.front().rule;
  return "<p>" + tally + "</p>\n" +
         (rule.empty() ? "" : "<p class=\"why\">A claim holds, or does not, when " + escaped(rule) + ".</p>\n") +
         baseline_html(input.claims) +
         "<table class=\"cards left\"><thead><tr><th>claim, and how it is tested</th><th>threshold</th><th>here, "
         "interval</th><th>paper</th><th>re-run</th><th>verdict</th></tr></thead>\n<tbody>" +
         rows + "</tbody></table>\n";
}

}  // namespace qkvbench::report
