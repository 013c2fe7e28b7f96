// Counting a configuration at several lengths, and the grid of all ways to share.
// Each length is a model of its own that is declared and never allocated.
#include "qkvbench/run/costs.hpp"

#include <bit>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::run {

namespace {

nn::Model declared(nn::ModelConfig model, index_t seq_len) {
  model.seq_len = seq_len;
  return nn::Model(model);
}

/// What all layers keep of a position, scales included.
index_t cache_bytes_per_token(const nn::Model& model, kernels::NumberFormat format) {
  index_t bytes = 0;
  for (const nn::Block& block : model.blocks())
    for (const nn::CacheTensor& tensor : block.attention().cache_tensors(nn::CacheForm::kLeast))
      bytes += tensor.heads * kernels::row_bytes(format, tensor.width);
  return bytes;
}

std::vector<index_t> lengths_of(const Config& c, index_t positions) {
  if (!data::find_task(c.task.id).traits().decodes) return {positions};
  std::vector<index_t> lengths;
  for (const index_t part : {16, 4, 2, 1})
    if (c.task.seq_len / part > 0 && (lengths.empty() || lengths.back() < c.task.seq_len / part))
      lengths.push_back(c.task.seq_len / part);
  return lengths;
}

/// Arrays of gradients that so many parts of a step take: one more for each level of their tree.
index_t gradient_arrays(index_t parts) { return static_cast<index_t>(std::bit_width(static_cast<std::size_t>(parts))); }

nn::TrainingMemory memory_of(const nn::Model& model, const train::TrainOptions& options) {
  nn::TrainingMemory memory = nn::training_memory(model, options.micro_batch, options.precision);
  memory.gradients *= gradient_arrays(options.replicas);
  return memory;
}

/// `one`: of a process alone.
std::vector<RankCosts> rank_costs(const nn::TrainingMemory& one, index_t replicas) {
  std::vector<RankCosts> costs;
  const index_t gradient = one.gradients / gradient_arrays(replicas);
  for (index_t ranks = 2; ranks <= replicas; ranks *= 2)
    costs.push_back(
        {ranks, 2 * (gradient - gradient / ranks), gradient * gradient_arrays(replicas / ranks), one.moments / ranks});
  return costs;
}

}  // namespace

nn::TrainingMemory training_memory(const Config& c) { return memory_of(nn::Model(c.model), c.train); }

Costs count_costs(const Config& c, std::vector<index_t> lengths, index_t context) {
  const std::string family = data::find_task(c.task.id).form();
  if (!lengths.empty() && !find_option("seq_len", "").concerns(family))
    fail_usage("--lengths: the examples of task " + c.task.id + " have one length; leave it out");
  const nn::Model model(c.model);
  const index_t positions = model.family().positions();
  if (lengths.empty()) lengths = lengths_of(c, positions);
  Costs costs{c, nn::count_cost(model), {}, context > 0 ? context : positions, {}, 0, {}, {}};
  for (std::size_t f = 0; f < costs.cache_bytes_per_token.size(); ++f)
    costs.cache_bytes_per_token[f] = cache_bytes_per_token(model, static_cast<kernels::NumberFormat>(f));
  for (const index_t length : lengths)
    costs.macs.emplace_back(length, nn::count_cost(declared(c.model, length)).macs_forward);
  const index_t most = 2 * c.model.d_model * c.model.layers;
  costs.cache_reduction = 1 - static_cast<double>(costs.cost.cache_elements_per_token) / static_cast<double>(most);
  costs.memory = memory_of(model, c.train);
  costs.ranks = rank_costs(costs.memory, c.train.replicas);
  return costs;
}

Json costs_json(const Costs& costs) {
  Json macs = Json::array(), per_token, at_context;
  for (const auto& [length, count] : costs.macs) macs.push_back({{"seq_len", length}, {"macs_forward", count}});
  for (std::size_t f = 0; f < costs.cache_bytes_per_token.size(); ++f) {
    per_token[kernels::kFormatNames[f]] = costs.cache_bytes_per_token[f];
    at_context[kernels::kFormatNames[f]] = costs.cache_bytes_per_token[f] * costs.context;
  }
  Json ranks = Json::array();
  for (const RankCosts& r : costs.ranks)
    ranks.push_back({{"ranks", r.ranks},
                     {"sent_bytes_per_step", r.sent_bytes_per_step},
                     {"gradients_bytes", r.gradients_bytes},
                     {"sharded_moments_bytes", r.sharded_moments_bytes}});
  const nn::TrainingMemory& m = costs.memory;
  return {{"config", config_json(costs.config)},
          {"variant", variant_json(costs.config)},
          {"model", model_json(model_costs(costs.config))},
          {"macs", macs},
          {"cache",
           {{"bytes_per_token", per_token},
            {"context", costs.context},
            {"bytes_at_context", at_context},
            {"reduction", costs.cache_reduction}}},
          {"training_memory",
           {{"micro_batch", costs.config.train.micro_batch},
            {"activations_are", find_option("activations", "").text(costs.config)},
            {"parameters_bytes", m.parameters},
            {"gradients_bytes", m.gradients},
            {"moments_bytes", m.moments},
            {"activations_bytes", m.activations},
            {"total_bytes", m.total()}}},
          {"ranks", ranks}};
}

index_t parameter_bytes(const nn::Model& model) {
  index_t bytes = 0;
  for (const nn::Parameter& p : model.parameters().all()) bytes += p.bytes();
  return bytes;
}

std::vector<Config> sharing_grid(const Config& config) {
  const bool plus = config.model.variant.plus;
  std::vector<Config> grid;
  std::vector<index_t> shares{config.model.heads};
  while (shares.back() % 2 == 0) shares.push_back(shares.back() / 2);
  if (shares.back() > 1) shares.push_back(1);
  for (const nn::AttentionKind& kind : nn::all_kinds()) {
    if (!kind.is_partition()) continue;
    for (const index_t kv_heads : shares) {
      Config one = config;
      one.model.variant = nn::parse_variant(std::string(kind.id) + (plus ? "+" : ""));
      one.model.kv_heads = kv_heads;
      resolve(one);
      grid.push_back(one);
      if (kind.sharing.query_shared()) break;
    }
  }
  return grid;
}

}  // namespace qkvbench::run
