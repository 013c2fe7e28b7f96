// From a run to a run: load, change, write.
// The new model file keeps what the old one says of data, tokens and images.
#include "qkvbench/run/convert.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/run/made_run.hpp"
#include "qkvbench/run/model_file.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

SurgeryRequest request_of(const Config& config, const ConvertOptions& options) {
  SurgeryRequest request{options.to.empty() ? config.model.variant : nn::parse_variant(options.to), options.kv_heads,
                         options.methods};
  // A query that shares its projection has a key/value head of its own for every query head.
  if (request.kv_heads == 0 && request.to.sharing().query_shared()) request.kv_heads = config.model.heads;
  const index_t heads = request.kv_heads > 0 ? request.kv_heads : config.model.kv_heads;
  if (request.to.kind == config.model.variant.kind && heads == config.model.kv_heads)
    fail_usage("convert: the model is " + config.model.variant.id() + " with " + std::to_string(heads) +
               " key/value heads already; name another variant by --to, or another number by --kv-heads");
  return request;
}

Config converted_config(const Config& from, const nn::ModelConfig& model) {
  Config config = from;
  config.model.variant = model.variant;
  config.model.kv_heads = model.kv_heads;
  resolve(config);
  return config;
}

Origin origin_of(const fs::path& path, const Config& from, const std::string& sha256, std::uintmax_t bytes,
                 const SurgeryResult& done) {
  const Conversion conversion{from.model.variant.id(), from.model.kv_heads, done.methods, done.methods.empty()};
  return {"qkvbench", {{path.filename().string(), sha256, bytes}}, {}, conversion};
}

}  // namespace

ConvertReport convert_run(const fs::path& path, const ConvertOptions& options) {
  const double begin_s = seconds_now();
  const LoadedModel run = load_run(path);
  const SurgeryRequest request = request_of(run.config, options);
  std::vector<Batch> batches;
  if (surgery_reads_examples(run.config.model, request))
    batches = first_examples(run, data::Split::kTrain, options.examples);
  const fs::path file = model_file_of(path);
  const std::string sha256 = formats::sha256_file(file);
  const SurgeryResult done = surgery(*run.model, request, batches);
  const Config config = converted_config(run.config, done.config);

  const Origin origin = origin_of(file, run.config, sha256, fs::file_size(file), done);
  const std::string request_text = origin_json(origin).dump() + std::to_string(config.model.kv_heads) +
                                   std::to_string(examples_in(batches)) + options.examples.data;
  MadeRun made{
      options.out / ("convert-" + config.model.variant.id() + "-" + formats::sha256(request_text).substr(0, 8)),
      {},
      formats::Safetensors::map(file).metadata(),
      {},
      begin_s};
  for (const nn::Parameter& p : done.model->parameters().all())
    made.tensors.push_back({p.name, train::sizes_of(p.shape), {p.value, static_cast<std::size_t>(p.shape.elements())}});
  made.metadata["config"] = config_json(config).dump();
  made.metadata["origin"] = formats::text_of(origin_json(origin));
  Outcome outcome;
  outcome.status = Status::kConverted;
  outcome.argv = options.argv;
  data::DataFacts unknown;
  unknown.name = "unknown";
  made.result = result_of(config, unknown, outcome);
  if (run.dataset.is_object()) made.result.dataset = dataset_from_json(run.dataset, file.string() + ": dataset");
  made.result.origin = origin;
  ConvertReport report{made.directory, {}, false};
  report.was_there = !write_made_run(made, options.out, options.overwrite, report.result);
  return report;
}

}  // namespace qkvbench::run
