// Which steps a change needs, and each method's few lines of algebra.
// To add a method, add its function and a row to the table.
#include "qkvbench/run/surgery.hpp"

#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/run/projections.hpp"

namespace qkvbench::run {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// What a method may look at beside the block's maps.
struct Around {
  const nn::ModelConfig& model;
  const MatrixXd& x;         ///< [n, d] the block's inputs over the examples; empty where a method reads none
  std::vector<int> letters;  ///< that are to share

  bool has_bias() const { return model.bias; }
  /// Whether a constant in all keys changes nothing.
  bool key_constant_cancels() const { return !model.rope() && !model.qk_norm; }
};

/// W x + b of a head over the examples.   result: [n, width]
MatrixXd rows_of(const LetterMap& letter, Index head, const MatrixXd& x) {
  return (x * letter.head(head).transpose()).rowwise() + letter.head_bias(head).transpose();
}

void keep(BlockMaps& maps, int letter, const Around& around) {
  for (const int other : around.letters) {
    LetterMap& map = maps.letters[static_cast<std::size_t>(other)];
    const LetterMap& kept = maps.letters[static_cast<std::size_t>(letter)];
    map.weight = kept.weight, map.bias = kept.bias;
  }
}
void keep_q(BlockMaps& maps, const Around& around) { keep(maps, 0, around); }
void keep_k(BlockMaps& maps, const Around& around) { keep(maps, 1, around); }
void keep_v(BlockMaps& maps, const Around& around) { keep(maps, 2, around); }

void mean(BlockMaps& maps, const Around& around) {
  std::set<int> counted;
  LetterMap sum = maps.letters[static_cast<std::size_t>(around.letters[0])];
  sum.weight.setZero(), sum.bias.setZero();
  for (const int letter : around.letters) {
    const LetterMap& map = maps.letters[static_cast<std::size_t>(letter)];
    if (!counted.insert(map.projection).second) continue;
    sum.weight += map.weight, sum.bias += map.bias;
  }
  const auto n = static_cast<double>(counted.size());
  LetterMap& first = maps.letters[static_cast<std::size_t>(around.letters[0])];
  first.weight = sum.weight / n, first.bias = sum.bias / n;
  keep(maps, around.letters[0], around);
}

/// V_g ≈ M K_g + c of a key/value head.
struct Fit {
  MatrixXd m;  ///< [value width, key width]
  VectorXd c;  ///< [value width]
};

/// Values read from keys: W_k for both, and each query head's output takes M.
template <class FitOfHead>
void keep_k_and_fit(BlockMaps& maps, const Around& around, FitOfHead fit_of_head) {
  const Index each = maps.q().heads / maps.k().heads;
  for (Index g = 0; g < maps.k().heads; ++g) {
    const Fit fit = fit_of_head(g);
    for (Index h = g * each; h < (g + 1) * each; ++h) {
      maps.out_bias += maps.out_of(h) * fit.c;
      maps.out_of(h) = (maps.out_of(h) * fit.m).eval();
    }
  }
  keep_k(maps, around);
}

void fit_weights(BlockMaps& maps, const Around& around) {
  if (around.key_constant_cancels()) maps.k().bias.setZero();
  keep_k_and_fit(maps, around, [&](Index g) {
    const MatrixXd k = maps.k().head(g).transpose(), v = maps.v().head(g).transpose();
    const MatrixXd m = k.completeOrthogonalDecomposition().solve(v).transpose();
    return Fit{m, maps.v().head_bias(g) - m * maps.k().head_bias(g)};
  });
}

void fit_activations(BlockMaps& maps, const Around& around) {
  keep_k_and_fit(maps, around, [&](Index g) {
    const MatrixXd k = rows_of(maps.k(), g, around.x), v = rows_of(maps.v(), g, around.x);
    VectorXd k_mean = k.colwise().mean().transpose(), v_mean = v.colwise().mean().transpose();
    if (!around.has_bias()) k_mean.setZero(), v_mean.setZero();  // the output has no bias to take a constant
    const MatrixXd a = k.rowwise() - k_mean.transpose(), b = v.rowwise() - v_mean.transpose();
    const MatrixXd m = a.completeOrthogonalDecomposition().solve(b).transpose();
    return Fit{m, v_mean - m * k_mean};
  });
}

/// [W_k; W_v] L = U Σ Rᵀ, cut at the width of a head: C = Σ⁻¹ Uᵀ [W_k; W_v], so that [W_k; W_v] ≈ U Σ C, best for
/// inputs of covariance L Lᵀ around x_mean. Without L it is C = Rᵀ.
void joint(BlockMaps& maps, const Around& around, const MatrixXd& root, const VectorXd& x_mean) {
  const Index each = maps.q().heads / maps.k().heads, D = maps.k().width();
  LetterMap shared = maps.k();
  shared.bias.setZero();
  for (Index g = 0; g < maps.k().heads; ++g) {
    MatrixXd both(2 * D, maps.k().weight.cols());
    both << maps.k().head(g), maps.v().head(g);
    const MatrixXd weighted = root.size() > 0 ? MatrixXd(both * root) : both;
    const Eigen::JacobiSVD<MatrixXd> svd(weighted, Eigen::ComputeThinU | Eigen::ComputeThinV);
    const double least = 1e-12 * svd.singularValues()(0);
    MatrixXd a = MatrixXd::Zero(2 * D, D), c = MatrixXd::Zero(D, both.cols());
    for (Index i = 0; i < std::min(D, svd.singularValues().size()); ++i) {
      const double sigma = svd.singularValues()(i);
      if (!(sigma > least)) continue;  // nothing is left to say
      a.col(i) = svd.matrixU().col(i) * sigma;
      c.row(i) = svd.matrixU().col(i).transpose() * both / sigma;
    }
    const MatrixXd of_k = a.topRows(D), of_v = a.bottomRows(D);
    // The values' mean is kept whole, since the output's bias can hold it.
    const VectorXd mean_lost = (maps.v().head(g) - of_v * c) * x_mean;
    for (Index h = g * each; h < (g + 1) * each; ++h) {
      maps.q().head(h) = (of_k.transpose() * maps.q().head(h)).eval();
      maps.q().head_bias(h) = (of_k.transpose() * maps.q().head_bias(h)).eval();
      maps.out_bias += maps.out_of(h) * (maps.v().head_bias(g) + mean_lost);
      maps.out_of(h) = (maps.out_of(h) * of_v).eval();
    }
    shared.head(g) = c;
  }
  maps.k().weight = shared.weight, maps.k().bias = shared.bias;
  keep_k(maps, around);
}

void joint_svd(BlockMaps& maps, const Around& around) {
  joint(maps, around, {}, VectorXd::Zero(maps.k().weight.cols()));
}

void joint_svd_activations(BlockMaps& maps, const Around& around) {
  VectorXd x_mean = around.x.colwise().mean().transpose();
  if (!around.has_bias()) x_mean.setZero();  // the output has no bias to take a constant
  const MatrixXd centred = around.x.rowwise() - x_mean.transpose();
  // Rᵀ of X = Q R is as good a root of XᵀX as the symmetric one: only left singular vectors of W Rᵀ are used.
  const MatrixXd r = centred.householderQr()
                         .matrixQR()
                         .topRows(std::min(centred.rows(), centred.cols()))
                         .triangularView<Eigen::Upper>();
  joint(maps, around, r.transpose() / std::sqrt(static_cast<double>(centred.rows())), x_mean);
}

/// A new head from each group of `group` old ones, rows of all that belongs to a head.
void pool(LetterMap& map, Index group, bool only_first) {
  LetterMap out = map;
  const Index heads = map.heads / group, width = map.width();
  const auto pooled = [&](const auto& rows) {
    MatrixXd to = MatrixXd::Zero(heads * width, rows.cols());
    for (Index h = 0; h < heads; ++h)
      for (Index i = 0; i < (only_first ? 1 : group); ++i)
        to.middleRows(h * width, width) +=
            rows.middleRows((h * group + i) * width, width) / static_cast<double>(only_first ? 1 : group);
    return to;
  };
  out.weight = pooled(map.weight), out.bias = pooled(map.bias);
  if (map.gain.size() > 0) out.gain = pooled(map.gain);
  out.heads = heads;
  map = out;
}

/// Each head `times` times.
void repeat(LetterMap& map, Index times) {
  const Index width = map.width();
  const auto repeated = [&](const auto& rows) {
    MatrixXd to(rows.rows() * times, rows.cols());
    for (Index h = 0; h < map.heads * times; ++h)
      to.middleRows(h * width, width) = rows.middleRows(h / times * width, width);
    return to;
  };
  const MatrixXd weight = repeated(map.weight), bias = repeated(map.bias);
  if (map.gain.size() > 0) map.gain = repeated(map.gain).col(0);
  map.weight = weight, map.bias = bias.col(0);
  map.heads *= times;
}

/// A method and what it needs of the block.
struct Row : SurgeryMethod {
  void (*merge)(BlockMaps&, const Around&) = nullptr;  ///< null: it pools
  int letter = -1;                                     ///< this letter must be among those that are to share
  bool of_k_and_v = false;   ///< exactly K and V are to share, and nothing but the projection makes V
  bool turns_basis = false;  ///< it changes the basis of keys, which must meet queries as they are
};

const std::array<Row, 10> kMethods{
    {{{"keep_q", "the projection of Q for all that share"}, keep_q, 0},
     {{"keep_k", "the projection of K for all that share"}, keep_k, 1},
     {{"keep_v", "the projection of V for all that share"}, keep_v, 2},
     {{"mean", "the mean of the projections"}, mean},
     {{"keep_k_fit_weights", "K's, and the output reads V = M K from it, M fitted to the weights"},
      fit_weights,
      1,
      true},
     {{"keep_k_fit_activations", "the same, M fitted to keys and values of examples", false, true},
      fit_activations,
      1,
      true},
     {{"joint_svd", "the best common subspace of each head's K and V"}, joint_svd, 1, true, true},
     {{"joint_svd_activations", "the same, of keys and values of examples", false, true},
      joint_svd_activations,
      1,
      true,
      true},
     {{"heads_mean", "fewer key/value heads: the mean of each group", true}},
     {{"heads_first", "fewer key/value heads: the first of each group", true}}}};

const std::array<SurgeryMethod, kMethods.size()>& plain_methods() {
  static const auto rows = [] {
    std::array<SurgeryMethod, kMethods.size()> out;
    std::ranges::copy(kMethods, out.begin());
    return out;
  }();
  return rows;
}

/// What a change needs.
struct Plan {
  nn::ModelConfig config;
  std::vector<std::vector<int>> merged;  ///< letters that are to share and do not
  const Row *merge = nullptr, *pool = nullptr;
};

std::array<int, 3> projections_of(const nn::Variant& variant) {
  return {variant.sharing().q, variant.sharing().k, variant.sharing().v};
}

std::vector<std::vector<int>> groups_to_merge(const nn::Variant& from, const nn::Variant& to) {
  const std::array<int, 3> before = projections_of(from), after = projections_of(to);
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
std::string obstacle(const Row& row, const nn::ModelConfig& m, const std::vector<std::vector<int>>& merged) {
  for (const std::vector<int>& letters : merged)
    if (row.letter >= 0 && std::ranges::find(letters, row.letter) == letters.end())
      return std::string(kLetters[static_cast<std::size_t>(row.letter)]) + " is not among those that are to share";
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
  for (const Row& row : kMethods)
    if (row.merge && obstacle(row, m, merged).empty()) ids.emplace_back(row.id);
  return join(ids, ", ");
}

const Row& find_method(const std::string& id) {
  return find_row("method", id, std::span<const Row>(kMethods), &Row::id, {});
}

void choose_methods(const SurgeryRequest& request, bool pools, Plan& plan) {
  for (const std::string& id : request.methods) {
    const Row& row = find_method(id);
    const Row*& place = row.pools ? plan.pool : plan.merge;
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
    using RowMajor = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    return Eigen::Map<const RowMajor>(numbers.data(), static_cast<Index>(numbers.size()) / width_, width_)
        .cast<double>();
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
      pool(maps.letters[letter], from.kv_heads / plan.config.kv_heads, plan.pool->id == std::string("heads_first"));
    else if (plan.config.kv_heads > from.kv_heads)
      repeat(maps.letters[letter], plan.config.kv_heads / from.kv_heads);
  }
  for (const std::vector<int>& letters : plan.merged) plan.merge->merge(maps, {plan.config, x, letters});
}

}  // namespace

std::span<const SurgeryMethod> all_surgery_methods() { return plain_methods(); }

bool surgery_reads_examples(const nn::ModelConfig& from, const SurgeryRequest& request) {
  const Plan plan = plan_of(from, request);
  return plan.merge && plan.merge->reads_examples;
}

SurgeryResult surgery(const nn::Model& model, const SurgeryRequest& request, std::span<const Batch> batches) {
  const nn::ModelConfig& from = model.config();
  const Plan plan = plan_of(from, request);
  SurgeryResult result{plan.config, std::make_unique<nn::Model>(plan.config), {}};
  result.model->parameters().allocate_values();
  for (const Row* row : {plan.pool, plan.merge})
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
