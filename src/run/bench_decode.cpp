// Timing single steps of decoding.
// Uses the model's own steps, as generate does; sampling is left out.
#include "qkvbench/run/bench_decode.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/nn/kv_cache.hpp"
#include "qkvbench/run/costs.hpp"

namespace qkvbench::run {

namespace {

struct Milliseconds {
  double median, min, max;
};

/// f's time: at least three calls, until `seconds` are over or f says that it is done.
template <class F>
Milliseconds time_calls(double seconds, F f) {
  std::vector<double> ms;
  const double end = seconds_now() + seconds;
  bool more = true;
  while (more && (ms.size() < 3 || seconds_now() < end)) {
    const double begin = seconds_now();
    more = f();
    ms.push_back((seconds_now() - begin) * 1e3);
  }
  std::ranges::sort(ms);
  return {ms[ms.size() / 2], ms.front(), ms.back()};
}

/// The last tokens before the cache is full, each a step of its own.
Milliseconds cached_ms(const nn::Model& model, const std::vector<std::int32_t>& ids, nn::KvCache& cache,
                       double seconds) {
  const auto context = static_cast<index_t>(ids.size());
  const index_t steps = timed_tokens(context);
  Tape tape(false);
  model.decode_first(tape, {ids.data(), ids.size() - static_cast<std::size_t>(steps)}, cache, 0);
  return time_calls(seconds, [&] {
    tape.reset();
    model.decode_next(tape, {&ids[static_cast<std::size_t>(cache.length(0))], 1}, cache);
    return cache.length(0) < context;
  });
}

/// Bytes of the weights that a step reads.
index_t weight_bytes(const nn::Model& model) {
  const nn::Parameter* positions = model.parameters().find("pos_emb.weight");
  return parameter_bytes(model) -
         (positions ? positions->bytes() / positions->shape.rows() * (positions->shape.rows() - 1) : 0);
}

Milliseconds full_ms(const nn::Model& model, const std::vector<std::int32_t>& ids, double seconds) {
  Batch batch;
  batch.size = 1;
  batch.input = {1, static_cast<index_t>(ids.size())};
  batch.ids = ids;
  Tape tape(false);
  return time_calls(seconds, [&] {
    tape.reset();
    model.forward(tape, batch);
    return true;
  });
}

}  // namespace

std::vector<nn::CacheForm> cache_forms(const Config& config) {
  const nn::Model model(config.model);
  const index_t least = nn::KvCache(model, 1, 8, nn::CacheForm::kLeast).bytes(),
                ready = nn::KvCache(model, 1, 8, nn::CacheForm::kReady).bytes();
  if (least == ready) return {nn::CacheForm::kLeast};
  return {nn::CacheForm::kLeast, nn::CacheForm::kReady};
}

std::vector<Config> decode_grid(const Config& config) {
  Config plain = config;
  plain.model.kv_heads = config.model.heads;
  std::vector<Config> grid;
  for (const Config& one : sharing_grid(plain)) {
    grid.push_back(one);
    if (!one.model.rope() || !one.model.variant.sharing().key_is_value()) continue;
    grid.push_back(one);
    grid.back().model.rope_value = "relative";
    resolve(grid.back());
  }
  for (const nn::AttentionKind& kind : nn::all_kinds()) {
    if (kind.is_partition() || (kind.rotary && !config.model.rope())) continue;
    grid.push_back(plain);
    grid.back().model.variant = {&kind, false};
    resolve(grid.back());
  }
  return grid;
}

index_t timed_tokens(index_t context) { return std::clamp<index_t>(context / 4, 3, 64); }

DecodeResult run_decode_bench(const Config& config, nn::CacheForm form, const DecodeFormats& formats,
                              const std::vector<index_t>& contexts, double seconds) {
  nn::Model model(config.model);
  model.parameters().allocate_values();
  model.parameters().initialise(config.task.seed);
  model.parameters().narrow(formats.weights);
  DecodeResult result{config, form, formats, {}};
  for (const index_t context : contexts) {
    if (context < 8) fail_usage("a context of " + std::to_string(context) + " is too short to time; 8 is the least");
    nn::KvCache cache(model, 1, context, form, formats.cache);
    std::vector<std::int32_t> ids;
    for (index_t i = 0; i < context; ++i) ids.push_back(static_cast<std::int32_t>(i * 31 % config.task.vocab));
    const Milliseconds cached = cached_ms(model, ids, cache, seconds / 2);
    result.speeds.push_back({context, cached.median, cached.min, cached.max, full_ms(model, ids, seconds / 2).median,
                             cache.bytes(), weight_bytes(model) + cache.bytes()});
  }
  return result;
}

}  // namespace qkvbench::run
