// What layer_values reads of a golden model on the file's own inputs, with the model.
// Compares nothing.
#pragma once
#include <memory>
#include <string>

#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/golden.hpp"
#include "qkvbench/run/layer_values.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::test {

struct GoldenLayers {
  std::unique_ptr<nn::Model> model;
  Batch batch;
  run::ModelValues values;
};

/// Of a file of tests/golden; stage: "param." or "after.".
inline GoldenLayers golden_layers(const std::string& name, const std::string& stage) {
  const auto file = formats::Safetensors::map(SOURCE_DIR "/tests/golden/" + name);
  GoldenLayers out;
  out.batch.ids = run::golden::ids_of(file, "in.ids");
  out.batch.input = run::golden::shape_of(file.tensor("in.ids"));
  out.batch.size = out.batch.input[0];
  out.batch.targets.assign(out.batch.ids.size(), 0);
  out.model = std::make_unique<nn::Model>(
      run::golden::model_config(file, run::golden::metadata_json(file, "config"), out.batch.input[1]));
  out.model->parameters().allocate();
  train::load_model(file, stage, *out.model);
  out.values = run::layer_values(*out.model, {out.batch});
  return out;
}

}  // namespace qkvbench::test
