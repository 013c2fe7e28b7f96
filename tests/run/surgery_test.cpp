// Changed models against numbers that numpy computed in double precision, and identities that hold for every block.
// Runs and files are in convert_test.
#include "qkvbench/run/surgery.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/golden.hpp"
#include "qkvbench/train/checkpoint.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/modern_models.hpp"

using namespace qkvbench;
using namespace qkvbench::run;
using formats::Safetensors;

namespace {

const std::string kFixtures = SOURCE_DIR "/tests/fixtures/surgery/";

/// The model of a golden file under a prefix, and its examples.
struct Source {
  std::unique_ptr<nn::Model> model;
  Batch batch;
};

Source source_of(const std::string& path, const std::string& prefix) {
  const auto file = Safetensors::read(path);
  const auto config = golden::metadata_json(file, "config");
  const auto& shape = file.tensor("in.ids").shape;
  Source source{std::make_unique<nn::Model>(golden::model_config(file, config, shape[1])), {}};
  source.model->parameters().allocate_values();
  train::load_model(file, prefix, *source.model);
  source.batch.size = shape[0];
  source.batch.input = {shape[0], shape[1]};
  source.batch.ids = golden::ids_of(file, "in.ids");
  source.batch.targets = golden::next_ids(source.batch.ids, shape[1]);
  return source;
}

SurgeryRequest to(const std::string& variant, std::vector<std::string> methods = {}, index_t kv_heads = 0) {
  return {nn::parse_variant(variant), kv_heads, std::move(methods)};
}

/// max|Δ| over the largest |expected|.
double relative(const std::vector<real>& ours, const std::vector<float>& expected) {
  REQUIRE(ours.size() == expected.size());
  double most = 0, largest = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(ours[i]) - static_cast<double>(expected[i])));
    largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
  }
  return most / largest;
}

std::vector<float> floats_of(const std::vector<real>& numbers) { return {numbers.begin(), numbers.end()}; }

/// How far a changed model's logits are from the model's own.
double distance(const nn::Model& model, const Batch& batch, const SurgeryRequest& request) {
  const SurgeryResult done = surgery(model, request, {&batch, 1});
  return relative(testing::logits_of(*done.model, batch), floats_of(testing::logits_of(model, batch)));
}

nn::ModelConfig even_config(const std::string& variant, index_t kv_heads) {
  nn::ModelConfig config = testing::tiny_config("gpt", variant, kv_heads);
  config.d_model = 12, config.heads = 4;
  return config;
}

}  // namespace

TEST_CASE("every method gives the logits that numpy computes in double precision", "[surgery]") {
  const Source golden_model = source_of(SOURCE_DIR "/tests/golden/gpt_q_k_v.safetensors", "after.");
  for (const auto& [name, request] :
       {std::pair{"keep_k", to("q_kv", {"keep_k"})}, std::pair{"keep_v", to("q_kv", {"keep_v"})},
        std::pair{"mean", to("q_kv", {"mean"})}, std::pair{"keep_k_fit_weights", to("q_kv", {"keep_k_fit_weights"})},
        std::pair{"keep_k_fit_activations", to("q_kv", {"keep_k_fit_activations"})},
        std::pair{"joint_svd", to("q_kv", {"joint_svd"})}, std::pair{"gqa_mean_2", to("q_k_v", {"heads_mean"}, 2)},
        std::pair{"gqa_mean_1", to("q_k_v", {}, 1)}, std::pair{"gqa_first_2", to("q_k_v", {"heads_first"}, 2)},
        std::pair{"gqa_first_1", to("q_k_v", {"heads_first"}, 1)}}) {
    INFO(name);
    const auto expected = Safetensors::read(kFixtures + name + ".safetensors");
    const SurgeryResult done = surgery(*golden_model.model, request, {&golden_model.batch, 1});
    CHECK(relative(testing::logits_of(*done.model, golden_model.batch), expected.floats("out.logits")) <= 1e-5);
  }
}

TEST_CASE("where values are a linear map of keys, the fits lose nothing, and what keeps one projection does",
          "[surgery]") {
  const Source exact = source_of(kFixtures + "exact_source.safetensors", "param.");
  const auto errors = nlohmann::json::parse(read_file(kFixtures + "expected.json"))
                          .at("results")
                          .at("exact_source: relative logit error after surgery");
  CHECK(relative(testing::logits_of(*exact.model, exact.batch),
                 Safetensors::read(kFixtures + "exact_source.safetensors").floats("out.logits")) <= 1e-5);
  for (const char* method : {"keep_k_fit_weights", "keep_k_fit_activations", "joint_svd", "joint_svd_activations"})
    CHECK(distance(*exact.model, exact.batch, to("q_kv", {method})) <= 1e-5);
  for (const char* method : {"keep_k", "mean"})
    CHECK(std::abs(distance(*exact.model, exact.batch, to("q_kv", {method})) - errors.at(method).get<double>()) <=
          1e-4);
}

