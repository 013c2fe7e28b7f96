// Choosing tokens, and the decoding loop: with and without the cache, alone and in a batch, beyond the context.
// The logits themselves are compared in tests/nn.
#include "qkvbench/train/generate.hpp"

#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

using train::generate;
using train::sample;
using train::Sampling;

/// How often each token is picked by 1000 evenly spaced numbers.
std::vector<int> counts(const std::vector<real>& logits, const Sampling& sampling) {
  std::vector<int> out(logits.size(), 0);
  for (int i = 0; i < 1000; ++i) ++out[static_cast<std::size_t>(sample(logits, sampling, (i + 0.5) / 1000))];
  return out;
}

/// As often as wanted, give or take one of the thousand, where a share is no whole number of them.
bool near(const std::vector<int>& counts, const std::vector<int>& wanted) {
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (std::abs(counts[i] - wanted[i]) > 1) return false;
  return counts.size() == wanted.size();
}

nn::Model& model_of(const std::string& variant) {
  static std::deque<nn::Model> models;
  nn::ModelConfig config = tiny_config("gpt", variant);
  config.seq_len = 12, config.max_len = 12;
  models.emplace_back(config);
  fill_parameters(models.back(), 4);
  return models.back();
}

}  // namespace

TEST_CASE("tokens are picked with their probabilities, and filters leave out the rest", "[train]") {
  // Probabilities 0.1, 0.4, 0.2, 0.3.
  const std::vector<real> logits{std::log(real{1}), std::log(real{4}), std::log(real{2}), std::log(real{3})};
  CHECK(near(counts(logits, {}), {100, 400, 200, 300}));
  CHECK(near(counts(logits, {.greedy = true}), {0, 1000, 0, 0}));
  CHECK(near(counts(logits, {.temperature = 0.5}), {33, 534, 133, 300}));  // squares, over 30
  CHECK(near(counts(logits, {.top_k = 1}), {0, 1000, 0, 0}));
  CHECK(near(counts(logits, {.top_k = 2}), {0, 571, 0, 429}));
  CHECK(near(counts(logits, {.top_k = 99}), {100, 400, 200, 300}));
  CHECK(near(counts(logits, {.top_p = 0.65}), {0, 571, 0, 429}));
  CHECK(near(counts(logits, {.top_p = 0.75}), {0, 445, 222, 333}));
  CHECK(near(counts(logits, {.top_p = 1e-9}), {0, 1000, 0, 0}));
}

TEST_CASE("equal logits rank by id, and logits that are no numbers are refused", "[train]") {
  CHECK(sample(std::vector<real>{1, 2, 2}, {.greedy = true}, 0.5) == 1);
  CHECK(counts({5, 5, 5, 5}, {.top_k = 2}) == std::vector<int>{500, 500, 0, 0});
  check_error(Exit::kDiverged, {"sample", "not a number"}, [] { sample(std::vector<real>{1, NAN}, {}, 0.5); });
}

TEST_CASE("the cache changes no token, also when the context runs over", "[train]") {
  for (const std::string& id : partitions()) {
    const nn::Model& model = model_of(id);
    const std::vector<std::vector<std::int32_t>> prompts{{1, 2, 3}, {4, 5, 6, 7, 8, 9, 10, 0, 1}, {7}};
    train::GenerateOptions options;
    options.length = 40, options.seed = 3;
    const auto cached = generate(model, prompts, options);
    options.use_cache = false;
    const auto full = generate(model, prompts, options);
    CHECK(cached.rows == full.rows);
    CHECK(full.cache_bytes == 0);
    CHECK(cached.cache_bytes ==
          3 * 12 * nn::parse_variant(id).kind->cached_tensors * 6 * 2 * static_cast<index_t>(sizeof(real)));
    CHECK(cached.rows[0].size() == 40);
    CHECK(cached.rows[0] != cached.rows[1]);
  }
}

TEST_CASE("a prompt that is longer than the context counts with its end", "[train]") {
  const nn::Model& model = model_of("q_k_v");
  std::vector<std::int32_t> prompt;
  for (std::int32_t i = 0; i < 30; ++i) prompt.push_back(i * i % 11);
  const std::vector<std::int32_t> end(prompt.end() - 6, prompt.end());
  train::GenerateOptions options;
  options.length = 5, options.sampling.greedy = true;
  CHECK(generate(model, {prompt}, options).rows == generate(model, {end}, options).rows);
}

TEST_CASE("the same seed writes the same, another one something else", "[train]") {
  const nn::Model& model = model_of("q_kv");
  train::GenerateOptions options;
  options.length = 30;
  const auto first = generate(model, {{1}}, options).rows;
  std::vector<std::int32_t> heard;
  CHECK(generate(model, {{1}}, options, [&](index_t, std::int32_t id) { heard.push_back(id); }).rows == first);
  CHECK(heard == first[0]);
  options.seed = 1;
  CHECK(generate(model, {{1}}, options).rows != first);
}

TEST_CASE("only tokens of the tokenizer are drawn where the model has more", "[train]") {
  const nn::Model& model = model_of("q_kv");
  train::GenerateOptions options;
  options.length = 200, options.sampling.temperature = 10;
  const auto largest = [&] { return std::ranges::max(generate(model, {{1}}, options).rows[0]); };
  CHECK(largest() == 10);
  options.vocab = 7;
  CHECK(largest() == 6);
}

TEST_CASE("prompts and contexts that do not fit are refused", "[train]") {
  const nn::Model& model = model_of("q_k_v");
  check_error(Exit::kUsage, {"no token"}, [&] { generate(model, {{1}, {}}, {}); });
  check_error(Exit::kUsage, {"token 11", "vocabulary of 11"}, [&] { generate(model, {{11}}, {}); });
  train::GenerateOptions options;
  options.context = 13;
  check_error(Exit::kUsage, {"context of 13", "12 learned"}, [&] { generate(model, {{1}}, options); });
}

}  // namespace qkvbench::testing
