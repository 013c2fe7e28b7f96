// What a checkpoint holds.
// Where files are and when they are written is the caller's.
#include "qkvbench/train/checkpoint.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/manifest.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/train/watch.hpp"

namespace qkvbench::train {

namespace {

using Json = nlohmann::json;

/// Adds every parameter's part of a flat array that is laid out like the parameters.
void add_tensors(const nn::Parameters& parameters, const std::string& prefix, const real* flat,
                 std::vector<formats::TensorToWrite>& out) {
  for (const nn::Parameter& p : parameters.all())
    out.push_back(
        {prefix + p.name, sizes_of(p.shape), {flat + p.offset, static_cast<std::size_t>(p.shape.elements())}});
}

void load_tensors(const formats::Safetensors& file, const std::string& prefix, const nn::Parameters& parameters,
                  real* flat) {
  for (const nn::Parameter& p : parameters.all()) {
    const formats::Safetensors::Tensor& tensor = file.tensor(prefix + p.name);
    if (tensor.shape != sizes_of(p.shape)) {
      Shape found;
      for (const index_t size : tensor.shape)
        if (found.rank() < Shape::kMaxRank) found.push_back(size);
      fail_input(file.origin() + ": " + prefix + p.name + " has shape " + found.text() + ", the model needs " +
                 p.shape.text());
    }
    file.copy_floats(prefix + p.name, flat + p.offset);
  }
}

const real* flat_values(const nn::Model& model) { return model.parameters().all().front().value; }

Json state_json(const TrainState& s) {
  Json curve = Json::array();
  for (const CurvePoint& p : s.curve) curve.push_back({p.step, p.train_loss, p.train_accuracy, p.lr, p.grad_norm});
  return {{"step", s.step},
          {"examples_seen", s.examples_seen},
          {"tokens_seen", s.tokens_seen},
          {"open", {s.open.loss_nats, s.open.correct, s.open.targets, s.open_grad_norm}},
          {"curve", curve}};
}

TrainState parse_state(const formats::Safetensors& file) {
  const std::string origin = file.origin() + ": state";
  const Json json = formats::parse_json(file.metadata("state"), origin);
  try {
    TrainState s;
    s.step = formats::count_of(json.at("step"), origin);
    s.examples_seen = formats::count_of(json.at("examples_seen"), origin);
    s.tokens_seen = formats::count_of(json.at("tokens_seen"), origin);
    const Json& open = json.at("open");
    s.open = {open.at(0).get<double>(), formats::count_of(open.at(1), origin), formats::count_of(open.at(2), origin)};
    s.open_grad_norm = open.at(3).get<double>();
    for (const Json& p : json.at("curve"))
      s.curve.push_back({formats::count_of(p.at(0), origin), p.at(1).get<double>(), p.at(2).get<double>(),
                         p.at(3).get<double>(), p.at(4).get<double>()});
    return s;
  } catch (const Json::exception& error) {
    fail_input(origin + ": " + error.what());
  }
}

}  // namespace

std::vector<index_t> sizes_of(const Shape& shape) {
  std::vector<index_t> sizes;
  for (int i = 0; i < shape.rank(); ++i) sizes.push_back(shape[i]);
  return sizes;
}

formats::ManifestEntry write_model(const std::filesystem::path& path, const nn::Model& model,
                                   std::map<std::string, std::string> metadata) {
  std::vector<formats::TensorToWrite> tensors;
  add_tensors(model.parameters(), "", flat_values(model), tensors);
  metadata["format"] = "pt";
  return formats::write_safetensors(path, tensors, metadata);
}

void load_model(const formats::Safetensors& file, const std::string& prefix, nn::Model& model) {
  for (const auto& [name, tensor] : file.tensors()) {
    if (!name.starts_with(prefix)) continue;
    if (model.parameters().find(name.substr(prefix.size())) == nullptr)
      fail_input(file.origin() + ": " + name + " is no parameter of this model");
  }
  load_tensors(file, prefix, model.parameters(), model.parameters().values().data());
  if (const std::string name = parameter_not_finite(model.parameters()); !name.empty())
    fail_input(file.origin() + ": " + prefix + name + " has a number that is not finite; the model has diverged");
}

formats::ManifestEntry write_checkpoint(const std::filesystem::path& path, const nn::Model& model, Trainer& trainer,
                                        std::map<std::string, std::string> metadata) {
  std::vector<formats::TensorToWrite> tensors;
  add_tensors(model.parameters(), "param.", flat_values(model), tensors);
  add_tensors(model.parameters(), "optimizer.m.", trainer.first_moment().data(), tensors);
  add_tensors(model.parameters(), "optimizer.v.", trainer.second_moment().data(), tensors);
  metadata["state"] = state_json(trainer.state()).dump();
  return formats::write_safetensors(path, tensors, metadata);
}

void load_checkpoint(const formats::Safetensors& file, nn::Model& model, Trainer& trainer) {
  load_tensors(file, "param.", model.parameters(), model.parameters().values().data());
  load_tensors(file, "optimizer.m.", model.parameters(), trainer.first_moment().data());
  load_tensors(file, "optimizer.v.", model.parameters(), trainer.second_moment().data());
  trainer.set_state(parse_state(file));
}

}  // namespace qkvbench::train
