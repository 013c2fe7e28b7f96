// The perplexities of documents against the model's own log-probabilities, put together without windows.
#include "qkvbench/run/documents.hpp"

#include <cmath>

#include "qkvbench/base/files.hpp"
#include "qkvbench/data/byte_pairs.hpp"
#include "qkvbench/data/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using formats::Json;

namespace {

run::LoadedModel small_model() {
  run::LoadedModel loaded;
  for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"task", "lm"},
                                                                                   {"variant", "q_kv"},
                                                                                   {"vocab", "259"},
                                                                                   {"d_model", "16"},
                                                                                   {"heads", "2"},
                                                                                   {"layers", "1"},
                                                                                   {"seq_len", "8"},
                                                                                   {"steps", "1"},
                                                                                   {"batch_size", "2"}})
    set_option(loaded.config, run::find_option(key, "test"), value);
  resolve(loaded.config);
  loaded.tokenizer = data::Tokenizer::byte_pairs({{"t", "h"}, {"th", "e"}});
  loaded.model = std::make_unique<nn::Model>(loaded.config.model);
  loaded.model->parameters().allocate_values();
  loaded.model->parameters().initialise(3);
  for (real& x : loaded.model->parameters().values()) x *= 20;  // far from equal probabilities
  return loaded;
}

/// −log p of row[t] behind those before it, in nats, one forward pass each.
double nats(const nn::Model& model, const std::vector<std::int32_t>& row, std::size_t t) {
  Batch batch;
  batch.size = 1;
  batch.input = {1, static_cast<index_t>(t)};
  batch.ids.assign(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(t));
  Tape tape(false);
  const Value logits = model.forward(tape, batch);
  const index_t V = model.config().vocab;
  const real* last = logits.data() + logits.shape().elements() - V;
  double sum = 0, most = *std::max_element(last, last + V);
  for (index_t v = 0; v < V; ++v) sum += std::exp(last[v] - most);
  return std::log(sum) + most - last[row[t]];
}

}  // namespace

TEST_CASE("the perplexity of documents counts their text alone, and the padded one stands beside it", "[documents]") {
  const test::TemporaryDirectory dir;
  const std::string path = std::string(dir.path()) + "/texts.txt";
  const std::vector<std::string> texts{"the cat", "a", "the theme of these themes"};
  write_file_atomic(path, texts[0] + "<|endoftext|>" + texts[1] + "<|endoftext|>" + texts[2]);
  const run::LoadedModel loaded = small_model();
  const run::DocumentScores scores = run::score_documents(loaded, path, true);

  double text = 0, padding = 0, bytes = 0;
  index_t n_text = 0, n_padding = 0;
  for (const std::string& document : texts) {
    std::vector<std::int32_t> row = loaded.tokenizer->encode(document);
    const std::size_t length = std::min<std::size_t>(row.size(), 8);
    row.resize(length);
    bytes +=
        static_cast<double>(loaded.tokenizer->decode(row).size() - loaded.tokenizer->decode({row.data(), 1}).size());
    row.resize(8, 258);
    for (std::size_t t = 1; t < 8; ++t) {
      (t < length ? text : padding) += nats(*loaded.model, row, t);
      ++(t < length ? n_text : n_padding);
    }
  }
  const auto near = [&](const char* name, double expected) {
    INFO(name);
    CHECK(std::abs(scores.metrics.at(name).get<double>() - expected) <= 1e-5 * std::abs(expected));
  };
  CHECK(scores.metrics.at("documents") == 3);
  CHECK(scores.metrics.at("documents_cut") == 1);
  CHECK(scores.metrics.at("targets") == n_text);
  near("loss", text / static_cast<double>(n_text));
  near("perplexity", std::exp(text / static_cast<double>(n_text)));
  near("bits_per_byte", text / std::log(2.0) / bytes);
  near("padding_share", static_cast<double>(n_padding) / static_cast<double>(n_text + n_padding));
  near("padded_loss", (text + padding) / static_cast<double>(n_text + n_padding));
  near("padded_perplexity", std::exp((text + padding) / static_cast<double>(n_text + n_padding)));

  const Json unpadded = run::score_documents(loaded, path, false).metrics;
  CHECK(unpadded.at("loss") == scores.metrics.at("loss"));
  CHECK_FALSE(unpadded.contains("padded_perplexity"));
}

TEST_CASE("only language models are asked for documents", "[documents]") {
  const run::LoadedModel none;
  testing::check_error(Exit::kUsage, {"--documents", "language models"},
                       [&] { run::score_documents(none, "x.txt", false); });
}

TEST_CASE("padded stories score their text alone, against the floor of just that text", "[documents]") {
  constexpr index_t T = 60;
  data::TaskOptions options;
  options.id = "lm";
  options.seq_len = T;
  options.n_windows = 1;
  options.pad_documents = true;
  data::find_task("lm").complete(options);
  const auto task = data::find_task("lm").open(options);
  const auto count = [](const data::Dataset& rows) {
    index_t targets = 0;
    data::for_batches(rows, 64, [&](const Batch& batch) {
      targets += std::ranges::count_if(batch.targets, [](std::int32_t target) { return target >= 0; });
    });
    return targets;
  };
  const auto validation = task->split(data::Split::kValidation);
  const index_t text = count(*validation), padding = count(*task->padding());
  CHECK(text + padding == validation->size() * (T - 1));
  CHECK(padding > 0);

  const auto corpus = data::open_corpus(options);
  const auto end = corpus->tokenizer.encode("\n")[0];
  double nats = 0;
  index_t at = 0, scored = 0;
  for (std::size_t i = 0; i < corpus->validation.size(); ++i) {
    if (corpus->validation[i] == end) {
      at = 0;
      continue;
    }
    if (at > 0 && at < T) nats -= corpus->floor->validation_log_probs[i], ++scored;
    ++at;
  }
  CHECK(scored == text);
  CHECK(std::abs(*task->facts().val_floor_nats - nats / static_cast<double>(scored)) <= 1e-9);

  run::Scores scores;
  scores.validation.loss_nats = 30, scores.validation.targets = 10;
  scores.padding.loss_nats = 1, scores.padding.targets = 30;
  const run::Numbers numbers = run::numbers_of(scores, task->facts());
  CHECK(std::abs(*numbers.value("perplexity") - std::exp(3)) <= 1e-12);
  CHECK(std::abs(*numbers.value("padded_loss") - 31. / 40) <= 1e-12);
  CHECK(std::abs(*numbers.value("padded_perplexity") - std::exp(31. / 40)) <= 1e-12);
  CHECK(*numbers.value("padding_share") == .75);
  CHECK_FALSE(numbers.value("bits_per_byte"));

  options.pad_documents = false;
  CHECK(data::find_task("lm").open(options)->padding() == nullptr);
}
