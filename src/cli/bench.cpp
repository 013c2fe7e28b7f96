// qkvbench bench: how fast this build trains and decodes.
// What is timed is in experiment/bench and bench_decode.
#include "qkvbench/experiment/bench.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/experiment/bench_decode.hpp"
#include "qkvbench/experiment/costs.hpp"
#include "qkvbench/experiment/record.hpp"
#include "qkvbench/kernels/peak.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using experiment::Json;
using report::Align;
using report::fixed;

struct BenchFlags {
  std::string what = "train";
  std::vector<std::string> cases;
  std::optional<double> seconds;
  std::string preset = "nano";
  std::vector<index_t> contexts{64, 256, 1024};
};

Exit bench_training(const Session& session, const BenchFlags& flags) {
  std::vector<experiment::BenchCase> cases(experiment::bench_cases().begin(), experiment::bench_cases().end());
  if (!flags.cases.empty()) {
    cases.clear();
    for (const std::string& name : flags.cases) cases.push_back(experiment::find_bench_case(name));
  }
  const double peak = kernels::measure_fma_peak_gflops(0.5);
  report::Table table({{"training step"},
                       {"tokens/s", Align::kRight},
                       {"step ms", Align::kRight},
                       {"min–max", Align::kRight},
                       {"GFLOP/s", Align::kRight},
                       {"of peak", Align::kRight},
                       {"activations MB", Align::kRight},
                       {"allocations", Align::kRight}});
  Json rows = Json::array();
  for (const experiment::BenchCase& c : cases) {
    note(session, std::string(c.name) + " …");
    const experiment::BenchResult r = experiment::run_bench_case(c, flags.seconds.value_or(5), peak);
    table.add({r.name, with_commas(static_cast<long long>(r.tokens_per_s)), fixed(r.step_ms, 2),
               fixed(r.step_ms_min, 1) + "–" + fixed(r.step_ms_max, 1), fixed(r.gflop_per_s, 1),
               fixed(100 * r.peak_share, 0) + " %", fixed(static_cast<double>(r.activation_bytes) / 1e6, 1),
               std::to_string(r.system_allocations)});
    rows.push_back({{"case", r.name},
                    {"family", r.family},
                    {"tokens_per_s", r.tokens_per_s},
                    {"step_ms", r.step_ms},
                    {"step_ms_min", r.step_ms_min},
                    {"step_ms_max", r.step_ms_max},
                    {"steps", r.steps},
                    {"gflop_per_s", r.gflop_per_s},
                    {"peak_share", r.peak_share},
                    {"activation_bytes", r.activation_bytes},
                    {"system_allocations", r.system_allocations},
                    {"threads", threads()}});
  }
  const Json env = experiment::env_json();
  const std::string foot = "\nMedians on " + env["cpu"].get<std::string>() + ", " + std::to_string(threads()) +
                           " threads, " + env["isa"].get<std::string>() + "; peak " + fixed(peak, 0) +
                           " GFLOP/s of fused multiply-adds, measured.\n";
  print(session, table.text() + foot,
        {{"tool", experiment::tool_json()}, {"env", env}, {"fma_peak_gflops", peak}, {"cases", rows}});
  return Exit::kDone;
}

/// The preset's sizes with room for the longest context.
experiment::Config decode_config(const BenchFlags& flags) {
  experiment::Config config;
  apply_preset(config, experiment::find_preset(flags.preset));
  if (data::find_task(config.task).family != "gpt")
    fail_usage("--preset " + flags.preset + " is no language model; take char, nano, gpt2-124m, 300m or 1.2b");
  config.seq_len = std::max(config.seq_len, *std::ranges::max_element(flags.contexts));
  config.max_len = std::max(config.max_len, config.seq_len);
  resolve(config);
  return config;
}

Exit bench_decode(const Session& session, const BenchFlags& flags) {
  std::vector<report::Table::Column> columns{{"variant"}, {"kv heads", Align::kRight}, {"cache", Align::kRight}};
  for (const char* how : {"cached, T ", "full, T "})
    for (const index_t context : flags.contexts) columns.push_back({how + with_commas(context), Align::kRight});
  report::Table table(columns);
  Json rows = Json::array();
  const experiment::Config config = decode_config(flags);
  for (const experiment::Config& one : experiment::sharing_grid(config)) {
    note(session, one.variant + " with " + std::to_string(one.kv_heads) + " kv heads …");
    const auto r = experiment::run_decode_bench(one, flags.contexts, flags.seconds.value_or(0.5));
    std::vector<std::string> row{one.variant, std::to_string(one.kv_heads),
                                 report::size_text(static_cast<double>(r.speeds.back().cache_bytes))};
    for (const auto& s : r.speeds) row.push_back(with_commas(std::llround(1e3 / s.cached_ms)));
    for (const auto& s : r.speeds) row.push_back(fixed(1e3 / s.full_ms, 1));
    table.add(row);
    for (const auto& s : r.speeds)
      rows.push_back({{"variant", one.variant},
                      {"kv_heads", one.kv_heads},
                      {"context", s.context},
                      {"cached_ms", s.cached_ms},
                      {"full_ms", s.full_ms},
                      {"cache_bytes", s.cache_bytes}});
  }
  const Json env = experiment::env_json();
  print(session,
        table.text() + "\nTokens/s of one sequence at a context of T, medians: " + flags.preset + ", " +
            std::to_string(threads()) + " threads, " + env["cpu"].get<std::string>() +
            ". cached: one step; full: the\n" + "whole context again. cache: 32-bit floats at the last T.\n",
        {{"tool", experiment::tool_json()}, {"env", env}, {"config", config_json(config)}, {"decode", rows}});
  return Exit::kDone;
}

Exit bench(const Session& session, const BenchFlags& flags) {
  return flags.what == "decode" ? bench_decode(session, flags) : bench_training(session, flags);
}

}  // namespace

void add_bench(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<BenchFlags>();
  command.add_option("what", flags->what, "train: training steps; decode: one more token, with and without the cache")
      ->check(CLI::IsMember({"train", "decode"}).description(""))
      ->type_name("WHAT [train]");
  command.add_option("--case", flags->cases, "train: only this case; may be repeated")->type_name("NAME");
  command.add_option("--preset", flags->preset, "decode: the model's sizes")->type_name("NAME [nano]");
  command.add_option("--contexts", flags->contexts, "decode: lengths, separated by commas")
      ->delimiter(',')
      ->check(between(index_t{8}, index_t{1} << 20))
      ->type_name("T,T,… [64,256,1024]");
  command.add_option("--seconds", flags->seconds, "time spent on a case; default: 5 for train, 0.5 for decode")
      ->check(between(0.0, 3600.0))
      ->type_name("S");
  finish_command(
      command, session,
      "Times training steps (forward, backward, clipping, Adam) of fixed configurations. GFLOP/s counts model FLOPs:\n"
      "6 for each weight and token, 12·T·d for each token and layer. `decode` times the sizes of a preset with every\n"
      "partition and number of kv heads.",
      "  qkvbench bench --case encoder-d64-l2-t64 --seconds 2\n"
      "  qkvbench bench decode --preset nano --contexts 64,1024");
  command.callback([&session, flags] { session.action = [&session, flags] { return bench(session, *flags); }; });
}

}  // namespace qkvbench::cli
