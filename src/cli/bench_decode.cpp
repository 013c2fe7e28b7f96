// qkvbench bench decode: one more token, with the cache and without, for every way to share.
// What is timed is in run/bench_decode.
#include "qkvbench/run/bench_decode.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/bench.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/groups.hpp"
#include "qkvbench/run/bench.hpp"
#include "qkvbench/run/bench_llama.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/study/arm.hpp"
#include "qkvbench/study/grid.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Align;
using report::fixed;
using run::Config;
using run::DecodeSpeed;
using run::EarlierBench;
using run::LimitRange;

/// One row of a table: what was timed, in which block, and what memory gave before and after.
struct Row {
  run::DecodeResult result;
  std::string block;
  LimitRange read_gb_per_s;
};

/// The preset's sizes with room for the longest context.
Config decode_config(const BenchFlags& flags) {
  Config config;
  apply_preset(config, run::find_preset(flags.preset));
  if (!data::find_task(config.task.id).traits().decodes)
    fail_usage("--preset " + flags.preset + " is no language model; take char, nano, gpt2-124m, 300m or 1.2b");
  config.task.seq_len = std::max(config.task.seq_len, *std::ranges::max_element(flags.contexts));
  config.model.max_len = std::max(config.model.max_len, config.task.seq_len);
  resolve(config);
  return config;
}

/// The configurations of a grid once, whatever their seeds.
std::vector<Config> grid_configs(const std::string& name) {
  std::vector<Config> configs;
  std::set<std::string> seen;
  for (Config config : study::expand(study::grid_of(name))) {
    config.task.seed = 0;
    if (!data::find_task(config.task.id).traits().decodes)
      fail_usage("--grid " + name + " has task " + config.task.id + ", which does not decode");
    if (seen.insert(run::run_name(config)).second) configs.push_back(config);
  }
  return configs;
}

/// In what each differs from the others beside its arm: "positions rope"; "" where nothing else does.
std::vector<std::string> blocks_of(const std::vector<Config>& configs) {
  const auto grouping =
      report::group_runs({}, configs, {.by_what_varies = true, .keys = {}, .matched = {"d_ff", "seq_len", "max_len"}});
  std::vector<std::string> texts;
  for (const std::size_t group : grouping.of_planned) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : grouping.groups[group].settings) parts.push_back(key + " " + value);
    texts.push_back(join(parts));
  }
  return texts;
}

std::string options_text(const Config& config) {
  study::Arm arm = study::arm_of(config);
  arm.kv_heads = 0;
  return arm.name();
}

const char* form_name(nn::CacheForm form) { return form == nn::CacheForm::kLeast ? "least" : "ready"; }

std::string case_name(const run::DecodeResult& r, const DecodeSpeed& s) {
  std::string name = options_text(r.config);
  std::erase(name, ',');
  std::ranges::replace(name, ' ', '-');
  name += "-kv" + std::to_string(r.config.model.kv_heads) + (r.form == nn::CacheForm::kReady ? "-ready" : "");
  const auto add = [&](const char* what, kernels::NumberFormat format) {
    if (format != kernels::NumberFormat::kFp32) name += std::string("-") + what + "-" + kernels::format_name(format);
  };
  add("weights", r.formats.weights);
  add("cache", r.formats.cache);
  return name + "-t" + std::to_string(s.context);
}

std::string per_s(double ms) { return with_commas(std::llround(1e3 / ms)); }

double tokens_per_s(const DecodeSpeed& s) { return 1e3 / s.cached_ms; }

/// No step is faster than its bytes come from memory at its best, unless a cache holds them.
double bound_tokens_per_s(const DecodeSpeed& s, const LimitRange& read_gb_per_s) {
  return read_gb_per_s.best * 1e9 / static_cast<double>(s.bytes_read);
}

report::Table empty_table(const BenchFlags& flags, const std::optional<EarlierBench>& earlier) {
  std::vector<report::Table::Column> columns{{"variant"}, {"kv heads", Align::kRight}, {"cache", Align::kRight}};
  for (const char* how : {"cached, T ", "min–max, T ", "of bound, T ", "full, T "})
    for (const index_t context : flags.contexts) columns.push_back({how + with_commas(context), Align::kRight});
  if (earlier) columns.push_back({"to earlier", Align::kRight});
  return report::Table(columns);
}

