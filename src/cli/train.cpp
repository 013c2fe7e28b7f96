// qkvbench train: one run, or one for each of several variants, and a table of how they ended.
// What a run does and leaves is in run/run.
#include <array>
#include <charconv>
#include <cmath>
#include <iostream>
#include <memory>

#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/dry_run.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/progress.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/kernels/matmul.hpp"
#include "qkvbench/report/answer.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/records.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using run::RunReport;
using run::Status;

struct TrainFlags {
  ConfigFlags config;
  run::RunOptions run;
  std::string checkpoint_every = "60s", max_time, network;
  bool dry_run = false, plot = false;
};

/// "50" are steps, anything else is a time.
run::CheckpointEvery checkpoint_every(const std::string& text) {
  if (!text.empty() && text.find_first_not_of("0123456789.eE+-") == std::string::npos &&
      text.find_first_not_of("0123456789") != std::string::npos)
    fail_usage("--checkpoint-every: '" + text + "' is no whole number of steps; write 1000, or a time such as 1000s");
  if (text.find_first_not_of("0123456789") != std::string::npos || text.empty())
    return {0, parse_duration("--checkpoint-every", text)};
  index_t steps = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), steps);
  if (error != std::errc() || steps < 1)
    fail_usage("--checkpoint-every: '" + text + "' is no number of steps; write 50, or a time such as 30s");
  return {steps, 0};
}

/// A metric that the table shows when a run has it.
struct MetricColumn {
  const char *metric, *heading;
  int better = -1;  ///< 1: the higher, -1: the lower, 0: neither
};
constexpr int kDecimals = 4;
constexpr std::array<MetricColumn, 7> kColumns{{{"val_loss", "val loss"},
                                                {"perplexity", "perplexity"},
                                                {"bits_per_byte", "bits/byte"},
                                                {"val_floor", "floor", 0},
                                                {"val_above_floor", "above floor"},
                                                {"test_accuracy", "test accuracy", 1},
                                                {"test_loss", "test loss"}}};

std::string table_of(const Session& session, const std::vector<RunReport>& reports) {
  using report::Align;
  std::vector<report::Table::Column> heads{
      {"variant"}, {"equation"}, {"parameters", Align::kRight}, {"in attention", Align::kRight}};
  const run::Result& first = reports[0].result;
  const bool seeds = first.config.task.seed != reports.back().result.config.task.seed;
  if (seeds) heads.insert(heads.begin() + 1, {"seed", Align::kRight});
  const bool decodes = data::find_task(first.config.task.id).traits().decodes;
  if (decodes) heads.push_back({"cache B/token", Align::kRight});
  std::vector<std::pair<MetricColumn, report::RowValues>> metrics;
  const std::size_t first_metric = heads.size();
  for (const MetricColumn& column : kColumns)
    if (first.metrics.contains(column.metric)) {
      metrics.emplace_back(column, report::RowValues{});
      heads.push_back({column.heading, Align::kRight});
    }
  heads.push_back({"time", Align::kRight});
  report::Table table(heads);
  for (const RunReport& r : reports) {
    const nn::Variant variant = r.result.config.model.variant;
    const run::ModelCosts& model = r.result.model;
    std::vector<std::string> row{variant.id(), variant.equation(), with_commas(model.params_total),
                                 with_commas(model.params_attention)};
    if (seeds) row.insert(row.begin() + 1, std::to_string(r.result.config.task.seed));
    if (decodes) row.push_back(with_commas(model.kv_cache_bytes_per_token));
    for (auto& [column, values] : metrics) {
      const std::optional<double> value = r.result.metrics.value(column.metric);
      if (value) values.emplace_back(table.rows(), *value);
      row.push_back(report::fixed(value.value_or(NAN), kDecimals));
    }
    row.push_back(r.result.status == Status::kCompleted ? report::duration(r.result.timing.wall_s.value_or(NAN))
                                                        : status_name(r.result.status));
    table.add(row);
  }
  for (std::size_t i = 0; i < metrics.size(); ++i)
    if (const int better = metrics[i].first.better; better != 0)
      table.mark_best(first_metric + i, metrics[i].second, better > 0, kDecimals);
  std::string paths = "\n";
  for (const RunReport& r : reports) paths += (r.directory / "result.json").string() + "\n";
  return shown(session, table) + said(session, paths);
}

