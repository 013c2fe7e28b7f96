// Models written in other programs' forms and read back give the same logits, whatever they share.
// The readers are those that are compared with the other programs' own files in import_test.cpp.
#include "qkvbench/run/export.hpp"

#include <cstring>
#include <map>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/little_endian.hpp"
#include "qkvbench/run/golden.hpp"
#include "qkvbench/run/import.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

/// A model whose every parameter is random, so that a lost bias or a swapped head shows.
run::LoadedModel model_of(const std::vector<std::pair<std::string, std::string>>& keys) {
  run::LoadedModel loaded;
  const std::vector<std::pair<std::string, std::string>> base{{"task", "lm"}, {"vocab", "50"}, {"d_model", "24"},
                                                              {"heads", "4"}, {"layers", "2"}, {"seq_len", "9"},
                                                              {"steps", "1"}};
  for (const auto* list : {&base, &keys})
    for (const auto& [key, value] : *list) set_option(loaded.config, run::find_option(key, "test"), value);
  resolve(loaded.config);
  loaded.model = std::make_unique<nn::Model>(loaded.config.model);
  loaded.model->parameters().allocate();
  std::uint32_t state = 1;
  for (real& x : loaded.model->parameters().values()) {
    state = state * 1664525U + 1013904223U;
    x = static_cast<real>(static_cast<double>(state >> 8) / (1 << 24) - 0.5);
  }
  return loaded;
}

std::vector<float> logits_of(const nn::Model& model) {
  Batch batch;
  batch.size = 2;
  batch.input = {2, 9};
  for (int i = 0; i < 18; ++i) batch.ids.push_back(i * 7 % 50);
  Tape tape(false);
  const Value out = model.forward(tape, batch);
  return {out.data(), out.data() + out.shape().elements()};
}

/// The largest difference of logits, as a share of the largest, after a way there and back.
double error_of(const run::LoadedModel& model, const std::string& form) {
  const TemporaryDirectory dir;
  const run::Exported done = run::export_model(model, form, fs::path(dir.path()) / "out");
  run::ImportOptions options;
  options.out = fs::path(dir.path()) / "back";
  const run::ImportReport report =
      run::import_model(form == "huggingface" ? fs::path(dir.path()) / "out" : done.files.at(0), options);
  const run::LoadedModel back = run::load_run(report.directory);
  const std::vector<float> before = logits_of(*model.model), after = logits_of(*back.model);
  return run::golden::largest_difference(after.data(), before, static_cast<index_t>(after.size())) /
         run::golden::largest(before);
}

using Keys = std::vector<std::pair<std::string, std::string>>;

/// A GGUF file as docs/gguf.md of ggml describes it, read without the writer's code but for its numbers.
struct Gguf {
  std::map<std::string, std::string> keys;  ///< of numbers their bytes
  struct Tensor {
    std::vector<std::uint64_t> sizes;
    std::uint64_t type, offset;
  };
  std::map<std::string, Tensor> tensors;
  std::string numbers;

  explicit Gguf(const fs::path& path) : bytes_(read_file(path)) {
    CHECK(take(4) == "GGUF");
    CHECK(number(4) == 3);
    const std::uint64_t tensor_count = number(8), key_count = number(8);
    for (std::uint64_t i = 0; i < key_count; ++i) {
      const std::string name = text();
      keys[name] = number(4) == 8 ? text() : take(4);
    }
    for (std::uint64_t i = 0; i < tensor_count; ++i) {
      Tensor& tensor = tensors[text()];
      tensor.sizes.resize(number(4));
      for (std::uint64_t& size : tensor.sizes) size = number(8);
      tensor.type = number(4);
      tensor.offset = number(8);
    }
    numbers = bytes_.substr((at_ + 31) / 32 * 32);
  }
  std::uint64_t key(const std::string& name) const { return formats::little_endian(keys.at(name)); }
  float at(const std::string& name, std::size_t i) const {
    float x = 0;
    std::memcpy(&x, numbers.data() + tensors.at(name).offset + 4 * i, 4);
    return x;
  }

 private:
  std::string take(std::size_t n) {
    at_ += n;
    return bytes_.substr(at_ - n, n);
  }
  std::uint64_t number(std::size_t n) { return formats::little_endian(take(n)); }
  std::string text() { return take(number(8)); }

  std::string bytes_;
  std::size_t at_ = 0;
};

}  // namespace