/// `call`: what memory gave in the whole call, GB/s.
std::vector<std::string> table_row(const Row& timed, const LimitRange& call,
                                   const std::optional<EarlierBench>& earlier) {
  const run::DecodeResult& r = timed.result;
  const std::string name = options_text(r.config) + (r.form == nn::CacheForm::kReady ? ", keys kept" : "");
  std::vector<std::string> row{marked(name, host_changed(timed.read_gb_per_s, call)),
                               std::to_string(r.config.model.kv_heads),
                               report::size_text(static_cast<double>(r.speeds.back().cache_bytes))};
  for (const DecodeSpeed& s : r.speeds) row.push_back(per_s(s.cached_ms));
  for (const DecodeSpeed& s : r.speeds) row.push_back(per_s(s.cached_ms_max) + "–" + per_s(s.cached_ms_min));
  for (const DecodeSpeed& s : r.speeds)
    row.push_back(fixed(100 * tokens_per_s(s) / bound_tokens_per_s(s, call), 0) + " %");
  for (const DecodeSpeed& s : r.speeds) row.push_back(fixed(1e3 / s.full_ms, 1));
  const DecodeSpeed& last = r.speeds.back();
  if (earlier) row.push_back(ratio_text(tokens_per_s(last), earlier->speed(case_name(r, last))));
  return row;
}

Json row_json(const Row& timed, const DecodeSpeed& s, const LimitRange& call,
              const std::optional<EarlierBench>& earlier) {
  const run::DecodeResult& r = timed.result;
  const Config& config = r.config;
  const double bound = bound_tokens_per_s(s, call);
  const auto before = earlier ? earlier->speed(case_name(r, s)) : std::nullopt;
  return {{"case", case_name(r, s)},
          {"block", timed.block},
          {"variant", config.model.variant.id()},
          {"kv_heads", config.model.kv_heads},
          {"cache_form", form_name(r.form)},
          {"weights_format", kernels::format_name(r.formats.weights)},
          {"cache_format", kernels::format_name(r.formats.cache)},
          {"context", s.context},
          {"cached_ms", s.cached_ms},
          {"cached_ms_min", s.cached_ms_min},
          {"cached_ms_max", s.cached_ms_max},
          {"full_ms", s.full_ms},
          {"cache_bytes", s.cache_bytes},
          {"bytes_read", s.bytes_read},
          {"tokens_per_s", tokens_per_s(s)},
          {"bound_tokens_per_s", bound},
          {"bound_share", tokens_per_s(s) / bound},
          {"read_gb_per_s_min", timed.read_gb_per_s.least},
          {"read_gb_per_s_max", timed.read_gb_per_s.best},
          {"host_changed", host_changed(timed.read_gb_per_s, call)},
          {"earlier_ratio", before ? Json(tokens_per_s(s) / *before) : Json()}};
}

/// Times every configuration in each form of its cache. What memory gives is measured once between two rows: after the
/// one, before the next.
std::vector<Row> time_rows(const Session& session, const BenchFlags& flags, const std::vector<Config>& configs) {
  const bool of_grid = !flags.grid.empty();
  const std::vector<std::string> blocks = of_grid ? blocks_of(configs) : std::vector<std::string>(configs.size());
  std::vector<Row> rows;
  double before = kernels::measure_read_gb_per_s(run::kLimitSeconds);
  for (std::size_t i = 0; i < configs.size(); ++i) {
    note(session, study::arm_of(configs[i]).name() + " …");
    for (const nn::CacheForm form : run::cache_forms(configs[i])) {
      Row row{run::run_decode_bench(configs[i], form, flags.formats, flags.contexts, flags.seconds.value_or(0.5)),
              blocks[i],
              {}};
      row.read_gb_per_s.add(before);
      before = kernels::measure_read_gb_per_s(run::kLimitSeconds);
      row.read_gb_per_s.add(before);
      rows.push_back(row);
    }
  }
  return rows;
}

/// A table for each block, one behind the other.
std::string tables_text(const Session& session, const BenchFlags& flags, const std::vector<Row>& rows,
                        const LimitRange& call, const std::optional<EarlierBench>& earlier) {
  std::vector<std::pair<std::string, report::Table>> tables;
  for (const Row& row : rows) {
    auto of_block = std::ranges::find(tables, row.block, &std::pair<std::string, report::Table>::first);
    if (of_block == tables.end()) of_block = tables.insert(tables.end(), {row.block, empty_table(flags, earlier)});
    of_block->second.add(table_row(row, call, earlier));
  }
  std::string text;
  for (const auto& [block, table] : tables)
    text += said(session, block.empty() ? "" : block + "\n\n") + shown(session, table) + said(session, "\n");
  return text;
}

