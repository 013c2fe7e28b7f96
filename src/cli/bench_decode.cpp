// qkvbench bench decode: one more token, with the cache and without, for every way to share.
// What is timed is in run/bench_decode.
#include "qkvbench/run/bench_decode.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/bench.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/run/bench.hpp"
#include "qkvbench/run/costs.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Align;
using report::fixed;
using run::Config;
using run::DecodeSpeed;
using run::EarlierBench;

/// The preset's sizes with room for the longest context.
Config decode_config(const BenchFlags& flags) {
  Config config;
  apply_preset(config, run::find_preset(flags.preset));
  if (data::find_task(config.task.id).family != "gpt")
    fail_usage("--preset " + flags.preset + " is no language model; take char, nano, gpt2-124m, 300m or 1.2b");
  config.task.seq_len = std::max(config.task.seq_len, *std::ranges::max_element(flags.contexts));
  config.model.max_len = std::max(config.model.max_len, config.task.seq_len);
  resolve(config);
  return config;
}

std::string case_name(const Config& config, const DecodeSpeed& s) {
  return config.model.variant.id() + "-kv" + std::to_string(config.model.kv_heads) + "-t" + std::to_string(s.context);
}

double tokens_per_s(const DecodeSpeed& s) { return 1e3 / s.cached_ms; }

/// No step is faster than its bytes come from memory, unless a cache holds them.
double bound_tokens_per_s(const DecodeSpeed& s, double read_gb_per_s) {
  return read_gb_per_s * 1e9 / static_cast<double>(s.bytes_read);
}

report::Table empty_table(const BenchFlags& flags, const std::optional<EarlierBench>& earlier) {
  std::vector<report::Table::Column> columns{{"variant"}, {"kv heads", Align::kRight}, {"cache", Align::kRight}};
  for (const char* how : {"cached, T ", "of bound, T ", "full, T "})
    for (const index_t context : flags.contexts) columns.push_back({how + with_commas(context), Align::kRight});
  if (earlier) columns.push_back({"to earlier", Align::kRight});
  return report::Table(columns);
}

std::vector<std::string> table_row(const run::DecodeResult& r, double read_gb_per_s,
                                   const std::optional<EarlierBench>& earlier) {
  std::vector<std::string> row{r.config.model.variant.id(), std::to_string(r.config.model.kv_heads),
                               report::size_text(static_cast<double>(r.speeds.back().cache_bytes))};
  for (const DecodeSpeed& s : r.speeds) row.push_back(with_commas(std::llround(tokens_per_s(s))));
  for (const DecodeSpeed& s : r.speeds)
    row.push_back(fixed(100 * tokens_per_s(s) / bound_tokens_per_s(s, read_gb_per_s), 0) + " %");
  for (const DecodeSpeed& s : r.speeds) row.push_back(fixed(1e3 / s.full_ms, 1));
  const DecodeSpeed& last = r.speeds.back();
  if (earlier) row.push_back(ratio_text(tokens_per_s(last), earlier->speed(case_name(r.config, last))));
  return row;
}

Json row_json(const Config& config, const DecodeSpeed& s, double read_gb_per_s,
              const std::optional<EarlierBench>& earlier) {
  const double bound = bound_tokens_per_s(s, read_gb_per_s);
  const auto before = earlier ? earlier->speed(case_name(config, s)) : std::nullopt;
  return {{"case", case_name(config, s)},
          {"variant", config.model.variant.id()},
          {"kv_heads", config.model.kv_heads},
          {"context", s.context},
          {"cached_ms", s.cached_ms},
          {"full_ms", s.full_ms},
          {"cache_bytes", s.cache_bytes},
          {"bytes_read", s.bytes_read},
          {"tokens_per_s", tokens_per_s(s)},
          {"bound_tokens_per_s", bound},
          {"bound_share", tokens_per_s(s) / bound},
          {"earlier_ratio", before ? Json(tokens_per_s(s) / *before) : Json()}};
}

}  // namespace

Exit bench_decode(const Session& session, const BenchFlags& flags) {
  const auto earlier = earlier_record(flags);
  const Config config = decode_config(flags);
  const double read_gb_per_s = kernels::measure_bandwidth(0.5).read_gb_per_s;
  report::Table table = empty_table(flags, earlier);
  Json rows = Json::array();
  for (const Config& one : run::sharing_grid(config)) {
    note(session, one.model.variant.id() + " with " + std::to_string(one.model.kv_heads) + " kv heads …");
    const auto r = run::run_decode_bench(one, flags.contexts, flags.seconds.value_or(0.5));
    table.add(table_row(r, read_gb_per_s, earlier));
    for (const DecodeSpeed& s : r.speeds) rows.push_back(row_json(one, s, read_gb_per_s, earlier));
  }
  Json json = run::bench_json(flags.what);
  json["read_gb_per_s"] = read_gb_per_s;
  json["config"] = config_json(config);
  json["decode"] = rows;
  print(session, "bench",
        render(flags, table) + "\nTokens/s of one sequence at a context of T, medians: " + flags.preset + ", " +
            where_text(earlier) +
            "\ncached: one step; full: the whole context again. cache: 32-bit floats at the last T.\n"
            "of bound: of what reading weights and cache from memory allows at " +
            fixed(read_gb_per_s, 1) + " GB/s, measured; above 100 %\nwhere the processor's cache holds them.\n",
        json);
  return Exit::kDone;
}

}  // namespace qkvbench::cli
