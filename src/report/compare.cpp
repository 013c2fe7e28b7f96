// What is not a metric is compared as JSON, flattened to places and values; one pair is held at a time.
// Numbers are compared as they were written; null is equal to null only.
#include "qkvbench/report/compare.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/statistics.hpp"
#include "qkvbench/run/identity.hpp"

namespace qkvbench::report {

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
  return difference <= demand.absolute.value_or(0) || difference <= demand.relative.value_or(0) * larger ||
         difference <= pair.seed_noise.value_or(0);
}

/// The records that differ by their seed alone.
class Seeds {
 public:
  /// records: of one side. pairs: runs that are compared.
  Seeds(const std::vector<run::Record>& records, std::size_t pairs) : pairs_(static_cast<double>(pairs)) {
    for (const run::Record& record : records) groups_[key_of(record)].push_back(&record);
  }

  std::optional<double> noise(const run::Record& record, const std::string& metric) const {
    constexpr double kChance = 0.05;
    std::vector<double> values;
    for (const run::Record* other : groups_.at(key_of(record)))
      if (const auto value = other->metrics.value(metric)) values.push_back(*value);
    const std::optional<double> s = deviation(values);
    if (!s) return {};
    const auto freedom = static_cast<double>(values.size() - 1);
    return student_quantile(1 - kChance / (2 * pairs_), freedom) * *s * std::sqrt(2.0);
  }

 private:
  static std::string key_of(const run::Record& record) {
    run::Config config = record.config;
    config.task.seed = 0;
    return run::run_name(config) + " " + record.data;
  }

  double pairs_;
  std::map<std::string, std::vector<const run::Record*>> groups_;
};

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

RunPair compare_runs(const run::Record& a, const run::Record& b, const Tolerance& demand, const Seeds* seeds) {
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
    if (seeds != nullptr) metric.seed_noise = seeds->noise(a, name);
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

using Pairs = std::vector<std::pair<const run::Record*, const run::Record*>>;

/// Runs of one name; of several on side b, which are of different data, the one of the same data. Names of the others
/// go to `out`.
Pairs matched(const run::RecordSet& in_a, const run::RecordSet& in_b, Comparison& out) {
  if (in_a.records.size() == 1 && in_b.records.size() == 1) return {{&in_a.records[0], &in_b.records[0]}};
  Pairs pairs;
  std::set<std::string> names;
  for (const run::Record& record : in_a.records) {
    const run::Record* other = nullptr;
    for (const run::Record& one : in_b.records)
      if (one.run == record.run && (other == nullptr || one.training == record.training)) other = &one;
    if (other == nullptr) {
      out.only_a.push_back(record.run);
      continue;
    }
    pairs.emplace_back(&record, other);
    names.insert(record.run);
  }
  for (const run::Record& record : in_b.records)
    if (!names.contains(record.run)) out.only_b.push_back(record.run);
  return pairs;
}

void check_seeds(const Comparison& comparison, const fs::path& a) {
  for (const RunPair& pair : comparison.runs)
    for (const MetricPair& metric : pair.metrics)
      if (metric.seed_noise) return;
  fail_usage("--seed-noise: no run that is compared has a second seed in " + a.string() +
             "; name the side with several seeds first, or say --abs or --rel");
}

}  // namespace

Comparison compare(const fs::path& a, const fs::path& b, const Tolerance& demand) {
  Comparison out;
  const run::RecordSet in_a = side(a, out.left_out), in_b = side(b, out.left_out);
  const Pairs pairs = matched(in_a, in_b, out);
  if (pairs.empty())
    fail_input("no run in " + a.string() + " has one of its name in " + b.string() + "; name two runs to compare them");
  std::optional<Seeds> seeds;  // naming every run takes a while
  if (demand.seed_noise) seeds.emplace(in_a.records, pairs.size());
  for (const auto& [of_a, of_b] : pairs)
    out.runs.push_back(compare_runs(*of_a, *of_b, demand, seeds ? &*seeds : nullptr));
  check_metrics(out, demand);
  if (demand.seed_noise) check_seeds(out, a);
  out.holds = std::ranges::all_of(out.runs, &RunPair::holds) &&
              (demand.allow_missing || (out.only_a.empty() && out.only_b.empty()));
  return out;
}

}  // namespace qkvbench::report
