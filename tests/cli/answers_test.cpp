// What every command writes with --json, against the schema of its kind, by a validator that no one here wrote.
// result.json is in schema_test, errors and where they go in json_test.

#include "data/image_fixtures.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/study/grid.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/process.hpp"
#include "support/python.hpp"
#include "support/results.hpp"

using nlohmann::json;
using qkvbench::write_file_atomic;
using qkvbench::test::only_entry;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

namespace {

using Arguments = std::vector<std::string>;

/// A directory of answers.
class Answers {
 public:
  Answers() {
    std::filesystem::create_directories(dir / "answers");
    std::filesystem::create_directories(dir / "schemas");
  }
  void take(Arguments arguments, int status = 0) {
    std::string line;
    for (const std::string& argument : arguments) line += argument + " ";
    arguments.insert(arguments.end(), {"-q", "--json", dir / ("answers/" + std::to_string(count_++) + ".json")});
    const auto r = run_qkvbench(arguments);
    INFO(line << r.err);
    CHECK(r.status == status);
  }
  /// Of a small model, on few examples.
  void train(Arguments more, const std::string& out, int status = 0) {
    Arguments all{"train", "--d-model", "8", "--layers", "1", "--heads", "2", "--batch-size", "16", "--out", dir / out};
    all.insert(all.end(), more.begin(), more.end());
    take(all, status);
  }
  const TemporaryDirectory dir;

 private:
  int count_ = 0;
};

void train_models(Answers& answers) {
  const auto few = [](Arguments more) {
    more.insert(more.end(), {"--n-train", "32", "--n-test", "8", "--epochs", "1"});
    return more;
  };
  answers.train(few({"--task", "copy"}), "one");
  answers.train(few({"--task", "copy", "--variant", "q_kv,qkv+"}), "two");
  answers.train(few({"--task", "copy"}), "one");  // found
  answers.train({"--task", "copy", "--n-train", "3200", "--max-time", "0.001s"}, "stopped", 75);
  answers.train(few({"--task", "glyphs", "--n-val", "8"}), "images");
  answers.train({"--task", "lm", "--seq-len", "8", "--steps", "2"}, "lm");
  answers.train({"--task", "lm", "--seq-len", "72", "--pad-documents", "true", "--steps", "2", "--d-model", "8"},
                "padded");
  answers.train({"--task", "copy", "--lr", "-1"}, "none", 2);
}

void use_models(Answers& answers) {
  const TemporaryDirectory& dir = answers.dir;
  const std::string copy = only_entry(dir / "one"), images = only_entry(dir / "images"), lm = only_entry(dir / "lm");
  for (const std::string& model : {copy, images, lm, only_entry(dir / "padded").string()})
    answers.take({"eval", model});
  answers.take({"eval", lm, "--cached"});
  answers.take({"predict", copy, "123"});
  answers.take({"predict", copy, "123", "--logits"});
  const qkvbench::data::Image grey{1, 28, 28, std::vector<std::uint8_t>(28 * 28, 40)};
  write_file_atomic(dir / "one.png", qkvbench::test::png(grey));
  answers.take({"predict", images, dir / "one.png"});
  answers.take({"generate", lm, "--length", "5", "--prompt", "the"});
  const std::string choices = SOURCE_DIR "/tests/fixtures/mc";
  answers.take({"downstream", choices + "/model.safetensors", "--tasks", "piqa,lambada", "--data", choices});
  answers.take({"attention", copy});
  answers.take({"attention", lm});
  answers.take({"analyze", copy, "--against", only_entry(dir / "one"), "--report", dir / "analysis.html"});
  answers.take({"analyze", lm, "--by-head", "--examples", "2"});
  answers.take({"import", SOURCE_DIR "/tests/fixtures/interop/llmc/gpt2_tiny.bin", "--out", dir / "imported"});
  answers.take({"convert", lm, "--to", "q_kv", "--method", "joint_svd", "--out", dir / "converted"});
  answers.take({"eval", lm, "--swap"});
  answers.take({"eval", copy, "--blend", "0,0.5", "--each-layer"});
  for (const std::string form : {"nanogpt", "gguf"})
    answers.take({"export", only_entry(dir / "imported"), "--to", form, "--out", dir / form});
  answers.take({"features", images, "--out", dir / "features"});
  answers.take({"compare", copy, copy});
  answers.take({"compare", copy, lm, "--rel", "0.1"}, 7);
  answers.take({"compare", dir / "one", dir / "two"}, 3);
  answers.take({"list", "runs", dir / "one"});
  answers.take({"completion", "fish"});
  answers.take({"report", dir / "one", dir / "two", dir / "lm", dir / "stopped", "--allow-missing"});
}

void count_and_time(Answers& answers) {
  answers.take({"inspect"});
  answers.take({"train", "--dry-run", "--replicas", "4", "--variant", "q_k_v,q_kv", "--seed", "0-1"});
  answers.take({"inspect", "--preset", "300m", "--table"});
  answers.take({"inspect", "--preset", "char", "--variant", "q_k_v,q_kv", "--match", "params,cache=512"});
  answers.take({"inspect", "--variant", "q_kv", "--parameters", "--lengths", "8,16"});
  for (const char* what : {"train", "eval"})
    answers.take({"bench", what, "--case", "encoder-d32-l2-t16", "--seconds", "0.01", "--scaling"});
  answers.take({"bench", "train", "--case", "encoder-d32-l2-t16", "--seconds", "0.01", "--bf16"});
  answers.take({"bench", "decode", "--preset", "char", "--contexts", "8", "--seconds", "0.001"});
  answers.take({"bench", "data", "--task", "copy", "--seconds", "0"});
  answers.take({"verify", "--golden", SOURCE_DIR "/tests/golden"});
  answers.take({"verify", "--golden", SOURCE_DIR "/tests/golden/loop"});
  answers.take({"reproduce", "accounting"});
}

void sweep(Answers& answers) {
  const TemporaryDirectory& dir = answers.dir;
  write_file_atomic(
      dir / "grid.json",
      R"({"grid": {"task": "copy", "d_model": 8, "heads": 2, "layers": 1, "n_train": 32, "n_test": 8, "epochs": 1}})");
  answers.take({"sweep", dir / "grid.json", "--status", "--out", dir / "sweep"});
  answers.take({"sweep", dir / "grid.json", "--out", dir / "sweep"});
  answers.take({"sweep", dir / "grid.json", "--slurm", "2"});
  answers.take({"study", SOURCE_DIR "/results/record", "--out", dir / "study"});
  answers.take({"record", dir / "grid.json", "--from", dir / "sweep", "--out", dir / "record"});
  // A plan by hand, so that nothing is measured; out of time, so that nothing is trained.
  for (const char* out : {"table", "recall"}) std::filesystem::create_directories(dir / out);
  write_file_atomic(dir / "table/plan-table1-60s.json",
                    R"({"recipe": "table1", "budget": "60s", "level": "table1-least", "tasks": ["copy"],
                        "unavailable": [], "expected_s": 5})");
  answers.take({"reproduce", "table1", "--budget", "1m", "--out", dir / "table", "--max-time", "0.001s"}, 75);
  // Results by hand: every run is solved, which the claim that Q = K does not recall contradicts.
  write_file_atomic(dir / "recall/plan-recall-60s.json",
                    R"({"recipe": "recall", "budget": "60s", "level": "recall-least", "tasks": ["recall"],
                        "unavailable": [], "expected_s": 5})");
  for (const auto& config : qkvbench::study::expand(qkvbench::study::find_grid("recall-least")))
    qkvbench::testing::write_generated_result(dir / "recall", config, 1);
  answers.take({"reproduce", "recall", "--budget", "1m", "--out", dir / "recall"}, 7);
}

