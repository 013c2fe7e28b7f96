// Metadata as JSON texts, which is all that the format has room for.
// Files of before an entry existed are read too: what is missing stays empty.
#include "qkvbench/run/model_file.hpp"

#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::run {

namespace {

void read_images(const nlohmann::json& json, const std::string& origin, LoadedModel& loaded) {
  data::Normalisation pixels;
  try {
    for (const std::string name : json.at("class_names")) loaded.class_names.push_back(formats::unescape_bytes(name));
    pixels = {json.at("mean").get<std::vector<double>>(), json.at("deviation").get<std::vector<double>>()};
  } catch (const nlohmann::json::exception& error) {
    fail_input(origin + ": " + error.what());
  }
  // Models of sets know no channels, only numbers of an element.
  const bool of_images = data::find_task(loaded.config.task.id).traits().images;
  const std::size_t channels = of_images ? static_cast<std::size_t>(loaded.config.task.channels) : pixels.mean.size();
  if (of_images && loaded.class_names.size() > static_cast<std::size_t>(loaded.config.task.classes))
    fail_input(origin + ": it names more than the " + std::to_string(loaded.config.task.classes) +
               " classes of the model");
  bool whole = pixels.mean.size() == channels && pixels.deviation.size() == channels;
  for (const double mean : pixels.mean) whole = whole && std::isfinite(mean);
  for (const double deviation : pixels.deviation) whole = whole && std::isfinite(deviation) && deviation > 0;
  if (!whole)
    fail_input(origin + ": mean and deviation must be " + std::to_string(channels) +
               " numbers each, deviations above 0");
  loaded.pixels = pixels;
}

}  // namespace

std::map<std::string, std::string> model_metadata(const Config& config, const data::DataFacts& facts) {
  std::map<std::string, std::string> metadata{{"config", config_json(config).dump()},
                                              {"dataset", formats::text_of(dataset_json(facts))}};
  if (facts.tokenizer) metadata["tokenizer"] = tokenizer_json(*facts.tokenizer).dump();
  if (facts.pixels) {
    const Json images{{"class_names", formats::escape_bytes(facts.class_names)},
                      {"mean", facts.pixels->mean},
                      {"deviation", facts.pixels->deviation}};
    metadata["images"] = formats::text_of(images);
  }
  return metadata;
}

void read_metadata(const formats::Safetensors& file, LoadedModel& loaded) {
  const auto has = [&](const char* key) { return file.metadata().contains(key); };
  const auto json_of = [&](const char* key) { return formats::parse_json(file.metadata(key), file.origin()); };
  if (has("tokenizer")) loaded.tokenizer = tokenizer_from_json(json_of("tokenizer"), file.origin() + ": tokenizer");
  if (loaded.tokenizer && loaded.tokenizer->vocab() > loaded.config.task.vocab)
    fail_input(file.origin() + ": tokenizer: it has " + std::to_string(loaded.tokenizer->vocab()) +
               " symbols, more than the vocab " + std::to_string(loaded.config.task.vocab) + " of the model");
  if (has("dataset")) loaded.dataset = json_of("dataset");
  if (has("images")) read_images(json_of("images"), file.origin() + ": images", loaded);
}

data::TaskOptions task_options(const LoadedModel& run) {
  data::TaskOptions options = run.config.task;
  options.trained = true;
  options.pixels = run.pixels;
  options.class_names = run.class_names;
  options.tokenizer = run.tokenizer;
  return options;
}

}  // namespace qkvbench::run
