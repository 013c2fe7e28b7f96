// Sampling and the decoding loop.
// With and without the cache the model sees the same window of tokens, so the two can be compared.
#include "qkvbench/train/generate.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/random.hpp"
#include "qkvbench/base/system.hpp"

namespace qkvbench::train {

std::int32_t sample(std::span<const real> logits, const Sampling& sampling, double uniform) {
  for (const real x : logits)
    if (std::isnan(x)) throw Error(Exit::kDiverged, "sample: a logit is not a number; the model has diverged");
  if (sampling.greedy) return static_cast<std::int32_t>(std::ranges::max_element(logits) - logits.begin());
  std::vector<std::int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  const auto at = [&](std::int32_t id) { return static_cast<double>(logits[static_cast<std::size_t>(id)]); };
  std::ranges::sort(order, [&](std::int32_t a, std::int32_t b) { return at(a) != at(b) ? at(a) > at(b) : a < b; });
  if (sampling.top_k > 0) order.resize(std::min(order.size(), static_cast<std::size_t>(sampling.top_k)));
  std::vector<double> weight;
  double total = 0;
  for (const std::int32_t id : order) {
    weight.push_back(std::exp((at(id) - at(order[0])) / sampling.temperature));
    total += weight.back();
  }
  double kept = 0;
  std::size_t n = 0;
  while (n < order.size() && (n == 0 || kept < sampling.top_p * total)) kept += weight[n++];
  double left = uniform * kept;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    left -= weight[i];
    if (left < 0) return order[i];
  }
  return order[n - 1];
}

namespace {

/// The rows of one call: what each has said so far, and how much of it the model still sees.
class Decoder {
 public:
  Decoder(const nn::Model& model, const std::vector<std::vector<std::int32_t>>& prompts, const GenerateOptions& options,
          index_t context)
      : model_(model), tokens_(prompts), begin_(prompts.size(), 0), context_(context) {
    const auto rows = static_cast<index_t>(prompts.size());
    if (options.use_cache) cache_.emplace(model, rows, context, nn::CacheForm::kLeast, options.cache_format);
    logits_.resize(static_cast<std::size_t>(rows * model.config().vocab));
    for (index_t row = 0; row < rows; ++row) see(row);
  }

  std::span<const real> logits(index_t row) const {
    const auto V = static_cast<std::size_t>(model_.config().vocab);
    return std::span(logits_).subspan(static_cast<std::size_t>(row) * V, V);
  }
  index_t cache_bytes() const { return cache_ ? cache_->bytes() : 0; }

  /// Takes one more token of every row, and finds the logits behind it.
  void push(const std::vector<std::int32_t>& next) {
    bool room = cache_.has_value();
    for (std::size_t row = 0; row < next.size(); ++row) {
      tokens_[row].push_back(next[row]);
      room = room && window(row) <= context_;
    }
    if (room) {
      tape_.reset();
      const Value logits = model_.decode_next(tape_, next, *cache_);
      std::copy_n(logits.data(), logits_.size(), logits_.begin());
      return;
    }
    // Without a cache, or with one that is full for some row: those that fit take their step alone.
    for (std::size_t row = 0; row < next.size(); ++row) {
      const auto r = static_cast<index_t>(row);
      if (cache_ && window(row) <= context_) {
        tape_.reset();
        keep(r, model_.decode_next(tape_, {&next[row], 1}, *cache_, r));
      } else {
        see(r);
      }
    }
  }

 private:
  index_t window(std::size_t row) const { return static_cast<index_t>(tokens_[row].size()) - begin_[row]; }

  /// Runs the row's window through the model from its beginning; a window that is too long loses its first part.
  void see(index_t row) {
    const auto r = static_cast<std::size_t>(row);
    if (window(r) > context_) begin_[r] = static_cast<index_t>(tokens_[r].size()) - std::max<index_t>(1, context_ / 2);
    const std::span<const std::int32_t> ids(tokens_[r].begin() + begin_[r], tokens_[r].end());
    tape_.reset();
    if (cache_) {
      cache_->clear(row);
      return keep(row, model_.decode_first(tape_, ids, *cache_, row));
    }
    batch_.size = 1;
    batch_.input = {1, static_cast<index_t>(ids.size())};
    batch_.ids.assign(ids.begin(), ids.end());
    const Value logits = model_.forward(tape_, batch_);
    const index_t V = model_.config().vocab;
    keep(row, tape_.constant({1, V}, logits.data() + logits.shape().elements() - V));
  }

