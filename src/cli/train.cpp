// qkvbench train: one run, or one for each of several variants, and a table of how they ended.
// What a run does and leaves is in experiment/run.
#include <array>
#include <cmath>
#include <iostream>
#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/progress.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using experiment::Json;
using experiment::RunReport;
using experiment::Status;

struct TrainFlags {
  ConfigFlags config;
  experiment::RunOptions run;
};

double number_or_nan(const Json& value) { return value.is_number() ? value.get<double>() : NAN; }

/// A metric that the table shows when a run has it.
struct MetricColumn {
  const char *metric, *heading;
};
constexpr std::array<MetricColumn, 7> kColumns{{{"val_loss", "val loss"},
                                                {"perplexity", "perplexity"},
                                                {"bits_per_byte", "bits/byte"},
                                                {"val_floor", "floor"},
                                                {"val_above_floor", "above floor"},
                                                {"test_accuracy", "test accuracy"},
                                                {"test_loss", "test loss"}}};

std::string table_of(const std::vector<RunReport>& reports) {
  using report::Align;
  std::vector<report::Table::Column> heads{{"variant"},
                                           {"equation"},
                                           {"parameters", Align::kRight},
                                           {"in attention", Align::kRight},
                                           {"cache B/token", Align::kRight}};
  std::vector<const char*> metrics;
  for (const MetricColumn& column : kColumns)
    if (reports[0].result["metrics"].contains(column.metric)) {
      metrics.push_back(column.metric);
      heads.push_back({column.heading, Align::kRight});
    }
  heads.push_back({"time", Align::kRight});
  report::Table table(heads);
  for (const RunReport& r : reports) {
    const Json &variant = r.result["variant"], &model = r.result["model"];
    std::vector<std::string> row{variant["id"], variant["equation"], with_commas(model["params_total"].get<index_t>()),
                                 with_commas(model["params_attention"].get<index_t>()),
                                 with_commas(model["kv_cache_bytes_per_token"].get<index_t>())};
    for (const char* metric : metrics)
      row.push_back(report::fixed(number_or_nan(r.result["metrics"].value(metric, Json())), 4));
    row.push_back(r.status == Status::kCompleted ? report::duration(number_or_nan(r.result["timing"]["wall_s"]))
                                                 : r.result["status"].get<std::string>());
    table.add(row);
  }
  std::string text = table.text() + "\n";
  for (const RunReport& r : reports) text += (r.directory / "result.json").string() + "\n";
  return text;
}

/// Of images and sets of them: how fast it was and whether the reader kept up.
void note_speed(const Session& session, const std::string& name, const RunReport& r,
                const experiment::SpeedUnit& unit) {
  const Json& timing = r.result["timing"];
  const double share = number_or_nan(timing["data_wait_s"]) / number_or_nan(timing["train_s"]);
  if (r.was_finished || !std::isfinite(share) || unit.tokens == 1) return;
  note(session, name + ": " + with_commas(std::llround(number_or_nan(timing["examples_per_s"]))) + " " + unit.name +
                    "/s, waited for data " + report::fixed(100 * share, 1) + " % of the training time");
}

Exit train(const Session& session, const TrainFlags& flags) {
  catch_stop_signals();
  std::vector<RunReport> reports;
  Exit status = Exit::kDone;
  for (const experiment::Config& config : flags.config.resolved()) {
    const std::string name = config.task + " " + config.variant;
    const experiment::SpeedUnit unit = experiment::speed_unit(config);
    {
      ProgressLine progress(session, name);
      progress.tell_speed_in(unit);
      reports.push_back(experiment::run(config, flags.run, progress));
    }
    const RunReport& r = reports.back();
    if (r.was_finished) note(session, name + ": already finished, not run again (--overwrite does)");
    note_speed(session, name, r, unit);
    if (r.status == Status::kDiverged) {
      std::cerr << colored(session, "error:", 31, true) << " " << name << ": " << r.error << "\n";
      status = Exit::kDiverged;
    }
    if (r.status == Status::kInterrupted) {
      note(session, name + ": interrupted at step " + with_commas(r.result["train"]["steps"].get<index_t>()) +
                        ", saved; --resume goes on");
      status = static_cast<Exit>(128 + stop_signal());
      break;
    }
  }
  Json json = reports.size() == 1 ? reports[0].result : Json::array();
  if (reports.size() > 1)
    for (const RunReport& r : reports) json.push_back(r.result);
  print(session, table_of(reports), json);
  return status;
}

}  // namespace

void add_train(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<TrainFlags>();
  flags->config.add_to(command);
  command.add_option("--out", flags->run.out, "directory of all runs")->type_name("DIR [results]")->group("Files");
  command.add_flag("--overwrite", flags->run.overwrite, "run again what is there already")->group("Files");
  command.add_flag("--resume", flags->run.resume, "go on with an unfinished run")->group("Files");
  command.add_option("--checkpoint-every", flags->run.checkpoint_every_s, "seconds between checkpoints")
      ->type_name("S [60]")
      ->check(between(0.0, 1e9))
      ->group("Files");
  finish_command(
      command, session,
      "Trains a model, tests it and leaves results/<run>/ with result.json, metrics.jsonl and model.safetensors.\n"
      "Without --task it is the preset 'quick'. Several variants, separated by commas, are run in turn and compared.",
      "  qkvbench train --variant qk_v\n"
      "  qkvbench train --task sort --variant q_k_v,q_kv,qkv --epochs 5 --seed 1\n"
      "  qkvbench train --config results/RUN/result.json --lr 3e-4");
  command.callback([&session, flags] {
    flags->run.argv = session.argv;
    session.action = [&session, flags] { return train(session, *flags); };
  });
}

}  // namespace qkvbench::cli
