// Reading --match, and the table of the sizes that were found.
#include "qkvbench/cli/match_target.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/match.hpp"

namespace qkvbench::cli {

namespace {

// A cache is matched in fp32.
constexpr index_t kFloatBytes = sizeof(float);

using report::Align;
using run::Costs;

/// The sizes that were sought, as flags of train.
std::string sizes_as_flags(const run::Config& config, const MatchTarget& target) {
  std::vector<std::string> keys;
  if (target.cache_bytes) keys.push_back(run::cache_key(config.model.variant));
  if (target.parameters) keys.emplace_back("d_ff");
  std::string text;
  for (const std::string& key : keys)
    if (!key.empty()) {
      const run::Option& option = run::find_option(key, "");
      text += (text.empty() ? "" : " ") + option.flag() + " " + option.text(config);
    }
  return text;
}

/// How far `count` is from what was wanted.
std::string off_text(index_t count, const std::optional<index_t>& wanted) {
  if (!wanted) return "";
  const double off = 100 * (static_cast<double>(count) / static_cast<double>(*wanted) - 1);
  return (off > 0 ? "+" : "") + report::fixed(off, 2) + " %";
}

report::Table matched_table(const std::vector<Costs>& all, const MatchTarget& target) {
  report::Table table({{"variant"},
                       {"sizes"},
                       {"parameters", Align::kRight},
                       {"off", Align::kRight},
                       {"cache a token", Align::kRight},
                       {"off", Align::kRight}});
  for (const Costs& costs : all) {
    const index_t bytes = costs.cost.cache_elements_per_token * kFloatBytes;
    table.add({costs.config.model.variant.id(), sizes_as_flags(costs.config, target),
               with_commas(costs.cost.params_total), off_text(costs.cost.params_total, target.parameters),
               with_commas(bytes) + " B", off_text(bytes, target.cache_bytes)});
  }
  return table;
}

}  // namespace

MatchTarget match_target(const std::vector<std::string>& words, const std::vector<run::Config>& configs) {
  MatchTarget target;
  for (const std::string& text : words) {
    const std::size_t equals = text.find('=');
    const std::string what = text.substr(0, equals), given = equals == text.npos ? "" : text.substr(equals + 1);
    if (what != "params" && what != "cache")
      fail_usage("--match: " + unknown_name("quantity", what, std::vector<std::string>{"params", "cache"}));
    if (given.empty() && configs.size() < 2)
      fail_usage("--match " + what + ": the first variant is what others are matched to; name several, or write " +
                 what + "=N");
    index_t& wanted = (what == "params" ? target.parameters : target.cache_bytes).emplace();
    if (given.empty()) {
      const nn::Cost cost = nn::count_cost(nn::Model(configs[0].model));
      wanted = what == "params" ? cost.params_total : cost.cache_elements_per_token * kFloatBytes;
    } else if (const std::string fault = number_fault(given, 1, 1e15, true); !fault.empty()) {
      fail_usage("--match " + what + "=: " + fault);
    } else {
      wanted = std::stoll(given);
    }
  }
  if (target.cache_bytes && !data::find_task(configs[0].task.id).traits().decodes)
    fail_usage("--match cache: task " + configs[0].task.id + " does not decode, so there is no cache; --match params");
  return target;
}

run::Config matched(run::Config config, const MatchTarget& target) {
  if (target.cache_bytes) config = with_cache(config, *target.cache_bytes / kFloatBytes);
  if (target.parameters) config = with_parameters(config, *target.parameters);
  return config;
}

std::string matched_text(const Session& session, const std::vector<Costs>& all, const MatchTarget& target) {
  if (!target.parameters && !target.cache_bytes) return "";
  std::string to;
  if (target.parameters) to = with_commas(*target.parameters) + " parameters";
  if (target.cache_bytes)
    to += (to.empty() ? "" : " and ") + with_commas(*target.cache_bytes) + " bytes of fp32 cache a token";
  return titled(session, "Matched to " + to) + shown(session, matched_table(all, target)) + said(session, "\n");
}

formats::Json match_json(const MatchTarget& target) {
  const auto number = [](const std::optional<index_t>& n) { return n ? formats::Json(*n) : formats::Json(nullptr); };
  return {{"params", number(target.parameters)}, {"cache_bytes", number(target.cache_bytes)}};
}

}  // namespace qkvbench::cli
