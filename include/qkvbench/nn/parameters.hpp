// Named parameters in one flat array, with gradients in another: what optimizers, clipping and checkpoints walk over.
// Declared first, allocated once, so that a model of any size can be counted without holding it.
#pragma once
#include <deque>
#include <string>
#include <string_view>

#include "qkvbench/autograd/tape.hpp"
#include "qkvbench/tensor/buffer.hpp"

namespace qkvbench::nn {

/// How a parameter begins.
struct Init {
  enum class Kind { kZeros, kOnes, kUniform, kNormal } kind = Kind::kZeros;
  double scale = 0;  ///< uniform in ±scale, or normal with this deviation
  static Init zeros() { return {}; }
  static Init ones() { return {Kind::kOnes, 0}; }
  static Init uniform(double bound) { return {Kind::kUniform, bound}; }
  static Init normal(double deviation) { return {Kind::kNormal, deviation}; }
};

/// One named parameter, in PyTorch's layout.
struct Parameter {
  std::string name;
  Shape shape;
  Init init;
  index_t offset = 0;     ///< of the first element in the flat arrays
  real* value = nullptr;  ///< null until allocated
  real* grad = nullptr;   ///< null in a model that is not trained

  /// This parameter on a tape.
  Value on(Tape& tape) const { return tape.parameter(shape, value, grad); }
};

class Parameters {
 public:
  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  /// Adds a parameter; the reference stays valid. Throws (internal) on a name that exists.
  const Parameter& declare(const std::string& name, const Shape& shape, Init init);

  /// Takes memory for values and gradients, all zero.
  void allocate();
  /// For a model that is not trained: values only, and no gradient of a parameter may be asked for.
  void allocate_values();
  /// Draws every value from (seed, name, element): the same name and shape begin alike in every model.
  void initialise(std::uint64_t seed);

  const std::deque<Parameter>& all() const { return list_; }
  const Parameter* find(std::string_view name) const;
  index_t total() const { return total_; }  ///< elements, padding left out

  std::span<real> values() { return values_.span(); }
  std::span<real> grads() { return grads_.span(); }
  void zero_grads();

 private:
  std::deque<Parameter> list_;
  index_t total_ = 0, flat_size_ = 0;
  Buffer values_, grads_;
};

}  // namespace qkvbench::nn
