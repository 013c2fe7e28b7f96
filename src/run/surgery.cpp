// Which steps a change needs, what stands in a method's way, and the walk over the blocks.
// The methods themselves are in surgery_methods.
#include "qkvbench/run/surgery.hpp"

#include <algorithm>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/run/surgery_methods.hpp"

namespace qkvbench::run {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;

/// What a change needs.
struct Plan {
  nn::ModelConfig config;
  std::vector<std::vector<int>> merged;  ///< letters that are to share and do not
  const SurgeryRow *merge = nullptr, *pool = nullptr;
};

std::vector<std::vector<int>> groups_to_merge(const nn::Variant& from, const nn::Variant& to) {
  const std::array<int, 3> before = from.sharing().by_letter(), after = to.sharing().by_letter();
  std::vector<std::vector<int>> groups;
  for (int p = 0; p < to.sharing().projection_count(); ++p) {
    std::vector<int> letters;
    std::set<int> apart;
    for (int i = 0; i < 3; ++i)
      if (after[static_cast<std::size_t>(i)] == p) {
        letters.push_back(i);
        apart.insert(before[static_cast<std::size_t>(i)]);
      }
    if (apart.size() > 1) groups.push_back(letters);
  }
  return groups;
}

/// Why a method cannot make these letters share in this block; empty when it can.
std::string obstacle(const SurgeryRow& row, const nn::ModelConfig& m, const std::vector<std::vector<int>>& merged) {
  for (const std::vector<int>& letters : merged)
    if (row.letter >= 0 && std::ranges::find(letters, row.letter) == letters.end())
      return std::string(nn::kLetters[static_cast<std::size_t>(row.letter)]) + " is not among those that are to share";
  if (!row.of_k_and_v) return "";
  if (merged.size() != 1 || merged[0] != std::vector<int>{1, 2}) return "it makes one projection of K and V, no other";
  if (m.projection_gains) return "projection_gains scale V behind its projection";
  if (m.v_norm) return "v_norm changes V behind its projection";
  if (m.rope_value != "unrotated") return "rope_value " + m.rope_value + " turns V behind its projection";
  if (row.turns_basis && m.rope()) return "it changes the channels of keys, which positions rope turn";
  if (row.turns_basis && m.qk_norm) return "it changes the channels of keys, which qk_norm scales";
  return "";
}

std::string fitting(const nn::ModelConfig& m, const std::vector<std::vector<int>>& merged) {
  std::vector<std::string> ids;
  for (const SurgeryRow& row : surgery_rows())
    if (row.merge && obstacle(row, m, merged).empty()) ids.emplace_back(row.id);
  return join(ids, ", ");
}

const SurgeryRow& find_method(const std::string& id) {
  return find_row("method", id, std::span<const SurgeryRow>(surgery_rows()), &SurgeryRow::id, {});
}

void choose_methods(const SurgeryRequest& request, bool pools, Plan& plan) {
  for (const std::string& id : request.methods) {
    const SurgeryRow& row = find_method(id);
    const SurgeryRow*& place = row.pools ? plan.pool : plan.merge;
    if (place) fail_usage("--method " + std::string(place->id) + " and " + id + " do the same in two ways; name one");
    place = &row;
  }
  if (plan.pool && !pools)
    fail_usage("--method " + std::string(plan.pool->id) +
               ": there are no fewer key/value heads to make; add --kv-heads");
  if (plan.merge && plan.merged.empty())
    fail_usage("--method " + std::string(plan.merge->id) +
               ": nothing is to share that does not, so the change is exact; " + "leave it out");
  if (pools && !plan.pool) plan.pool = &find_method("heads_mean");
  if (plan.merged.empty()) return;
  const std::string usable = fitting(plan.config, plan.merged);
  if (!plan.merge) fail_usage("variant " + plan.config.variant.id() + " needs a --method: " + usable);
  if (const std::string why = obstacle(*plan.merge, plan.config, plan.merged); !why.empty())
    fail_usage("--method " + std::string(plan.merge->id) + ": " + why + "; use " + usable);
}

Plan plan_of(const nn::ModelConfig& from, const SurgeryRequest& request) {
  Plan plan{from, {}};
  plan.config.variant = request.to;
  if (request.kv_heads > 0) plan.config.kv_heads = request.kv_heads;
  for (const nn::Variant& variant : {from.variant, request.to})
    if (!variant.kind->is_partition())
      fail_usage("variant " + variant.id() +
                 " does not make q, k and v by one projection each; only q_k_v, qk_v, q_kv, " +
                 "qv_k and qkv can be changed into each other");
  if (from.variant.plus != request.to.plus)
    fail_usage("the model is " + from.variant.id() + ": the + term stays as it is; --to " +
               std::string(request.to.kind->id) + (from.variant.plus ? "+" : ""));
  nn::ModelConfig checked = plan.config;
  nn::complete_block(checked);
  if (from.kv_heads % plan.config.kv_heads != 0 && plan.config.kv_heads % from.kv_heads != 0)
    fail_usage("--kv-heads " + std::to_string(plan.config.kv_heads) + ": the model has " +
               std::to_string(from.kv_heads) + ", and one number must divide the other");
  plan.merged = groups_to_merge(from.variant, request.to);
  choose_methods(request, plan.config.kv_heads < from.kv_heads, plan);
  return plan;
}

/// The input of every block's attention over the examples.
class InputReader : public TapeObserver {
 public:
  explicit InputReader(const nn::Model& model) {
    for (const nn::Block& block : model.blocks()) modules_.push_back(block.attention().name());
    numbers_.resize(modules_.size());
  }
  void on_named(const char* module, const char* name, Value value) override {
    if (std::string_view(name) != "x") return;
    width_ = value.shape().last();
    std::vector<real>& to = numbers_[static_cast<std::size_t>(std::ranges::find(modules_, module) - modules_.begin())];
    to.insert(to.end(), value.data(), value.data() + value.shape().elements());
  }
  /// [n, d], and forgets it.
  MatrixXd take(index_t block) {
    const std::vector<real> numbers = std::move(numbers_[static_cast<std::size_t>(block)]);
    return matrix_of(numbers.data(), static_cast<Index>(numbers.size()) / width_, width_);
  }

