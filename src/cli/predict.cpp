// qkvbench predict: what a trained model makes of a list or an image of the user's own.
// Of lists the target is shown beside the output; nobody knows an image's class here.
#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/data/synthetic.hpp"
#include "qkvbench/data/tokenizer.hpp"
#include "qkvbench/data/vision.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/utf8.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/run.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using run::Config;
using run::LoadedModel;

struct PredictFlags {
  std::string model, input;
  bool logits = false;
};

constexpr const char* kForms = "write symbols 0-9, as \"3 1 4 1 5\", \"3,1,4,1,5\" or 31415";

[[noreturn]] void fail_list(const std::string& text, const std::string& what) {
  fail_usage("the list " + formats::quoted(text) + " " + what + "; " + kForms);
}

/// The parts of a text between commas and white space. Throws when nothing stands before or behind a comma.
std::vector<std::string> items_of(const std::string& text) {
  constexpr std::string_view kSpace = " \t\r\n";
  std::vector<std::string> items;
  bool wanted = text.find(',') != std::string::npos;  // an item must come before the next comma or the end
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ',') {
      if (wanted) fail_list(text, "has an empty place beside a comma");
      wanted = true, ++at;
    } else if (kSpace.find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      const std::size_t end = std::min(text.find_first_of(" \t\r\n,", at), text.size());
      items.push_back(text.substr(at, end - at));
      wanted = false, at = end;
    }
  }
  if (wanted) fail_list(text, "has an empty place beside a comma");
  return items;
}

/// Symbols 0-9 with commas or white space between them, or one word in which each digit is a symbol.
std::vector<std::int32_t> parse_symbols(const std::string& text) {
  std::vector<std::string> items = items_of(text);
  if (items.empty()) fail_usage(std::string("the list is empty; ") + kForms);
  if (items.size() == 1) {
    const std::string word = items[0];
    items.clear();
    for (std::size_t at = 0; at < word.size(); at += items.back().size())
      items.emplace_back(formats::character_at(word, at));
  }
  std::vector<std::int32_t> symbols;
  for (const std::string& item : items) {
    if (item.size() != 1 || item[0] < '0' || item[0] > '9')
      fail_list(text, "holds " + formats::quoted(item) + ", which is no symbol");
    symbols.push_back(item[0] - '0');
  }
  return symbols;
}

std::string spaced(const std::vector<std::int32_t>& symbols) {
  std::string out;
  for (const std::int32_t s : symbols) out += (out.empty() ? "" : " ") + std::to_string(s);
  return out;
}

/// The logits of a batch. Throws Error (diverged) when one is not finite: no answer follows from it.
Value logits_of(const LoadedModel& run, Tape& tape, const Batch& batch) {
  const Value logits = run.model->forward(tape, batch);
  if (!std::all_of(logits.data(), logits.data() + logits.shape().elements(), [](real x) { return std::isfinite(x); }))
    throw Error(Exit::kDiverged, "a logit is not finite: numbers in the model overflow");
  return logits;
}

/// The largest logit of each row: logits [T, symbols].
std::vector<std::int32_t> largest_of_rows(const Value& logits) {
  std::vector<std::int32_t> out;
  const index_t V = logits.shape().last();
  for (index_t r = 0; r < logits.shape().rows(); ++r) {
    const real* row = logits.data() + r * V;
    out.push_back(static_cast<std::int32_t>(std::max_element(row, row + V) - row));
  }
  return out;
}

std::string logits_table(const Session& session, const Value& logits, const std::vector<std::int32_t>& input) {
  const index_t V = logits.shape().last();
  std::vector<report::Table::Column> columns{{"position", report::Align::kRight}, {"input", report::Align::kRight}};
  for (index_t v = 0; v < V; ++v) columns.push_back({"'" + std::to_string(v) + "'", report::Align::kRight});
  report::Table table(columns);
  for (std::size_t t = 0; t < input.size(); ++t) {
    std::vector<std::string> cells{std::to_string(t), std::to_string(input[t])};
    for (index_t v = 0; v < V; ++v)
      cells.push_back(report::fixed(static_cast<double>(logits.data()[static_cast<index_t>(t) * V + v]), 2));
    table.add(cells);
  }
  return said(session, "\n") + shown(session, table);
}

Exit predict_list(const Session& session, const PredictFlags& flags, const LoadedModel& run) {
  const std::vector<std::int32_t> input = parse_symbols(flags.input);
  const auto T = static_cast<index_t>(input.size());
  Tape tape(false);
  Batch batch;
  batch.size = 1;
  batch.input = {1, T};
  batch.ids = input;
  const Value logits = logits_of(run, tape, batch);
  const std::vector<std::int32_t> output = largest_of_rows(logits);
  const std::vector<std::int32_t> target = data::synthetic_target(run.config.task.id, input);
  std::size_t correct = 0;
  for (std::size_t t = 0; t < output.size(); ++t) correct += output[t] == target[t] ? 1 : 0;

  report::Table lists({{"position", report::Align::kRight}, {"input"}, {"output"}, {"target"}});
  for (std::size_t t = 0; t < output.size(); ++t)
    lists.add({std::to_string(t), std::to_string(input[t]), std::to_string(output[t]), std::to_string(target[t])});
  const std::string right = std::to_string(correct) + " of " + std::to_string(T) + " right (" + run.config.task.id +
                            ", " + run.config.model.variant.id() + ")\n";
  std::string text = session.format == "text" ? "input   " + spaced(input) + "\noutput  " + spaced(output) +
                                                    "\ntarget  " + spaced(target) + "\n" + right
                                              : shown(session, lists) + said(session, right);
  Json json{{"model", flags.model}, {"task", run.config.task.id}, {"variant", run.config.model.variant.id()},
            {"input", input},       {"output", output},           {"target", target},
            {"correct", correct}};
  if (flags.logits) {
    text += logits_table(session, logits, input);
    const index_t V = logits.shape().last();
    json["logits"] = Json::array();
    for (index_t t = 0; t < T; ++t)
      json["logits"].push_back(std::vector<real>(logits.data() + t * V, logits.data() + (t + 1) * V));
  }
  print(session, "predict", text, json);
  return Exit::kDone;
}

