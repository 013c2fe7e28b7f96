// Parameters as Eigen's matrices in double, by the names that modules declare.
#include "qkvbench/run/projections.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"

namespace qkvbench::run {

namespace {

using Eigen::Index;
using RowMajor = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
constexpr std::array<const char*, 3> kGains{"gain_q", "gain_k", "gain_v"};

/// The names of a block's attention in the model's parameters.
class Names {
 public:
  Names(const nn::Model& model, index_t block)
      : model_(model), prefix_(model.blocks()[static_cast<std::size_t>(block)].attention().name() + ".") {}
  const nn::Parameter* find(const std::string& name) const { return model_.parameters().find(prefix_ + name); }
  std::string projection(int number) const {
    return "c_" + std::string(model_.config().variant.sharing().projections[static_cast<std::size_t>(number)]);
  }

 private:
  const nn::Model& model_;
  std::string prefix_;
};

/// The numbers of a vector, or `size` zeros where there is none.
Eigen::VectorXd vector_of(const nn::Parameter* p, Index size) {
  return p == nullptr ? Eigen::VectorXd::Zero(size) : Eigen::VectorXd(matrix_of(*p).col(0));
}

void put(const Eigen::MatrixXd& numbers, const nn::Parameter* p) {
  if (p == nullptr) return;
  const Index rows = p->shape[0], columns = p->shape.elements() / rows;
  if (numbers.rows() != rows || numbers.cols() != columns)
    fail_internal("surgery: " + p->name + " is " + p->shape.text() + ", not " + std::to_string(numbers.rows()) +
                  " by " + std::to_string(numbers.cols()));
  Eigen::Map<RowMajor>(p->value, rows, columns) = numbers.cast<real>();
}

}  // namespace

Eigen::MatrixXd matrix_of(const real* numbers, Index rows, Index columns) {
  return Eigen::Map<const RowMajor>(numbers, rows, columns).cast<double>();
}

Eigen::MatrixXd matrix_of(const nn::Parameter& parameter) {
  const Index rows = parameter.shape[0];
  return matrix_of(parameter.value, rows, parameter.shape.elements() / rows);
}

BlockMaps block_maps(const nn::Model& model, index_t block) {
  const nn::ModelConfig& m = model.config();
  if (!m.variant.kind->is_partition())
    fail_usage("variant " + m.variant.id() + " does not make q, k and v by one projection each; only models that do " +
               "(q_k_v, qk_v, q_kv, qv_k, qkv) can be changed into each other");
  const Names names(model, block);
  const std::array<int, 3> projections = m.variant.sharing().by_letter();
  BlockMaps maps;
  for (std::size_t i = 0; i < 3; ++i) {
    LetterMap& letter = maps.letters[i];
    const std::string name = names.projection(projections[i]);
    letter.weight = matrix_of(*names.find(name + ".weight"));
    letter.bias = vector_of(names.find(name + ".bias"), letter.weight.rows());
    if (const nn::Parameter* gain = names.find(kGains[i])) letter.gain = vector_of(gain, 0);
    letter.heads = i == 0 ? m.heads : m.kv_heads;
    letter.projection = projections[i];
  }
  maps.out = matrix_of(*names.find("c_proj.weight"));
  maps.out_bias = vector_of(names.find("c_proj.bias"), maps.out.rows());
  return maps;
}

void set_block_maps(const BlockMaps& maps, index_t block, nn::Model& model) {
  const Names names(model, block);
  const std::array<int, 3> projections = model.config().variant.sharing().by_letter();
  for (std::size_t i = 3; i-- > 0;) {  // the first letter of a projection is put last, and stays
    const std::string name = names.projection(projections[i]);
    put(maps.letters[i].weight, names.find(name + ".weight"));
    put(maps.letters[i].bias, names.find(name + ".bias"));
    put(maps.letters[i].gain, names.find(kGains[i]));
  }
  put(maps.out, names.find("c_proj.weight"));
  put(maps.out_bias, names.find("c_proj.bias"));
}

void copy_common(const nn::Model& from, nn::Model& to) {
  for (const nn::Parameter& p : to.parameters().all())
    if (const nn::Parameter* there = from.parameters().find(p.name); there != nullptr && there->shape == p.shape)
      std::copy_n(there->value, p.shape.elements(), p.value);
}

}  // namespace qkvbench::run
