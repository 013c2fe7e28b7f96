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
  index_t offset = 0;                 ///< of the first element in the flat arrays
  real* value = nullptr;              ///< null until allocated
  real* grad = nullptr;               ///< null in a model that is not trained
  bool by_rows = false;               ///< read only by operations that take narrow rows
  const std::byte* narrow = nullptr;  ///< the values in `format`, after Parameters::narrow(); `value` is null then
  kernels::NumberFormat format = kernels::NumberFormat::kFp32;

  /// This parameter on a tape.
  Value on(Tape& tape) const {
    return narrow ? tape.narrow_parameter(shape, format, narrow) : tape.parameter(shape, value, grad);
  }
  /// Bytes that its values take.
  index_t bytes() const { return shape.rows() * kernels::row_bytes(format, shape.last()); }
};

class Parameters {
 public:
  Parameters() = default;
  Parameters(const Parameters&) = delete;
  Parameters& operator=(const Parameters&) = delete;

  /// Adds a parameter; the reference stays valid. `by_rows`: a matrix that narrow() may make narrow.
  /// Throws (internal) on a name that exists.
  const Parameter& declare(const std::string& name, const Shape& shape, Init init, bool by_rows = false);

  /// Takes memory for values and gradients, all zero.
  void allocate();
  /// For a model that is not trained: values only, and no gradient of a parameter may be asked for.
  void allocate_values();
  /// Draws every value from (seed, name, element): the same name and shape begin alike in every model.
  void initialise(std::uint64_t seed);
  /// Keeps every matrix that is read by rows in a narrow format alone, for decoding; the rest stays as it is, and
  /// nothing is trained or stored any more. Takes the memory of both for a moment. Once.
  void narrow(kernels::NumberFormat format);

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
  AlignedMemory narrow_;
};

}  // namespace qkvbench::nn
