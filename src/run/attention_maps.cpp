// Scores from the model, their softmax, and how far both are from their transposes.
// Where scores come from is in nn.
#include "qkvbench/run/attention_maps.hpp"

#include <algorithm>
#include <memory>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/vision.hpp"
#include "qkvbench/nn/score_reader.hpp"
#include "qkvbench/run/attention_measures.hpp"
#include "qkvbench/run/examples.hpp"

namespace qkvbench::run {

namespace {

/// scores: [T, T]
AttentionMap make_map(index_t layer, index_t head, const real* scores, index_t T) {
  AttentionMap map{layer, head, attention_probabilities(scores, T), 0, 0};
  map.score_asymmetry = asymmetry(std::vector<double>(scores, scores + T * T), T);
  map.probability_asymmetry = asymmetry(map.probabilities, T);
  return map;
}

/// The example alone in a batch.
Batch batch_of(const LoadedModel& run, const AttentionRequest& request) {
  const data::TaskOptions options = task_options(run);
  const data::Task& task = data::find_task(run.config.task.id);
  if (!request.image.empty() && !task.traits().images)
    fail_usage("--image: the model is of task " + run.config.task.id + ", not of images");
  std::unique_ptr<data::Dataset> data = request.image.empty() ? task.open(options)->split(unseen_split(run))
                                                              : data::image_file_example(options, request.image);
  const index_t example = request.image.empty() ? request.example : 0;
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

/// A token that can be read alone: marks for spaces and line ends, numbers for bytes that are no text.
std::string readable(const std::string& token) {
  std::string out;
  for (const char c : token) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == ' ' || c == '\n')
      out += c == ' ' ? "␣" : "↵";
    else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && token.size() == 1))
      out += "#" + std::to_string(byte);
    else
      out += c;
  }
  return out;
}

/// Symbols or tokens of the input, one for each position; of images and sets none.
std::vector<std::string> names_of(const LoadedModel& run, const Batch& batch) {
  std::vector<std::string> names;
  for (const std::int32_t id : batch.ids)
    names.push_back(run.tokenizer ? readable(run.tokenizer->decode({&id, 1})) : std::to_string(id));
  return names;
}

/// The image of a batch of one, stretched to [0, 1].
void take_image(const LoadedModel& run, const Batch& batch, AttentionMaps& out) {
  const auto [low, high] = std::ranges::minmax_element(batch.features);
  const double extent = std::max(static_cast<double>(*high - *low), 1e-12);
  for (const real x : batch.features) out.pixels.push_back(static_cast<double>(x - *low) / extent);
  out.image = {batch.input[1], batch.input[2], batch.input[3]};
  out.patches = (batch.input[2] + run.config.model.patch - 1) / run.config.model.patch;
}

}  // namespace

AttentionMaps attention_maps(const LoadedModel& run, const AttentionRequest& request) {
  const std::vector<index_t> layers = chosen(request.layers, run.config.model.layers, "--layers"),
                             heads = chosen(request.heads, run.config.model.heads, "--heads");
  const Batch batch = batch_of(run, request);
  Tape tape(false);
  nn::ScoreReader scores(*run.model);
  tape.watch(&scores);
  run.model->forward(tape, batch);
  AttentionMaps out{run.model->family().positions(), names_of(run, batch), {}};
  if (data::find_task(run.config.task.id).traits().images) take_image(run, batch, out);
  const index_t T = out.positions;
  for (const index_t layer : layers)
    for (const index_t head : heads)
      out.maps.push_back(make_map(layer, head, scores.layer(layer).data() + head * T * T, T));
  return out;
}

}  // namespace qkvbench::run
