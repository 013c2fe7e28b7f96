// Language models from the command line: corpora of every form, results, writing on, costs.
// What goes wrong with texts is in text_errors_test.cpp.
#include <set>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/process.hpp"
#include "support/refused.hpp"

using nlohmann::json;
using qkvbench::read_file;
using qkvbench::write_file_atomic;
using qkvbench::test::only_entry;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

namespace {

/// A run of a few steps on a corpus.
std::vector<std::string> arguments(const std::filesystem::path& out, std::vector<std::string> more) {
  std::vector<std::string> args{"train", "--task",  "lm", "--d-model", "12", "--layers",
                                "2",     "--heads", "4",  "--seq-len", "9",  "--batch-size",
                                "5",     "--steps", "6",  "--out",     out};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

std::string text_of(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += "Zeile " + std::to_string(i * i % 97) + ": schöne Grüße\n";
  return text;
}

/// Little-endian 16-bit tokens, with llm.c's header if asked for.
std::string token_bytes(int n, bool header) {
  std::string bytes;
  const auto put = [&](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 255);
  };
  if (header)
    for (int i = 0; i < 256; ++i) put(i == 0 ? 20240520 : i == 1 ? 1 : i == 2 ? static_cast<std::uint32_t>(n) : 0, 4);
  for (int i = 0; i < n; ++i) put(static_cast<std::uint32_t>(i * i * 7 % 300), 2);
  return bytes;
}

json result_of(const std::filesystem::path& out) { return json::parse(read_file(only_entry(out) / "result.json")); }

}  // namespace

TEST_CASE("every form of corpus trains, and every validation target is counted once") {
  const TemporaryDirectory dir;
  const std::string text = text_of(40);
  write_file_atomic(dir / "text.txt", text);
  for (const bool header : {false, true}) {
    const std::filesystem::path tokens = dir / (header ? "llmc" : "nanogpt");
    std::filesystem::create_directory(tokens);
    write_file_atomic(tokens / "train.bin", token_bytes(200, header));
    write_file_atomic(tokens / "val.bin", token_bytes(101, header));
  }
  struct Case {
    std::string corpus;
    int vocab, targets;
    bool bytes_known;
  };
  // Umlauts are one character and two bytes.
  const int characters = static_cast<int>(text.size()) - 40 * 3, bytes = static_cast<int>(text.size());
  const auto targets = [](int n) { return n - static_cast<int>(0.9 * n) - 1; };
  for (const Case& c : {Case{dir / "text.txt", 0, targets(characters), true},
                        Case{"bytes:" + (dir / "text.txt"), 256, targets(bytes), true},
                        Case{dir / "nanogpt", 300, 100, false}, Case{dir / "llmc", 300, 100, false}}) {
    INFO(c.corpus);
    const TemporaryDirectory out;
    std::vector<std::string> more{"--corpus", c.corpus};
    if (c.vocab > 0) more.insert(more.end(), {"--vocab", std::to_string(c.vocab)});
    const Outcome r = run_qkvbench(arguments(out.path(), more));
    INFO(r.err);
    REQUIRE(r.status == 0);
    const json result = result_of(out.path());
    const json& metrics = result["metrics"];
    CHECK(metrics["val_targets"] == c.targets);
    CHECK(std::abs(metrics["perplexity"].get<double>() - std::exp(metrics["val_loss"].get<double>())) <= 1e-9);
    CHECK(metrics.contains("bits_per_byte") == c.bytes_known);
    CHECK_FALSE(metrics.contains("test_accuracy"));
    CHECK(result["dataset"]["files"].size() == (c.bytes_known ? 1 : 2));
    CHECK(result["dataset"]["files"][0]["sha256"].get<std::string>().size() == 64);
    CHECK(result["train"]["tokens_seen"] == 6 * 5 * 9);
  }
}

