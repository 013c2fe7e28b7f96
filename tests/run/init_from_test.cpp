// Training on from weights that are there, and keeping some of them.
// Models of other programs are in import_test.cpp.
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/run/import.hpp"
#include "qkvbench/run/run.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/small_runs.hpp"

using namespace qkvbench;
using test::TemporaryDirectory;
using testing::config_with;
using testing::trained;
namespace fs = std::filesystem;

namespace {

run::Config small() {
  run::Config config;
  for (const auto& [key, value] : {std::pair{"task", "copy"}, std::pair{"d_model", "8"}, std::pair{"heads", "2"},
                                   std::pair{"layers", "1"}, std::pair{"seq_len", "6"}, std::pair{"n_train", "32"},
                                   std::pair{"n_test", "8"}, std::pair{"batch_size", "8"}, std::pair{"epochs", "1"}})
    set_option(config, run::find_option(key, "test"), value);
  return config;
}

std::vector<real> values(const fs::path& run_directory, const std::string& name) {
  const auto file = formats::Safetensors::read(run_directory / "model.safetensors");
  return file.floats(name);
}

}  // namespace

TEST_CASE("a run that begins with another's weights has its own name and remembers them", "[init]") {
  const TemporaryDirectory out;
  const run::RunReport first = trained(config_with(small(), {}), out);
  // With a learning rate of zero the weights are those that it began with.
  const run::Config next =
      config_with(run::config_of_model(first.directory), {{"init_from", first.directory.string()}, {"lr", "0"}});
  const run::RunReport second = trained(next, out);
  CHECK(second.directory != first.directory);
  CHECK(second.result.config.init_from.sha256 == formats::sha256_file(first.directory / "model.safetensors"));
  for (const char* name : {"blocks.0.attn.c_q.weight", "head.bias", "pos_emb.weight"})
    CHECK(values(second.directory, name) == values(first.directory, name));
  // The same key without the file: the finished run is found, another one cannot begin.
  CHECK(trained(config_with(run::stored_config(config_json(second.result.config), "test"), {}), out).was_finished);
  const run::Config other =
      config_with(run::stored_config(config_json(second.result.config), "test"), {{"lr", "0.01"}});
  testing::check_error(Exit::kUsage, {"--init-from"}, [&] { trained(other, out); });
}

TEST_CASE("weights of other sizes or names are no beginning", "[init]") {
  const TemporaryDirectory out;
  const fs::path first = trained(config_with(small(), {}), out).directory;
  const auto refuses = [&](const char* key, const char* value, const std::string& part) {
    const run::Config config = config_with(small(), {{"init_from", first.string()}, {key, value}});
    testing::check_error(Exit::kInput, {part}, [&] { trained(config, out); });
  };
  refuses("d_model", "16", "embed.weight");
  refuses("variant", "q_kv", "c_k.");
  testing::check_error(Exit::kInput, {"nowhere"}, [] { config_with(small(), {{"init_from", "nowhere"}}); });
}

TEST_CASE("frozen parameters keep every bit, with weight decay too, and the others move", "[init]") {
  const TemporaryDirectory out;
  const fs::path first = trained(config_with(small(), {}), out).directory;
  for (const char* optimizer : {"adam", "adamw"}) {
    const run::Config config = config_with(small(), {{"init_from", first.string()},
                                                     {"freeze", "embed.,blocks.0.attn"},
                                                     {"optimizer", optimizer},
                                                     {"weight_decay", "0.1"}});
    const fs::path next = trained(config, out).directory;
    for (const char* name : {"embed.weight", "embed.bias", "blocks.0.attn.c_q.weight", "blocks.0.attn.c_proj.bias"})
      CHECK(values(next, name) == values(first, name));
    for (const char* name : {"pos_emb.weight", "blocks.0.mlp.fc_in.weight", "head.weight", "ln_f.bias"})
      CHECK(values(next, name) != values(first, name));
  }
  // One set of parameters is one run, however it was named.
  const auto frozen = [](const char* prefixes) { return config_with(small(), {{"freeze", prefixes}}).train.freeze; };
  CHECK(frozen("head,embed.") == frozen("embed.,head,embed.bias,head"));
  testing::check_error(Exit::kUsage, {"freeze", "emb.", "did you mean"}, [] {
    config_with(small(), {{"freeze", "emb."}});
  });
  testing::check_error(Exit::kUsage, {"nothing is left"}, [] {
    config_with(small(), {{"freeze", "embed,pos_emb,blocks,ln_f,head"}});
  });
}

