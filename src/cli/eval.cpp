// qkvbench eval: a trained model on its task's test data, or on other data of the same task.
// Writes nothing but what it prints.
#include <array>
#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/svg.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/costs.hpp"
#include "qkvbench/run/documents.hpp"
#include "qkvbench/run/evaluate.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/run.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using run::Config;
using run::LoadedModel;

struct EvalFlags {
  std::string model;
  std::optional<std::string> corpus, data, documents;
  index_t n_test = 0, batch_size = 0;
  std::optional<std::uint64_t> seed;
  kernels::NumberFormat weights = kernels::NumberFormat::kFp32, cache = kernels::NumberFormat::kFp32;
  bool cached = false, padded = false, whole = false;
  std::vector<double> blend;
  bool swap = false, each_layer = false;
};

/// Puts the flags into the configuration. Throws Error (usage) when one does not concern the model's task.
void adapt(const EvalFlags& flags, Config& config) {
  const auto take = [&](const char* key, const std::string& text) {
    const run::Option& option = run::find_option(key, "eval");
    check_concerns(config, option);
    set_option(config, option, text);
  };
  if (flags.corpus) take("corpus", *flags.corpus);
  if (flags.data) take("data", *flags.data);
  if (flags.n_test > 0) config.task.n_test = flags.n_test;
  if (flags.batch_size > 0) config.train.batch_size = config.train.micro_batch = flags.batch_size;
  if (flags.seed) config.task.seed = *flags.seed;
  if (flags.whole) {
    if (!data::find_task(config.task.id).traits().draws_windows)
      fail_usage("--whole is of texts; task " + config.task.id + " has none");
    config.task.whole_text = true;
  }
}

/// The data to score. Validation images are part of the training folder: when that is gone they are left out, and it is
/// said.
std::unique_ptr<data::TaskData> data_of(const Session& session, const LoadedModel& run) {
  data::TaskOptions options = task_options(run);
  const data::Task& task = data::find_task(run.config.task.id);
  auto data = task.open(options);
  if (task.traits().draws_windows || options.n_val == 0) return data;
  try {
    data->split(data::Split::kValidation);
    return data;
  } catch (const Error& error) {
    if (error.status() != Exit::kInput) throw;
    note(session, std::string("the validation examples are not scored: ") + error.what());
    options.n_val = 0;
  }
  return task.open(options);
}

Json eval_json(const EvalFlags& flags, const LoadedModel& run, const data::DataFacts& facts, const Json& metrics,
               index_t cache_bytes, const Json& changes) {
  return {{"model", flags.model},
          {"config", config_json(run.config)},
          {"variant", variant_json(run.config)},
          {"dataset", run::dataset_json(facts)},
          {"metrics", metrics},
          {"weights_format", kernels::format_name(flags.weights)},
          {"weights_bytes", run::parameter_bytes(*run.model)},
          {"cache_format", kernels::format_name(flags.cache)},
          {"cache_bytes", cache_bytes},
          {"changes", changes}};
}

/// `metrics` with what is said of the model and of the data that were scored.
Exit tell(const Session& session, const EvalFlags& flags, const LoadedModel& run, const data::DataFacts& facts,
          const Json& metrics, index_t cache_bytes) {
  report::Table table({{"metric"}, {"value", report::Align::kRight}});
  for (const auto& [name, value] : metrics.items())
    table.add({name, value.is_number_integer() ? with_commas(value.get<index_t>()) : report::fixed(value, 4)});
  if (flags.cached)
    table.add(
        {"cache of " + std::to_string(run.config.train.micro_batch) + " windows", with_commas(cache_bytes) + " B"});
  print(session, "eval",
        said(session, run.config.task.id + " " + run.config.model.variant.id() + "\n\n") + shown(session, table),
        eval_json(flags, run, facts, metrics, cache_bytes, Json::array()));
  return Exit::kDone;
}

Json metrics_of(const run::SplitScores& scores, const data::DataFacts& facts) {
  return run::numbers_json(run::numbers_of(scores, facts));
}

