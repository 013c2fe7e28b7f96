// qkvbench compare: two results or two directories of them, metric by metric, with tolerances for scripts.
// What is compared and what holds is decided in report/compare.
#include "qkvbench/report/compare.hpp"

#include <cmath>
#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/results.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Comparison;
using report::MetricPair;
using report::RunPair;
using run::or_null;

struct CompareFlags {
  std::string a, b;
  report::Tolerance demand;
};

std::optional<double> difference_of(const MetricPair& m) {
  return m.a && m.b ? std::optional(*m.b - *m.a) : std::nullopt;
}

/// (b − a)/a
std::optional<double> relative_of(const MetricPair& m) {
  return m.a && m.b && *m.a != 0 ? std::optional((*m.b - *m.a) / *m.a) : std::nullopt;
}

Json pair_json(const RunPair& pair) {
  Json metrics = Json::object(), fields = Json::array();
  for (const MetricPair& m : pair.metrics)
    metrics[m.name] = {{"a", or_null(m.a)},
                       {"b", or_null(m.b)},
                       {"difference", or_null(difference_of(m))},
                       {"relative", or_null(relative_of(m))},
                       {"seed_noise", or_null(m.seed_noise)},
                       {"within", m.within}};
  for (const report::FieldPair& f : pair.fields) fields.push_back({{"field", f.field}, {"a", f.a}, {"b", f.b}});
  return {{"run_a", pair.run_a},
          {"run_b", pair.run_b},
          {"path_a", pair.path_a.string()},
          {"path_b", pair.path_b.string()},
          {"equal", pair.equal},
          {"holds", pair.holds},
          {"metrics", metrics},
          {"other_fields_differing", pair.fields_differing},
          {"other_fields", fields}};
}

Json comparison_json(const CompareFlags& flags, const Comparison& comparison) {
  Json runs = Json::array();
  for (const RunPair& pair : comparison.runs) runs.push_back(pair_json(pair));
  return {{"a", flags.a},
          {"b", flags.b},
          {"exact", flags.demand.exact()},
          {"tolerance",
           {{"abs", or_null(flags.demand.absolute)},
            {"rel", or_null(flags.demand.relative)},
            {"seed_noise", flags.demand.seed_noise}}},
          {"holds", comparison.holds},
          {"runs", runs},
          {"only_a", comparison.only_a},
          {"only_b", comparison.only_b},
          {"left_out", left_out_json(comparison.left_out)}};
}

std::string shown(const std::optional<double>& x) {
  if (!x) return "–";
  const bool whole = *x == std::floor(*x) && std::abs(*x) < 1e12;
  return whole ? report::fixed(*x, 0) : report::fixed(*x, 6);
}

/// One pair in full.
std::string pair_text(const Session& session, const RunPair& pair, bool seeds) {
  using report::Align;
  report::Table table({{"metric"},
                       {"a", Align::kRight},
                       {"b", Align::kRight},
                       {"b − a", Align::kRight},
                       {seeds ? "seeds ±" : "relative", Align::kRight},
                       {""}});
  for (const MetricPair& m : pair.metrics) {
    const auto difference = difference_of(m), beside = seeds ? m.seed_noise : relative_of(m);
    table.add({m.name, shown(m.a), shown(m.b), difference ? report::scientific(*difference, 2) : "–",
               beside ? report::scientific(*beside, 2) : "–", m.within ? "" : "differs"});
    table.mark(5, report::Mark::kBad);
  }
  std::string text;
  if (pair.fields_differing > 0) text += "\n";
  for (const report::FieldPair& f : pair.fields)
    text += f.field + ": " + shortened(f.a, 60) + " and " + shortened(f.b, 60) + "\n";
  if (pair.fields_differing > pair.fields.size())
    text += "… and " + std::to_string(pair.fields_differing - pair.fields.size()) + " other fields differ\n";
  return said(session, "a  " + pair.run_a + "\nb  " + pair.run_b + "\n\n") + shown(session, table) +
         said(session, text);
}

