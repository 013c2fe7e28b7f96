// Decoding with a cache gives the logits of the full forward pass, and the cache is as large as the formula says.
// How tokens are chosen is in tests/train.
#include "qkvbench/nn/accounting.hpp"
#include "qkvbench/nn/kv_cache.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/modern_models.hpp"

namespace qkvbench::testing {

namespace {

constexpr index_t kVocab = 11;

nn::ModelConfig config_of(const std::string& variant, index_t kv_heads, index_t T) {
  nn::ModelConfig config = tiny_config("gpt", variant, kv_heads);
  config.d_model = 20, config.heads = 4, config.seq_len = T, config.max_len = T;
  return config;
}

std::vector<std::int32_t> tokens(index_t n, std::int32_t seed) {
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < n; ++i) ids.push_back((i * i * 5 + seed * 3 + i / 7) % kVocab);
  return ids;
}

/// Logits of every position by one forward pass: [T, V].
std::vector<real> full_logits(const nn::Model& model, const std::vector<std::int32_t>& ids) {
  Batch batch;
  batch.size = 1;
  batch.input = {1, static_cast<index_t>(ids.size())};
  batch.ids = ids;
  return logits_of(model, batch);
}

/// Largest difference between `logits` [V] and row t of `full`.
double difference(const Value& logits, index_t row, const std::vector<real>& full, index_t t) {
  double most = 0;
  for (index_t v = 0; v < kVocab; ++v)
    most = std::max(most, std::abs(static_cast<double>(logits.data()[row * kVocab + v]) -
                                   static_cast<double>(full[static_cast<std::size_t>(t * kVocab + v)])));
  return most;
}

}  // namespace

TEST_CASE("cached logits equal those of the full pass, all variants and kv heads", "[nn]") {
  constexpr index_t kT = 23;
  int configurations = 0;
  for (const std::string& id : partitions())
    for (const bool plus : {false, true})
      for (const index_t kv_heads : {4, 2, 1}) {
        if (nn::parse_variant(id).sharing().query_shared() && kv_heads != 4) continue;
        const std::string variant = id + (plus ? "+" : "");
        INFO(variant << " with " << kv_heads << " kv heads");
        nn::Model model(config_of(variant, kv_heads, kT));
        fill_parameters(model, 5);
        const auto ids = tokens(kT, 1);
        const auto full = full_logits(model, ids);
        nn::KvCache cache(model, 1, kT);
        CHECK(cache.bytes() ==
              nn::count_cost(model).cache_elements_per_token * kT * static_cast<index_t>(sizeof(real)));
        Tape tape(false);
        CHECK(difference(model.decode_first(tape, {ids.data(), 9}, cache, 0), 0, full, 8) <= 1e-5);
        double most = 0;
        for (index_t t = 9; t < kT; ++t) {
          tape.reset();
          most = std::max(most, difference(model.decode_next(tape, {ids.data() + t, 1}, cache), 0, full, t));
        }
        CHECK(most <= 1e-5);
        CHECK(cache.length(0) == kT);
        ++configurations;
      }
  CHECK(configurations == 18);
}

TEST_CASE("cached logits equal those of the full pass, all kinds and options, in both forms of the cache", "[nn]") {
  constexpr index_t kT = 23;
  for (auto& [name, config] : modern_models())
    for (const nn::CacheForm form : {nn::CacheForm::kLeast, nn::CacheForm::kReady}) {
      INFO(name << (form == nn::CacheForm::kLeast ? ", least" : ", ready"));
      config.seq_len = config.max_len = kT;
      nn::Model model(config);
      fill_parameters(model, 5);
      const auto ids = tokens(kT, 1);
      const auto full = full_logits(model, ids);
      nn::KvCache cache(model, 2, kT, form);
      index_t declared = 0;
      for (const nn::CacheTensor& tensor : model.blocks()[0].attention().cache_tensors(form))
        declared += tensor.heads * tensor.width;
      CHECK(cache.bytes() == 2 * kT * 2 * declared * static_cast<index_t>(sizeof(real)));
      if (form == nn::CacheForm::kLeast) CHECK(nn::count_cost(model).cache_elements_per_token == 2 * declared);
      Tape tape(false);
      double most = difference(model.decode_first(tape, {ids.data(), 9}, cache, 0), 0, full, 8);
      model.decode_first(tape, {ids.data(), 4}, cache, 1);
      for (index_t t = 9; t < kT; ++t) {
        tape.reset();
        const std::vector<std::int32_t> next{ids[static_cast<std::size_t>(t)], ids[static_cast<std::size_t>(t - 5)]};
        const Value logits = model.decode_next(tape, next, cache);
        most = std::max({most, difference(logits, 0, full, t), difference(logits, 1, full, t - 5)});
      }
      CHECK(most <= 1e-5);
    }
}

