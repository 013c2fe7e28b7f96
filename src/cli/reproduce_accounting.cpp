// The counts of study/accounting as a table and as claims.
// Nothing is trained for them.
#include "qkvbench/cli/reproduce_accounting.hpp"

#include <algorithm>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/reproduce_json.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/paper_document.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/report/verdicts.hpp"
#include "qkvbench/study/accounting.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Align;

/// The claims that are about counts alone.
std::vector<report::ClaimResult> accounting_claims(const std::vector<study::AccountingRow>& rows) {
  const auto cache = [&](const std::string& variant, index_t kv_heads) {
    const auto at = std::ranges::find_if(rows, [&](const study::AccountingRow& row) {
      return row.variant == variant && row.kv_heads == kv_heads && row.what.starts_with("cache");
    });
    return static_cast<double>(at->here);
  };
  const auto wrong = std::ranges::count_if(rows, [](const auto& row) { return row.here != row.paper; });
  report::ClaimResult counts, product;
  counts.id = "counts";
  counts.claim = "every count of the paper is right to the unit";
  counts.test = std::to_string(rows.size()) + " numbers, counts that differ";
  counts.unit = "counts";
  counts.effect = static_cast<double>(wrong);
  counts.paper = 0;
  counts.verdict = wrong == 0 ? report::Verdict::kHolds : report::Verdict::kRefuted;
  product.id = "cache-multiplies";
  product.claim = "sharing heads and sharing projections multiply in the cache";
  product.test = "cache of q_kv with 4 kv heads over the product of both savings on q_k_v";
  product.effect = cache("q_kv", 4) * cache("q_k_v", 16) / (cache("q_kv", 16) * cache("q_k_v", 4));
  product.paper = 1;
  product.verdict = *product.effect == 1 ? report::Verdict::kHolds : report::Verdict::kRefuted;
  return {counts, product};
}

}  // namespace

Exit verdict_status(const std::vector<report::ClaimResult>& claims) {
  const bool refuted = std::ranges::any_of(
      claims, [](const report::ClaimResult& claim) { return claim.verdict == report::Verdict::kRefuted; });
  return refuted ? Exit::kCheckFailed : Exit::kDone;
}

Exit reproduce_accounting(const Session& session) {
  const std::vector<study::AccountingRow> rows = study::accounting_rows();
  report::Table table({{"variant"},
                       {"kv heads", Align::kRight},
                       {"count"},
                       {"here", Align::kRight},
                       {"paper", Align::kRight},
                       {"here − paper", Align::kRight}});
  Json json = Json::array();
  for (const study::AccountingRow& row : rows) {
    table.add({row.variant, std::to_string(row.kv_heads), row.what, with_commas(row.here), with_commas(row.paper),
               with_commas(row.here - row.paper)});
    report::PaperRow cell{};
    cell.task = "lm";
    cell.arm = study::Arm{row.variant, row.kv_heads}.name();
    cell.here = static_cast<double>(row.here), cell.paper = static_cast<double>(row.paper);
    json.push_back(cell_json(cell, row.what));
  }
  const std::vector<report::ClaimResult> claims = accounting_claims(rows);
  const std::vector<report::Answer> answers = report::answers_of(claims, report::Summary{});
  print(session, "reproduce",
        said(session, "The paper's 300-million-parameter model, counted\n\n") + shown(session, table) +
            said(session, "\n") + report::claims_document(claims, style_of(session)) +
            said(session, "\n" + answers_text(answers)),
        {{"recipe", "accounting"},
         {"budget", nullptr},
         {"grid", nullptr},
         {"shrunk", Json::array()},
         {"unavailable", Json::array()},
         {"next", nullptr},
         {"runs", 0},
         {"missing", 0},
         {"incomplete_averages", false},
         {"agreement", nullptr},
         {"cells", json},
         {"claims", claims_json(claims)},
         {"answers", answers_json(answers)}});
  return verdict_status(claims);
}

}  // namespace qkvbench::cli
