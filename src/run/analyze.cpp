// Values of a model, of the same model untrained and of random projections, each measured layer by layer.
// Layers are measured side by side; no number depends on which is first.
#include "qkvbench/run/analyze.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/run/layer_values.hpp"
#include "qkvbench/run/spectrum.hpp"

namespace qkvbench::run {

namespace {

struct PairOf {
  const char* id;
  std::size_t first, second;  // of q, k, v
};
constexpr std::array<PairOf, 3> kPairs{{{"kv", 1, 2}, {"qk", 0, 1}, {"qv", 0, 2}}};

std::unique_ptr<nn::Model> untrained(const LoadedModel& run) {
  auto model = std::make_unique<nn::Model>(run.config.model);
  model->parameters().allocate_values();
  model->parameters().initialise(run.config.task.seed);
  return model;
}

/// A pair of tensors of each source: trained, initial, random.
struct Sources {
  const LayerValues *trained, *initial, *random;
};

void add_pairs(const Sources& first, const Sources& second, std::size_t i, std::size_t j, const std::string& of,
               index_t layer, std::vector<AnalyzedValue>& out) {
  for (const Measure& measure : all_measures()) {
    if (measure.subject() != Subject::kPair) continue;
    const auto one = [&](const LayerValues* a, const LayerValues* b) {
      return measure_pair(measure, a->qkv[i], b->qkv[j]);
    };
    out.push_back({&measure, layer, of, one(first.trained, second.trained), one(first.initial, second.initial),
                   one(first.random, second.random)});
  }
}

/// What a scope means of a tensor; empty where it has none.
Matrix matrix_in_scope(const Projected& one, const std::string& scope) {
  return scope == "weight" ? one.weight : scope == "activation" ? one.rows : centred(one.rows);
}

/// All spectra of one tensor: a decomposition for each scope.
void add_spectra(const Sources& sources, std::size_t i, index_t layer, std::vector<AnalyzedValue>& out) {
  for (const std::string scope : {"weight", "activation", "activation_centred"}) {
    std::array<Spectrum, 3> spectra;
    std::array<std::string, 3> reasons;
    std::size_t at = 0;
    for (const LayerValues* source : {sources.trained, sources.initial, sources.random}) {
      const Matrix matrix = matrix_in_scope(source->qkv[i], scope);
      if (matrix.size() == 0)
        reasons[at] = "it is not one projection of the layer's input";
      else
        spectra[at] = spectrum(matrix);
      ++at;
    }
    for (const Measure& measure : all_measures()) {
      if (measure.subject() != Subject::kTensor || scope != measure.scope) continue;
      const auto one = [&](std::size_t source) {
        Measured measured{spectra[source].*measure.tensor, {}, reasons[source]};
        if (!measured.value && measured.reason.empty())
          measured.reason = "not defined for these numbers: zero or not finite";
        return measured;
      };
      out.push_back({&measure, layer, nn::kLetters[i], one(0), one(1), one(2)});
    }
  }
}

void add_attention(const std::vector<HeadAttention>& trained, const std::vector<HeadAttention>& initial, index_t layer,
                   std::vector<AnalyzedValue>& out) {
  for (const Measure& measure : all_measures()) {
    if (measure.subject() != Subject::kAttention) continue;
    const auto one = [&](const std::vector<HeadAttention>& heads) {
      Measured measured;
      for (const HeadAttention& head : heads) {
        const double x = head.*measure.attention;
        measured.items.push_back(std::isfinite(x) ? std::optional(x) : std::nullopt);
      }
      measured.value = mean_of(measured.items);
      if (!measured.value) measured.reason = "a mask leaves pairs out, or there is one position";
      return measured;
    };
    out.push_back({&measure, layer, "attention", one(trained), one(initial),
                   Measured{{}, {}, "random projections are not made to attend"}});
  }
}

/// f(layer, values of it) for all layers, and their values in order.
template <class F>
std::vector<AnalyzedValue> over_layers(std::size_t layers, F f) {
  std::vector<std::vector<AnalyzedValue>> parts(layers);
  parallel_for(static_cast<index_t>(layers), [&](index_t i) { f(i, parts[static_cast<std::size_t>(i)]); });
  std::vector<AnalyzedValue> all;
  for (auto& part : parts) std::move(part.begin(), part.end(), std::back_inserter(all));
  return all;
}

void check_same_examples(const LoadedModel& a, const LoadedModel& b) {
  const auto differ = [&](const char* key, const auto& x, const auto& y) {
    if (x == y) return;
    std::string text;
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(x)>>)
      text = " (" + std::to_string(x) + " and " + std::to_string(y) + ")";
    fail_usage(std::string("--against: the two models have different ") + key + text +
               ", so they do not take the same examples; name a run of the same task and sizes of its input");
  };
  const nn::ModelConfig &m = a.config.model, &n = b.config.model;
  differ("families", m.family, n.family);
  differ("numbers of positions", a.model->family().positions(), b.model->family().positions());
  differ("vocabularies", m.vocab, n.vocab);  // what is not a family's own is alike in all of its models
  differ("symbols", m.symbols, n.symbols);
  differ("features", m.features, n.features);
  differ("image sizes", m.image_size * m.channels, n.image_size * n.channels);
  if (a.tokenizer && b.tokenizer)
    differ("tokens", tokenizer_json(*a.tokenizer).dump(), tokenizer_json(*b.tokenizer).dump());
}

}  // namespace