/// llama.cpp's model, or none without --peer. What it needs is looked for before anything is timed.
std::unique_ptr<run::LlamaPeer> exported_peer(const BenchFlags& flags, const Config& q_k_v) {
  if (!flags.peer) return nullptr;
  return std::make_unique<run::LlamaPeer>(q_k_v);
}

std::string peer_text(const Session& session, const run::DecodeResult& ours, const std::vector<run::LlamaSpeed>& peer) {
  if (peer.empty()) return "";
  report::Table table({{"q_k_v in llama.cpp"},
                       {"tokens/s", Align::kRight},
                       {"min–max", Align::kRight},
                       {"to llama.cpp", Align::kRight}});
  for (std::size_t i = 0; i < peer.size(); ++i)
    table.add({"T " + with_commas(peer[i].context), per_s(peer[i].token_ms),
               per_s(peer[i].token_ms_max) + "–" + per_s(peer[i].token_ms_min),
               ratio_text(peer[i].token_ms, ours.speeds[i].cached_ms)});
  return shown(session, table) +
         said(session, "\nllama.cpp " + peer[0].build + " by llama-bench: 32-bit weights, cache " + peer[0].cache_type +
                           "; to llama.cpp: our tokens/s of the first row over its.\n\n");
}

Json peer_json(const run::DecodeResult& ours, const std::vector<run::LlamaSpeed>& peer) {
  if (peer.empty()) return nullptr;
  Json rows = Json::array();
  for (std::size_t i = 0; i < peer.size(); ++i)
    rows.push_back({{"build", peer[i].build},
                    {"cache_type", peer[i].cache_type},
                    {"context", peer[i].context},
                    {"token_ms", peer[i].token_ms},
                    {"token_ms_min", peer[i].token_ms_min},
                    {"token_ms_max", peer[i].token_ms_max},
                    {"tokens_per_s", 1e3 / peer[i].token_ms},
                    {"ratio", peer[i].token_ms / ours.speeds[i].cached_ms}});
  return rows;
}

}  // namespace

Exit bench_decode(const Session& session, const BenchFlags& flags) {
  const auto earlier = earlier_record(flags);
  const bool of_grid = !flags.grid.empty();
  if (flags.peer && of_grid) fail_usage("--peer is for the sizes of a preset; leave --grid out");
  const std::vector<Config> configs = of_grid ? grid_configs(flags.grid) : run::decode_grid(decode_config(flags));
  const auto llama = exported_peer(flags, configs[0]);
  const std::vector<Row> rows = time_rows(session, flags, configs);
  std::vector<run::LlamaSpeed> peer;
  if (llama) note(session, "llama.cpp …");
  for (const index_t context : llama ? flags.contexts : std::vector<index_t>{}) peer.push_back(llama->time(context));
  LimitRange call;
  for (const Row& row : rows) call.add(row.read_gb_per_s);
  const bool any_marked = std::ranges::any_of(rows, [&](const Row& r) { return host_changed(r.read_gb_per_s, call); });
  Json json = run::bench_json(flags.what);
  json["read_gb_per_s"] = call.best;
  json["read_gb_per_s_min"] = call.least;
  json["config"] = config_json(configs[0]);
  json["peer"] = peer_json(rows[0].result, peer);
  json["decode"] = Json::array();
  for (const Row& row : rows)
    for (const DecodeSpeed& s : row.result.speeds) json["decode"].push_back(row_json(row, s, call, earlier));
  const std::string below =
      "Tokens/s of one sequence at a context of T, medians: " + (of_grid ? "grid " + flags.grid : flags.preset) + ", " +
      where_text(earlier) + "\ncached: one step, and min–max of the steps; full: the whole context again. Weights in " +
      kernels::format_name(flags.formats.weights) + "; cache: in " + kernels::format_name(flags.formats.cache) +
      ", at the last T.\n"
      "keys kept: turned keys stay in the cache beside the values; without, they are turned again in each step.\n"
      "of bound: of what reading weights and cache from memory allows at " +
      fixed(call.best, 1) + " GB/s, the best of " + fixed(call.least, 1) + "–" + fixed(call.best, 1) +
      " measured beside the rows; above 100 % where the processor's cache holds them.\n" + mark_text(any_marked);
  print(session, "bench",
        tables_text(session, flags, rows, call, earlier) + peer_text(session, rows[0].result, peer) +
            said(session, below),
        json);
  return Exit::kDone;
}

}  // namespace qkvbench::cli
