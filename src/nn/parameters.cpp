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

index_t aligned(index_t elements) { return (elements + kAlign - 1) / kAlign * kAlign; }

// Narrow matrices begin at multiples of this many bytes.
constexpr index_t kLine = 64;
}  // namespace

const Parameter& Parameters::declare(const std::string& name, const Shape& shape, Init init, bool by_rows) {
  if (find(name)) fail_internal("parameter " + name + " is declared twice");
  list_.push_back({.name = name, .shape = shape, .init = init, .offset = flat_size_, .by_rows = by_rows});
  total_ += shape.elements();
  flat_size_ += aligned(shape.elements());
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

void Parameters::narrow(kernels::NumberFormat format) {
  if (format == kernels::NumberFormat::kFp32) return;
  index_t bytes = 0, rest = 0;
  for (Parameter& p : list_) {
    if (p.by_rows) {
      p.format = format;
      bytes += (p.bytes() + kLine - 1) / kLine * kLine;
    } else {
      rest += aligned(p.shape.elements());
    }
  }
  narrow_ = aligned_memory(static_cast<std::size_t>(bytes));
  Buffer kept(rest);
  std::byte* at = narrow_.get();
  index_t offset = 0;
  for (Parameter& p : list_) {
    p.grad = nullptr;
    if (p.by_rows) {
      kernels::narrow_rows(format, p.shape.rows(), p.shape.last(), p.value, at);
      p.narrow = at;
      p.value = nullptr;
      at += (p.bytes() + kLine - 1) / kLine * kLine;
    } else {
      std::copy_n(p.value, p.shape.elements(), kept.data() + offset);
      p.value = kept.data() + offset;
      p.offset = offset;
      offset += aligned(p.shape.elements());
    }
  }
  values_ = std::move(kept);
  grads_ = Buffer();
}

void Parameters::zero_grads() { std::ranges::fill(grads(), real{0}); }

const Parameter* Parameters::find(std::string_view name) const {
  for (const Parameter& p : list_)
    if (p.name == name) return &p;
  return nullptr;
}

}  // namespace qkvbench::nn