/// Probabilities from one row of logits.
std::vector<double> softmax(const Value& logits) {
  const std::span<const real> row(logits.data(), static_cast<std::size_t>(logits.shape().last()));
  const auto largest = static_cast<double>(*std::ranges::max_element(row));
  std::vector<double> out;
  double total = 0;
  for (const real x : row) total += out.emplace_back(std::exp(static_cast<double>(x) - largest));
  for (double& p : out) p /= total;
  return out;
}

/// One class in the order of its probability.
struct Ranked {
  std::size_t label;
  std::string name;  ///< its number when the model file tells no names
  double probability, logit;
};

std::vector<Ranked> ranked(const LoadedModel& run, const Value& logits) {
  const std::vector<double> p = softmax(logits);
  std::vector<Ranked> all;
  for (std::size_t i = 0; i < p.size(); ++i)
    all.push_back({i, i < run.class_names.size() ? run.class_names[i] : std::to_string(i), p[i],
                   static_cast<double>(logits.data()[i])});
  std::ranges::stable_sort(all, std::greater(), &Ranked::probability);
  return all;
}

std::string ranking_table(const Session& session, const std::vector<Ranked>& all, bool with_logits) {
  constexpr std::size_t kShown = 10;
  std::vector<report::Table::Column> columns{
      {"label", report::Align::kRight}, {"class"}, {"probability", report::Align::kRight}};
  if (with_logits) columns.push_back({"logit", report::Align::kRight});
  report::Table table(columns);
  for (std::size_t i = 0; i < std::min(kShown, all.size()); ++i) {
    std::vector<std::string> row{std::to_string(all[i].label), all[i].name, report::fixed(all[i].probability, 4)};
    if (with_logits) row.push_back(report::fixed(all[i].logit, 3));
    table.add(row);
  }
  return shown(session, table);
}

Exit predict_image(const Session& session, const PredictFlags& flags, const LoadedModel& run) {
  const index_t first = 0;
  Tape tape(false);
  Batch batch;
  data::image_file_example(task_options(run), flags.input)->fill({&first, 1}, batch);
  const Value logits = logits_of(run, tape, batch);
  const std::vector<Ranked> all = ranked(run, logits);
  Json ranking = Json::array();
  for (const Ranked& r : all)
    ranking.push_back({{"class", r.label}, {"name", r.name}, {"probability", r.probability}, {"logit", r.logit}});
  print(session, "predict", ranking_table(session, all, flags.logits),
        {{"model", flags.model},
         {"task", run.config.task.id},
         {"variant", run.config.model.variant.id()},
         {"input", flags.input},
         {"class", all[0].label},
         {"name", all[0].name},
         {"ranking", ranking},
         {"probabilities", softmax(logits)},
         {"logits", std::vector<real>(logits.data(), logits.data() + all.size())}});
  return Exit::kDone;
}

/// The model reads lists of the input's length from here on.
void take_list(const PredictFlags& flags, Config& config) {
  config.task.seq_len = static_cast<index_t>(parse_symbols(flags.input).size());
  if (config.task.seq_len > config.model.max_len)
    fail_usage("the list has " + std::to_string(config.task.seq_len) + " symbols, but " + flags.model + " has " +
               std::to_string(config.model.max_len) + " learned positions; give at most so many symbols");
}

Exit predict(const Session& session, const PredictFlags& flags) {
  bool lists = false;
  index_t trained_len = 0;
  const LoadedModel run = run::load_run(flags.model, [&](Config& config) {
    const data::FamilyTraits& traits = data::find_task(config.task.id).traits();
    lists = traits.all_or_nothing && !traits.decodes;
    if (!lists && !traits.images)
      fail_usage(flags.model + " is a model of task " + config.task.id + ", which has no input of one's own" +
                 (traits.perplexity ? "; generate writes text with it" : ""));
    trained_len = config.task.seq_len;
    if (lists) take_list(flags, config);
  });
  if (trained_len != run.config.task.seq_len)
    note(session, "note: the model was trained on lists of " + std::to_string(trained_len) + " symbols, this one has " +
                      std::to_string(run.config.task.seq_len));
  return lists ? predict_list(session, flags, run) : predict_image(session, flags, run);
}

}  // namespace

void add_predict(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<PredictFlags>();
  add_option(command, "model", flags->model, "a run directory or a model.safetensors").required().type_name("PATH");
  add_option(command, "input", flags->input, "symbols 0-9 (\"3 1 4 1 5\", \"3,1,4\" or 31415), or a JPEG or PNG file")
      .required()
      .type_name("LIST|FILE");
  add_flag(command, "--logits", flags->logits, "also the logits");
  finish_command(command, session,
                 "Runs a trained model on one list of symbols, or on one image: the ten most likely classes by name.",
                 "  qkvbench predict results/RUN \"3 1 4 1 5 9 2 6 5 3 5 8 9 7 9 3\"\n"
                 "  qkvbench predict results/RUN digit.png");
  on_call(command, session, flags, predict);
}

}  // namespace qkvbench::cli