/// What several runs allow to say of their variants; empty where there is nothing to compare.
std::string answer_of(const Session& session, const std::vector<RunReport>& reports) {
  std::vector<std::filesystem::path> paths;
  for (const RunReport& r : reports)
    if (r.result.status == Status::kCompleted) paths.push_back(r.directory);
  if (paths.size() < 2) return "";
  run::RecordSet set = run::read_records(paths);
  keep_one_build(set);  // some may have been there
  const std::string text = answers_text(report::answers_of(report::summarize(set.records)));
  return text.empty() ? "" : said(session, "\n" + text);
}

/// Of images and sets of them: how fast it was and whether the reader kept up.
void note_speed(const Session& session, const std::string& name, const RunReport& r, const run::SpeedUnit& unit) {
  const run::Timing& timing = r.result.timing;
  const double share = timing.data_wait_s.value_or(NAN) / timing.train_s.value_or(NAN);
  if (r.was_finished || !std::isfinite(share) || unit.tokens == 1) return;
  note(session, name + ": " + with_commas(std::llround(timing.examples_per_s.value_or(NAN))) + " " + unit.name +
                    "/s, waited for data " + report::fixed(100 * share, 1) + " % of the training time");
}

Json train_json(const Session& session, const std::vector<RunReport>& reports) {
  Json runs = Json::array();
  for (const RunReport& r : reports) {
    const bool has_model = r.result.status == Status::kCompleted;
    runs.push_back(
        {{"run", formats::escape_bytes(r.directory.filename().string())},
         {"directory", formats::escape_bytes(r.directory.string())},
         {"model", has_model ? Json(formats::escape_bytes((r.directory / "model.safetensors").string())) : Json()},
         {"found", r.was_finished},
         {"error", run::or_null(r.error)},
         {"result", result_json(r.result)}});
  }
  return {{"argv", formats::escape_bytes(session.argv)}, {"runs", runs}};
}

/// Throws Error (usage) unless every rank has as many whole parts of a step.
void check_ranks(int ranks, index_t replicas) {
  if (replicas % ranks == 0) return;
  const std::string count = std::to_string(ranks);
  if ((ranks & (ranks - 1)) != 0)
    fail_usage(count + " ranks cannot share replicas, of which there is a power of two; start 2, 4, 8 … ranks");
  fail_usage(count + " ranks need replicas to be a multiple of " + count + ", and it is " + std::to_string(replicas) +
             "; write --replicas " + count + ", or start fewer ranks");
}

