// Other programs' models against the logits of their own code, and files that must be refused.
// The fixtures' folder is walked, so that another one of the same form (QKVBENCH_INTEROP) is tested by the same code.
#include "qkvbench/run/import.hpp"

#include <cstdlib>
#include <random>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/golden.hpp"
#include "qkvbench/run/run.hpp"
#include "qkvbench/run/run_files.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

using namespace qkvbench;
using test::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

const fs::path kOwn = SOURCE_DIR "/tests/fixtures/interop";

std::vector<fs::path> roots() {
  std::vector<fs::path> out{kOwn};
  if (const char* more = std::getenv("QKVBENCH_INTEROP")) out.emplace_back(more);
  return out;
}

std::vector<fs::path> entries(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

Batch inputs(const formats::Safetensors& file) {
  Batch batch;
  const std::string name = file.tensors().contains("in.ids") ? "in.ids" : "in.images";
  batch.input = run::golden::shape_of(file.tensor(name));
  batch.size = batch.input[0];
  if (name == "in.ids")
    batch.ids = run::golden::ids_of(file, name);
  else
    batch.features = file.floats(name);
  return batch;
}

/// The largest difference of the logits, as a share of the largest logit.
double error_of(const fs::path& model, const fs::path& expected, index_t heads = 0) {
  const TemporaryDirectory out;
  run::ImportOptions options;
  options.out = out.path();
  options.heads = heads;
  const run::ImportReport report = run::import_model(model, options);
  const run::LoadedModel loaded = run::load_run(report.directory);
  const auto file = formats::Safetensors::read(expected);
  const Batch batch = inputs(file);
  Tape tape(false);
  const Value logits = loaded.model->forward(tape, batch);
  const std::vector<float> golden = file.floats("out.logits");
  return run::golden::largest_difference(logits.data(), golden, logits.shape().elements()) /
         run::golden::largest(golden);
}

void check_logits(const fs::path& model, const fs::path& expected, index_t heads = 0) {
  INFO(model.string());
  double error = INFINITY;
  REQUIRE_NOTHROW(error = error_of(model, expected, heads));
  INFO("error " << error);
  CHECK(error <= 1e-5);
  if (std::getenv("QKVBENCH_INTEROP") != nullptr) std::printf("%-60s %.2e\n", model.filename().string().c_str(), error);
}

/// What is wrong with the answer to a file that must be refused; nothing is written either way.
void check_refused(const fs::path& model, bool may_be_read) {
  INFO(model.string());
  const TemporaryDirectory out;
  run::ImportOptions options;
  options.out = fs::path(out.path()) / "results";
  const double begin_s = seconds_now();
  try {
    run::import_model(model, options);
    CHECK(may_be_read);
  } catch (const Error& error) {
    const std::string message = error.what();
    INFO(message);
    CHECK(static_cast<int>(error.status()) == static_cast<int>(Exit::kInput));
    CHECK(message.find(model.filename().string()) != std::string::npos);
    CHECK_FALSE(fs::exists(options.out));
    if (std::getenv("QKVBENCH_INTEROP") != nullptr)
      std::printf("%-60s %.2f s  %s\n", model.filename().string().c_str(), seconds_now() - begin_s, message.c_str());
  }
  CHECK(seconds_now() - begin_s < 20);  // a guard against hanging, no measurement
}

}  // namespace

TEST_CASE("PyTorch checkpoints of the authors give the logits of their code", "[import]") {
  for (const fs::path& root : roots())
    for (const char* folder : {"pt", "pt/forms", "pt/hostile"})
      for (const fs::path& path : entries(root / folder)) {
        const fs::path expected = path.parent_path() / (path.stem().string() + ".expect.safetensors");
        const bool compressed = path.stem() == "rezipped_deflated";  // is refused
        if (path.extension() == ".pt" && fs::exists(expected) && !compressed)
          check_logits(path, expected, path.stem() == "bare_state_dict" ? 4 : 0);
      }
}

