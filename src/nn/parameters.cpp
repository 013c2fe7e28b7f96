// Declaring, allocating and drawing parameters.
// Which parameters there are, the modules say.
#include "qkvbench/nn/parameters.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/random.hpp"

namespace qkvbench::nn {

namespace {
// Parameters begin at multiples of this many elements; the gaps stay zero in values, gradients and moments alike.
constexpr index_t kAlign = 16;
}  // namespace

const Parameter& Parameters::declare(const std::string& name, const Shape& shape, Init init) {
  if (find(name)) fail_internal("parameter " + name + " is declared twice");
  list_.push_back({name, shape, init, flat_size_});
  total_ += shape.elements();
  flat_size_ += (shape.elements() + kAlign - 1) / kAlign * kAlign;
  return list_.back();
}

void Parameters::allocate() {
  allocate_values();
  grads_ = Buffer(flat_size_);
  for (Parameter& p : list_) p.grad = grads_.data() + p.offset;
}

void Parameters::allocate_values() {
  values_ = Buffer(flat_size_);
  for (Parameter& p : list_) p.value = values_.data() + p.offset;
}

void Parameters::initialise(std::uint64_t seed) {
  for (const Parameter& p : list_) {
    const RandomStream random(seed, Purpose::kInit, fnv1a(p.name));
    parallel_ranges(p.shape.elements(), 4096, [&](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) {
        const auto at = static_cast<std::uint64_t>(i);
        switch (p.init.kind) {
          case Init::Kind::kZeros: p.value[i] = 0; break;
          case Init::Kind::kOnes: p.value[i] = 1; break;
          case Init::Kind::kUniform:
            p.value[i] = static_cast<real>((2 * static_cast<double>(random.uniform(at)) - 1) * p.init.scale);
            break;
          case Init::Kind::kNormal: p.value[i] = static_cast<real>(random.normal(at) * p.init.scale); break;
        }
      }
    });
  }
}

void Parameters::zero_grads() { std::ranges::fill(grads(), real{0}); }

const Parameter* Parameters::find(std::string_view name) const {
  for (const Parameter& p : list_)
    if (p.name == name) return &p;
  return nullptr;
}

}  // namespace qkvbench::nn