TEST_CASE("a run learns from a teacher, remembers it, and goes nowhere when it is its own", "[init]") {
  const TemporaryDirectory out;
  const fs::path first = trained(config_with(small(), {}), out).directory;
  const run::Config same = config_with(
      run::config_of_model(first),
      {{"init_from", first.string()}, {"distill", first.string()}, {"distill_weight", "1"}, {"epochs", "2"}});
  const run::RunReport report = trained(same, out);
  CHECK(report.result.config.distill.sha256 == formats::sha256_file(first / "model.safetensors"));
  for (const char* name : {"blocks.0.attn.c_q.weight", "head.bias"})
    CHECK(values(report.directory, name) == values(first, name));  // no divergence, no gradient
  // Without weight the teacher says nothing.
  const auto weights = [&](std::vector<std::pair<std::string, std::string>> keys) {
    keys.emplace_back("init_from", first.string());
    return values(trained(config_with(run::config_of_model(first), keys), out).directory, "head.weight");
  };
  const auto alone = weights({}), unheard = weights({{"distill", first.string()}, {"distill_weight", "0"}}),
             heard = weights({{"distill", first.string()}, {"distill_layers", "1"}});
  CHECK(unheard == alone);
  CHECK(heard != alone);
}

TEST_CASE("a teacher that cannot be found or does not fit is told before anything is trained", "[init]") {
  const TemporaryDirectory out;
  const fs::path first = trained(config_with(small(), {}), out).directory;
  run::Config config = config_with(small(), {{"distill", first.string()}, {"lr", "0.01"}});
  config.distill.file.clear();
  testing::check_error(Exit::kUsage, {"--distill"}, [&] { trained(config, out); });
  testing::check_error(Exit::kUsage, {"--distill-weight", "name it with --distill"}, [] {
    config_with(small(), {{"distill_weight", "0.1"}});
  });
  testing::check_error(Exit::kUsage, {"number of positions"}, [&] {
    trained(config_with(small(), {{"distill", first.string()}, {"seq_len", "8"}}), out);
  });
  CHECK(std::distance(fs::directory_iterator(out.path()), {}) == 1);
}

TEST_CASE("names of runs that begin with random weights are as before", "[init]") {
  run::Config config = config_with(small(), {});
  CHECK_FALSE(config_json(config).contains("init_from"));
  CHECK_FALSE(config_json(config).contains("freeze"));
  CHECK_FALSE(config_json(config).contains("tied_head"));
}

TEST_CASE("an imported language model is trained on with its own vocabulary", "[init]") {
  const TemporaryDirectory out;
  run::ImportOptions options;
  options.out = out.path();
  const fs::path model =
      run::import_model(SOURCE_DIR "/tests/fixtures/interop/pt/llm_qk_final_ddp_fp32.pt", options).directory;
  std::string tokens;
  for (int i = 0; i < 400; ++i) tokens += std::string(1, static_cast<char>(i * 7 % 96)) + '\0';
  const TemporaryDirectory data;
  data.write("train.bin", tokens);
  data.write("val.bin", tokens);
  const run::Config config = config_with(run::config_of_model(model), {{"init_from", model.string()},
                                                                       {"corpus", data.path().string()},
                                                                       {"seq_len", "8"},
                                                                       {"batch_size", "4"},
                                                                       {"steps", "3"}});
  const run::RunReport report = trained(config, out);
  CHECK(report.result.status == run::Status::kCompleted);
  CHECK(values(report.directory, "tok_emb.weight") != values(model, "tok_emb.weight"));
  // Text in characters of its own would mean other ids.
  data.write("t.txt", "some text");
  const run::Config text = config_with(run::config_of_model(model),
                                       {{"init_from", model.string()}, {"corpus", data.path("t.txt")}, {"steps", "3"}});
  testing::check_error(Exit::kInput, {"token ids"}, [&] { trained(text, out); });
}