  void keep(index_t row, Value logits) {
    std::copy_n(logits.data(), model_.config().vocab, logits_.begin() + row * model_.config().vocab);
  }

  const nn::Model& model_;
  std::vector<std::vector<std::int32_t>> tokens_;
  std::vector<index_t> begin_;  // of the window
  index_t context_;
  std::optional<nn::KvCache> cache_;
  Tape tape_{false};
  Batch batch_;
  std::vector<real> logits_;  // [rows, V]
};

void check_prompts(const nn::Model& model, const std::vector<std::vector<std::int32_t>>& prompts) {
  for (const auto& prompt : prompts) {
    if (prompt.empty()) fail_usage("a prompt has no token; give at least one");
    for (const std::int32_t id : prompt)
      if (id < 0 || id >= model.config().vocab)
        fail_usage("the prompt's token " + std::to_string(id) + " is not below the vocabulary of " +
                   std::to_string(model.config().vocab));
  }
}

}  // namespace

Generated generate(const nn::Model& model, const std::vector<std::vector<std::int32_t>>& prompts,
                   const GenerateOptions& options,
                   const std::function<void(index_t row, std::int32_t token)>& on_token) {
  check_prompts(model, prompts);
  const index_t context = options.context > 0 ? options.context : model.config().seq_len;
  nn::check_context(model.config(), context);
  Generated out;
  out.rows.resize(prompts.size());
  const double begin = seconds_now();
  Decoder decoder(model, prompts, options, context);
  out.cache_bytes = decoder.cache_bytes();
  const double written = seconds_now();
  out.prompt_s = written - begin;
  for (index_t n = 0; n < options.length; ++n) {
    std::vector<std::int32_t> next;
    for (std::size_t row = 0; row < prompts.size(); ++row) {
      const RandomStream random(options.seed, Purpose::kSample, static_cast<std::uint32_t>(row));
      const auto logits = decoder.logits(static_cast<index_t>(row));
      next.push_back(sample(options.vocab > 0 ? logits.first(static_cast<std::size_t>(options.vocab)) : logits,
                            options.sampling, random.uniform(static_cast<std::uint64_t>(n))));
      out.rows[row].push_back(next.back());
      if (on_token) on_token(static_cast<index_t>(row), next.back());
    }
    if (n + 1 < options.length) decoder.push(next);
  }
  out.tokens_s = seconds_now() - written;
  return out;
}

DecodedScore evaluate_decoding(const nn::Model& model, const data::Dataset& data, index_t batch_size,
                               kernels::NumberFormat cache_format) {
  const index_t T = model.config().seq_len, V = model.config().vocab, rows = std::min(batch_size, data.size());
  nn::KvCache cache(model, rows, T, nn::CacheForm::kLeast, cache_format);
  DecodedScore out{{}, cache.bytes()};
  Tape tape(false);
  std::vector<std::int32_t> ids, targets;
  std::vector<real> lse;
  data::for_batches(data, rows, [&](const Batch& batch) {
    const auto size = static_cast<std::size_t>(batch.size);
    for (index_t row = 0; row < batch.size; ++row) cache.clear(row);
    ids.resize(size), targets.resize(size), lse.resize(size);
    for (index_t t = 0; t < T; ++t) {
      for (std::size_t row = 0; row < size; ++row) {
        ids[row] = batch.ids[row * static_cast<std::size_t>(T) + static_cast<std::size_t>(t)];
        targets[row] = batch.targets[row * static_cast<std::size_t>(T) + static_cast<std::size_t>(t)];
      }
      tape.reset();
      const Value logits = model.decode_next(tape, ids, cache);
      out.score += kernels::cross_entropy_forward(batch.size, V, logits.data(), targets.data(), lse.data());
    }
  });
  return out;
}

}  // namespace qkvbench::train
