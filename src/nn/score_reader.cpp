// Scores from the queries, keys and terms that attention tells.
// The way they are computed is the kernel's.
#include "qkvbench/nn/score_reader.hpp"

#include <string_view>

#include "qkvbench/kernels/attention.hpp"

namespace qkvbench::nn {

void ScoreReader::on_named(const char* module, const char* name, Value value) {
  const std::string_view what = name;
  if (what == "q") q_ = value;
  if (what == "k") k_ = value;
  if (what != "terms") return;  // the last, and undefined without the positional term
  for (const Block& block : model_.blocks()) {
    if (block.attention().name() != module) continue;
    const HeadLayout layout = block.attention().layout();
    const index_t B = q_.shape()[0], T = q_.shape()[1], D = q_.shape()[2] / layout.heads;
    std::vector<real>& out = scores_[module];
    out.resize(static_cast<std::size_t>(B * layout.heads * T * T));
    kernels::attention_scores({B, T, layout.heads, layout.kv_heads, D, D, layout.causal, layout.scale,
                               value.defined() && value.shape().elements() == kernels::score_bias_size(T, true)},
                              q_.data(), k_.data(), value.defined() ? value.data() : nullptr, out.data());
  }
}

const std::vector<real>& ScoreReader::layer(index_t i) const {
  return scores_.at(model_.blocks()[static_cast<std::size_t>(i)].attention().name());
}

}  // namespace qkvbench::nn