/// What --blend and --swap ask for. Throws Error (usage) when they do not go together or with others.
std::vector<run::Intervention> interventions_of(const EvalFlags& flags, index_t layers) {
  if (flags.blend.empty() && !flags.swap) {
    if (flags.each_layer) fail_usage("--each-layer goes with --blend, which says what is changed");
    return {};
  }
  if (!flags.blend.empty() && flags.swap) fail_usage("--blend and --swap change the same; give one of them");
  if (flags.cached)
    fail_usage("--blend and --swap score the task's data in whole passes; --cached does not go with them");
  if (flags.swap) return run::swaps(layers);
  return run::blends(flags.blend, layers, flags.each_layer);
}

/// The numbers that tables show of a score, where there are any.
constexpr std::array kShown{"val_loss", "perplexity", "test_loss", "test_accuracy"};

/// Scores under each change, beside those of the model as it is.
Exit tell_changes(const Session& session, const EvalFlags& flags, LoadedModel& run, data::TaskData& data,
                  const std::vector<run::Intervention>& interventions) {
  const data::DataFacts facts = data.facts();
  const index_t batch_size = run.config.train.micro_batch;
  const std::vector<run::SplitScores> scores = run::score_interventions(*run.model, data, batch_size, interventions);
  const Json metrics = metrics_of(run::score_splits(*run.model, data, batch_size), facts);
  std::vector<report::Table::Column> columns{{"layer"}, {"change"}};
  for (const char* metric : kShown)
    if (metrics.contains(metric)) columns.push_back({metric, report::Align::kRight});
  report::Table table(columns);
  const auto add = [&](const std::string& layer, const std::string& change, const Json& values) {
    std::vector<std::string> row{layer, change};
    for (const char* metric : kShown)
      if (values.contains(metric)) row.push_back(report::fixed(values[metric], 4));
    table.add(row);
  };
  add("", "none", metrics);
  Json changes = Json::array();
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const run::Intervention& change = interventions[i];
    const Json values = metrics_of(scores[i], facts);
    add(change.layer ? std::to_string(*change.layer) : "all",
        change.of_keys ? "K = V"
        : flags.swap   ? "V = K"
                       : "α = " + report::short_number(change.alpha, 6),
        values);
    changes.push_back({{"layer", change.layer ? Json(*change.layer) : Json()},
                       {"changed", change.of_keys ? "keys" : "values"},
                       {"alpha", change.alpha},
                       {"metrics", values}});
  }
  const std::string legend = flags.swap ? "V = K: values by the keys' projection; K = V: keys by the values'."
                                        : "Values are (1 - α) V + α K, by their projections.";
  print(session, "eval",
        said(session, run.config.task.id + " " + run.config.model.variant.id() + "\n\n") + shown(session, table) +
            said(session, "\n" + legend + "\n"),
        eval_json(flags, run, facts, metrics, 0, changes));
  return Exit::kDone;
}

/// The model as --weights keeps it. Throws Error (usage) when formats do not go with the other flags.
LoadedModel load(const EvalFlags& flags) {
  constexpr auto kFp32 = kernels::NumberFormat::kFp32;
  if (flags.cache != kFp32 && !flags.cached) fail_usage("--cache goes with --cached, which scores through a cache");
  if (flags.weights != kFp32 && (flags.swap || !flags.blend.empty()))
    fail_usage("--blend and --swap change the weights as they were trained; --weights does not go with them");
  LoadedModel run = run::load_run(flags.model, [&](Config& config) { adapt(flags, config); });
  run.model->parameters().narrow(flags.weights);
  return run;
}

Exit eval_documents(const Session& session, const EvalFlags& flags) {
  if (flags.corpus || flags.data || flags.n_test > 0 || flags.seed || flags.cached || flags.whole || flags.swap ||
      !flags.blend.empty())
    fail_usage(
        "--documents names the text to score, whole; --corpus, --data, --n-test, --seed, --cached, --whole, --blend "
        "and "
        "--swap do not go with it");
  const LoadedModel run = load(flags);
  const run::DocumentScores scores = run::score_documents(run, *flags.documents, flags.padded);
  return tell(session, flags, run, scores.facts, scores.metrics, 0);
}