Exit train(const Session& session, TrainFlags& flags) {
  if (flags.dry_run) {
    if (session.ranks->is_first())
      dry_run(session, flags.config.resolved(), parse_network(flags.network.empty() ? "10Gbit" : flags.network));
    return Exit::kDone;
  }
  if (!flags.network.empty())
    fail_usage("--network says what joins the machines that --dry-run plans for; add --dry-run, or leave it out");
  const double begin_s = seconds_now();
  const double deadline_s = flags.max_time.empty() ? HUGE_VAL : begin_s + parse_duration("--max-time", flags.max_time);
  flags.run.argv = session.argv;
  flags.run.checkpoint_every = checkpoint_every(flags.checkpoint_every);
  catch_stop_signals();
  std::vector<RunReport> reports;
  Exit status = Exit::kDone;
  const std::vector<run::Config> configs = flags.config.resolved();
  for (const run::Config& config : configs) check_ranks(session.ranks->size(), config.train.replicas);
  flags.run.together.ranks = session.ranks;
  if (configs[0].train.precision == kernels::NumberFormat::kBf16 && !kernels::bf16_by_instruction())
    note(session, "nothing in this processor multiplies bf16 faster than fp32: the same numbers, but no sooner");
  const bool seeds = configs.front().task.seed != configs.back().task.seed;
  for (const run::Config& config : configs) {
    // Of one seed they differ in the variant alone.
    if (reports.empty() || config.task.seed != reports.back().result.config.task.seed)
      flags.run.data = data::find_task(config.task.id).open(config.task);
    const std::string name =
        config.task.id + " " + config.model.variant.id() + (seeds ? ", seed " + std::to_string(config.task.seed) : "");
    const run::SpeedUnit unit = run::speed_unit(config);
    {
      ProgressLine progress(session, name, deadline_s, flags.plot);
      progress.tell_speed_in(unit);
      reports.push_back(run::run(config, flags.run, progress));
      if (session.ranks->is_first()) progress.show_end(reports.back().result);
    }
    const RunReport& r = reports.back();
    if (r.was_finished) note(session, name + ": already finished, not run again (--overwrite does)");
    if (session.ranks->is_first()) note_speed(session, name, r, unit);
    if (r.result.status == Status::kDiverged) {
      std::cerr << error_word(session) << " " << name << ": " << r.error << "\n";
      status = Exit::kDiverged;
    }
    if (r.result.status == Status::kInterrupted) {
      note(session, name + ": " + (r.signal != 0 ? "interrupted" : "out of time") + " at step " +
                        with_commas(r.result.train.steps) + ", saved; " +
                        (flags.run.overwrite ? "--overwrite --resume goes on" : "--resume goes on"));
      status = r.signal != 0 ? static_cast<Exit>(128 + r.signal) : Exit::kOutOfTime;
      break;
    }
  }
  if (session.ranks->is_first())
    print(session, "train", table_of(session, reports) + answer_of(session, reports), train_json(session, reports));
  return status;
}

}  // namespace

void add_train(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<TrainFlags>();
  flags->config.add_to(command);
  add_option(command, "--out", flags->run.out, "directory of all runs").type_name("DIR [results]").group("Files");
  add_flag(command, "--overwrite", flags->run.overwrite, "run again what is there already").group("Files");
  add_flag(command, "--resume", flags->run.resume, "go on with an unfinished run").group("Files");
  add_flag(command, "--tensorboard", flags->run.events,
           "the curve for TensorBoard too, in the run's directory; tensorboard --logdir DIR shows all runs in DIR")
      .group("Files");
  add_option(command, "--checkpoint-every", flags->checkpoint_every,
             "how often to save: in steps (50), or a time (30s, 5m)")
      .type_name("N|TIME [60s]")
      .take_last()
      .group("Files");
  add_option(command, "--max-time", flags->max_time,
             "stop in good order after a time (90s, 30m, 2h): status 75, --resume goes on")
      .type_name("TIME")
      .take_last()
      .group("Files");
  add_flag(command, "--shard-optimizer", flags->run.together.shard_optimizer,
           "of several ranks each keeps Adam's moments of its share of the parameters: same bits, less memory")
      .group("Training");
  add_flag(command, "--plot", flags->plot,
           "draw the loss on the terminal while it falls; where stderr is no terminal once, at the end of a run")
      .group("Output");
  add_flag(command, "--dry-run", flags->dry_run,
           "train nothing: say how long it would take, from a second of steps, and how much memory")
      .group("Plan");
  add_option(command, "--network", flags->network,
             "of --dry-run with replicas: what joins the machines, in either direction (10Gbit, 400Mbit)")
      .type_name("SPEED [10Gbit]")
      .group("Plan");
  finish_command(
      command, session,
      "Trains a model, tests it and leaves results/<run>/ with result.json, metrics.jsonl and model.safetensors.\n"
      "Without --task it is the preset 'quick'. Several variants and seeds are run in turn and compared.\n"
      "SIGINT and SIGTERM save and leave, SIGUSR1 saves and goes on; --resume goes on to the same bytes.\n"
      "Under mpirun several ranks train one model, to the bytes of one process with the same --replicas.",
      "  qkvbench train --variant qk_v\n"
      "  qkvbench train --task sort --variant q_k_v,q_kv,qkv --epochs 5 --seed 0-2\n"
      "  qkvbench train --config results/RUN/result.json --lr 3e-4\n"
      "  qkvbench train --preset char --corpus stories --dry-run\n"
      "  mpirun -n 4 qkvbench train --task sort --replicas 4");
  on_call(command, session, flags, train);
}

}  // namespace qkvbench::cli