TEST_CASE("a run on stories says how far above the floor it is") {
  const TemporaryDirectory out;
  REQUIRE(run_qkvbench(arguments(out.path(), {})).status == 0);
  const json metrics = result_of(out.path())["metrics"];
  const double loss = metrics["val_loss"], floor = metrics["val_floor"], above = metrics["val_above_floor"];
  CHECK(std::abs(loss - floor - above) <= 1e-9);
  CHECK(above > 0);
  CHECK(metrics["val_targets"] >= 100'000);
}

TEST_CASE("micro-batches and recomputation do not change what is learnt") {
  const auto loss = [](std::vector<std::string> more) {
    const TemporaryDirectory out;
    more.insert(more.end(), {"--dropout", "0"});
    REQUIRE(run_qkvbench(arguments(out.path(), more)).status == 0);
    return result_of(out.path())["metrics"]["val_loss"].get<double>();
  };
  const double whole = loss({});
  CHECK(loss({"--activations", "recompute"}) == whole);
  CHECK(std::abs(loss({"--micro-batch", "2"}) - whole) <= 1e-4);
}

TEST_CASE("weights and cache are kept narrow where it is asked for, and what they take is told") {
  const TemporaryDirectory dir, out;
  write_file_atomic(dir / "text.txt", text_of(40));
  REQUIRE(run_qkvbench(arguments(out.path(), {"--corpus", dir / "text.txt", "--variant", "q_kv", "--kv-heads", "2"}))
              .status == 0);
  const std::string model = only_entry(out.path()) / "model.safetensors";
  const auto answer = [&](std::vector<std::string> args) {
    args.insert(args.end(), {"--json", "-"});
    const Outcome outcome = run_qkvbench(args);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return json::parse(outcome.out);
  };
  const json wide = answer({"generate", model, "--length", "5"});
  CHECK(wide["weights_format"] == "fp32");
  const json narrow = answer({"generate", model, "--length", "5", "--weights", "bf16", "--cache", "int8"});
  CHECK(narrow["weights_format"] == "bf16");
  CHECK(narrow["cache_format"] == "int8");
  // 9 positions · K alone · 2 heads of 3 bytes and a scale · 2 layers
  CHECK(narrow["cache_bytes"] == 9 * 1 * 2 * (3 + 4) * 2);
  CHECK(narrow["weights_bytes"].get<double>() < 0.7 * wide["weights_bytes"].get<double>());
  CHECK(narrow["samples"][0]["new_tokens"].size() == 5);

  const double loss = answer({"eval", model, "--cached"})["metrics"]["val_loss"].get<double>();
  std::set<double> losses{loss};
  for (const char* flag : {"--weights", "--cache"})
    for (const char* format : {"bf16", "int8"}) {
      const json scored = answer({"eval", model, "--cached", flag, format});
      losses.insert(scored["metrics"]["val_loss"].get<double>());
      CHECK(std::abs(scored["metrics"]["val_loss"].get<double>() - loss) <= 0.02);
      CHECK(scored[flag == std::string("--cache") ? "cache_format" : "weights_format"] == format);
    }
  CHECK(losses.size() == 5);  // each rounds in its own way
  check_refused(run_qkvbench({"eval", model, "--cache", "int8"}), 2, {"--cached"});
  check_refused(run_qkvbench({"eval", model, "--weights", "int4"}), 2, {"int4", "int8"});
  check_refused(run_qkvbench({"eval", model, "--weights", "int8", "--swap"}), 2, {"--weights"});
  check_refused(run_qkvbench({"generate", model, "--cache", "int8", "--no-cache"}), 2, {"--no-cache"});
}

TEST_CASE("generate writes on: the same with the cache and without, with the vocabulary of the model file") {
  const TemporaryDirectory dir, out;
  write_file_atomic(dir / "text.txt", text_of(40));
  REQUIRE(run_qkvbench(arguments(out.path(), {"--corpus", dir / "text.txt", "--variant", "q_kv", "--kv-heads", "2"}))
              .status == 0);
  std::filesystem::remove(dir / "text.txt");  // the model file is enough
  const std::string model = only_entry(out.path()) / "model.safetensors";
  const std::vector<std::string> prompts{"generate", model,     "--prompt", "schö",
                                         "--prompt", "Zeile 1", "--length", "30"};
  auto args = prompts;
  args.insert(args.end(), {"--json", "-"});
  const Outcome cached = run_qkvbench(args);
  INFO(cached.err);
  REQUIRE(cached.status == 0);
  const json with = json::parse(cached.out);
  // 2 rows · 9 positions · K alone · 2 heads of 3 · 2 layers · 4 bytes
  CHECK(with["cache_bytes"] == 2 * 9 * 1 * 2 * 3 * 2 * 4);
  CHECK(with["samples"][0]["new_tokens"].size() == 30);
  CHECK(with["samples"][0]["text"].get<std::string>().starts_with("schö"));
  args.push_back("--no-cache");
  const json without = json::parse(run_qkvbench(args).out);
  CHECK(without["samples"] == with["samples"]);
  CHECK(without["cache_bytes"] == 0);
  write_file_atomic(dir / "text.txt", text_of(40));
  const json whole = json::parse(run_qkvbench({"eval", model, "--json", "-"}).out);
  const json stepwise = json::parse(run_qkvbench({"eval", model, "--cached", "--json", "-"}).out);
  CHECK(std::abs(whole["metrics"]["val_loss"].get<double>() - stepwise["metrics"]["val_loss"].get<double>()) <= 1e-5);
  CHECK(stepwise["metrics"]["val_targets"] == whole["metrics"]["val_targets"]);
  CHECK(stepwise["cache_bytes"] == 5 * 9 * 1 * 2 * 3 * 2 * 4);  // 5 windows of the batch
  const Outcome text = run_qkvbench({"generate", model, "--prompt", "Zeile 1", "--length", "20", "--greedy"});
  CHECK(text.out.starts_with("Zeile 1"));
  CHECK(text.out == run_qkvbench({"generate", model, "--prompt", "Zeile 1", "--length", "20", "--greedy"}).out);
}

TEST_CASE("inspect counts the paper's model, and the whole grid in every form") {
  const json one = json::parse(run_qkvbench({"inspect", "--preset", "300m", "--json", "-"}).out)["configurations"][0];
  CHECK(one["model"]["params_total"] == 305'534'976);
  CHECK(one["macs"][1] == json{{"seq_len", 512}, {"macs_forward", 165'960'220'672}});
  CHECK(one["cache"]["bytes_per_token"] == json{{"fp32", 163'840}, {"bf16", 81'920}, {"int8", 43'520}});
  const json grid =
      json::parse(run_qkvbench({"inspect", "--preset", "300m", "--table", "--json", "-"}).out)["configurations"];
  CHECK(grid.size() == 13);  // 16, 8, 4, 2 and 1 heads for q_k_v and q_kv, 16 for the other three
  for (const json& row : grid)
    if (row["variant"]["id"] == "q_kv" && row["variant"]["kv_heads"] == 4)
      CHECK(std::abs(row["cache"]["reduction"].get<double>() - 0.875) <= 1e-12);
  CHECK(run_qkvbench({"inspect", "--preset", "300m", "--table", "--format", "markdown"}).out.find("| q_kv | 4 |") !=
        std::string::npos);
  CHECK(run_qkvbench({"inspect", "--preset", "300m", "--table", "--format", "latex"}).out.find("q\\_kv & 4 &") !=
        std::string::npos);
}

TEST_CASE("an installed text is found by its name, and results do not say where this machine keeps it") {
  const TemporaryDirectory dir, out;
  setenv("QKVBENCH_DATA", dir.path().c_str(), 1);
  const Outcome missing = run_qkvbench(arguments(out.path(), {"--corpus", "tinyshakespeare"}));
  CHECK(missing.status == 3);
  CHECK(missing.err.find("data fetch tinyshakespeare") != std::string::npos);
  std::filesystem::create_directory(dir / "tinyshakespeare");
  write_file_atomic(dir / "tinyshakespeare/input.txt", std::string(1'115'394, 'a'));  // as long as the real one
  const Outcome r = run_qkvbench(arguments(out.path(), {"--corpus", "tinyshakespeare"}));
  unsetenv("QKVBENCH_DATA");
  INFO(r.err);
  REQUIRE(r.status == 0);
  CHECK(result_of(out.path())["dataset"]["name"] == "tinyshakespeare");
  CHECK(result_of(out.path())["dataset"]["files"][0]["path"] == "tinyshakespeare/input.txt");
}