TEST_CASE("a model with narrow weights is the model with its weights rounded, all kinds and options", "[nn]") {
  for (auto& [name, config] : modern_models())
    for (const auto format : {kernels::NumberFormat::kBf16, kernels::NumberFormat::kInt8}) {
      INFO(name << ", " << kernels::format_name(format));
      config.seq_len = config.max_len = 23;
      nn::Model model(config), rounded(config);
      fill_parameters(model, 5);
      fill_parameters(rounded, 5);
      model.parameters().narrow(format);
      index_t narrow = 0;
      for (const nn::Parameter& p : rounded.parameters().all()) {
        if (!p.by_rows) continue;
        const nn::Parameter& other = *model.parameters().find(p.name);
        CHECK(other.bytes() == p.shape.rows() * kernels::row_bytes(format, p.shape.last()));
        kernels::widen_rows({other.narrow, p.shape.last(), format}, p.shape.rows(), p.value);
        ++narrow;
      }
      CHECK(narrow >= 9);  // the embedding, and of two blocks at least two projections and two maps of the MLP
      const auto ids = tokens(23, 1);
      const auto full = full_logits(rounded, ids), whole = full_logits(model, ids);
      double most = 0;
      for (std::size_t i = 0; i < full.size(); ++i)
        most = std::max(most, std::abs(static_cast<double>(full[i]) - static_cast<double>(whole[i])));
      nn::KvCache cache(model, 1, 23);
      Tape tape(false);
      most = std::max(most, difference(model.decode_first(tape, {ids.data(), 9}, cache, 0), 0, full, 8));
      for (index_t t = 9; t < 23; ++t) {
        tape.reset();
        most = std::max(most, difference(model.decode_next(tape, {ids.data() + t, 1}, cache), 0, full, t));
      }
      CHECK(most <= 1e-5);
    }
}

TEST_CASE("a narrow cache takes the bytes that it says and changes logits by rounding, all kinds and options", "[nn]") {
  constexpr index_t kT = 23;
  for (auto& [name, config] : modern_models())
    for (const nn::CacheForm form : {nn::CacheForm::kLeast, nn::CacheForm::kReady}) {
      double before = 0;
      for (const auto format : {kernels::NumberFormat::kBf16, kernels::NumberFormat::kInt8}) {
        INFO(name << ", " << kernels::format_name(format) << (form == nn::CacheForm::kLeast ? ", least" : ", ready"));
        config.seq_len = config.max_len = kT;
        nn::Model model(config);
        fill_parameters(model, 5);
        const auto ids = tokens(kT, 1);
        const auto full = full_logits(model, ids);
        nn::KvCache cache(model, 2, kT, form, format);
        index_t declared = 0;
        for (const nn::CacheTensor& tensor : model.blocks()[0].attention().cache_tensors(form))
          declared += tensor.heads * kernels::row_bytes(format, tensor.width);
        CHECK(cache.bytes() == 2 * kT * config.layers * declared);
        Tape tape(false);
        model.decode_first(tape, {ids.data(), 9}, cache, 1);
        cache.copy_row(1, 0);
        double most = 0, largest = 0;
        for (const real logit : full) largest = std::max(largest, std::abs(static_cast<double>(logit)));
        for (index_t t = 9; t < kT; ++t) {
          tape.reset();
          most = std::max(most, difference(model.decode_next(tape, {ids.data() + t, 1}, cache), 0, full, t));
        }
        CHECK(most > before / 4);  // coarser than the format before, up to luck; 0 would be no rounding at all
        // int8 rounds to 1/254 of the largest of a head, bf16 to 1/512 of each number.
        CHECK(most <= (format == kernels::NumberFormat::kInt8 ? 0.06 : 0.03) * largest);
        before = most;
      }
    }
}

