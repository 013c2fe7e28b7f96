// qkvbench inspect: what a configuration costs, without training anything or allocating its parameters.
// The formulas are in nn/accounting.
#include <algorithm>
#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/match_target.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/costs.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Align;
using run::Costs;

struct InspectFlags {
  ConfigFlags config;
  std::vector<index_t> lengths;
  std::vector<std::string> match;
  index_t context = 0;
  bool table = false, parameters = false;
};

Json parameters_json(const nn::Model& model) {
  Json list = Json::array();
  for (const nn::Parameter& p : model.parameters().all())
    list.push_back({{"name", p.name}, {"shape", train::sizes_of(p.shape)}, {"elements", p.shape.elements()}});
  return list;
}

std::string parameters_text(const Session& session, const nn::Model& model) {
  report::Table table({{"parameter"}, {"shape"}, {"elements", Align::kRight}});
  for (const nn::Parameter& p : model.parameters().all())
    table.add({p.name, p.shape.text(), with_commas(p.shape.elements())});
  return said(session, "\n") + shown(session, table);
}

/// The columns that name a configuration.
std::vector<report::Table::Column> named_columns() { return {{"variant"}, {"kv heads", Align::kRight}}; }
std::vector<std::string> name_of(const Costs& costs) {
  return {costs.config.model.variant.id(), std::to_string(costs.config.model.kv_heads)};
}

report::Table parameter_table(const std::vector<Costs>& all) {
  auto columns = named_columns();
  columns.insert(columns.end(), {{"equation"}, {"parameters", Align::kRight}, {"in attention", Align::kRight}});
  report::Table table(columns);
  for (const Costs& costs : all) {
    std::vector<std::string> row = name_of(costs);
    row.insert(row.end(), {costs.config.model.variant.equation(), with_commas(costs.cost.params_total),
                           with_commas(costs.cost.params_attention)});
    table.add(row);
  }
  return table;
}

report::Table macs_table(const std::vector<Costs>& all) {
  auto columns = named_columns();
  for (const auto& [length, count] : all[0].macs) columns.push_back({"T " + with_commas(length), Align::kRight});
  report::Table table(columns);
  for (const Costs& costs : all) {
    std::vector<std::string> row = name_of(costs);
    for (const auto& [length, count] : costs.macs) row.push_back(with_commas(count));
    table.add(row);
  }
  return table;
}

report::Table cache_table(const std::vector<Costs>& all) {
  auto columns = named_columns();
  columns.push_back({"tensors", Align::kRight});
  for (const char* format : kernels::kFormatNames) columns.push_back({std::string(format) + " a token", Align::kRight});
  for (const char* format : kernels::kFormatNames)
    columns.push_back({std::string(format) + ", " + with_commas(all[0].context), Align::kRight});
  columns.push_back({"less than q_k_v", Align::kRight});
  report::Table table(columns);
  for (const Costs& costs : all) {
    std::vector<std::string> row = name_of(costs);
    row.push_back(std::to_string(costs.config.model.variant.kind->cached_tensors));
    for (const index_t positions : {index_t{1}, costs.context})
      for (const index_t bytes : costs.cache_bytes_per_token)
        row.push_back(report::size_text(static_cast<double>(bytes * positions)));
    row.push_back(report::fixed(100 * costs.cache_reduction, 1) + " %");
    table.add(row);
  }
  return table;
}

report::Table memory_table(const std::vector<Costs>& all) {
  auto columns = named_columns();
  for (const char* title : {"parameters", "gradients", "Adam's moments", "activations", "together"})
    columns.push_back({title, Align::kRight});
  report::Table table(columns);
  for (const Costs& costs : all) {
    std::vector<std::string> row = name_of(costs);
    const nn::TrainingMemory& m = costs.memory;
    for (const index_t bytes : {m.parameters, m.gradients, m.moments, m.activations, m.total()})
      row.push_back(report::size_text(static_cast<double>(bytes)));
    table.add(row);
  }
  return table;
}