Exit eval(const Session& session, const EvalFlags& flags) {
  if (flags.documents) return eval_documents(session, flags);
  if (flags.padded) fail_usage("--padded goes with --documents, which names the text");
  LoadedModel run = load(flags);
  const data::Task& task = data::find_task(run.config.task.id);
  if (flags.cached && !task.traits().decodes)
    fail_usage("--cached: task " + task.id + " does not decode; only language models do");
  const std::vector<run::Intervention> interventions = interventions_of(flags, run.config.model.layers);
  const auto opened = data_of(session, run);
  const data::DataFacts facts = opened->facts();
  if (const std::string other = run::other_files(run.dataset, facts); !other.empty())
    note(session, "note: these are not the data that the model was trained with: " + other);
  if (!interventions.empty()) return tell_changes(session, flags, run, *opened, interventions);
  const auto cached = flags.cached ? std::optional(flags.cache) : std::nullopt;
  const run::SplitScores scores = run::score_splits(*run.model, *opened, run.config.train.micro_batch, cached);
  return tell(session, flags, run, facts, metrics_of(scores, facts), scores.cache_bytes);
}

}  // namespace

void add_eval(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<EvalFlags>();
  add_option(command, "model", flags->model, "a run directory or a model.safetensors").required().type_name("PATH");
  add_option(command, "--corpus", flags->corpus,
             "of text: another corpus, in the model's own tokens; default: as trained")
      .type_name("TEXT");
  add_flag(command, "--whole", flags->whole, "of text: all of it, not only the tenth that is not trained on");
  add_option(command, "--data", flags->data, "of images and sets: another folder, classes by name; default: as trained")
      .type_name("DIR");
  add_option(command, "--documents", flags->documents,
             "of text: documents, each by itself: a text divided by <|endoftext|>, .jsonl with \"text\", or .bin of "
             "GPT-2's tokens; bpe:FILE reads text in GPT-2's tokens")
      .type_name("FILE");
  add_flag(command, "--padded", flags->padded,
           "of --documents: also with padding to seq-len behind each, as the paper's released scripts score");
  add_option(command, "--n-test", flags->n_test, "test examples; default: as trained")
      .between(index_t{1}, index_t{1} << 30)
      .type_name("N");
  add_option(command, "--seed", flags->seed, "of the test data; default: as trained")
      .between(std::uint64_t{0}, std::uint64_t{1} << 53)
      .type_name("N");
  add_option(command, "--batch-size", flags->batch_size, "examples at a time; default: as trained")
      .between(index_t{1}, index_t{1} << 20)
      .type_name("N");
  add_flag(command, "--cached", flags->cached, "of text: one token after the other through the decoding cache");
  add_option(command, "--weights", flags->weights, kWeightsHelp);
  add_option(command, "--cache", flags->cache, "of --cached: the cache, the same");
  add_option(command, "--blend", flags->blend,
             "score it again with values that are (1 - a) V + a K, for each a of a list: 0,0.5,1")
      .between(0.0, 1.0)
      .comma_separated()
      .type_name("A,…");
  add_flag(command, "--each-layer", flags->each_layer, "of --blend: in each layer alone, not in all at once");
  add_flag(command, "--swap", flags->swap, "score it again with V = K and with K = V, in each layer alone and in all");
  finish_command(command, session,
                 "Tests a trained model on its task's test data, or on other data of the same task: with its own\n"
                 "vocabulary, class names and normalisation, or not at all (status 3 names what it does not know).",
                 "  qkvbench eval results/RUN --n-test 10000 --seed 7\n"
                 "  qkvbench eval results/RUN --corpus other.txt");
  on_call(command, session, flags, eval);
}

}  // namespace qkvbench::cli
