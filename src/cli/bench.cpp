// qkvbench bench: how fast this build trains, evaluates, decodes and reads data. Its flags, and what its tables share.
// The benchmarks are in bench_steps, bench_decode and bench_data; what is timed is in run/.
#include "qkvbench/cli/bench.hpp"

#include <algorithm>
#include <memory>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/bench_limits.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::cli {

namespace {

struct Benchmark {
  const char* name;
  Exit (*run)(const Session& session, const BenchFlags& flags);
  std::vector<std::string> flags;  ///< that concern it, beside those of all
};

const std::vector<Benchmark>& benchmarks() {
  static const std::vector<Benchmark> rows{
      {"train", bench_steps, {"--case", "--scaling", "--bf16", "--peer"}},
      {"eval", bench_steps, {"--case", "--scaling", "--peer"}},
      {"decode", bench_decode, {"--preset", "--grid", "--contexts", "--weights", "--cache", "--peer"}},
      {"data", bench_data, {"--task", "--data"}}};
  return rows;
}

std::vector<std::string> benchmark_names() {
  std::vector<std::string> names;
  for (const Benchmark& b : benchmarks()) names.emplace_back(b.name);
  return names;
}

Exit bench(const Session& session, const BenchFlags& flags, const CLI::App& command) {
  const auto chosen = std::ranges::find(benchmarks(), flags.what, &Benchmark::name);
  if (chosen == benchmarks().end()) fail_usage(unknown_name("benchmark", flags.what, benchmark_names()));
  for (const Benchmark& b : benchmarks())
    for (const std::string& flag : b.flags)
      if (is_given(command, flag) && std::ranges::find(chosen->flags, flag) == chosen->flags.end())
        fail_usage(flag + " does not concern bench " + flags.what + "; leave it out");
  return chosen->run(session, flags);
}

constexpr const char* kDetails =
    "train and eval time fixed configurations: a training step (forward, backward, clipping, Adam), or a forward "
    "pass.\n"
    "GFLOP/s counts model FLOPs: 6 for each weight and token, 12·T·d for each token and layer, a third for eval; of "
    "peak\n"
    "is their share of this machine's fused multiply-adds. Where the time goes is measured in steps of its own.\n"
    "decode times the sizes of a preset with every partition and number of kv heads, beside what reading the weights "
    "and\n"
    "the cache from memory takes at least. data times making examples and batches, on one thread as training does it.\n"
    "The machine's limits are measured before and after each row. Shares are of the best; rows beside which a limit "
    "was "
    "more\n"
    "than 10 % lower are marked, because the host gave them less.";

constexpr const char* kExamples =
    "  qkvbench bench --case encoder-d64-l2-t64 --seconds 2 --scaling\n"
    "  qkvbench bench --json now.json --compare before.json\n"
    "  qkvbench bench decode --preset gpt2-124m --contexts 64,1024\n"
    "  qkvbench bench decode --weights int8 --cache bf16\n"
    "  qkvbench bench data --task cifar10";

}  // namespace

std::optional<run::EarlierBench> earlier_record(const BenchFlags& flags) {
  if (flags.compare.empty()) return std::nullopt;
  return run::read_earlier_bench(flags.compare, flags.what);
}

std::string where_text(const std::optional<run::EarlierBench>& earlier) {
  const run::Machine here = run::this_machine();
  std::string text =
      here.cpu + ", " + std::to_string(here.threads) + (here.threads == 1 ? " thread, " : " threads, ") + here.isa;
  if (!earlier) return text;
  const std::string differences = earlier->differences(machine_json(here));
  return differences.empty() ? text : text + "\nNot measured alike, so mind the ratios: " + differences;
}

std::string ratio_text(std::optional<double> now, std::optional<double> before) {
  return now && before ? report::fixed(*now / *before, 2) + "×" : "–";
}

// No asterisk: at the beginning of a line it would be an item of a list in Markdown.
std::string marked(const std::string& name, bool host_changed) { return host_changed ? name + " †" : name; }

std::string mark_text(bool any_marked) {
  if (!any_marked) return "";
  return "† the host gave less while this row was timed: a limit measured beside it lies more than " +
         report::fixed(100 * run::kHostChanged, 0) + " % below the best.\n";
}

void add_bench(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<BenchFlags>();
  add_option(command, "what", flags->what, "what is timed: " + join(benchmark_names())).type_name("WHAT [train]");
  add_option(command, "--seconds", flags->seconds, "time spent on a case; default: 5, for decode 0.5, for data 1")
      .between(0.0, 3600.0)
      .type_name("S");
  add_option(command, "--compare", flags->compare,
             "an earlier --json of the same benchmark (-: stdin), to print ratios to")
      .type_name("FILE");
  add_option(command, "--case", flags->cases, "train, eval: only this case; may be repeated").type_name("NAME");
  add_flag(command, "--scaling", flags->scaling, "train, eval: each case on one thread too, and what the others gain");
  add_flag(command, "--bf16", flags->bf16, "train: each case with products in bf16 too, and what that gains");
  add_flag(command, "--peer", flags->peer,
           "train, eval: each case in PyTorch too, where python3 has it, in float32 and in bf16; decode: q_k_v in "
           "llama.cpp too, where PATH has llama-bench");
  add_option(command, "--preset", flags->preset, "decode: the model's sizes").type_name("NAME [nano]");
  add_option(command, "--grid", flags->grid,
             "decode: every configuration of a grid instead of a preset's (see list grids)")
      .type_name("GRID");
  add_option(command, "--contexts", flags->contexts, "decode: lengths, separated by commas")
      .comma_separated()
      .between(index_t{8}, index_t{1} << 20)
      .type_name("T,T,… [64,256,1024]");
  add_option(command, "--weights", flags->formats.weights,
             "decode: how weights are kept: fp32, bf16 or int8 (a scale for each 64)");
  add_option(command, "--cache", flags->formats.cache, "decode: how the cache is kept: the same");
  add_option(command, "--task", flags->tasks, "data: the task whose examples are made; may be repeated")
      .type_name("NAME [glyphs]");
  add_option(command, "--data", flags->data, "data: folder of the task's files, as in train").type_name("FOLDER");
  finish_command(command, session, kDetails, kExamples);
  on_call(command, session, [&session, &command, flags] { return bench(session, *flags, command); });
}

}  // namespace qkvbench::cli
