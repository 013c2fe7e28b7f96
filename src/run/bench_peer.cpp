// Command lines for the peer, and what it answers.
// Knows nothing of PyTorch but how it is told about threads and processors.
#include "qkvbench/run/bench_peer.hpp"

#include <cstdlib>
#include <map>

#include "build_info.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/process.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::run {

namespace {

using Command = std::vector<std::string>;

/// A python3 with more variables in its environment, beside what it has.
Command python(const std::string& python3, const Command& variables) {
  Command command{"env"};
  command.insert(command.end(), variables.begin(), variables.end());
  command.push_back(python3);
  return command;
}

/// Variables of the user's that change how fast the peer is, as the environment has them; those that run() sets are not
/// among them.
std::vector<std::string> users_choices() {
  std::vector<std::string> out;
  for (const char* name : {"ATEN_CPU_CAPABILITY", "DNNL_MAX_CPU_ISA", "GOMP_CPU_AFFINITY", "KMP_AFFINITY",
                           "MKL_ENABLE_INSTRUCTIONS", "OMP_PLACES", "OMP_PROC_BIND", "OPENBLAS_CORETYPE"})
    if (const char* value = std::getenv(name)) out.push_back(std::string(name) + "=" + value);
  return out;
}

/// What the peer's environment holds beside what every run sets: the user's choices, with `variables` in their place.
std::string describe(const Command& variables) {
  std::map<std::string, std::string> chosen;
  for (const std::vector<std::string>& list : {users_choices(), variables})
    for (const std::string& variable : list) chosen[variable.substr(0, variable.find('='))] = variable;
  std::vector<std::string> out;
  for (const auto& [name, variable] : chosen) out.push_back(variable);
  return join(out, " ");
}

/// The environment as the user has it, and beside it a faster one: OpenBLAS does not know every processor and then
/// takes slower code; naming one with AVX-512 helps.
std::vector<Command> settings() {
  std::vector<Command> all{{}};
  if (cpu_has_avx512()) all.push_back({"OPENBLAS_CORETYPE=SkylakeX", "ATEN_CPU_CAPABILITY=avx512"});
  return all;
}

Command arguments(const BenchCase& c, BenchKind kind, double seconds, const char* dtype) {
  const std::vector<std::pair<std::string, std::string>> values{{"kind", bench_kind_name(kind)},
                                                                {"family", c.family},
                                                                {"d-model", std::to_string(c.d_model)},
                                                                {"layers", std::to_string(c.layers)},
                                                                {"heads", std::to_string(c.heads)},
                                                                {"seq-len", std::to_string(c.seq_len)},
                                                                {"batch-size", std::to_string(c.batch_size)},
                                                                {"vocab", std::to_string(c.vocab)},
                                                                {"image-size", std::to_string(c.image_size)},
                                                                {"channels", std::to_string(c.channels)},
                                                                {"patch", std::to_string(kBenchPatch)},
                                                                {"classes", std::to_string(kBenchClasses)},
                                                                {"threads", std::to_string(threads())},
                                                                {"dtype", dtype},
                                                                {"seconds", std::to_string(seconds)}};
  Command out;
  for (const auto& [name, value] : values) out.insert(out.end(), {"--" + name, value});
  return out;
}

PeerResult run(const std::string& python3, const BenchCase& c, BenchKind kind, double seconds, const char* dtype,
               Command variables) {
  const std::string setting = describe(variables), n = std::to_string(threads());
  variables.insert(variables.end(), {"OMP_NUM_THREADS=" + n, "OPENBLAS_NUM_THREADS=" + n});
  Command command = python(python3, variables);
  command.insert(command.end(), {"-c", kTorchPeer});
  const Command more = arguments(c, kind, seconds, dtype);
  command.insert(command.end(), more.begin(), more.end());
  const ProcessResult r = run_process(command);
  if (r.status != 0)
    fail_input("--peer: python3 ended with status " + std::to_string(r.status) + ": " + last_line(r.err));
  const nlohmann::json json = formats::parse_json(r.out, "--peer: what python3 wrote");
  return {json.at("step_ms"), json.at("tokens_per_s"), json.at("torch"), setting};
}

PeerResult fastest(const std::string& python3, const BenchCase& c, BenchKind kind, double seconds, const char* dtype) {
  std::optional<PeerResult> best;
  for (const Command& variables : settings()) {
    const PeerResult result = run(python3, c, kind, seconds, dtype, variables);
    if (!best || result.step_ms < best->step_ms) best = result;
  }
  return *best;
}

}  // namespace

std::string find_peer() {
  std::string why;
  for (const char* python3 : {"python3", "/usr/bin/python3"}) {
    Command command = python(python3, {});
    command.insert(command.end(), {"-c", "import torch"});
    const ProcessResult r = run_process(command);
    if (r.status == 0) return python3;
    if (why.empty() && !r.err.empty()) why = " (" + last_line(r.err) + ")";
  }
  fail_input("--peer needs a python3 that can import torch" + why + "; on Debian: apt-get install python3-torch");
}

PeerResult run_peer(const std::string& python3, const BenchCase& c, BenchKind kind, double seconds) {
  return fastest(python3, c, kind, seconds, "float32");
}

std::optional<PeerResult> run_peer_bf16(const std::string& python3, const BenchCase& c, BenchKind kind,
                                        double seconds) {
  try {
    return fastest(python3, c, kind, seconds, "bfloat16");
  } catch (const Error&) {  // what python3 lacks for float32 was told by run_peer
    return std::nullopt;
  }
}

}  // namespace qkvbench::run
