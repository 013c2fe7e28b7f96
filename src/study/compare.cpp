// What is not a metric is compared as JSON, flattened to places and values; one pair is held at a time.
// Numbers are compared as they were written; null is equal to null only.
#include "qkvbench/study/compare.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"

namespace qkvbench::study {

namespace fs = std::filesystem;

namespace {

using Parsed = nlohmann::json;

/// "/curve/3/lr" as "curve[3].lr".
std::string readable(const std::string& pointer) {
  std::string place;
  for (const std::string& part : split(pointer.substr(1), '/')) {
    if (!part.empty() && part.find_first_not_of("0123456789") == std::string::npos)
      place += "[" + part + "]";
    else
      place += (place.empty() ? "" : ".") + part;
  }
  return place;
}

bool is_within(const MetricPair& pair, const Tolerance& demand) {
  if (!pair.a || !pair.b) return !pair.a && !pair.b;
  const double difference = std::abs(*pair.a - *pair.b), larger = std::max(std::abs(*pair.a), std::abs(*pair.b));
  return difference <= demand.absolute.value_or(0) || difference <= demand.relative.value_or(0) * larger;
}

/// Places and values of everything but the metrics.
std::map<std::string, Parsed> fields_of(Parsed canonical) {
  canonical.erase("metrics");
  return canonical.flatten().get<std::map<std::string, Parsed>>();
}

void add_fields(const Parsed& a, const Parsed& b, RunPair& pair) {
  const std::map<std::string, Parsed> of_a = fields_of(a), of_b = fields_of(b);
  std::set<std::string> places;
  for (const auto& [place, value] : of_a) places.insert(place);
  for (const auto& [place, value] : of_b) places.insert(place);
  for (const std::string& place : places) {
    const auto in_a = of_a.find(place), in_b = of_b.find(place);
    if (in_a != of_a.end() && in_b != of_b.end() && in_a->second == in_b->second) continue;
    if (++pair.fields_differing > kFieldsShown) continue;
    const auto text = [](bool there, const auto& found) { return there ? found->second.dump() : "(not there)"; };
    pair.fields.push_back({readable(place), text(in_a != of_a.end(), in_a), text(in_b != of_b.end(), in_b)});
  }
}

RunPair compare_runs(const run::Record& a, const run::Record& b, const Tolerance& demand) {
  const Parsed json_a(canonical_json(a)), json_b(canonical_json(b));
  RunPair pair;
  pair.path_a = a.path, pair.path_b = b.path;
  pair.run_a = a.run, pair.run_b = b.run;
  std::set<std::string> names;
  for (const run::Numbers* metrics : {&a.metrics, &b.metrics})
    for (const run::Numbers::Number& number : *metrics) names.insert(number.name);
  pair.holds = true;
  for (const std::string& name : names) {
    if (!demand.metrics.empty() && std::ranges::find(demand.metrics, name) == demand.metrics.end()) continue;
    MetricPair metric{name, a.metrics.value(name), b.metrics.value(name)};
    metric.within = is_within(metric, demand);
    pair.holds = pair.holds && metric.within;
    pair.metrics.push_back(metric);
  }
  add_fields(json_a, json_b, pair);
  pair.equal = json_a == json_b;
  if (demand.exact()) pair.holds = pair.equal;
  return pair;
}

/// One side's records, each run once: of several builds of a run, the one with most runs there.
run::RecordSet side(const fs::path& path, std::vector<run::SkippedFile>& left_out) {
  run::RecordSet set = run::read_records({path});
  run::keep_one_build(set, true);
  if (set.records.empty())
    fail_input("there is no finished result in " + path.string() +
               (set.left_out.empty() ? "; give a result.json, a run directory or a directory of runs"
                                     : ": " + set.left_out[0].path.string() + ": " + set.left_out[0].reason));
  left_out.insert(left_out.end(), set.left_out.begin(), set.left_out.end());
  return set;
}

void check_metrics(const Comparison& comparison, const Tolerance& demand) {
  for (const std::string& wanted : demand.metrics) {
    std::set<std::string> known;
    for (const RunPair& pair : comparison.runs)
      for (const MetricPair& metric : pair.metrics) known.insert(metric.name);
    if (!known.contains(wanted))
      fail_usage("--metric: no run that is compared has '" + wanted + "'; `qkvbench schema` lists the metrics");
  }
}

}  // namespace

Comparison compare(const fs::path& a, const fs::path& b, const Tolerance& demand) {
  Comparison out;
  const run::RecordSet in_a = side(a, out.left_out), in_b = side(b, out.left_out);
  if (in_a.records.size() == 1 && in_b.records.size() == 1) {
    out.runs.push_back(compare_runs(in_a.records[0], in_b.records[0], demand));
  } else {
    // Of several runs of one name, which are of different data, the one of the same data.
    const auto other_of = [&](const run::Record& record) -> const run::Record* {
      const run::Record* of_name = nullptr;
      for (const run::Record& other : in_b.records)
        if (other.run == record.run && (of_name == nullptr || other.training == record.training)) of_name = &other;
      return of_name;
    };
    std::set<std::string> matched;
    for (const run::Record& record : in_a.records) {
      const run::Record* other = other_of(record);
      if (other == nullptr) {
        out.only_a.push_back(record.run);
        continue;
      }
      out.runs.push_back(compare_runs(record, *other, demand));
      matched.insert(record.run);
    }
    for (const run::Record& record : in_b.records)
      if (!matched.contains(record.run)) out.only_b.push_back(record.run);
  }
  if (out.runs.empty())
    fail_input("no run in " + a.string() + " has one of its name in " + b.string() + "; name two runs to compare them");
  check_metrics(out, demand);
  out.holds = std::ranges::all_of(out.runs, &RunPair::holds) &&
              (demand.allow_missing || (out.only_a.empty() && out.only_b.empty()));
  return out;
}

}  // namespace qkvbench::study
