// qkvbench bench as a user runs it: the form of what it writes, and what it refuses.
// No test here asserts a speed.
#include <sys/stat.h>

#include <map>
#include <set>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/process.hpp"

using nlohmann::json;
using qkvbench::test::EnvironmentVariable;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

namespace {

using Arguments = std::vector<std::string>;

/// The smallest case, as short as can be.
Arguments quick(const std::string& what, Arguments more = {}) {
  Arguments args{"bench", what, "--case", "encoder-d32-l2-t16", "--seconds", "0", "-q"};
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

void refused(const Arguments& args, int status, const std::string& part) {
  const Outcome r = run_qkvbench(args);
  INFO(r.err);
  CHECK(r.status == status);
  CHECK(r.out.empty());
  CHECK(r.err.starts_with("error: "));
  CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
  CHECK(r.err.find(part) != std::string::npos);
}

/// Whether the limits beside a row say what they must of it, given the call's least and best.
void check_limits(const json& row, const std::string& limit, const json& least, const json& best) {
  INFO(row.dump(2));
  const double min = row[limit + "_min"], max = row[limit + "_max"];
  CHECK(least.get<double>() <= min);
  CHECK(min <= max);
  CHECK(max <= best.get<double>());
  CHECK(row["host_changed"] == (min < 0.9 * best.get<double>()));
}

/// The mark of a row and the line that explains it come together.
void check_mark(const std::string& text) {
  CHECK((text.find(" †") != std::string::npos) == (text.find("\n† the host gave less") != std::string::npos));
}

}  // namespace

TEST_CASE("bench train and eval measure every field of a case, and steps allocate nothing", "[release]") {
  for (const std::string what : {"train", "eval"}) {
    const Outcome r =
        run_qkvbench(quick(what, {"--case", "vit-mnist-d64-l2", "--scaling", "--threads", "2", "--json", "-"}));
    INFO(r.err);
    REQUIRE(r.status == 0);
    const json record = json::parse(r.out);
    CHECK(record["bench"] == what);
    for (const char* limit : {"fma_peak_gflops", "fma_peak_one_thread_gflops", "read_gb_per_s", "triad_gb_per_s"})
      CHECK(record["limits"][limit].get<double>() > 0);
    REQUIRE(record["cases"].size() == 2);
    const json& limits = record["limits"];
    CHECK(record["fma_peak_gflops"] == limits["fma_peak_gflops"]);
    for (const json& c : record["cases"]) {
      INFO(c.dump(2));
      check_limits(c, "fma_peak_gflops", limits["fma_peak_gflops_min"], limits["fma_peak_gflops"]);
      CHECK(std::abs(c["peak_share"].get<double>() * limits["fma_peak_gflops"].get<double>() /
                         c["gflop_per_s"].get<double>() -
                     1) <= 1e-9);
      CHECK(c["steps"] == 3);
      CHECK(c["threads"] == 2);
      CHECK(c["one_thread"]["threads"] == 1);
      CHECK(std::abs(c["thread_gain"].get<double>() * c["step_ms"].get<double>() -
                     c["one_thread"]["step_ms"].get<double>()) <= 1e-6);
      CHECK(c["step_ms_min"] <= c["step_ms"]);
      CHECK(c["step_ms"] <= c["step_ms_max"]);
      CHECK(c["allocations_per_step"] == 0);
      CHECK(c["system_allocations"] == 0);
      CHECK(c["peak_rss_bytes"] > c["activation_bytes"]);
      double total = 0;
      for (const double share : c["parts"]) total += share;
      CHECK(std::abs(total - 1) <= 1e-9);
      CHECK(c["parts"].size() == 8);
      for (const char* part : {"products", "attention", "norms_and_activations", "loss"}) CHECK(c["parts"][part] > 0);
      CHECK((c["parts"]["optimizer"] > 0) == (what == "train"));
      CHECK(c["peer"].is_null());
      CHECK(c["peer_bf16"].is_null());
      CHECK(c["earlier_ratio"].is_null());
    }
    CHECK(record["cases"][0]["images_per_s"].is_null());
    const json& images = record["cases"][1];
    CHECK(std::abs(images["images_per_s"].get<double>() * 50 / images["tokens_per_s"].get<double>() - 1) <= 1e-9);
  }
}

TEST_CASE("bench as text has both tables, as Markdown too") {
  const Outcome text = run_qkvbench(quick("train"));
  CHECK(text.status == 0);
  CHECK(text.out.starts_with("training step"));
  CHECK(text.out.find("% of the time") != std::string::npos);
  CHECK(text.out.find(" GFLOP/s, the best of ") != std::string::npos);
  check_mark(text.out);
  const Outcome markdown = run_qkvbench(quick("train", {"--format", "markdown"}));
  CHECK(markdown.out.starts_with("| training step |"));
  CHECK(markdown.out.find("\n| % of the time |") != std::string::npos);
}

TEST_CASE("bench compares with what it wrote earlier, and says what is not alike") {
  const TemporaryDirectory dir;
  const std::string before = dir / "before.json";
  REQUIRE(run_qkvbench(quick("train", {"--threads", "1", "--json", before})).status == 0);
  const Outcome same = run_qkvbench(quick("train", {"--threads", "1", "--compare", before}));
  CHECK(same.status == 0);
  CHECK(same.out.find("to earlier") != std::string::npos);
  CHECK(same.out.find("Not measured alike") == std::string::npos);
  const Outcome other = run_qkvbench(quick("train", {"--threads", "2", "--compare", before}));
  CHECK(other.out.find("threads 1 then, 2 now") != std::string::npos);
  const Outcome machine = run_qkvbench(quick("train", {"--threads", "1", "--compare", before, "--json", "-"}));
  const json c = json::parse(machine.out)["cases"][0], earlier = json::parse(qkvbench::read_file(before))["cases"][0];
  CHECK(c["earlier_tokens_per_s"] == earlier["tokens_per_s"]);
  refused(quick("eval", {"--compare", before}), 3, "but of bench train");
  const std::string text = qkvbench::read_file(before);
  qkvbench::write_file_atomic(before, text.substr(0, text.size() / 2));
  refused(quick("train", {"--compare", before}), 3, "no valid JSON");
  refused(quick("train", {"--compare", dir / "none.json"}), 3, "none.json");
}

TEST_CASE("bench refuses what it does not know and what has no effect") {
  refused({"bench", "--case", "encoder-d64-l2-t46"}, 2, "did you mean 'encoder-d64-l2-t64'");
  refused({"bench", "trian"}, 2, "did you mean 'train'");
  refused({"bench", "data", "--peer"}, 2, "--peer does not concern bench data");
  refused({"bench", "train", "--contexts", "64"}, 2, "--contexts does not concern bench train");
  refused({"bench", "data", "--task", "glyph"}, 2, "did you mean 'glyphs'");
  refused({"bench", "decode", "--preset", "quick"}, 2, "no language model");
}

TEST_CASE("bench --peer says what is missing, and takes the faster of the peer's answers", "[release]") {
  {
    const EnvironmentVariable path("PATH", "/nonexistent");
    refused(quick("train", {"--peer"}), 3, "--peer needs a python3 that can import torch");
  }
  const TemporaryDirectory dir;
  // A peer of our own: it answers as the script does, without PyTorch.
  qkvbench::write_file_atomic(dir / "python3", R"(#!/bin/sh
[ "$2" = "import torch" ] && exit 0
echo '{"step_ms": '${OPENBLAS_CORETYPE:+5}0', "tokens_per_s": 1000, "torch": "none"}'
)");
  chmod((dir / "python3").c_str(), 0700);
  const EnvironmentVariable path("PATH", dir.path().string() + ":/usr/bin:/bin");
  const Outcome r = run_qkvbench(quick("train", {"--peer", "--json", "-"}));
  INFO(r.err);
  REQUIRE(r.status == 0);
  const json c = json::parse(r.out)["cases"][0];
  CHECK(c["peer"]["torch"] == "none");
  CHECK(c["peer"]["step_ms"] == 0);
  CHECK(c["peer"]["setting"] == "");
  CHECK(std::abs(c["peer"]["ratio"].get<double>() * 1000 / c["tokens_per_s"].get<double>() - 1) <= 1e-9);
  CHECK(c["peer_bf16"] == c["peer"]);
  // A file that is written anew is another one, which nobody may execute yet.
  const auto now_answers = [&](const char* script) {
    qkvbench::write_file_atomic(dir / "python3", script);
    chmod((dir / "python3").c_str(), 0700);
  };
  {
    // Who has chosen OpenBLAS's code is told so beside the time, also where another choice is not faster.
    const EnvironmentVariable chosen("OPENBLAS_CORETYPE", "Zen");
    now_answers(R"(#!/bin/sh
[ "$2" = "import torch" ] && exit 0
[ "$OPENBLAS_CORETYPE" = Zen ] && step=1 || step=2
echo '{"step_ms": '$step', "tokens_per_s": 1000, "torch": "none"}'
)");
    const json own = json::parse(run_qkvbench(quick("train", {"--peer", "--json", "-"})).out)["cases"][0]["peer"];
    CHECK(own["step_ms"] == 1);
    CHECK(own["setting"] == "OPENBLAS_CORETYPE=Zen");
  }
  {
    // A peer that is faster in bfloat16, and one that fails at it.
    now_answers(R"(#!/bin/sh
[ "$2" = "import torch" ] && exit 0
case "$*" in *"--dtype bfloat16"*) speed=2000 ;; *) speed=1000 ;; esac
echo '{"step_ms": 1, "tokens_per_s": '$speed', "torch": "none"}'
)");
    const json both = json::parse(run_qkvbench(quick("eval", {"--peer", "--json", "-"})).out)["cases"][0];
    CHECK(both["peer"]["tokens_per_s"] == 1000);
    CHECK(both["peer_bf16"]["tokens_per_s"] == 2000);
    now_answers(R"(#!/bin/sh
[ "$2" = "import torch" ] && exit 0
case "$*" in *"--dtype bfloat16"*) exit 1 ;; esac
echo '{"step_ms": 1, "tokens_per_s": 1000, "torch": "none"}'
)");
    const json one = json::parse(run_qkvbench(quick("eval", {"--peer", "--json", "-"})).out)["cases"][0];
    CHECK(one["peer"]["tokens_per_s"] == 1000);
    CHECK(one["peer_bf16"].is_null());
    const std::string text = run_qkvbench(quick("eval", {"--peer", "--format", "markdown"})).out;
    CHECK(text.find(" | PyTorch bf16 tokens/s | to PyTorch bf16 |\n") != std::string::npos);
    CHECK(text.find(" | – | – |\n") != std::string::npos);
  }
  now_answers("#!/bin/sh\n[ \"$2\" = \"import torch\" ] && exit 0\necho sorry >&2\nexit 1\n");
  chmod((dir / "python3").c_str(), 0700);
  refused(quick("train", {"--peer"}), 3, "python3 ended with status 1: sorry");
}