TEST_CASE("a GGUF file has the keys, names, sizes and numbers that llama.cpp's gpt2 asks for", "[export]") {
  const TemporaryDirectory dir;
  const run::LoadedModel model = model_of({{"kv_heads", "2"}, {"max_len", "12"}});
  const run::Exported done = run::export_model(model, "gguf", dir.path("x"));
  CHECK(done.lost.size() == 2);  // shared heads, and GELU by erf
  const Gguf file(done.files.at(0));
  CHECK(file.keys.at("general.architecture") == "gpt2");
  CHECK(file.keys.at("tokenizer.ggml.model") == "none");
  for (const auto& [key, value] : std::map<std::string, std::uint64_t>{{"vocab_size", 50},
                                                                       {"context_length", 12},
                                                                       {"embedding_length", 24},
                                                                       {"feed_forward_length", 96},
                                                                       {"block_count", 2},
                                                                       {"attention.head_count", 4}})
    CHECK(file.key("gpt2." + key) == value);
  float epsilon = 0;
  std::memcpy(&epsilon, file.keys.at("gpt2.attention.layer_norm_epsilon").data(), 4);
  CHECK(epsilon == 1e-5F);

  // Each tensor's name, sizes with the contiguous one first, and ours of the same numbers.
  const std::map<std::string, std::pair<std::vector<std::uint64_t>, std::string>> wanted{
      {"token_embd.weight", {{24, 50}, "tok_emb.weight"}},
      {"position_embd.weight", {{24, 12}, "pos_emb.weight"}},
      {"output_norm.weight", {{24}, "ln_f.weight"}},
      {"output_norm.bias", {{24}, "ln_f.bias"}},
      {"blk.1.attn_norm.weight", {{24}, "blocks.1.ln1.weight"}},
      {"blk.1.attn_qkv.weight", {{24, 72}, "blocks.1.attn.c_q.weight"}},  // q stands first
      {"blk.1.attn_qkv.bias", {{72}, "blocks.1.attn.c_q.bias"}},
      {"blk.1.attn_output.weight", {{24, 24}, "blocks.1.attn.c_proj.weight"}},
      {"blk.1.attn_output.bias", {{24}, "blocks.1.attn.c_proj.bias"}},
      {"blk.1.ffn_norm.bias", {{24}, "blocks.1.ln2.bias"}},
      {"blk.1.ffn_up.weight", {{24, 96}, "blocks.1.mlp.fc_in.weight"}},
      {"blk.1.ffn_down.weight", {{96, 24}, "blocks.1.mlp.fc_out.weight"}}};
  CHECK(file.tensors.size() == 4 + 2 * 12);
  for (const auto& [name, sizes_and_ours] : wanted) {
    INFO(name);
    REQUIRE(file.tensors.contains(name));
    CHECK(file.tensors.at(name).sizes == sizes_and_ours.first);
    CHECK(file.tensors.at(name).type == 0);
    CHECK(file.tensors.at(name).offset % 32 == 0);
    const nn::Parameter& ours = *model.model->parameters().find(sizes_and_ours.second);
    for (const index_t i : {index_t{0}, index_t{7}, ours.shape.elements() - 1})
      CHECK(file.at(name, static_cast<std::size_t>(i)) == ours.value[i]);
  }
}

TEST_CASE("every partition and number of key/value heads comes back from each form", "[export]") {
  for (const char* form : {"huggingface", "llm.c", "nanogpt"})
    for (const Keys& keys :
         {Keys{{"variant", "q_k_v"}}, Keys{{"variant", "qk_v"}}, Keys{{"variant", "q_kv"}}, Keys{{"variant", "qv_k"}},
          Keys{{"variant", "qkv"}}, Keys{{"kv_heads", "2"}}, Keys{{"variant", "q_kv"}, {"kv_heads", "1"}}}) {
      Keys all = keys;
      if (form == std::string("llm.c")) all.emplace_back("mlp", "gelu_tanh");
      const double error = error_of(model_of(all), form);
      INFO(form << " " << keys[0].second << " " << error);
      CHECK(error <= 1e-5);
    }
}

TEST_CASE("PyTorch reads what is written to the same logits", "[export][release]") {
  const auto python = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "python3");
    arguments.insert(arguments.begin(),
                     "PATH=/usr/bin:/usr/local/bin");  // the system's, which has the system's PyTorch
    return test::run_binary("/usr/bin/env", arguments);
  };
  if (python({"-c", "import torch"}).status != 0) {
    WARN("not tested: this machine's python3 has no torch");
    return;
  }
  for (const char* form : {"huggingface", "llm.c", "nanogpt"})
    for (const Keys& keys :
         {Keys{{"variant", "q_k_v"}, {"kv_heads", "2"}}, Keys{{"variant", "q_kv"}, {"kv_heads", "1"}},
          Keys{{"variant", "qk_v"}}, Keys{{"variant", "qkv"}}, Keys{{"variant", "qv_k"}}}) {
      Keys all = keys;
      if (form == std::string("llm.c")) all.emplace_back("mlp", "gelu_tanh");
      const run::LoadedModel model = model_of(all);
      const TemporaryDirectory dir;
      const fs::path folder = fs::path(dir.path()) / "out", logits = fs::path(dir.path()) / "logits";
      const run::Exported done = run::export_model(model, form, folder);
      std::vector<std::string> arguments{SOURCE_DIR "/tests/support/gpt2_reader.py", form,
                                         form == std::string("huggingface") ? folder.string() : done.files[0].string(),
                                         logits.string(), "9"};
      for (int i = 0; i < 18; ++i) arguments.push_back(std::to_string(i * 7 % 50));
      const test::Outcome outcome = python(arguments);
      INFO(form << " " << keys[0].second << "\n" << outcome.err);
      REQUIRE(outcome.status == 0);
      const std::vector<float> ours = logits_of(*model.model);
      const std::string bytes = read_file(logits);
      REQUIRE(bytes.size() == ours.size() * sizeof(float));
      std::vector<float> theirs(ours.size());
      std::memcpy(theirs.data(), bytes.data(), bytes.size());
      CHECK(run::golden::largest_difference(ours.data(), theirs, static_cast<index_t>(ours.size())) <=
            1e-5 * run::golden::largest(theirs));
    }
}