void list(Answers& answers) {
  const TemporaryDirectory& dir = answers.dir;
  for (const char* what : {"variants", "tasks", "presets", "grids"}) answers.take({"list", what});
  answers.take({"schema"});
  answers.take({"schema", "train"});
  answers.take({"schema", "--list"});
  answers.take({"schema", "trian"}, 2);
  const qkvbench::test::EnvironmentVariable data("QKVBENCH_DATA", dir / "data");
  write_file_atomic(dir / "input.txt", std::string(1'115'394, 'x'));
  answers.take({"data", "import", "tinyshakespeare", dir / "input.txt"});
  answers.take({"data", "list"});
  answers.take({"data", "verify"});
  answers.take({"data", "verify", "mnist"}, 3);
}

}  // namespace

TEST_CASE("every answer follows the schema of its kind, and every field of every schema is described") {
  Answers answers;
  train_models(answers);
  use_models(answers);
  count_and_time(answers);
  sweep(answers);
  list(answers);
  const json kinds = json::parse(run_qkvbench({"schema", "--list", "--json", "-"}).out)["kinds"];
  CHECK(kinds.size() > 20);
  for (const json& row : kinds) {
    const std::string kind = row["kind"];
    write_file_atomic(answers.dir / ("schemas/" + kind + ".json"), run_qkvbench({"schema", kind}).out);
  }
  CHECK(std::system((qkvbench::test::python_with("jsonschema") + " " SOURCE_DIR "/tests/support/check_answers.py " +
                     answers.dir.path().string())
                        .c_str()) == 0);
}
