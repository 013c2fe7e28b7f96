// Costs against the paper's own accounting, to the unit, and against what a training step really takes.
// The paper's numbers are copied here on their own, not read from the table that the program has.
#include "qkvbench/nn/accounting.hpp"

#include "qkvbench/autograd/loss.hpp"
#include "support/catch.hpp"
#include "support/modern_models.hpp"

namespace qkvbench::testing {

namespace {

nn::ModelConfig paper_300m(const std::string& variant, index_t kv_heads = 16, index_t T = 2048) {
  nn::ModelConfig config;
  config.family = "gpt";
  config.variant = nn::parse_variant(variant);
  config.d_model = 1024, config.layers = 20, config.heads = 16, config.kv_heads = kv_heads;
  config.seq_len = T, config.max_len = 2048, config.vocab = 50304;
  return config;
}

}  // namespace

TEST_CASE("the accounting of the paper's 300m model, to the unit", "[nn]") {
  struct Row {
    const char* variant;
    index_t total, attention, macs[4];
  };
  const Row rows[] = {
      {"q_k_v", 305'534'976, 83'968'000, {39'476'789'248, 165'960'220'672, 353'395'277'824, 792'689'901'568}},
      {"qk_v", 284'542'976, 62'976'000, {36'792'434'688, 155'222'802'432, 331'920'441'344, 749'740'228'608}},
      {"q_kv", 284'542'976, 62'976'000, {36'792'434'688, 155'222'802'432, 331'920'441'344, 749'740'228'608}},
      {"qkv", 263'550'976, 41'984'000, {34'108'080'128, 144'485'384'192, 310'445'604'864, 706'790'555'648}}};
  const index_t lengths[] = {128, 512, 1024, 2048};
  for (const Row& row : rows)
    for (int i = 0; i < 4; ++i) {
      INFO(row.variant << " at " << lengths[i]);
      const nn::Cost cost = nn::count_cost(nn::Model(paper_300m(row.variant, 16, lengths[i])));
      CHECK(cost.params_total == row.total);
      CHECK(cost.params_attention == row.attention);
      CHECK(cost.macs_forward == row.macs[i]);
    }
}

TEST_CASE("the cache of the paper's 300m model in bf16", "[nn]") {
  struct Row {
    const char* variant;
    index_t kv_heads, bytes;
  };
  for (const Row& row :
       {Row{"q_k_v", 16, 80 * 1024}, Row{"qk_v", 16, 80 * 1024}, Row{"q_kv", 16, 40 * 1024}, Row{"qkv", 16, 40 * 1024},
        Row{"q_k_v", 4, 20 * 1024}, Row{"q_k_v", 1, 5 * 1024}, Row{"q_kv", 4, 10 * 1024}, Row{"q_kv", 1, 2560}}) {
    INFO(row.variant << " with " << row.kv_heads << " kv heads");
    CHECK(2 * nn::count_cost(nn::Model(paper_300m(row.variant, row.kv_heads))).cache_elements_per_token == row.bytes);
  }
}

namespace {

void check_memory(const nn::ModelConfig& config, kernels::NumberFormat operands = kernels::NumberFormat::kFp32) {
  nn::Model model(config);
  fill_parameters(model, 1);
  const Batch batch = tiny_batch(config);
  Tape tape(true, operands);
  tape.backward(cross_entropy(tape, model.forward(tape, batch), batch.targets).mean_nats);
  const auto taken = static_cast<double>(tape.arena().peak_bytes());
  const nn::TrainingMemory said = nn::training_memory(model, batch.size, operands);
  INFO(config.family << " " << config.variant.id() << ", recompute " << config.recompute << ", dropout "
                     << config.dropout << ", products in " << kernels::format_name(operands) << ": said "
                     << said.activations << ", took " << taken);
  CHECK(std::abs(static_cast<double>(said.activations) - taken) <= 0.05 * taken);
  CHECK(said.total() - said.activations == 16 * model.parameters().total());
}

}  // namespace

TEST_CASE("the memory of a training step is what was said", "[nn][release]") {
  for (const char* family : {"encoder", "vit", "set", "gpt"})
    for (const char* variant : {"q_k_v", "q_kv", "qkv"})
      for (const bool recompute : {false, true})
        for (const real dropout : {real{0}, static_cast<real>(0.1)}) {
          nn::ModelConfig config = tiny_config(family, variant, 4);
          config.d_model = 96, config.heads = 4, config.layers = 3, config.recompute = recompute;
          config.dropout = dropout;
          config.seq_len = 40, config.max_len = 40, config.image_size = 21;
          check_memory(config);
          if (variant == std::string("q_kv")) check_memory(config, kernels::NumberFormat::kBf16);
        }
}

TEST_CASE("the memory of a training step of every kind and option is what was said", "[nn][release]") {
  for (auto& [name, config] : modern_models())
    for (const bool recompute : {false, true}) {
      INFO(name);
      config.d_model *= 4, config.layers = 3, config.seq_len = config.max_len = 40, config.recompute = recompute;
      if (config.d_ff > 0) config.d_ff *= 4;
      check_memory(config);
      check_memory(config, kernels::NumberFormat::kBf16);
      config.d_model /= 4;
    }
}

}  // namespace qkvbench::testing
