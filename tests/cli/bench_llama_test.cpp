// qkvbench bench decode --peer against a llama-bench of our own, which answers in the form of llama.cpp's.
// llama.cpp itself is not run.
#include <sys/stat.h>

#include <filesystem>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "support/catch.hpp"
#include "support/environment.hpp"
#include "support/process.hpp"
#include "support/refused.hpp"

using nlohmann::json;
using qkvbench::test::EnvironmentVariable;
using qkvbench::test::Outcome;
using qkvbench::test::run_qkvbench;
using qkvbench::test::TemporaryDirectory;

namespace {

using Arguments = std::vector<std::string>;

Outcome decode(Arguments more) {
  more.insert(more.begin(), {"bench", "decode", "--preset", "char", "--contexts", "8,64", "--seconds", "0.001", "-q"});
  more.push_back("--peer");
  return run_qkvbench(more);
}

void write_program(const std::string& path, const std::string& text) {
  qkvbench::write_file_atomic(path, "#!/bin/sh\n" + text);
  chmod(path.c_str(), 0700);
}

/// In one line, and nothing on stdout.
void check_refused(const Outcome& r, int status, const std::string& part) {
  qkvbench::test::check_refused(r, status, {part});
  CHECK(r.out.empty());
  CHECK(std::count(r.err.begin(), r.err.end(), '\n') == 1);
}

// Takes 2, 1 and 3 ms a token, and no model that is none.
constexpr const char* kAnswers = R"sh(
[ "$1" = --help ] && exit 0
echo "$@" >>"$(dirname "$0")/calls"
while [ $# -gt 0 ]; do
  case $1 in -m) model=$2 ;; -n) n=$2 ;; -d) d=$2 ;; esac
  shift
done
[ "$(head -c 4 "$model")" = GGUF ] || { echo "no model" >&2; exit 1; }
cat <<JSON
[
  {
    "build_commit": "a1b2c3d",
    "build_number": 4567,
    "cpu_info": "some processor",
    "backends": "CPU",
    "model_type": "gpt2 ?B all F32",
    "type_k": "f16",
    "type_v": "f16",
    "n_prompt": 0,
    "n_gen": $n,
    "n_depth": $d,
    "avg_ns": $((n * 2000000)),
    "samples_ns": [ $((n * 2000000)), $((n * 1000000)), $((n * 3000000)) ],
    "samples_ts": [ 500, 1000, 333.3 ]
  }
]
JSON
)sh";

}  // namespace

TEST_CASE("bench decode --peer has llama-bench time the exported q_k_v at the same contexts, and removes the file",
          "[release]") {
  const TemporaryDirectory dir;
  std::filesystem::create_directory(dir / "tmp");
  write_program(dir / "llama-bench", kAnswers);
  const EnvironmentVariable path("PATH", dir.path().string() + ":/usr/bin:/bin"), tmp("TMPDIR", dir / "tmp");
  const Outcome r = decode({"--threads", "2", "--json", "-"});
  INFO(r.err);
  REQUIRE(r.status == 0);
  const json record = json::parse(r.out);
  REQUIRE(record["peer"].size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const json &peer = record["peer"][i], &ours = record["decode"][i];
    INFO(peer.dump(2));
    CHECK(peer["build"] == "4567 (a1b2c3d)");
    CHECK(peer["cache_type"] == "f16");
    CHECK(peer["context"] == ours["context"]);
    CHECK(ours["variant"] == "q_k_v");
    CHECK(ours["kv_heads"] == 4);
    CHECK(peer["token_ms"] == 2);
    CHECK(peer["token_ms_min"] == 1);
    CHECK(peer["token_ms_max"] == 3);
    CHECK(peer["tokens_per_s"] == 500);
    CHECK(std::abs(peer["ratio"].get<double>() * ours["cached_ms"].get<double>() / 2 - 1) <= 1e-9);
  }
  const std::string calls = qkvbench::read_file(dir / "calls");
  CHECK(calls.find("model.gguf -p 0 -n 3 -d 5 -t 2 -ngl 0 -o json\n") != std::string::npos);
  CHECK(calls.find("model.gguf -p 0 -n 16 -d 48 -t 2 -ngl 0 -o json\n") != std::string::npos);
  CHECK(std::filesystem::is_empty(dir / "tmp"));

  const std::string text = decode({"--format", "markdown"}).out;
  CHECK(text.find("\n| T 64 | 500 | 333–1,000 | ") != std::string::npos);
  CHECK(text.find("\nllama.cpp 4567 (a1b2c3d) by llama-bench: 32-bit weights, cache f16;") != std::string::npos);
}

TEST_CASE("bench decode --peer says what is missing, and what llama-bench says") {
  const TemporaryDirectory dir;
  {
    const EnvironmentVariable path("PATH", "/nonexistent");
    check_refused(decode({}), 3, "--peer needs llama-bench");
  }
  std::filesystem::create_directory(dir / "tmp");
  const EnvironmentVariable path("PATH", dir.path().string() + ":/usr/bin:/bin"), tmp("TMPDIR", dir / "tmp");
  write_program(dir / "llama-bench", kAnswers);
  check_refused(run_qkvbench({"bench", "decode", "--peer", "--preset", "llama-char", "-q"}), 2, "is not in GPT-2");
  check_refused(run_qkvbench({"bench", "decode", "--peer", "--grid", "modern-char", "-q"}), 2, "leave --grid out");
  check_refused(qkvbench::test::run_binary(
                    "/usr/bin/env", {"TMPDIR=" + std::string(dir / "nowhere"), qkvbench::test::qkvbench_path(), "bench",
                                     "decode", "--preset", "char", "--peer", "-q"}),
                4, "let TMPDIR name a folder");
  write_program(dir / "llama-bench", "echo 'error: invalid parameter for argument: -d' >&2\nexit 1\n");
  check_refused(decode({}), 3, "llama-bench ended with status 1: error: invalid parameter for argument: -d");
  write_program(dir / "llama-bench", "echo '[]'\n");
  check_refused(decode({}), 3, "lacks build_number");
  write_program(dir / "llama-bench", "echo 'a table'\n");
  check_refused(decode({}), 3, "what llama-bench wrote");
  CHECK(std::filesystem::is_empty(dir / "tmp"));
}
