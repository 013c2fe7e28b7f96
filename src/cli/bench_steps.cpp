// qkvbench bench train and bench eval: the two tables, speed and where the time goes.
// What is timed is in run/bench.
#include <algorithm>
#include <cmath>

#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/bench.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/run/bench.hpp"
#include "qkvbench/run/bench_peer.hpp"

namespace qkvbench::cli {

namespace {

using report::Align;
using report::fixed;
using run::BenchCase;
using run::BenchKind;
using run::CaseRecord;
using run::LimitRange;
using run::MachineLimits;

std::vector<BenchCase> chosen_cases(const BenchFlags& flags) {
  std::vector<BenchCase> cases;
  for (const std::string& name : flags.cases) cases.push_back(run::find_bench_case(name));
  const auto all = run::bench_cases();
  if (cases.empty()) cases.assign(all.begin(), all.end());
  return cases;
}

std::string count(double x) { return with_commas(std::llround(x)); }

/// `python3`: runs the peer, unless it is empty.
CaseRecord measure(const BenchCase& c, BenchKind kind, const BenchFlags& flags, const std::string& python3) {
  const double seconds = flags.seconds.value_or(5);
  LimitRange beside;
  const auto measure_limit = [&] { beside.add(kernels::measure_fma_peak_gflops(run::kLimitSeconds)); };
  measure_limit();
  CaseRecord record{run_bench_case(c, kind, seconds), {}, {}, {}, {}, {}, {}};
  measure_limit();
  if (flags.scaling) {
    const int all = threads();
    set_threads(1);
    record.one_thread = run_bench_case(c, kind, seconds);
    set_threads(all);
    measure_limit();
  }
  if (flags.bf16) {
    record.bf16 = run_bench_case(c, kind, seconds, kernels::NumberFormat::kBf16);
    measure_limit();
  }
  if (!python3.empty()) {
    record.peer = run_peer(python3, c, kind, seconds);
    record.peer_bf16 = run_peer_bf16(python3, c, kind, seconds);
    measure_limit();
  }
  record.fma_peak_gflops = beside;
  return record;
}

bool is_marked(const CaseRecord& record, const MachineLimits& limits) {
  return host_changed(record.fma_peak_gflops, limits.fma_peak_gflops);
}

report::Table speed_table(const std::vector<CaseRecord>& records, const MachineLimits& limits,
                          const BenchFlags& flags) {
  std::vector<report::Table::Column> columns{{flags.what == "train" ? "training step" : "forward pass"}};
  for (const char* title :
       {"tokens/s", "images/s", "step ms", "min–max", "GFLOP/s", "of peak", "memory", "allocations"})
    columns.push_back({title, Align::kRight});
  if (flags.scaling) columns.push_back({"1 to " + std::to_string(threads()) + " threads", Align::kRight});
  if (flags.bf16)
    for (const char* title : {"bf16 tokens/s", "to fp32"}) columns.push_back({title, Align::kRight});
  if (flags.peer)
    for (const char* title : {"PyTorch tokens/s", "to PyTorch", "PyTorch bf16 tokens/s", "to PyTorch bf16"})
      columns.push_back({title, Align::kRight});
  if (!flags.compare.empty()) columns.push_back({"to earlier", Align::kRight});
  report::Table table(columns);
  for (const CaseRecord& record : records) {
    const auto& r = record.result;
    const bool images = r.config.image_size > 0;
    std::vector<std::string> row{marked(r.config.name, is_marked(record, limits)),
                                 count(r.tokens_per_s),
                                 images ? count(r.tokens_per_s / static_cast<double>(r.config.seq_len)) : "–",
                                 fixed(r.step_ms, 2),
                                 fixed(r.step_ms_min, 1) + "–" + fixed(r.step_ms_max, 1),
                                 fixed(r.gflop_per_s, 1),
                                 fixed(100 * r.gflop_per_s / limits.fma_peak_gflops.best, 0) + " %",
                                 report::size_text(static_cast<double>(r.peak_rss_bytes)),
                                 fixed(r.allocations_per_step, r.allocations_per_step == 0 ? 0 : 2)};
    if (flags.scaling) row.push_back(fixed(record.thread_gain(), 2) + "×");
    if (flags.bf16) {
      row.push_back(count(record.bf16->tokens_per_s));
      row.push_back(ratio_text(record.bf16->tokens_per_s, r.tokens_per_s));
    }
    if (flags.peer)
      for (const auto& peer : {record.peer, record.peer_bf16}) {
        row.push_back(peer ? count(peer->tokens_per_s) : "–");
        row.push_back(peer ? ratio_text(r.tokens_per_s, peer->tokens_per_s) : "–");
      }
    if (!flags.compare.empty()) row.push_back(ratio_text(r.tokens_per_s, record.earlier_tokens_per_s));
    table.add(row);
  }
  return table;
}

/// Shares with one decimal that add up to 100.0 as they are printed: what rounding leaves goes to the largest.
std::vector<std::string> percent_texts(const Profile::Seconds& shares) {
  std::array<long, kPartNames.size()> tenths{};
  long rest = 1000;
  std::size_t largest = 0;
  for (std::size_t p = 0; p < shares.size(); ++p) {
    tenths[p] = std::lround(1000 * shares[p]);
    rest -= tenths[p];
    if (shares[p] > shares[largest]) largest = p;
  }
  tenths[largest] += rest;
  std::vector<std::string> texts;
  for (const long t : tenths) texts.push_back(fixed(static_cast<double>(t) / 10, 1));
  return texts;
}

report::Table parts_table(const std::vector<CaseRecord>& records) {
  std::vector<report::Table::Column> columns{{"% of the time"}};
  for (std::string part : kPartNames) {
    std::ranges::replace(part, '_', ' ');
    columns.push_back({part, Align::kRight});
  }
  report::Table table(columns);
  for (const CaseRecord& record : records) {
    std::vector<std::string> row = percent_texts(record.result.shares);
    row.insert(row.begin(), record.result.config.name);
    table.add(row);
  }
  return table;
}

std::string limits_text(const MachineLimits& limits) {
  const auto& [least, best] = limits.fma_peak_gflops;
  std::string text =
      "fused multiply-adds " + fixed(best, 0) + " GFLOP/s, the best of " + fixed(least, 0) + "–" + fixed(best, 0);
  if (limits.one_thread_peak_gflops) text += " (" + fixed(*limits.one_thread_peak_gflops, 0) + " on one thread)";
  return text + ", memory read " + fixed(limits.bandwidth.read_gb_per_s, 1) + " GB/s, triad " +
         fixed(limits.bandwidth.triad_gb_per_s, 1) + " GB/s";
}

std::string bf16_text(const BenchFlags& flags) {
  if (!flags.bf16) return "";
  return std::string("bf16: products of numbers rounded to bf16, ") + kernels::bf16_route_text() + ".\n";
}

std::string peer_text(const CaseRecord& record) {
  if (!record.peer) return "";
  return "PyTorch " + record.peer->torch +
         " in the faster of its settings, in turn with ours. bf16: under torch.autocast; – where PyTorch fails at "
         "it.\n";
}

}  // namespace

Exit bench_steps(const Session& session, const BenchFlags& flags) {
  const std::vector<BenchCase> cases = chosen_cases(flags);
  const auto earlier = earlier_record(flags);
  const std::string python3 = flags.peer ? run::find_peer() : "";
  const BenchKind kind = flags.what == "train" ? BenchKind::kTrain : BenchKind::kEval;
  MachineLimits limits = run::measure_limits(flags.scaling);
  std::vector<CaseRecord> records;
  for (const BenchCase& c : cases) {
    note(session, std::string(c.name) + " …");
    records.push_back(measure(c, kind, flags, python3));
    if (earlier) records.back().earlier_tokens_per_s = earlier->speed(c.name);
    limits.fma_peak_gflops.add(records.back().fma_peak_gflops);
  }
  formats::Json json = run::bench_json(flags.what);
  json["fma_peak_gflops"] = limits.fma_peak_gflops.best;
  json["limits"] = limits_json(limits);
  json["cases"] = formats::Json::array();
  for (const CaseRecord& record : records) json["cases"].push_back(case_json(record, limits));
  const bool any_marked = std::ranges::any_of(records, [&](const auto& r) { return is_marked(r, limits); });
  print(
      session, "bench",
      shown(session, speed_table(records, limits, flags)) + said(session, "\n") + shown(session, parts_table(records)) +
          said(session, "\nMedians on " + where_text(earlier) + "\nMeasured limits: " + limits_text(limits) + ".\n" +
                            mark_text(any_marked) + bf16_text(flags) + peer_text(records.front()) +
                            "memory: the largest resident size of the process. allocations: a step in steady state.\n"),
      json);
  return Exit::kDone;
}

}  // namespace qkvbench::cli
