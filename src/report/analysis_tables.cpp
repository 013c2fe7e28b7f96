// Rows are layers with their baselines below each other, columns the measures that have a title.
// Which measures these are is said in the table of measures alone.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string_view>

#include "qkvbench/report/analysis.hpp"

namespace qkvbench::report {

namespace {

using run::AnalyzedValue;
using run::Measure;
using run::Measured;

struct Source {
  const char* name;
  Measured AnalyzedValue::*values;
};
constexpr std::array<Source, 3> kSources{
    {{"trained", &AnalyzedValue::trained}, {"step 0", &AnalyzedValue::initial}, {"random", &AnalyzedValue::random}}};

/// Weights and activations of a pair stand in tables of their own: the columns of both together are too many for a
/// terminal.
struct Scope {
  const char *id, *suffix;
};
constexpr std::array<Scope, 2> kPairScopes{{{"weight", ", weights"}, {"activation", ", activations"}}};

/// A table's subject: tensors or pairs, and the scope of its measures.
struct Block {
  std::string heading;
  std::vector<std::string> of;
  std::string_view scope;
  bool names_tensor;  ///< has a column for which of several tensors
};

bool belongs(const Block& block, const AnalyzedValue& value, bool by_head) {
  const Measure& measure = *value.measure;
  const bool of = std::ranges::find(block.of, value.of) != block.of.end();
  const bool scope = block.scope == measure.scope;
  return of && scope && *measure.title != '\0' && (!by_head || measure.items == std::string_view("head"));
}

std::string number_text(double x, std::string_view id) {
  return fixed(x, id == "rank_90" ? 0 : std::abs(x) >= 10 ? 2 : 3);
}

/// The cells of a row: a value of each measure.
std::vector<std::string> cells(const std::vector<const AnalyzedValue*>& row, const Source& source, std::size_t head,
                               bool by_head, bool& any) {
  std::vector<std::string> out;
  for (const AnalyzedValue* value : row) {
    const Measured& measured = value->*source.values;
    const auto& items = measured.items;
    double x = NAN;
    if (!by_head && measured.value) x = *measured.value;
    if (by_head && head < items.size() && items[head]) x = *items[head];
    any = any || !std::isnan(x);
    out.push_back(number_text(x, value->measure->id));
  }
  return out;
}

AnalysisTable make(const run::Analysis& analysis, const Block& block, bool by_head) {
  std::map<std::pair<index_t, std::ptrdiff_t>, std::vector<const AnalyzedValue*>> rows;  // by layer and place in `of`
  for (const AnalyzedValue& value : analysis.values)
    if (belongs(block, value, by_head))
      rows[{value.layer, std::ranges::find(block.of, value.of) - block.of.begin()}].push_back(&value);
  AnalysisTable out{block.heading, {{"layer", Align::kRight, true}}, {}, {}};
  if (rows.empty()) return out;
  if (block.names_tensor) out.columns.push_back({"of", Align::kLeft, true});
  if (by_head) out.columns.push_back({"head", Align::kRight, true});
  out.columns.push_back({"model", Align::kLeft, true});
  for (const AnalyzedValue* value : rows.begin()->second) {
    out.columns.push_back({std::string(value->measure->title), Align::kRight});
    out.note += std::string(value->measure->title) + ": " + value->measure->definition + ".\n";
  }
  std::string reason;
  for (const auto& [key, row] : rows) {
    std::size_t heads = 1;
    for (const AnalyzedValue* value : row)
      if (by_head) heads = std::max(heads, value->trained.items.size());
    for (const AnalyzedValue* value : row)
      if (reason.empty() && !value->trained.value) reason = value->trained.reason;
    for (std::size_t head = 0; head < heads; ++head)
      for (const Source& source : kSources) {
        bool any = false;
        std::vector<std::string> line{std::to_string(key.first)};
        if (block.names_tensor) line.push_back(subject_title(block.of[static_cast<std::size_t>(key.second)]));
        if (by_head) line.push_back(std::to_string(head));
        line.push_back(source.name);
        for (const std::string& cell : cells(row, source, head, by_head, any)) line.push_back(cell);
        if (any) out.rows.push_back(line);
      }
  }
  if (out.rows.empty())
    out.note = "Nothing to measure: " + reason + ".\n";
  else if (!reason.empty())
    out.note += "–: " + reason + ".\n";
  return out;
}

std::vector<AnalysisTable> tables(const run::Analysis& analysis, const std::vector<Block>& blocks, bool by_head) {
  std::vector<AnalysisTable> out;
  for (const Block& block : blocks)
    if (AnalysisTable table = make(analysis, block, by_head); !table.note.empty()) out.push_back(std::move(table));
  return out;
}

}  // namespace

Table AnalysisTable::table() const {
  Table out(columns);
  for (const auto& row : rows) out.add(row);
  return out;
}

std::string subject_title(const std::string& of) {
  if (of == "attention") return of;
  std::string out;
  for (const char c : of) out += (out.empty() ? "" : " and ") + std::string(1, static_cast<char>(c - 'a' + 'A'));
  return out;
}

std::vector<AnalysisTable> analysis_tables(const run::Analysis& analysis, bool by_head) {
  std::vector<Block> blocks;
  for (const Scope& scope : kPairScopes)
    for (const char* of : {"kv", "qk", "qv"})
      blocks.push_back({subject_title(of) + scope.suffix, {of}, scope.id, false});
  blocks.insert(blocks.end(),
                {{"Ranks of the weights", {"q", "k", "v"}, "weight", true},
                 {"Ranks of the activations, channels centred", {"q", "k", "v"}, "activation_centred", true},
                 {"Attention", {"attention"}, "attention", false}});
  return tables(analysis, blocks, by_head);
}

std::vector<AnalysisTable> against_tables(const run::Analysis& analysis, bool by_head) {
  std::vector<Block> blocks;
  for (const Scope& scope : kPairScopes)
    for (const char* of : {"k", "v", "q"})
      blocks.push_back({subject_title(of) + " of the two models" + scope.suffix, {of}, scope.id, false});
  return tables(analysis, blocks, by_head);
}

}  // namespace qkvbench::report
