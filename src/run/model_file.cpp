// Metadata as JSON texts, which is all that the format has room for.
// Files of before an entry existed are read too: what is missing stays empty.
#include "qkvbench/run/model_file.hpp"

#include <cmath>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/run_files.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

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

Config config_in(const std::string& text, const std::string& origin) {
  try {
    return stored_config(formats::parse_json(text, origin), origin);
  } catch (const Error& error) {
    if (error.status() != Exit::kUsage) throw;
    fail_input(error.what());
  }
}

LoadedModel load_run(const fs::path& path, const std::function<void(Config&)>& adapt) {
  const RunFiles files(fs::is_directory(path) ? path : path.parent_path());
  const bool is_run = fs::is_directory(path) || path == files.result;
  if (is_run && !fs::exists(files.model) && Checkpoints(files.directory).any())
    fail_input("there is no " + files.model.string() + "; the run there is not finished, train it on with --resume");
  const fs::path file_path = model_file_of(path);
  // Not copied as a whole: a large model would be there twice.
  const auto file = formats::Safetensors::map(file_path);
  if (is_run) check_model(files, file.content());
  LoadedModel loaded;
  try {
    loaded.config = config_in(file.metadata("config"), file_path.string() + ": config");
    resolve(loaded.config);
  } catch (const Error& error) {
    if (error.status() != Exit::kUsage) throw;
    fail_input(error.what());  // what is wrong is in the file, not on the command line
  }
  if (adapt) adapt(loaded.config);
  resolve(loaded.config);
  read_metadata(file, loaded);
  loaded.model = std::make_unique<nn::Model>(loaded.config.model);
  loaded.model->parameters().allocate_values();
  train::load_model(file, "", *loaded.model);
  return loaded;
}

LoadedModel load_teacher(const Config& config, const std::optional<data::Tokenizer>& tokenizer) {
  LoadedModel teacher = load_run(config.distill.found("learns from", "--distill"));
  if (tokenizer && teacher.tokenizer && !(*tokenizer == *teacher.tokenizer))
    fail_usage("the teacher " + config.distill.file.string() +
               " has other tokens than the corpus, so its logits mean other ones; name one with --distill that was " +
               "trained on the same vocabulary");
  return teacher;
}

}  // namespace qkvbench::run