Analysis analyze(const LoadedModel& run, const AnalyzeRequest& request) {
  Analysis out;
  const std::vector<Batch> batches = first_examples(run, unseen_split(run), request);
  out.examples = examples_in(batches);
  out.positions = out.examples * run.model->family().positions();
  const ModelValues trained = layer_values(*run.model, batches), initial = layer_values(*untrained(run), batches);
  out.values = over_layers(trained.layers.size(), [&](index_t layer, std::vector<AnalyzedValue>& values) {
    const auto i = static_cast<std::size_t>(layer);
    const LayerValues random = random_projections(trained.layers[i], layer, run.config.task.seed, "");
    const Sources sources{&trained.layers[i], &initial.layers[i], &random};
    for (const PairOf& pair : kPairs) add_pairs(sources, sources, pair.first, pair.second, pair.id, layer, values);
    for (std::size_t tensor = 0; tensor < nn::kLetters.size(); ++tensor) add_spectra(sources, tensor, layer, values);
    add_attention(trained.attention[i], initial.attention[i], layer, values);
  });
  for (std::size_t i = 0; i < trained.layers.size(); ++i) {
    const Projected &k = trained.layers[i].qkv[1], &v = trained.layers[i].qkv[2];
    if (k.tensor != v.tensor) out.maps.push_back({static_cast<index_t>(i), cka_of_heads(k, v)});
  }
  return out;
}

Analysis analyze_against(const LoadedModel& first, const LoadedModel& second, const AnalyzeRequest& request) {
  check_same_examples(first, second);
  Analysis out;
  const std::vector<Batch> batches = first_examples(first, unseen_split(first), request);
  out.examples = examples_in(batches);
  out.positions = out.examples * first.model->family().positions();
  // Names of tensors are those within a model: between two of them nothing is one tensor.
  const auto values_of = [&](const nn::Model& model, const char* which) {
    ModelValues values = layer_values(model, batches);
    for (LayerValues& layer : values.layers)
      for (Projected& one : layer.qkv) one.projection += which, one.tensor += which;
    return values;
  };
  const ModelValues a = values_of(*first.model, ".1"), b = values_of(*second.model, ".2"),
                    a0 = values_of(*untrained(first), ".1"), b0 = values_of(*untrained(second), ".2");
  out.values = over_layers(std::min(a.layers.size(), b.layers.size()), [&](index_t layer, auto& values) {
    const auto i = static_cast<std::size_t>(layer);
    const std::uint64_t seed = first.config.task.seed;
    const LayerValues ar = random_projections(a.layers[i], layer, seed, "first "),
                      br = random_projections(b.layers[i], layer, seed, "second ");
    for (std::size_t tensor = 0; tensor < nn::kLetters.size(); ++tensor)
      add_pairs({&a.layers[i], &a0.layers[i], &ar}, {&b.layers[i], &b0.layers[i], &br}, tensor, tensor,
                nn::kLetters[tensor], layer, values);
  });
  return out;
}

}  // namespace qkvbench::run