TEST_CASE("options of the block that a form has come back, and the others are refused by name", "[export]") {
  for (const Keys& keys : {Keys{{"bias", "false"}}, Keys{{"norm_eps", "1e-3"}}, Keys{{"d_ff", "40"}},
                           Keys{{"tied_head", "false"}}, Keys{{"mlp", "gelu_tanh"}}, Keys{{"max_len", "12"}}})
    CHECK(error_of(model_of(keys), "huggingface") <= 1e-5);
  CHECK(error_of(model_of({{"bias", "false"}}), "nanogpt") <= 1e-5);
  const TemporaryDirectory dir;
  const auto refused = [&](const Keys& keys, const std::string& form, const std::string& part) {
    testing::check_error(Exit::kUsage, {part}, [&] { run::export_model(model_of(keys), form, dir.path("x")); });
    CHECK_FALSE(fs::exists(dir.path("x")));
  };
  refused({{"norm", "rmsnorm"}}, "huggingface", "norm rmsnorm");
  refused({{"positions", "rope"}}, "huggingface", "positions rope");
  refused({{"mlp", "swiglu"}}, "huggingface", "mlp swiglu");
  refused({{"variant", "qk_v+"}}, "huggingface", "variant qk_v+");
  refused({{"variant", "qvv3"}}, "huggingface", "variant qvv3");
  refused({{"tied_head", "false"}}, "llm.c", "tied_head");
  refused({{"norm_eps", "1e-3"}}, "nanogpt", "norm_eps");
  refused({{"d_ff", "40"}}, "llm.c", "4 d_model");
}

TEST_CASE("a loss that nanoGPT has not measured yet is no claim of the file", "[export]") {
  const TemporaryDirectory dir;
  run::export_model(model_of({}), "nanogpt", dir.path("x"));
  std::vector<fs::path> files;
  const run::ForeignModel back = run::read_foreign(fs::path(dir.path("x")) / "ckpt.pt", 0, files);
  CHECK(back.format == "nanogpt");
  CHECK(back.claims.empty());
}

TEST_CASE("what a form does not keep is said, and no file is replaced unasked", "[export]") {
  const TemporaryDirectory dir;
  const run::LoadedModel model = model_of({{"variant", "q_kv"}});
  const run::Exported done = run::export_model(model, "llm.c", dir.path("x"));
  CHECK(testing::has(done.lost.at(0), "sharing"));
  CHECK(testing::has(done.lost.at(1), "tanh"));
  testing::check_error(Exit::kUsage, {"model.bin", "--overwrite"},
                       [&] { run::export_model(model, "llm.c", dir.path("x")); });
  CHECK_NOTHROW(run::export_model(model, "llm.c", dir.path("x"), true));
}

TEST_CASE("a model's tokenizer comes with its folder, or is named, and must fit its vocabulary", "[import]") {
  const TemporaryDirectory dir;
  const fs::path folder = fs::path(dir.path()) / "model", merges = folder / "merges.txt";
  run::export_model(model_of({{"vocab", "260"}}), "huggingface", folder);
  run::ImportOptions options;
  options.out = fs::path(dir.path()) / "runs";
  const auto imported = [&] { return run::import_model(folder, options); };
  const auto kind = [](const run::ImportReport& report) { return run::load_run(report.directory).tokenizer->kind(); };
  using Kind = data::Tokenizer::Kind;
  const run::ImportReport bare = imported();
  CHECK(kind(bare) == Kind::kIds);

  write_file_atomic(merges, "#version: 0.2\nt h\nth e\n");
  const run::ImportReport with = imported();
  CHECK(with.directory != bare.directory);  // another vocabulary is another run
  CHECK(kind(with) == Kind::kBytePairs);
  CHECK(run::load_run(with.directory).tokenizer->encode("the") == std::vector<std::int32_t>{257});
  CHECK(with.result.origin.value().files.size() == 3);

  write_file_atomic(merges, "#version: 0.2\nt h\nth e\nthe n\nthen c\nthenc e\n");
  const run::ImportReport large = imported();
  CHECK(kind(large) == Kind::kIds);
  REQUIRE(large.notes.size() == 1);
  CHECK(testing::has(large.notes[0], "it has 262 tokens, the model 260"));
  options.tokenizer = merges.string();
  testing::check_error(Exit::kInput, {"merges.txt", "262 tokens", "260"}, imported);
  options.tokenizer = (folder / "nowhere.txt").string();
  testing::check_error(Exit::kInput, {"nowhere.txt"}, imported);
}
