// qkvbench attention: the attention maps of a trained model on one example, as a picture and as numbers.
// Where scores come from is in nn, how maps are drawn in report/heatmap.
#include <algorithm>
#include <cmath>
#include <memory>

#include "qkvbench/base/files.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/data/vision.hpp"
#include "qkvbench/experiment/record.hpp"
#include "qkvbench/experiment/run.hpp"
#include "qkvbench/report/heatmap.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using experiment::Json;
using experiment::LoadedModel;

struct AttentionFlags {
  std::string model, image, out;
  index_t example = 0;
  std::vector<index_t> layers, heads;
};

/// One head of one layer: scores S, row-wise softmax P, and how far each is from its transpose.
struct Map {
  index_t layer, head;
  std::vector<double> probabilities;              // [T, T]
  double score_asymmetry, probability_asymmetry;  // mean |S - Sᵀ| (NaN when masked), mean |P - Pᵀ|
};

double asymmetry(const std::vector<double>& x, index_t T) {
  double total = 0;
  for (index_t i = 0; i < T; ++i)
    for (index_t j = 0; j < T; ++j)
      total += std::abs(x[static_cast<std::size_t>(i * T + j)] - x[static_cast<std::size_t>(j * T + i)]);
  return total / static_cast<double>(T * T);
}

Map make_map(index_t layer, index_t head, const real* scores, index_t T) {
  Map map{layer, head, {}, 0, 0};
  std::vector<double> s(scores, scores + T * T);
  for (index_t i = 0; i < T; ++i) {
    const auto row = s.begin() + i * T;
    const double largest = *std::max_element(row, row + T);
    double total = 0;
    for (index_t j = 0; j < T; ++j) total += map.probabilities.emplace_back(std::exp(row[j] - largest));
    for (index_t j = 0; j < T; ++j) map.probabilities[static_cast<std::size_t>(i * T + j)] /= total;
  }
  map.score_asymmetry = asymmetry(s, T);
  map.probability_asymmetry = asymmetry(map.probabilities, T);
  return map;
}

/// The example's batch: a file, or one of the test split (of text, the validation split).
Batch batch_of(const LoadedModel& run, const AttentionFlags& flags) {
  const data::TaskOptions options = task_options(run.config);
  const data::Task& task = data::find_task(run.config.task);
  if (!flags.image.empty() && task.family != "vit")
    fail_usage("--image: " + flags.model + " is a model of task " + run.config.task + ", not of images");
  std::unique_ptr<data::Dataset> data =
      flags.image.empty() ? task.make(options, task.family == "gpt" ? data::Split::kValidation : data::Split::kTest)
                          : data::image_file_example(options, flags.image);
  const index_t example = flags.image.empty() ? flags.example : 0;
  if (example >= data->size())
    fail_usage("--example " + std::to_string(example) + ": there are " + std::to_string(data->size()) +
               " examples, counted from 0");
  Batch batch;
  data->fill({&example, 1}, batch);
  return batch;
}

/// What was asked for, or everything below n.
std::vector<index_t> chosen(const std::vector<index_t>& asked, index_t n, const std::string& flag) {
  for (const index_t i : asked)
    if (i >= n)
      fail_usage(flag + " " + std::to_string(i) + ": the model has " + std::to_string(n) + ", counted from 0");
  if (!asked.empty()) return asked;
  std::vector<index_t> all;
  for (index_t i = 0; i < n; ++i) all.push_back(i);
  return all;
}

/// Short inputs label their rows and columns.
std::vector<std::string> labels_of(const LoadedModel& run, const Batch& batch, index_t T) {
  constexpr index_t kMostLabels = 32;
  std::vector<std::string> labels;
  if (batch.ids.empty() || T > kMostLabels) return labels;
  for (const std::int32_t id : batch.ids)
    labels.push_back(run.tokenizer ? run.tokenizer->decode({&id, 1}) : std::to_string(id));
  return labels;
}