TEST_CASE("copies of a shared projection and repeated heads compute the same, in every block", "[surgery]") {
  index_t tried = 0;
  for (const auto& [name, config] : testing::modern_models()) {
    if (!config.variant.kind->is_partition() || config.rope_value != "unrotated") continue;
    INFO(name);
    nn::Model model(config);
    testing::fill_parameters(model, 5);
    const Batch batch = testing::tiny_batch(config);
    const std::string plus = config.variant.plus ? "+" : "";
    if (config.variant.kind->id != std::string_view("q_k_v")) {
      CHECK(distance(model, batch, to("q_k_v" + plus)) <= 1e-5);
      ++tried;
    }
    if (config.kv_heads == config.heads || config.variant.sharing().query_shared()) continue;
    CHECK(distance(model, batch, to(config.variant.id(), {}, config.heads)) <= 1e-5);
    ++tried;
  }
  CHECK(tried > 20);
}

TEST_CASE("a fit is exact under RoPE, without biases and with shared heads where values follow from keys",
          "[surgery]") {
  for (const bool rope : {false, true})
    for (const bool bias : {false, true})
      for (const index_t kv_heads : {1, 2, 4}) {
        INFO("rope " << rope << ", bias " << bias << ", kv heads " << kv_heads);
        nn::ModelConfig config = even_config("q_kv", kv_heads);
        config.bias = bias;
        if (rope) config.positions = "rope", config.d_model = 16;
        nn::Model shared(config);
        testing::fill_parameters(shared, 3);
        // V = K, then another basis of V in each head, taken back by the output: the fit must find it.
        const SurgeryResult apart = surgery(shared, to("q_k_v"), {});
        const Batch batch = testing::tiny_batch(config);
        for (const char* method : {"keep_k_fit_weights", "keep_k_fit_activations", "joint_svd"}) {
          if (rope && method == std::string("joint_svd")) continue;
          CHECK(distance(*apart.model, batch, to("q_kv", {method})) <= 1e-4);
        }
      }
}

TEST_CASE("a method that does not fit the block is refused with those that do", "[surgery]") {
  const auto refuses = [](const nn::ModelConfig& config, const SurgeryRequest& request,
                          std::initializer_list<std::string> parts) {
    testing::check_error(Exit::kUsage, parts, [&] { surgery_reads_examples(config, request); });
  };
  const nn::ModelConfig plain = even_config("q_k_v", 4);
  refuses(plain, to("q_kv"), {"needs a --method", "keep_k, keep_v, mean", "joint_svd"});
  refuses(plain, to("q_kv", {"keep_q"}), {"q is not among", "keep_k"});
  refuses(plain, to("qk_v", {"joint_svd"}), {"keep_q, keep_k, mean"});
  refuses(plain, to("q_kv", {"keep_k", "mean"}), {"name one"});
  refuses(plain, to("q_kv", {"keep"}), {"did you mean"});
  refuses(plain, to("q_kv", {"keep_k", "heads_mean"}), {"--kv-heads"});
  refuses(plain, to("q_k_v+"), {"+ term stays"});
  refuses(plain, to("gta"), {"one projection each"});
  refuses(plain, to("q_k_v", {}, 3), {"kv_heads 3 does not divide heads 4"});
  refuses(even_config("q_kv", 4), to("q_k_v", {"mean"}), {"exact", "leave it out"});
  nn::ModelConfig turned = plain;
  turned.positions = "rope", turned.d_model = 16;
  refuses(turned, to("q_kv", {"joint_svd"}), {"positions rope", "keep_k_fit_weights"});
  nn::ModelConfig thin = plain;
  thin.qk_head_dim = 2;
  refuses(thin, to("q_kv", {"keep_k"}), {"qk_head_dim 2 must be v_head_dim"});
}

TEST_CASE("a blend of values goes from the model to the one that keeps K", "[surgery]") {
  const nn::ModelConfig config = even_config("q_k_v", 2);
  const Batch batch = testing::tiny_batch(config);
  const auto blended = [&](double alpha, index_t block) {
    nn::Model model(config);
    testing::fill_parameters(model, 4);
    blend_values(model, alpha, block);
    return testing::logits_of(model, batch);
  };
  nn::Model model(config);
  testing::fill_parameters(model, 4);
  const std::vector<real> before = testing::logits_of(model, batch);
  CHECK(blended(0, -1) == before);
  const SurgeryResult kept = surgery(model, to("q_kv", {"keep_k"}), {});
  CHECK(relative(blended(1, -1), floats_of(testing::logits_of(*kept.model, batch))) <= 1e-6);
  CHECK(blended(0.5, 0) != before);
  CHECK(blended(0.5, 0) != blended(0.5, 1));
  keys_from_values(model, -1);
  nn::Model again(config);
  testing::fill_parameters(again, 4);
  const SurgeryResult values = surgery(again, to("q_kv", {"keep_v"}), {});
  CHECK(relative(testing::logits_of(model, batch), floats_of(testing::logits_of(*values.model, batch))) <= 1e-6);
  nn::Model shared(even_config("q_kv", 2));
  testing::fill_parameters(shared, 4);
  testing::check_error(Exit::kUsage, {"two projections"}, [&] { blend_values(shared, 0.5, -1); });
}
