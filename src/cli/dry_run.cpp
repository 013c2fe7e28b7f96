// Tables of what run/forecast measures.
#include "qkvbench/cli/dry_run.hpp"

#include <cmath>
#include <cstdlib>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/forecast.hpp"
#include "qkvbench/run/identity.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Align;

/// "84 ms", "2.31 s"; what takes minutes as the other tables say it.
std::string step_text(double seconds) {
  if (seconds < 1) return report::fixed(seconds * 1e3, seconds < 0.01 ? 2 : 0) + " ms";
  return seconds < 60 ? report::fixed(seconds, 2) + " s" : report::duration(seconds);
}

struct Planned {
  run::Costs costs;
  run::Forecast alone;
  std::vector<run::RankForecast> ranks;
};

std::string tables_of(const Session& session, const std::vector<Planned>& all) {
  const auto bytes = [](index_t n) { return report::size_text(static_cast<double>(n)); };
  report::Table table({{"variant"},
                       {"parameters", Align::kRight},
                       {"memory", Align::kRight},
                       {"steps", Align::kRight},
                       {"a step", Align::kRight},
                       {"to train", Align::kRight}});
  for (const Planned& p : all)
    table.add({p.costs.config.model.variant.id(), with_commas(p.costs.cost.params_total), bytes(p.costs.memory.total()),
               with_commas(p.alone.steps), step_text(p.alone.step_s), report::duration(p.alone.total_s())});
  std::string text = shown(session, table);
  if (all[0].alone.by_layers)
    text += said(session, "Timed on one and two layers and a part of the batch; the rest is counted.\n");
  text += said(session, "Tests during and after training, and what else runs here, come on top.\n");
  if (all[0].ranks.size() < 2) return text;
  report::Table ranks({{"variant"},
                       {"ranks", Align::kRight},
                       {"memory each", Align::kRight},
                       {"shared out", Align::kRight},
                       {"sent a step", Align::kRight},
                       {"a step", Align::kRight},
                       {"waiting", Align::kRight},
                       {"to train", Align::kRight}});
  for (const Planned& p : all)
    for (const run::RankForecast& r : p.ranks)
      ranks.add({p.costs.config.model.variant.id(), std::to_string(r.ranks), bytes(r.memory_bytes),
                 bytes(r.sharded_memory_bytes), bytes(r.sent_bytes_per_step), step_text(r.step_s),
                 report::fixed(100 * r.waiting(), 1) + " %", report::duration(r.total_s())});
  return text + said(session, "\nRanks on machines like this one; shared out: memory with --shard-optimizer\n\n") +
         shown(session, ranks);
}

Json json_of(const Planned& p) {
  Json ranks = Json::array();
  for (const run::RankForecast& r : p.ranks)
    ranks.push_back({{"ranks", r.ranks},
                     {"memory_bytes", r.memory_bytes},
                     {"sharded_memory_bytes", r.sharded_memory_bytes},
                     {"sent_bytes_per_step", r.sent_bytes_per_step},
                     {"step_s", r.step_s},
                     {"waiting_share", r.waiting()},
                     {"train_s", r.total_s()}});
  return {{"run", run::run_directory("", p.costs.config).filename().string()},
          {"config", run::config_json(p.costs.config)},
          {"params_total", p.costs.cost.params_total},
          {"memory_bytes", p.costs.memory.total()},
          {"steps", p.alone.steps},
          {"step_s", p.alone.step_s},
          {"train_s", p.alone.total_s()},
          {"by_layers", p.alone.by_layers},
          {"ranks", ranks}};
}

}  // namespace

double parse_network(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  std::string unit(end);
  if (unit.ends_with("bit/s"))
    unit.resize(unit.size() - 5);
  else if (unit.ends_with("bit"))
    unit.resize(unit.size() - 3);
  const double factor = unit == "G" ? 1e9 : unit == "M" ? 1e6 : 0;
  if (!(number * factor > 0) || !std::isfinite(number * factor))
    fail_usage("--network: '" + text + "' is no speed; write 10Gbit or 400Mbit");
  return number * factor;
}

void dry_run(const Session& session, const std::vector<run::Config>& configs, double bits_per_s) {
  std::vector<Planned> all;
  Json list = Json::array();
  double total_s = 0;
  for (const run::Config& config : configs) {
    if (config.task.seed != configs.front().task.seed) break;  // another seed takes as long
    Planned p{run::count_costs(config, {}, 0), run::forecast(config), {}};
    p.ranks = run::rank_forecasts(p.costs, p.alone, bits_per_s);
    list.push_back(json_of(p));
    total_s += p.alone.total_s();
    all.push_back(std::move(p));
  }
  const std::size_t seeds = configs.size() / all.size();
  std::string text = tables_of(session, all);
  if (configs.size() > 1)
    text += said(session, "\nAll " + std::to_string(configs.size()) +
                              " runs in turn: " + report::duration(total_s * static_cast<double>(seeds)) + "\n");
  print(session, "train-plan", text, {{"network_bits_per_s", bits_per_s}, {"seeds", seeds}, {"runs", list}});
}

}  // namespace qkvbench::cli