 private:
  std::vector<std::string> modules_;
  std::vector<std::vector<real>> numbers_;
  Index width_ = 1;
};

void read_inputs(const nn::Model& model, std::span<const Batch> batches, InputReader& reader) {
  Tape tape(false);
  for (const Batch& batch : batches) {
    tape.reset();
    tape.watch(&reader);
    model.forward(tape, batch);
  }
}

void change(BlockMaps& maps, const Plan& plan, const nn::ModelConfig& from, const MatrixXd& x) {
  for (const std::size_t letter : {std::size_t{1}, std::size_t{2}}) {
    if (plan.pool)
      pool_heads(maps.letters[letter], from.kv_heads / plan.config.kv_heads,
                 plan.pool->id == std::string("heads_first"));
    else if (plan.config.kv_heads > from.kv_heads)
      repeat_heads(maps.letters[letter], plan.config.kv_heads / from.kv_heads);
  }
  for (const std::vector<int>& letters : plan.merged) plan.merge->merge(maps, {plan.config, x, letters});
}

}  // namespace

std::span<const SurgeryMethod> all_surgery_methods() {
  static const std::vector<SurgeryMethod> rows(surgery_rows().begin(), surgery_rows().end());
  return rows;
}

bool surgery_reads_examples(const nn::ModelConfig& from, const SurgeryRequest& request) {
  const Plan plan = plan_of(from, request);
  return plan.merge && plan.merge->reads_examples;
}

SurgeryResult surgery(const nn::Model& model, const SurgeryRequest& request, std::span<const Batch> batches) {
  const nn::ModelConfig& from = model.config();
  const Plan plan = plan_of(from, request);
  SurgeryResult result{plan.config, std::make_unique<nn::Model>(plan.config), {}};
  result.model->parameters().allocate_values();
  for (const SurgeryRow* row : {plan.pool, plan.merge})
    if (row) result.methods.emplace_back(row->id);
  copy_common(model, *result.model);
  InputReader inputs(model);
  const bool reads = plan.merge && plan.merge->reads_examples;
  if (reads) read_inputs(model, batches, inputs);
  for (index_t block = 0; block < from.layers; ++block) {
    BlockMaps maps = block_maps(model, block);
    change(maps, plan, from, reads ? inputs.take(block) : MatrixXd());
    set_block_maps(maps, block, *result.model);
  }
  return result;
}

namespace {

/// f(maps) of one block, or of all.
template <class F>
void change_values(nn::Model& model, index_t block, F f) {
  const nn::ModelConfig& m = model.config();
  if (!m.variant.kind->is_partition() || m.variant.sharing().k == m.variant.sharing().v ||
      m.key_width() != m.value_width())
    fail_usage("variant " + m.variant.id() +
               ": keys and values must be two projections of one width to stand for each other, as in q_k_v");
  for (index_t i = 0; i < m.layers; ++i) {
    if (block >= 0 && i != block) continue;
    BlockMaps maps = block_maps(model, i);
    f(maps);
    set_block_maps(maps, i, model);
  }
}

}  // namespace

void blend_values(nn::Model& model, double alpha, index_t block) {
  change_values(model, block, [alpha](BlockMaps& maps) {
    maps.v().weight = (1 - alpha) * maps.v().weight + alpha * maps.k().weight;
    maps.v().bias = (1 - alpha) * maps.v().bias + alpha * maps.k().bias;
  });
}

void keys_from_values(nn::Model& model, index_t block) {
  change_values(model, block,
                [](BlockMaps& maps) { maps.k().weight = maps.v().weight, maps.k().bias = maps.v().bias; });
}

}  // namespace qkvbench::run
