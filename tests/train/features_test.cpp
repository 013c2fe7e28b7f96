// Features of a model: what its last layer reads, whatever the batches, and only where there is such a thing.
// Their way into files and into sets is tried from the command line.
#include "qkvbench/train/features.hpp"

#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

/// The rows of tiny_batch() as a data set.
class TinyData : public data::Dataset {
 public:
  explicit TinyData(Batch all) : all_(std::move(all)) {}
  index_t size() const override { return all_.size; }
  index_t targets_per_example() const override { return 1; }
  void fill(std::span<const index_t> indices, Batch& batch) const override {
    const index_t n = static_cast<index_t>(all_.features.size()) / all_.size;
    batch = all_;
    batch.size = static_cast<index_t>(indices.size());
    batch.input = {batch.size, all_.input[1], all_.input[2], all_.input[3]};
    batch.features.clear(), batch.targets.clear();
    for (const index_t i : indices) {
      batch.features.insert(batch.features.end(), all_.features.begin() + i * n, all_.features.begin() + (i + 1) * n);
      batch.targets.push_back(all_.targets[static_cast<std::size_t>(i)]);
    }
  }

 private:
  Batch all_;
};

}  // namespace

TEST_CASE("the last layer makes a model's logits of its features", "[train]") {
  const nn::ModelConfig config = tiny_config("vit", "qk_v+");
  nn::Model model(config);
  fill_parameters(model, 3);
  const Batch batch = tiny_batch(config);
  const train::Features features = train::collect_features(model, TinyData(batch), 2);
  CHECK(features.columns == config.d_model);
  CHECK(features.labels == batch.targets);
  REQUIRE(features.values.size() == static_cast<std::size_t>(3 * config.d_model));
  const std::vector<real> logits = logits_of(model, batch);
  const real *weight = model.parameters().find("head.weight")->value,
             *bias = model.parameters().find("head.bias")->value;
  for (index_t b = 0; b < 3; ++b)
    for (index_t c = 0; c < config.classes; ++c) {
      double sum = static_cast<double>(bias[c]);
      for (index_t i = 0; i < config.d_model; ++i)
        sum += static_cast<double>(weight[c * config.d_model + i]) *
               static_cast<double>(features.values[static_cast<std::size_t>(b * config.d_model + i)]);
      CHECK(std::abs(sum - static_cast<double>(logits[static_cast<std::size_t>(b * config.classes + c)])) <= 1e-5);
    }
  CHECK(train::collect_features(model, TinyData(batch), 3).values == features.values);
}

TEST_CASE("only models of images have features of an example as a whole", "[train]") {
  for (const char* family : {"encoder", "set", "gpt"}) {
    const nn::ModelConfig config = tiny_config(family, "q_kv");
    nn::Model model(config);
    fill_parameters(model, 3);
    Tape tape(false);
    check_error(Exit::kUsage, {"family vit"}, [&] { model.features(tape, tiny_batch(config)); });
  }
}

}  // namespace qkvbench::testing
