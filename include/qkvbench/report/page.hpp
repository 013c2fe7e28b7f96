// The report: one HTML page that needs no network and no script, from records, their summary and what is passed in.
// A pure function: no date, no host, no path but those of files that were left out.
#pragma once
#include <string>
#include <vector>

#include "qkvbench/report/claims.hpp"
#include "qkvbench/report/heatmap.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/run/records.hpp"

namespace qkvbench::report {

/// One map of attention, of n × n numbers.
struct AttentionPicture {
  Heatmap map;                            ///< its title says which layer and head
  std::optional<double> score_asymmetry;  ///< mean |S − Sᵀ|; none under a mask
  double probability_asymmetry = 0;       ///< mean |P − Pᵀ|
  std::size_t layer = 0;
};

/// The maps of one run.
struct AttentionOfRun {
  std::string arm, run;
  std::size_t n = 0;
  std::vector<std::string> labels;     ///< of the positions; none or n
  std::vector<AttentionPicture> maps;  ///< layer by layer
  std::string group{};                 ///< task and data that the run is of
  bool causal = false;                 ///< no position attends to a later one
  Image image{};                       ///< that was looked at, if any
  std::size_t patches = 0;             ///< of an image, a side; position 0 is the class token, then row by row
};

struct PageInput {
  const run::RecordSet& records;
  const Summary& summary;  ///< of records.records
  std::string title = "Shared projections: what was measured";
  std::vector<std::string> remarks{};   ///< below the title: a budget, what was shrunk
  std::vector<std::string> commands{};  ///< that made this page's runs; each run's own commands follow
  std::vector<ClaimResult> claims{};
  std::vector<ReferenceValue> references{};
  std::vector<AttentionOfRun> attention{};
};

/// The whole page. A part without content (no claims, no maps) is left out.
std::string page_html(const PageInput& input);

/// The maps to show of a run: of n × n numbers, pooled (means of square blocks) to at most `most` a side.
AttentionOfRun pooled(AttentionOfRun run, std::size_t most);

/// The same made fit to look at: of more than eight maps the mean of each layer's heads; of an image what the class
/// token attends to, a number a patch; under a mask the first positions alone, as they are; else pooled.
AttentionOfRun shown(AttentionOfRun run, std::size_t most);

/// Shell commands that run these configurations again: one for each configuration and set of variants, with every key
/// in which it differs from where its task begins.
std::vector<std::string> commands_of(const std::vector<run::Record>& records);

}  // namespace qkvbench::report
