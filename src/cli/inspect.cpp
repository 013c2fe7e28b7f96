// qkvbench inspect: what a configuration costs, without training anything or allocating its parameters.
// The formulas are in nn/accounting.
#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/experiment/record.hpp"
#include "qkvbench/nn/accounting.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using experiment::Json;
using report::Align;

struct InspectFlags {
  ConfigFlags config;
  bool parameters = false;
};

Json parameters_json(const nn::Model& model) {
  Json list = Json::array();
  for (const nn::Parameter& p : model.parameters().all()) {
    Json shape = Json::array();
    for (int i = 0; i < p.shape.rank(); ++i) shape.push_back(p.shape[i]);
    list.push_back({{"name", p.name}, {"shape", shape}, {"elements", p.shape.elements()}});
  }
  return list;
}

std::string parameters_text(const nn::Model& model) {
  report::Table table({{"parameter"}, {"shape"}, {"elements", Align::kRight}});
  for (const nn::Parameter& p : model.parameters().all())
    table.add({p.name, p.shape.text(), with_commas(p.shape.elements())});
  return "\n" + table.text();
}

Exit inspect(const Session& session, const InspectFlags& flags) {
  const std::vector<experiment::Config> configs = flags.config.resolved();
  report::Table table({{"variant"},
                       {"equation"},
                       {"heads", Align::kRight},
                       {"kv heads", Align::kRight},
                       {"parameters", Align::kRight},
                       {"in attention", Align::kRight},
                       {"multiply-adds", Align::kRight},
                       {"cache B/token", Align::kRight}});
  Json list = Json::array();
  std::string details;
  for (const experiment::Config& one : configs) {
    const nn::Model model(model_config(one));
    Json json{{"config", config_json(one)}, {"variant", variant_json(one)}, {"model", model_json(one)}};
    const Json &v = json["variant"], &m = json["model"];
    table.add({v["id"], v["equation"], std::to_string(one.heads), std::to_string(one.kv_heads),
               with_commas(m["params_total"].get<index_t>()), with_commas(m["params_attention"].get<index_t>()),
               with_commas(m["macs_forward"].get<index_t>()),
               with_commas(m["kv_cache_bytes_per_token"].get<index_t>())});
    if (flags.parameters) {
      json["parameters"] = parameters_json(model);
      details += (configs.size() > 1 ? "\n" + one.variant : "") + parameters_text(model);
    }
    list.push_back(json);
  }
  const std::string foot = "\nMultiply-adds of one forward pass of one example of " +
                           std::to_string(configs.front().seq_len) + " positions; cache in 32-bit floats.\n";
  print(session, table.text() + foot + details, list.size() == 1 ? list[0] : list);
  return Exit::kDone;
}

}  // namespace

void add_inspect(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<InspectFlags>();
  flags->config.add_to(command);
  command.add_flag("--parameters", flags->parameters, "also every parameter with its shape");
  finish_command(command, session,
                 "Counts parameters, multiply-adds and cache bytes of a configuration without making the model.",
                 "  qkvbench inspect --variant q_k_v,q_kv,qkv --d-model 256 --heads 8");
  command.callback([&session, flags] { session.action = [&session, flags] { return inspect(session, *flags); }; });
}

}  // namespace qkvbench::cli
