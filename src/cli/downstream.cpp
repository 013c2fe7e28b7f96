// qkvbench downstream: a trained language model answers questions of multiple choice.
// Prints what run/downstream scores, and how long there is left.
#include "qkvbench/run/downstream.hpp"

#include <memory>

#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/cli/status_line.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using run::DownstreamTask;

struct DownstreamFlags {
  std::string model, tasks, scoring = "harness", shots_from = "first";
  run::DownstreamOptions options;
  kernels::NumberFormat weights = kernels::NumberFormat::kFp32;
};

std::vector<const data::ChoiceTask*> tasks_of(const std::string& list) {
  std::vector<const data::ChoiceTask*> tasks;
  for (const std::string& name : split(list, ',')) tasks.push_back(&data::find_choice_task(name));
  if (tasks.empty()) fail_usage("--tasks: no task is named");
  return tasks;
}

Json task_json(const DownstreamTask& task) {
  Json metrics = Json::object(), documents = Json::array();
  for (const run::Metric& metric : task.metrics) {
    metrics[metric.name] = run::or_null(metric.value);
    if (metric.name != "perplexity") metrics[metric.name + "_stderr"] = run::or_null(metric.standard_error);
  }
  for (std::size_t i = 0; i < task.answers.size(); ++i) {
    Json log_probs = Json::array(), greedy = Json::array();
    for (const train::ContinuationScore& score : task.answers[i].scores) {
      log_probs.push_back(run::or_null(score.log_prob));
      greedy.push_back(score.greedy);
    }
    const auto& gold = task.documents[i].gold;
    documents.push_back({{"log_probs", log_probs},
                         {"greedy", greedy},
                         {"tokens", task.answers[i].tokens},
                         {"gold", gold ? Json(*gold) : Json(nullptr)}});
  }
  return {{"task", task.name}, {"files", run::files_json(task.files)}, {"metrics", metrics}, {"documents", documents}};
}

void add_rows(const DownstreamTask& task, report::Table& table) {
  for (const run::Metric& metric : task.metrics) {
    const bool first = &metric == &task.metrics.front();
    table.add({first ? task.name : "", first ? with_commas(static_cast<long long>(task.documents.size())) : "",
               metric.name, report::fixed(metric.value, 4),
               metric.standard_error ? "± " + report::fixed(*metric.standard_error, 4) : ""});
  }
}

Exit downstream(const Session& session, DownstreamFlags flags) {
  const auto tasks = tasks_of(flags.tasks);
  flags.options.scoring = flags.scoring == "authors" ? run::Scoring::kAuthors : run::Scoring::kHarness;
  flags.options.shot_source = flags.shots_from == "train" ? data::ShotSource::kTraining : data::ShotSource::kFirst;
  const run::LoadedModel run = run::load_run(flags.model);
  run.model->parameters().narrow(flags.weights);
  report::Table table({{"task"},
                       {"documents", report::Align::kRight},
                       {"metric"},
                       {"value", report::Align::kRight},
                       {"stderr", report::Align::kRight}});
  Json all = Json::array();
  double sum = 0;
  const double began = seconds_now();
  StatusLine line(session);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const double task_began = seconds_now();
    const DownstreamTask task =
        run::score_task(run, *tasks[i], flags.options, [&](std::size_t done, std::size_t requests) {
          if (!line.due()) return;
          const double left = (seconds_now() - task_began) * static_cast<double>(requests - done) /
                              static_cast<double>(std::max<std::size_t>(1, done));
          line.show(tasks[i]->name + "  " + with_commas(static_cast<long long>(done)) + "/" +
                    with_commas(static_cast<long long>(requests)) + " answers  " + report::duration(left) +
                    " left of task " + std::to_string(i + 1) + " of " + std::to_string(tasks.size()));
        });
    sum += task.metrics.front().value;
    add_rows(task, table);
    all.push_back(task_json(task));
  }
  line.clear();
  const double mean = sum / static_cast<double>(tasks.size());
  std::string text = said(session, run.config.model.variant.id() + ", " + std::to_string(flags.options.shots) +
                                       " shots, scored as " + flags.scoring + "\n\n") +
                     shown(session, table);
  if (tasks.size() > 1) text += said(session, "\nmean acc " + report::fixed(mean, 4) + "\n");
  print(session, "downstream", text,
        {{"model", flags.model},
         {"variant", variant_json(run.config)},
         {"shots", flags.options.shots},
         {"shots_from", flags.shots_from},
         {"scoring", flags.scoring},
         {"context", run.config.task.seq_len},
         {"weights_format", kernels::format_name(flags.weights)},
         {"cache_format", kernels::format_name(flags.options.cache_format)},
         {"tasks", all},
         {"mean_acc", mean},
         {"timing", {{"wall_s", seconds_now() - began}}}});
  return Exit::kDone;
}

}  // namespace

void add_downstream(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<DownstreamFlags>();
  std::string names;
  for (const data::ChoiceTask& task : data::choice_tasks()) names += (names.empty() ? "" : ", ") + task.name;
  add_option(command, "model", flags->model, "a run directory or a model.safetensors, of text")
      .required()
      .type_name("PATH");
  add_option(command, "--tasks", flags->tasks, "of " + names).required().type_name("NAME,NAME");
  add_option(command, "--data", flags->options.data, "folder of the tasks' files, as they are published")
      .required()
      .type_name("DIR");
  add_option(command, "--shots", flags->options.shots, "examples before each question")
      .between(std::size_t{0}, std::size_t{100})
      .type_name("N [0]");
  add_option(command, "--shots-from", flags->shots_from,
             "first: the first others of the questions' file; train: drawn for each question from the training split, "
             "as lm-evaluation-harness does by default")
      .one_of({"first", "train"})
      .type_name("SPLIT [first]");
  add_option(command, "--scoring", flags->scoring,
             "harness: as lm-evaluation-harness; authors: as the paper's script, which encodes context and answer "
             "apart")
      .one_of({"harness", "authors"})
      .type_name("WAY [harness]");
  add_option(command, "--weights", flags->weights, kWeightsHelp);
  add_option(command, "--cache", flags->options.cache_format, "the decoding cache: the same");
  finish_command(
      command, session,
      "Scores each answer by its log-probability behind the question. Questions run through the model once for\n"
      "all of their answers. The files are not part of this program: docs/downstream.md says where they are.",
      "  qkvbench downstream results/RUN --tasks hellaswag,piqa --data tasks");
  on_call(command, session, flags, downstream);
}

}  // namespace qkvbench::cli