TEST_CASE("positions that are not learned have no end", "[nn]") {
  for (const char* variant : {"q_k_v", "q_kv+"}) {
    nn::ModelConfig config = config_of(variant, 4, 6);
    config.positions = "rope", config.d_model = 24;
    nn::Model model(config);
    fill_parameters(model, 5);
    const auto ids = tokens(40, 2);
    const auto full = full_logits(model, ids);
    nn::KvCache cache(model, 1, 40);
    Tape tape(false);
    model.decode_first(tape, {ids.data(), 30}, cache, 0);
    double most = 0;
    for (index_t t = 30; t < 40; ++t) {
      tape.reset();
      most = std::max(most, difference(model.decode_next(tape, {ids.data() + t, 1}, cache), 0, full, t));
    }
    CHECK(most <= 1e-5);
  }
}

TEST_CASE("rows of different length share a cache without touching each other", "[nn]") {
  for (const char* variant : {"q_k_v+", "q_kv"}) {
    nn::Model model(config_of(variant, 2, 16));
    fill_parameters(model, 6);
    const std::vector<index_t> lengths{3, 11, 1};
    nn::KvCache cache(model, 3, 16);
    Tape tape(false);
    std::vector<std::vector<std::int32_t>> rows;
    for (index_t r = 0; r < 3; ++r) {
      rows.push_back(tokens(16, static_cast<std::int32_t>(r)));
      tape.reset();
      model.decode_first(tape, {rows.back().data(), static_cast<std::size_t>(lengths[static_cast<std::size_t>(r)])},
                         cache, r);
    }
    for (index_t step = 0; step < 5; ++step) {
      std::vector<std::int32_t> next;
      for (std::size_t r = 0; r < 3; ++r) next.push_back(rows[r][static_cast<std::size_t>(lengths[r] + step)]);
      tape.reset();
      const Value logits = model.decode_next(tape, next, cache);
      for (std::size_t r = 0; r < 3; ++r)
        CHECK(difference(logits, static_cast<index_t>(r), full_logits(model, rows[r]), lengths[r] + step) <= 1e-5);
    }
  }
}

TEST_CASE("a context of several pieces, filled, cleared and filled again", "[nn]") {
  constexpr index_t kT = 700;  // pieces of 256, the last one short
  nn::Model model(config_of("q_kv+", 1, kT));
  fill_parameters(model, 7);
  const auto ids = tokens(kT, 2);
  const auto full = full_logits(model, ids);
  nn::KvCache cache(model, 1, kT);
  Tape tape(false);
  for (int round = 0; round < 2; ++round) {
    cache.clear(0);
    tape.reset();
    model.decode_first(tape, {ids.data(), static_cast<std::size_t>(kT - 1)}, cache, 0);
    tape.reset();
    CHECK(difference(model.decode_next(tape, {ids.data() + kT - 1, 1}, cache), 0, full, kT - 1) <= 1e-5);
  }
}

TEST_CASE("a full cache, a context beyond the learned positions and other families are refused", "[nn]") {
  nn::Model model(config_of("q_k_v", 4, 6));
  fill_parameters(model, 8);
  nn::KvCache cache(model, 1, 4);
  Tape tape(false);
  const auto ids = tokens(6, 3);
  check_error(Exit::kInternal, {"decode", "row 0", "fit into 4"}, [&] {
    model.decode_first(tape, {ids.data(), 5}, cache, 0);
  });
  model.decode_first(tape, {ids.data(), 4}, cache, 0);
  check_error(Exit::kInternal, {"decode", "holds 4"}, [&] { model.decode_next(tape, {ids.data(), 1}, cache); });
  check_error(Exit::kUsage, {"context of 7", "6 learned"}, [&] { nn::KvCache(model, 1, 7); });
  nn::Model encoder(tiny_config("encoder", "q_k_v"));
  fill_parameters(encoder, 9);
  nn::KvCache other(encoder, 1, 4);
  check_error(Exit::kUsage, {"gpt", "decode"}, [&] { encoder.decode_next(tape, {ids.data(), 1}, other); });
}

}  // namespace qkvbench::testing
