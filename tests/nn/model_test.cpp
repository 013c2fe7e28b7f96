// Models as data: names and shapes of parameters, costs counted by hand, how parameters begin, what is refused.
// What models compute is checked in *_gradient_test.cpp and against the golden files.
#include "qkvbench/nn/model.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/accounting.hpp"
#include "qkvbench/nn/families.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/tiny_models.hpp"

namespace qkvbench::testing {

namespace {

using Strings = std::vector<std::string>;

/// "name [shape]" of every parameter, in order.
Strings parameters_of(const nn::Model& model) {
  Strings out;
  for (const nn::Parameter& p : model.parameters().all()) out.push_back(p.name + " " + p.shape.text());
  return out;
}

nn::ModelConfig paper_config(const std::string& variant) {
  nn::ModelConfig config;  // the defaults: d 64, 2 layers, 4 heads, T 16, 128 positions, m 10
  config.family = "encoder";
  config.variant = nn::parse_variant(variant);
  return config;
}

}  // namespace

TEST_CASE("parameters of an encoder have the names and shapes of the design", "[nn]") {
  auto config = tiny_config("encoder", "q_k_v+");
  config.layers = 1;
  CHECK(parameters_of(nn::Model(config)) == Strings{"embed.weight [6, 10]",
                                                    "embed.bias [6]",
                                                    "pos_emb.weight [7, 6]",
                                                    "blocks.0.ln1.weight [6]",
                                                    "blocks.0.ln1.bias [6]",
                                                    "blocks.0.attn.c_q.weight [6, 6]",
                                                    "blocks.0.attn.c_q.bias [6]",
                                                    "blocks.0.attn.c_k.weight [6, 6]",
                                                    "blocks.0.attn.c_k.bias [6]",
                                                    "blocks.0.attn.c_v.weight [6, 6]",
                                                    "blocks.0.attn.c_v.bias [6]",
                                                    "blocks.0.attn.c_proj.weight [6, 6]",
                                                    "blocks.0.attn.c_proj.bias [6]",
                                                    "blocks.0.attn.pos_w [5]",
                                                    "blocks.0.attn.pos_b [1]",
                                                    "blocks.0.ln2.weight [6]",
                                                    "blocks.0.ln2.bias [6]",
                                                    "blocks.0.mlp.fc_in.weight [24, 6]",
                                                    "blocks.0.mlp.fc_in.bias [24]",
                                                    "blocks.0.mlp.fc_out.weight [6, 24]",
                                                    "blocks.0.mlp.fc_out.bias [6]",
                                                    "ln_f.weight [6]",
                                                    "ln_f.bias [6]",
                                                    "head.weight [10, 6]",
                                                    "head.bias [10]"});
}

TEST_CASE("parameters of a set model", "[nn]") {
  auto config = tiny_config("set", "qkv");
  config.layers = 0;
  CHECK(parameters_of(nn::Model(config)) == Strings{"embed.weight [6, 4]", "embed.bias [6]", "ln_f.weight [6]",
                                                    "ln_f.bias [6]", "head.weight [1, 6]", "head.bias [1]"});
}

TEST_CASE("projections are named after the letters that share them", "[nn]") {
  const std::pair<const char*, Strings> cases[] = {{"q_k_v", {"c_q", "c_k", "c_v"}},
                                                   {"qk_v", {"c_qk", "c_v"}},
                                                   {"q_kv", {"c_q", "c_kv"}},
                                                   {"qv_k", {"c_qv", "c_k"}},
                                                   {"qkv", {"c_qkv"}}};
  for (const auto& [id, wanted] : cases) {
    const nn::Model model(tiny_config("encoder", id));
    Strings got;
    for (const nn::Parameter& p : model.parameters().all())
      if (p.name.find("blocks.1.attn.c_") == 0 && p.shape.rank() == 2 && p.name.find("c_proj") == std::string::npos)
        got.push_back(p.name.substr(14, p.name.rfind('.') - 14));
    CHECK(got == wanted);
  }
}

TEST_CASE("key and value projections are as wide as their heads", "[nn]") {
  const nn::Model q_k_v(tiny_config("encoder", "q_k_v", 1)), q_kv(tiny_config("encoder", "q_kv", 1));
  CHECK(q_k_v.parameters().find("blocks.0.attn.c_q.weight")->shape == (Shape{6, 6}));
  CHECK(q_k_v.parameters().find("blocks.0.attn.c_k.weight")->shape == (Shape{2, 6}));
  CHECK(q_k_v.parameters().find("blocks.0.attn.c_v.bias")->shape == Shape{2});
  CHECK(q_kv.parameters().find("blocks.0.attn.c_kv.weight")->shape == (Shape{2, 6}));
}

TEST_CASE("costs are what a count by hand gives", "[nn]") {
  // One block of d = 64: LayerNorms 2·128, one projection 64² + 64 = 4160 (three and the output's), MLP 33088.
  struct Row {
    const char* variant;
    index_t total, attention, macs, cache;
  };
  const index_t ends = 704 + 8192 + 128 + 650, rest = 2 * (256 + 33088);  // embed, positions, ln_f, head
  const index_t io_macs = 2 * 16 * 10 * 64, scores = 2 * 2 * 16 * 16 * 64, mlp = 2 * 16 * 2 * 64 * 256;
  for (const Row& row : {Row{"q_k_v", ends + rest + 8 * 4160, 8 * 4160, 8 * 4096, 256},
                         Row{"qk_v", ends + rest + 6 * 4160, 6 * 4160, 6 * 4096, 256},
                         Row{"q_kv", ends + rest + 6 * 4160, 6 * 4160, 6 * 4096, 128},
                         Row{"qv_k", ends + rest + 6 * 4160, 6 * 4160, 6 * 4096, 256},
                         Row{"qkv", ends + rest + 4 * 4160, 4 * 4160, 4 * 4096, 128},
                         Row{"qkv+", ends + rest + 4 * 4160 + 22, 4 * 4160 + 22, 4 * 4096, 128}}) {
    INFO(row.variant);
    const nn::Cost cost = nn::count_cost(nn::Model(paper_config(row.variant)));
    CHECK(cost.params_total == row.total);
    CHECK(cost.params_attention == row.attention);
    CHECK(cost.macs_forward == 16 * row.macs + mlp + scores + io_macs);
    CHECK(cost.cache_elements_per_token == row.cache);
  }
  CHECK(nn::count_cost(nn::Model(paper_config("q_k_v"))).params_total == 109642);
  CHECK(nn::count_cost(nn::Model(paper_config("q_k_v"))).macs_forward == 1658880);
}

TEST_CASE("costs with shared heads", "[nn]") {
  auto config = paper_config("q_k_v");
  config.kv_heads = 1;
  const nn::Cost mqa = nn::count_cost(nn::Model(config));
  CHECK(mqa.params_attention == 2 * (2 * 4160 + 2 * (16 * 64 + 16)));
  CHECK(mqa.cache_elements_per_token == 2 * 16 * 2);
  config.variant = nn::parse_variant("q_kv");
  CHECK(nn::count_cost(nn::Model(config)).cache_elements_per_token == 16 * 2);
}

TEST_CASE("costs of a set model", "[nn]") {
  auto config = tiny_config("set", "q_k_v");
  config.layers = 1;
  // d 6, T 5, 4 features: embed 4·6 + 6, block 24 + 4·42 + (168 + 150), ln_f 12, head 7.
  const nn::Cost cost = nn::count_cost(nn::Model(config));
  CHECK(cost.params_total == 30 + 24 + 4 * 42 + 318 + 12 + 7);
  CHECK(cost.macs_forward == 5 * (4 * 36 + 2 * 144) + 2 * 25 * 6 + 5 * (4 * 6 + 6));
}

TEST_CASE("a model begins as PyTorch's would", "[nn]") {
  nn::Model model(paper_config("q_k_v+"));
  model.parameters().allocate();
  model.parameters().initialise(1);
  for (const nn::Parameter& p : model.parameters().all()) {
    INFO(p.name);
    double low = 1e9, high = -1e9, squares = 0;
    for (index_t i = 0; i < p.shape.elements(); ++i) {
      const double x = static_cast<double>(p.value[i]);
      low = std::min(low, x), high = std::max(high, x), squares += x * x / static_cast<double>(p.shape.elements());
    }
    if (p.name.find("ln") != std::string::npos || p.name.find("pos_b") != std::string::npos) {
      const double wanted = p.name.find("weight") != std::string::npos ? 1 : 0;
      CHECK(low == wanted);
      CHECK(high == wanted);
    } else if (p.name.find("pos_emb") != std::string::npos) {
      CHECK(std::abs(squares - 1) <= 0.06);
    } else if (p.name.find("pos_w") != std::string::npos) {
      CHECK(high <= 0.1);
      CHECK(low >= -0.1);
    } else {  // U(±1/√fan_in)
      const index_t fan_in = p.name.find("embed") == 0 ? 10 : p.name.find("fc_out") != std::string::npos ? 256 : 64;
      const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
      CHECK(high <= bound);
      CHECK(low >= -bound);
      if (p.shape.elements() >= 640) CHECK(std::abs(squares / (bound * bound / 3) - 1) <= 0.12);
    }
  }
}

TEST_CASE("another seed begins elsewhere", "[nn]") {
  nn::Model a(tiny_config("set", "qkv")), b(tiny_config("set", "qkv"));
  a.parameters().allocate();
  b.parameters().allocate();
  const nn::Parameter &x = *a.parameters().find("head.weight"), &y = *b.parameters().find("head.weight");
  a.parameters().initialise(1);
  b.parameters().initialise(1);
  CHECK(std::equal(x.value, x.value + 6, y.value));
  b.parameters().initialise(2);
  CHECK(!std::equal(x.value, x.value + 6, y.value));
}

TEST_CASE("a parameter is declared once and found by name", "[nn]") {
  nn::Parameters parameters;
  parameters.declare("a", {3}, nn::Init::zeros());
  const nn::Parameter& b = parameters.declare("b", {2, 5}, nn::Init::ones());
  check_error(Exit::kInternal, {"parameter a", "twice"}, [&] { parameters.declare("a", {3}, nn::Init::zeros()); });
  CHECK(parameters.find("b") == &b);
  CHECK(parameters.find("c") == nullptr);
  CHECK(parameters.total() == 13);
  CHECK(b.value == nullptr);  // counted without being held
  parameters.allocate();
  parameters.initialise(0);
  CHECK(b.value[9] == 1);
  CHECK(b.grad[9] == 0);
}

TEST_CASE("models refuse what does not fit", "[nn]") {
  auto config = tiny_config("encoder", "q_k_v");
  config.seq_len = 8;
  check_error(Exit::kUsage, {"seq_len 8", "7 learned positions"}, [&] { nn::Model m(config); });
  config = tiny_config("encodr", "q_k_v");
  check_error(Exit::kUsage, {"unknown family 'encodr'", "did you mean 'encoder'"}, [&] { nn::Model m(config); });
  check_error(Exit::kUsage, {"variant qk_v", "kv_heads 1 must be 3"},
              [&] { nn::Model m(tiny_config("encoder", "qk_v", 1)); });
  CHECK(nn::family_names() == std::vector<std::string>{"encoder", "vit", "set", "gpt"});

  nn::Model encoder(tiny_config("encoder", "q_k_v+")), set(tiny_config("set", "q_k_v"));
  fill_parameters(encoder, 1);
  fill_parameters(set, 1);
  Batch batch = tiny_batch(set.config());
  check_error(Exit::kInternal, {"encoder", "[3, 5, 4]", "[B, T]"}, [&] { logits_of(encoder, batch); });
  batch.input = {3, 10, 2};
  check_error(Exit::kInternal, {"set", "[3, 10, 2]", "[B, n, 4]"}, [&] { logits_of(set, batch); });
  batch = tiny_batch(encoder.config());
  batch.ids[7] = 10;
  check_error(Exit::kInput, {"id 10", "position 7", "0..9"}, [&] { logits_of(encoder, batch); });
}

TEST_CASE("an example's logits do not depend on the batch around it", "[nn]") {
  for (const std::string id : {"q_k_v", "qkv+"}) {
    nn::Model model(tiny_config("encoder", id));
    fill_parameters(model, 1);
    const Batch all = tiny_batch(model.config());
    Batch one = all;
    one.size = 1;
    one.input = {1, 5};
    one.ids.assign(all.ids.begin() + 5, all.ids.begin() + 10);
    const auto together = logits_of(model, all), alone = logits_of(model, one);
    CHECK(std::equal(alone.begin(), alone.end(), together.begin() + 50));
  }
}

TEST_CASE("dropout is drawn in training and not in evaluation", "[nn]") {
  auto config = tiny_config("encoder", "q_k_v");
  nn::Model plain(config);
  config.dropout = 0.5f;
  nn::Model dropped(config);
  fill_parameters(plain, 1);
  fill_parameters(dropped, 1);
  const Batch batch = tiny_batch(config);
  CHECK(logits_of(plain, batch) == logits_of(dropped, batch));
  const auto trained = [&](RandomContext random) {
    Tape tape;
    tape.reset(random);
    const Value y = dropped.forward(tape, batch);
    return std::vector<real>(y.data(), y.data() + y.shape().elements());
  };
  CHECK(trained({1, 1}) == trained({1, 1}));
  CHECK(trained({1, 1}) != trained({1, 2}));
  CHECK(trained({1, 1}) != trained({2, 1}));
  CHECK(trained({1, 1}) != logits_of(plain, batch));
}

}  // namespace qkvbench::testing
