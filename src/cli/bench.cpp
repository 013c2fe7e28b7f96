// qkvbench bench: how fast this build trains, beside what the machine could do at most.
// What is timed is in experiment/bench.
#include "qkvbench/experiment/bench.hpp"

#include <memory>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/experiment/record.hpp"
#include "qkvbench/kernels/peak.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using experiment::Json;
using report::Align;
using report::fixed;

struct BenchFlags {
  std::vector<std::string> cases;
  double seconds = 5;
};

Exit bench(const Session& session, const BenchFlags& flags) {
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
    const experiment::BenchResult r = experiment::run_bench_case(c, flags.seconds, peak);
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

}  // namespace

void add_bench(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<BenchFlags>();
  command.add_option("--case", flags->cases, "only this case; may be repeated")->type_name("NAME");
  command.add_option("--seconds", flags->seconds, "time spent on a case")
      ->check(between(0.0, 3600.0))
      ->type_name("S [5]");
  finish_command(
      command, session,
      "Times training steps (forward, backward, clipping, Adam) of fixed configurations. GFLOP/s counts model FLOPs:\n"
      "6 for each weight and token, 12·T·d for each token and layer.",
      "  qkvbench bench --case encoder-d64-l2-t64 --seconds 2");
  command.callback([&session, flags] { session.action = [&session, flags] { return bench(session, *flags); }; });
}

}  // namespace qkvbench::cli