report::Table rank_table(const std::vector<Costs>& all) {
  auto columns = named_columns();
  for (const char* title : {"ranks", "sent a step", "gradients", "Adam's moments", "shared out"})
    columns.push_back({title, Align::kRight});
  report::Table table(columns);
  for (const Costs& costs : all)
    for (const run::RankCosts& r : costs.ranks) {
      std::vector<std::string> row = name_of(costs);
      row.push_back(std::to_string(r.ranks));
      for (const index_t bytes :
           {r.sent_bytes_per_step, r.gradients_bytes, costs.memory.moments, r.sharded_moments_bytes})
        row.push_back(report::size_text(static_cast<double>(bytes)));
      table.add(row);
    }
  return table;
}

std::string sizes_text(const run::Config& c) {
  return std::to_string(c.model.layers) + " layers, d " + std::to_string(c.model.d_model) + ", " +
         std::to_string(c.model.heads) + " heads" +
         (c.task.vocab > 0 ? ", vocabulary " + with_commas(c.task.vocab) : "");
}

std::string tables_text(const Session& session, const std::vector<Costs>& all) {
  const run::Config& c = all[0].config;
  const std::string memory = "Memory of training: micro-batches of " + std::to_string(c.train.micro_batch) +
                             ", activations " + (c.model.recompute ? "recomputed" : "kept") +
                             "; program, data and scratch come on top";
  std::string out;
  const auto add = [&](const std::string& heading, const report::Table& table) {
    out += (out.empty() ? "" : said(session, "\n")) + titled(session, heading) + shown(session, table);
  };
  add(sizes_text(c), parameter_table(all));
  add("Multiply-adds of one forward pass of one example of T positions", macs_table(all));
  add("Decoding cache, a token and " + with_commas(all[0].context) + " of them", cache_table(all));
  add(memory, memory_table(all));
  if (c.train.replicas > 1) add("What each of several ranks sends and holds (docs/clusters.md)", rank_table(all));
  return out;
}

Exit inspect(const Session& session, const InspectFlags& flags) {
  std::vector<run::Config> configs = flags.config.resolved();
  std::erase_if(configs,
                [&, seed = configs[0].task.seed](const auto& c) { return c.task.seed != seed; });  // cost alike
  const MatchTarget target = match_target(flags.match, configs);
  if (flags.table) configs = run::sharing_grid(configs[0]);
  for (run::Config& config : configs) config = matched(config, target);
  std::vector<Costs> all;
  Json list = Json::array();
  std::string details;
  for (const run::Config& one : configs) {
    all.push_back(run::count_costs(one, flags.lengths, flags.context));
    list.push_back(costs_json(all.back()));
    if (!flags.parameters) continue;
    const nn::Model model(one.model);
    list.back()["parameters"] = parameters_json(model);
    details +=
        (configs.size() > 1 ? said(session, "\n" + one.model.variant.id()) : "") + parameters_text(session, model);
  }
  print(session, "inspect", matched_text(session, all, target) + tables_text(session, all) + details,
        {{"configurations", list}, {"matched", match_json(target)}});
  return Exit::kDone;
}

}  // namespace

void add_inspect(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<InspectFlags>();
  flags->config.add_to(command);
  add_flag(command, "--table", flags->table, "every partition and number of kv heads instead of those named");
  add_option(command, "--match", flags->match,
             "params and cache of the first variant, or params=N and cache=BYTES a token: the others get the d_ff, and "
             "the kv heads or kv_rank, that come nearest")
      .comma_separated()
      .type_name("WHAT,WHAT");
  add_option(command, "--lengths", flags->lengths, "lengths to count multiply-adds at, separated by commas")
      .comma_separated()
      .between(index_t{1}, index_t{1} << 20)
      .type_name("T,T,…");
  add_option(command, "--context", flags->context, "positions to count the cache for; default: seq-len")
      .between(index_t{1}, index_t{1} << 30)
      .type_name("N");
  add_flag(command, "--parameters", flags->parameters, "also every parameter with its shape");
  finish_command(command, session,
                 "Counts parameters, multiply-adds, cache bytes and the memory of training without making the model.",
                 "  qkvbench inspect --preset 300m\n"
                 "  qkvbench inspect --preset llama-char --variant q_k_v,q_kv,mla --match params\n"
                 "  qkvbench inspect --preset 300m --table --format markdown");
  on_call(command, session, flags, inspect);
}

}  // namespace qkvbench::cli