TEST_CASE("folders of Hugging Face, nanoGPT and files of llm.c give the logits of their code", "[import]") {
  for (const fs::path& root : roots()) {
    for (const fs::path& path : entries(root / "hf")) {
      if (!fs::exists(path / "expect.safetensors")) continue;
      check_logits(fs::exists(path / "ckpt.pt") ? path / "ckpt.pt" : path, path / "expect.safetensors");
    }
    for (const fs::path& path : entries(root / "llmc"))
      if (const fs::path expected = path.parent_path() / (path.stem().string() + ".expect.safetensors");
          path.extension() == ".bin" && fs::exists(expected))
        check_logits(path, expected);
  }
}

TEST_CASE("hostile and unknown models are refused with one line", "[import]") {
  for (const fs::path& root : roots()) {
    const auto table = formats::parse_json(read_file(root / "pt/forms_and_hostile.json"), "table");
    for (const auto& row : table) {
      const std::string file = row.at("file"), expect = row.at("expect");
      const fs::path path = root / "pt" / (row.at("kind") == "form" ? "forms" : "hostile") / file;
      const fs::path logits = path.parent_path() / (path.stem().string() + ".expect.safetensors");
      if (fs::exists(logits) && path.stem() != "rezipped_deflated") continue;
      const bool may = expect.find("read") != std::string::npos || expect.find("accepted") != std::string::npos ||
                       expect.find("results that are null") != std::string::npos ||
                       expect.find("ignored") != std::string::npos || expect.find("swap") != std::string::npos;
      check_refused(path, may);
    }
    for (const fs::path& path : entries(root / "hf"))
      if (path.filename().string().starts_with("refuse_")) check_refused(path, false);
    for (const fs::path& path : entries(root / "llmc"))
      if (path.filename().string().starts_with("refuse_")) check_refused(path, false);
  }
}

TEST_CASE("an import says where it is from and what it does not know", "[import]") {
  const TemporaryDirectory out;
  run::ImportOptions options;
  options.out = out.path();
  const fs::path model = kOwn / "pt/llm_gqa_final_ddp_fp32.pt";
  const run::ImportReport report = run::import_model(model, options);
  CHECK(report.result.status == run::Status::kImported);
  CHECK(report.result.origin.value().format == "authors-llm");
  CHECK(report.result.origin.value().files[0].path == "llm_gqa_final_ddp_fp32.pt");
  CHECK(report.result.dataset.name == "unknown");
  CHECK_FALSE(report.result.metrics.value("train_loss"));
  CHECK(report.result.config.model.kv_heads == 2);
  CHECK(report.result.config.task.corpus == "");
  CHECK(run::finished_result(run::RunFiles(report.directory)));  // its manifest holds
  CHECK(run::import_model(model, options).was_there);
  options.overwrite = true;
  CHECK_FALSE(run::import_model(model, options).was_there);
}

TEST_CASE("weights without a configuration need the number of heads", "[import]") {
  const TemporaryDirectory out;
  run::ImportOptions options;
  options.out = out.path();
  testing::check_error(Exit::kInput, {"heads", "add --heads"},
                       [&] { run::import_model(kOwn / "pt/forms/bare_state_dict.pt", options); });
}

TEST_CASE("a model that is cut short or changed is never read past its end", "[import]") {
  const std::string whole = read_file(kOwn / "pt/hostile/good_base.pt");
  const auto imported = [](const std::string& bytes) {
    try {
      const auto owner = std::make_shared<const std::string>(bytes);  // its own memory, so that sanitizers see its end
      const run::ForeignModel model = run::torch_model(formats::TorchFile::parse(*owner, "x.pt", owner), 0);
      std::vector<float> memory;
      for (const auto& [name, parameter] : model.parameters) formats::floats_of(parameter.tensor, name, memory);
      return true;
    } catch (const Error& error) {
      CHECK(static_cast<int>(error.status()) == static_cast<int>(Exit::kInput));
      return false;
    }
  };
  CHECK(imported(whole));
  for (std::size_t n = 0; n < whole.size(); n += n < 64 || n + 300 > whole.size() ? 1 : 97) {
    INFO("cut to " << n);
    CHECK_FALSE(imported(whole.substr(0, n)));
  }
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string changed = whole;
    for (int i = 0; i <= round % 3; ++i) changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
    INFO("round " << round);
    imported(changed);  // it may be read: padding and times of day say nothing
  }
}