/// Of many pairs, those that do not hold.
std::string list_text(const Session& session, const Comparison& comparison) {
  using report::Align;
  report::Table table(
      {{"run"}, {"metrics that differ"}, {"largest relative", Align::kRight}, {"other fields", Align::kRight}});
  bool any = false;
  for (const RunPair& pair : comparison.runs) {
    if (pair.holds) continue;
    std::string names;
    std::optional<double> largest;
    for (const MetricPair& m : pair.metrics) {
      if (m.within) continue;
      names += (names.empty() ? "" : ", ") + m.name;
      if (const auto relative = relative_of(m); relative && std::abs(*relative) > largest.value_or(0))
        largest = std::abs(*relative);
    }
    table.add(
        {pair.run_a, names, largest ? report::scientific(*largest, 2) : "–", std::to_string(pair.fields_differing)});
    any = true;
  }
  return any || session.format != "text" ? shown(session, table) : "";
}

/// Runs without a counterpart: the first of them, or where that is no failure how many.
std::string only_text(const std::string& side, const std::vector<std::string>& names, bool allowed) {
  if (names.empty()) return "";
  if (allowed) return "only in " + side + ": " + counted(names.size(), "run") + "\n";
  const std::size_t named = shown_of(names.size());
  std::string text;
  for (std::size_t i = 0; i < named; ++i) text += "only in " + side + ": " + names[i] + "\n";
  if (named < names.size()) text += "only in " + side + ": " + std::to_string(names.size() - named) + " more\n";
  return text;
}

Exit compare(const Session& session, const CompareFlags& flags) {
  const Comparison comparison = report::compare(flags.a, flags.b, flags.demand);
  note_left_out(session, comparison.left_out);
  const std::string tables = comparison.runs.size() == 1
                                 ? pair_text(session, comparison.runs[0], flags.demand.seed_noise)
                                 : list_text(session, comparison);
  std::string text = only_text("a", comparison.only_a, flags.demand.allow_missing) +
                     only_text("b", comparison.only_b, flags.demand.allow_missing);
  std::size_t equal = 0, holding = 0;
  for (const RunPair& pair : comparison.runs) equal += pair.equal, holding += pair.holds;
  text += (tables.empty() && text.empty() ? "" : "\n") + std::to_string(comparison.runs.size()) +
          (comparison.runs.size() == 1 ? " pair of runs" : " pairs of runs, matched by name") + ": " +
          std::to_string(equal) + " equal";
  if (!flags.demand.exact()) text += ", " + std::to_string(holding) + " within the tolerance";
  print(session, "compare", tables + said(session, text + "\n"), comparison_json(flags, comparison));
  return comparison.holds ? Exit::kDone : Exit::kCheckFailed;
}

}  // namespace

void add_compare(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<CompareFlags>();
  add_option(command, "a", flags->a, "a result.json, a run directory or a directory of runs").required().type_name("A");
  add_option(command, "b", flags->b, "what it is compared with").required().type_name("B");
  add_option(command, "--abs", flags->demand.absolute, "a metric may differ by so much")
      .between(0.0, 1e300)
      .type_name("X");
  add_option(command, "--rel", flags->demand.relative, "or by this share of the larger one")
      .between(0.0, 1e300)
      .type_name("X");
  add_flag(command, "--seed-noise", flags->demand.seed_noise, "or by what seeds differ: t·s·√2 of the seeds on side A");
  add_option(command, "--metric", flags->demand.metrics, "only this metric; may be given several times")
      .type_name("NAME")
      .one_at_a_time();
  add_flag(command, "--allow-missing", flags->demand.allow_missing, "a run that only one side has is no failure");
  finish_command(
      command, session,
      "Two runs are compared whatever their names, directories of runs by the names of runs. Without --abs,\n"
      "--rel, --seed-noise and --metric everything but timing, env, tool and argv must be equal; with them\n"
      "only metrics count. Status 7 when something differs by more, or a run has no counterpart.",
      "  qkvbench compare results/RUN other/RUN\n"
      "  qkvbench compare results other --rel 1e-4 --metric test_loss --json -\n"
      "  qkvbench compare results/record again --seed-noise --allow-missing");
  on_call(command, session, flags, compare);
}

}  // namespace qkvbench::cli
