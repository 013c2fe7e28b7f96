// Runs that are made of runs: what is written, found again, and trained on.
// The numbers are in surgery_test.
#include "qkvbench/run/convert.hpp"

#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/run/import.hpp"
#include "qkvbench/run/records.hpp"
#include "qkvbench/train/generate.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/small_runs.hpp"
#include "support/tiny_models.hpp"

using namespace qkvbench;
using test::TemporaryDirectory;
using testing::config_with;
using testing::Keys;
using testing::trained;
namespace fs = std::filesystem;

namespace {

fs::path story_model(const TemporaryDirectory& out, const Keys& keys = {}) {
  Keys all{{"task", "lm"},    {"corpus", "stories"}, {"d_model", "16"},   {"heads", "4"}, {"layers", "2"},
           {"seq_len", "16"}, {"steps", "8"},        {"batch_size", "8"}, {"lr", "0.003"}};
  all.insert(all.end(), keys.begin(), keys.end());
  return trained(config_with({}, all), out).directory;
}

run::ConvertReport converted(const fs::path& run, const std::string& to, std::vector<std::string> methods,
                             const TemporaryDirectory& out, index_t kv_heads = 0) {
  run::ConvertOptions options;
  options.to = to, options.methods = std::move(methods), options.kv_heads = kv_heads;
  options.out = out.path();
  return run::convert_run(run, options);
}

/// Logits of the model on the first validation windows.
std::vector<real> logits(const fs::path& run) {
  const run::LoadedModel loaded = run::load_run(run);
  return testing::logits_of(*loaded.model, run::first_examples(loaded, data::Split::kValidation, {3, ""})[0]);
}

}  // namespace

TEST_CASE("a converted run says what it was, is found again, and is taken by what takes runs", "[convert]") {
  const TemporaryDirectory out;
  const fs::path source = story_model(out);
  const run::ConvertReport first = converted(source, "q_kv", {"joint_svd"}, out);
  CHECK(first.result.status == run::Status::kConverted);
  CHECK(first.result.config.model.variant.id() == "q_kv");
  CHECK(first.result.dataset.name == "stories");
  REQUIRE((first.result.origin && first.result.origin->conversion));
  CHECK(first.result.origin->files[0].sha256 == formats::sha256_file(source / "model.safetensors"));
  CHECK(first.result.origin->conversion->methods == std::vector<std::string>{"joint_svd"});
  CHECK_FALSE(first.result.origin->conversion->exact);
  CHECK(converted(source, "q_kv", {"joint_svd"}, out).was_there);
  CHECK(converted(source, "q_kv", {"mean"}, out).directory != first.directory);
  // It has the words of the source, and decodes.
  const run::LoadedModel loaded = run::load_run(first.directory);
  CHECK(loaded.tokenizer.has_value());
  const auto data = data::find_task("lm").open(task_options(loaded))->split(data::Split::kValidation);
  const auto decoded = train::evaluate_decoding(*loaded.model, *data, 64);
  const auto whole = train::evaluate(*loaded.model, *data, 64);
  CHECK(std::abs(decoded.score.loss_nats - whole.loss_nats) <= 1e-4 * whole.loss_nats);
  // Tables leave it out and say why.
  const run::RecordSet set = run::read_records({out.path()});
  CHECK(set.records.size() == 1);
  REQUIRE(set.left_out.size() == 2);
  CHECK(set.left_out[0].reason == "the model was converted from another run's, not trained");
}

TEST_CASE("a method that reads examples of a model without data says where to name some", "[convert]") {
  const TemporaryDirectory out;
  run::ImportOptions options;
  options.out = out.path();
  const fs::path model =
      run::import_model(SOURCE_DIR "/tests/fixtures/interop/pt/llm_kqv_final_ddp_bf16.pt", options).directory;
  testing::check_error(Exit::kInput, {"--data"}, [&] { converted(model, "q_kv", {"keep_k_fit_activations"}, out); });
  CHECK(converted(model, "q_kv", {"joint_svd"}, out).result.status == run::Status::kConverted);
}

TEST_CASE("exact ways keep the logits through files, and come back to the same weights", "[convert]") {
  const TemporaryDirectory out;
  const fs::path source = story_model(out, {{"variant", "q_kv"}, {"kv_heads", "2"}});
  const run::ConvertReport apart = converted(source, "q_k_v", {}, out, 4);
  CHECK(apart.result.origin->conversion->exact);
  CHECK(testing::max_difference(logits(source), logits(apart.directory)) <= 1e-5);
  const run::ConvertReport back = converted(apart.directory, "q_kv", {"keep_k", "heads_first"}, out, 2);
  CHECK(formats::Safetensors::read(back.directory / "model.safetensors").floats("blocks.1.attn.c_kv.weight") ==
        formats::Safetensors::read(source / "model.safetensors").floats("blocks.1.attn.c_kv.weight"));
}

TEST_CASE("a converted model is trained on, with the model that it was as teacher", "[convert]") {
  const TemporaryDirectory out;
  const fs::path source = story_model(out);
  const fs::path start = converted(source, "q_kv", {"keep_k_fit_activations"}, out).directory;
  const run::Config config = config_with(
      run::config_of_model(start),
      {{"init_from", start.string()}, {"distill", source.string()}, {"distill_layers", "0.5"}, {"steps", "4"}});
  const run::RunReport report = trained(config, out);
  CHECK(report.result.status == run::Status::kCompleted);
  CHECK(report.result.config.model.variant.id() == "q_kv");
}

TEST_CASE("a query that comes to share its projection has key/value heads of its own again", "[convert]") {
  const TemporaryDirectory out;
  const fs::path source = story_model(out, {{"variant", "q_k_v"}, {"kv_heads", "2"}});
  CHECK(converted(source, "qk_v", {"keep_k"}, out).result.config.model.kv_heads == 4);
  testing::check_error(Exit::kUsage, {"q_k_v with 2", "--to"}, [&] { converted(source, "q_k_v", {}, out); });
}
