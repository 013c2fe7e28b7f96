// Attention whose q, k and v come from the projections that a partition of {q, k, v} names, with the options of modern
// blocks: gains, norms of heads, rotary positions, narrow keys.
// One module for every partition; sharing is data.
#pragma once
#include <array>
#include <memory>

#include "qkvbench/nn/attention.hpp"

namespace qkvbench::nn {

/// Another way from x to the query than the partition's projection.
class QueryMaps {
 public:
  virtual ~QueryMaps() = default;
  /// x: [B, T, d_model]; result: [B, T, heads·key width].
  virtual Value forward(Tape& tape, Value x) const = 0;
  /// Numbers that a training step holds for one position, values and gradients.
  virtual index_t activations() const = 0;
};

class SharedAttention : public Attention {
 public:
  using MakeQuery = std::unique_ptr<QueryMaps> (*)(Parameters&, const std::string& name, const BlockConfig&);

  /// `make_query`, where it is not null, makes the query in place of its projection, which no other may share.
  SharedAttention(Parameters& parameters, const std::string& name, const BlockConfig& config,
                  MakeQuery make_query = nullptr);

  std::vector<CacheTensor> cache_tensors(CacheForm form) const override;

 protected:
  Value heads(Tape& tape, Value x, const Place& place) const override;
  index_t activations_inside() const override;

 private:
  /// What happens to q, k or v between its projection and the scores. Paths of one projection that are equal are one
  /// value.
  struct Path {
    int projection;
    const Parameter *gain = nullptr, *norm = nullptr;  // [heads·width] and [width]
    bool normed = false, turned = false;
    index_t heads = 0, width = 0;
    bool operator==(const Path&) const = default;
    bool is_projection() const { return !gain && !normed && !turned; }
    index_t activations() const;
  };
  void declare_projections(Parameters& parameters, bool query);
  void declare_gains_and_norms(Parameters& parameters);
  Value follow(Tape& tape, Value u, const Path& path, const Place& place) const;
  /// The same for n cached positions of head g from the first on, without a tape.   u: n rows; y: [n, width]
  void follow_cached(index_t n, index_t g, const kernels::Rows& u, const Path& path, const real* angles, real* y) const;
  /// Keys (or values) of all cached positions from their projection.   result: [B, G, capacity, width], in scratch.
  kernels::Rows from_projection(const Place& place, const Path& path, real* scratch) const;
  Value step(Tape& tape, Value q, const Place& place) const;
  bool one_tensor(CacheForm form) const;

  std::array<std::optional<Linear>, 3> projections_;  // one for each group of letters
  std::unique_ptr<QueryMaps> query_maps_;             // null: the projection
  Path q_, k_, v_;
};

}  // namespace qkvbench::nn