Json map_json(const Map& map, index_t T) {
  Json rows = Json::array();
  for (index_t i = 0; i < T; ++i)
    rows.push_back(std::vector<double>(map.probabilities.begin() + i * T, map.probabilities.begin() + (i + 1) * T));
  return {{"layer", map.layer},
          {"head", map.head},
          {"score_asymmetry", std::isfinite(map.score_asymmetry) ? Json(map.score_asymmetry) : Json(nullptr)},
          {"probability_asymmetry", map.probability_asymmetry},
          {"probabilities", rows}};
}

Exit attention(const Session& session, const AttentionFlags& flags) {
  const LoadedModel run = experiment::load_run(flags.model);
  const std::vector<index_t> layers = chosen(flags.layers, run.config.layers, "--layers"),
                             heads = chosen(flags.heads, run.config.heads, "--heads");
  const Batch batch = batch_of(run, flags);
  Tape tape(false);
  const std::vector<std::vector<real>> scores = run.model->attention_scores(tape, batch);
  const index_t T = run.model->family().positions();

  report::Table table({{"layer", report::Align::kRight},
                       {"head", report::Align::kRight},
                       {"mean |S − Sᵀ|", report::Align::kRight},
                       {"mean |P − Pᵀ|", report::Align::kRight}});
  std::vector<report::Heatmap> pictures;
  Json maps = Json::array();
  for (const index_t layer : layers)
    for (const index_t head : heads) {
      const Map map = make_map(layer, head, scores[static_cast<std::size_t>(layer)].data() + head * T * T, T);
      table.add({std::to_string(layer), std::to_string(head), report::fixed(map.score_asymmetry, 6),
                 report::fixed(map.probability_asymmetry, 6)});
      std::string title = "layer " + std::to_string(layer) + ", head " + std::to_string(head);
      if (std::isfinite(map.score_asymmetry)) title += " · |S − Sᵀ| " + report::fixed(map.score_asymmetry, 4);
      pictures.push_back({title, map.probabilities});
      maps.push_back(map_json(map, T));
    }
  std::string text =
      table.text() +
      "\nS: scores before the softmax (– where a mask leaves some out); P: attention, rows add up to 1.\n";
  if (!flags.out.empty()) {
    const std::string heading =
        run.config.task + ", " + run.config.variant + ": " + nn::parse_variant(run.config.variant).equation();
    write_file_atomic(flags.out, report::heatmap_grid_svg(heading, pictures, heads.size(), static_cast<std::size_t>(T),
                                                          labels_of(run, batch, T)));
    text += flags.out + "\n";
  }
  print(session, text,
        {{"model", flags.model}, {"task", run.config.task}, {"variant", variant_json(run.config)}, {"maps", maps}});
  return Exit::kDone;
}

}  // namespace

void add_attention(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<AttentionFlags>();
  command.add_option("model", flags->model, "a run directory or a model.safetensors")->required()->type_name("PATH");
  command.add_option("--example", flags->example, "which test example (of text: validation window), from 0")
      ->check(between(index_t{0}, index_t{1} << 40))
      ->type_name("N [0]");
  command.add_option("--image", flags->image, "a JPEG or PNG file instead")->type_name("FILE");
  command.add_option("--layers", flags->layers, "only these, from 0, separated by commas")
      ->delimiter(',')
      ->check(between(index_t{0}, index_t{1} << 20))
      ->type_name("L,L,…");
  command.add_option("--heads", flags->heads, "only these, from 0, separated by commas")
      ->delimiter(',')
      ->check(between(index_t{0}, index_t{1} << 20))
      ->type_name("H,H,…");
  command.add_option("--out", flags->out, "draw the maps as a grid, a row for each layer")->type_name("FILE.svg");
  finish_command(
      command, session,
      "The attention maps of a trained model on one example: how far scores and maps are from symmetric, and\n"
      "with --json every number.",
      "  qkvbench attention results/RUN --example 3 --out maps.svg");
  command.callback([&session, flags] { session.action = [&session, flags] { return attention(session, *flags); }; });
}

}  // namespace qkvbench::cli