TEST_CASE("bench data times examples and batches of a task") {
  const Outcome r =
      run_qkvbench({"bench", "data", "--task", "glyphs", "--task", "copy", "--seconds", "0", "-q", "--json", "-"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  const json rows = json::parse(r.out)["cases"];
  REQUIRE(rows.size() == 4);
  Arguments names;
  for (const json& row : rows) {
    names.push_back(row["case"]);
    CHECK(row["examples_per_s"].get<double>() > 0);
    CHECK(row["examples"] > 0);
  }
  CHECK(names == Arguments{"glyphs, read", "glyphs, batches", "glyphs, batches augmented", "copy, batches"});
}

TEST_CASE("bench decode times every way to share; caches and bounds are what they must be", "[release]") {
  const Outcome r = run_qkvbench(
      {"bench", "decode", "--preset", "char", "--contexts", "8,24", "--seconds", "0.001", "-q", "--json", "-"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  const json record = json::parse(r.out), rows = record["decode"];
  CHECK(record["read_gb_per_s_min"].get<double>() > 0);
  CHECK(rows.size() == 2 * 10);  // nine ways to share, and qvv3
  for (const json& row : rows) {
    check_limits(row, "read_gb_per_s", record["read_gb_per_s_min"], record["read_gb_per_s"]);
    CHECK(row["full_ms"].get<double>() > 0);
    CHECK(row["cached_ms_min"] <= row["cached_ms"]);
    CHECK(row["cached_ms"] <= row["cached_ms_max"]);
    const int tensors = row["variant"] == "q_kv" || row["variant"] == "qkv" || row["variant"] == "qvv3" ? 1 : 2;
    // 32 numbers a head, 4 layers, 4 bytes
    CHECK(row["cache_bytes"] == tensors * row["kv_heads"].get<int>() * 32 * 4 * 4 * row["context"].get<int>());
    const double bound = record["read_gb_per_s"].get<double>() * 1e9 / row["bytes_read"].get<double>();
    CHECK(std::abs(row["bound_tokens_per_s"].get<double>() / bound - 1) <= 1e-9);
    CHECK(std::abs(row["bound_share"].get<double>() * bound * row["cached_ms"].get<double>() / 1e3 - 1) <= 1e-9);
  }
  const json& first = rows[0];
  const json model =
      json::parse(run_qkvbench({"inspect", "--preset", "char", "--json", "-"}).out)["configurations"][0]["model"];
  // Of the 64 positions a step reads one row of 128 numbers.
  CHECK(first["bytes_read"] == 4 * (model["params_total"].get<int>() - 63 * 128) + first["cache_bytes"].get<int>());
}

TEST_CASE("bench decode as text has the spread of the steps and of what memory gave") {
  const Outcome r =
      run_qkvbench({"bench", "decode", "--preset", "char", "--contexts", "8,24", "--seconds", "0.001", "-q"});
  CHECK(r.status == 0);
  CHECK(r.out.find("min–max, T 24") != std::string::npos);
  CHECK(r.out.find(" GB/s, the best of ") != std::string::npos);
  check_mark(r.out);
}

TEST_CASE("bench decode times turned K = V in both forms of its cache, and the other kinds of attention") {
  const Outcome r = run_qkvbench(
      {"bench", "decode", "--preset", "llama-char", "--contexts", "16", "--seconds", "0.001", "-q", "--json", "-"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  std::map<std::string, int> numbers;  // a token and layer
  const json record = json::parse(r.out);
  for (const json& row : record["decode"]) numbers[row["case"]] = row["cache_bytes"].get<int>() / (16 * 4 * 4);
  CHECK(numbers.size() == 22);
  CHECK(numbers.at("q_kv-kv4-t16") == 128);
  CHECK(numbers.at("q_kv-kv4-ready-t16") == 256);
  CHECK(numbers.at("q_kv-rope_value-relative-kv4-t16") == 128);
  CHECK(!numbers.contains("q_kv-rope_value-relative-kv4-ready-t16"));
  CHECK(numbers.at("qvv3-kv4-t16") == 128);
  CHECK(numbers.at("gta-kv4-t16") == 128 + 16);
  CHECK(numbers.at("mla-kv4-t16") == 128 + 16);
  CHECK(numbers.at("gla-kv4-t16") == 2 * 64 + 16);

  const TemporaryDirectory dir;
  qkvbench::write_file_atomic(dir / "g.json",
                              R"({"grid": {"preset": "char", "corpus": "stories", "positions": ["learned", "rope"],
                                        "variant": ["q_kv", "q_k_v"], "seed": [0, 1]}})");
  const Outcome of_grid = run_qkvbench(
      {"bench", "decode", "--grid", dir / "g.json", "--contexts", "8", "--seconds", "0.001", "-q", "--json", "-"});
  INFO(of_grid.err);
  REQUIRE(of_grid.status == 0);
  std::multiset<std::string> blocks;
  const json timed = json::parse(of_grid.out);
  for (const json& row : timed["decode"]) blocks.insert(row["block"]);
  CHECK(blocks == std::multiset<std::string>{"positions learned", "positions learned", "positions rope",
                                             "positions rope", "positions rope"});
}
