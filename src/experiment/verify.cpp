// Rebuilding golden models: the configuration from the file's metadata, then forward, backward and optimizer steps.
// Tolerances: logits 1e-5 of the largest logit; losses 1e-5 relative; gradients 1e-5 of the model's largest; after
// training 99 % of a parameter's elements within 2e-6 and all within 5e-4, parameters without a gradient left out.
#include "qkvbench/experiment/verify.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/nn/model.hpp"
#include "qkvbench/optim/adam.hpp"
#include "qkvbench/train/checkpoint.hpp"
#include "qkvbench/train/strict_json.hpp"

namespace qkvbench::experiment {

namespace {

using nlohmann::json;
using train::Safetensors;

constexpr double kTolerance = 1e-5, kAfterNear = 2e-6, kAfterFar = 5e-4, kAfterShare = 0.01, kNoGradient = 1e-6;

json metadata_json(const Safetensors& file, const std::string& key) {
  return train::parse_json(file.metadata(key), file.origin() + ": " + key);
}

nn::ModelConfig model_config(const Safetensors& file, const json& c, const Batch& batch) {
  const std::string where = file.origin() + ": config";
  const auto size = [&](const char* key, index_t otherwise) {
    return c.contains(key) ? train::count_of(c.at(key), where) : otherwise;
  };
  nn::ModelConfig m;
  m.family = file.metadata("family");
  m.variant = nn::parse_variant(file.metadata("variant"));
  m.d_model = train::count_of(c.at("n_embd"), where);
  m.layers = train::count_of(c.at("n_layer"), where);
  m.heads = train::count_of(c.at("n_head"), where);
  m.kv_heads = size("n_kv_head", m.heads);
  m.seq_len = batch.input.rank() > 1 ? batch.input[1] : 1;  // positions of this batch; vit counts its patches instead
  m.max_len = size("max_len", size("n_positions", m.seq_len));
  m.pos_dim = size("pos_dim", m.pos_dim);
  m.symbols = size("n_symbols", m.symbols);
  m.features = size("feat_dim", m.features);
  m.vocab = size("vocab_size", m.vocab);
  m.image_size = size("image_size", m.image_size);
  m.channels = size("channels", m.channels);
  m.patch = size("patch", m.patch);
  m.classes = size("n_classes", m.classes);
  return m;
}

Shape shape_of(const Safetensors::Tensor& tensor) {
  Shape shape;
  for (const index_t size : tensor.shape) shape.push_back(size);
  return shape;
}

std::vector<std::int32_t> ids_of(const Safetensors& file, const std::string& name) {
  std::vector<std::int32_t> out;
  for (const std::int64_t id : file.integers(name)) {
    if (id < 0 || id > INT32_MAX) fail_input(file.origin() + ": " + name + " holds " + std::to_string(id));
    out.push_back(static_cast<std::int32_t>(id));
  }
  return out;
}

/// The target of position t is id t + 1; the last position of a row has none.
std::vector<std::int32_t> next_ids(const std::vector<std::int32_t>& ids, index_t row) {
  std::vector<std::int32_t> targets(ids.begin() + 1, ids.end());
  targets.push_back(kIgnoredTarget);
  for (std::size_t i = static_cast<std::size_t>(row) - 1; i < targets.size(); i += static_cast<std::size_t>(row))
    targets[i] = kIgnoredTarget;
  return targets;
}

/// The inputs are whichever of in.ids, in.images and in.features the file has.
Batch golden_batch(const Safetensors& file) {
  Batch batch;
  if (file.tensors().contains("in.ids")) {
    batch.input = shape_of(file.tensor("in.ids"));
    batch.ids = ids_of(file, "in.ids");
    if (batch.input.rank() != 2 || batch.ids.empty()) fail_input(file.origin() + ": in.ids must be [B, T]");
    batch.targets =
        file.tensors().contains("in.targets") ? ids_of(file, "in.targets") : next_ids(batch.ids, batch.input[1]);
  } else {
    const std::string name = file.tensors().contains("in.images") ? "in.images" : "in.features";
    batch.input = shape_of(file.tensor(name));
    batch.features = file.floats(name);
    batch.targets = ids_of(file, "in.labels");
  }
  batch.size = batch.input[0];
  return batch;
}

double largest(const std::vector<float>& values) {
  double most = 0;
  for (const float v : values) most = std::max(most, std::abs(static_cast<double>(v)));
  return most;
}

/// max|Δ|; NaN or a different length make it infinite, so that a comparison fails.
double largest_difference(const real* ours, const std::vector<float>& golden, index_t size) {
  if (static_cast<index_t>(golden.size()) != size) return INFINITY;
  double most = 0;
  for (std::size_t i = 0; i < golden.size(); ++i) {
    const double difference = std::abs(static_cast<double>(ours[i]) - static_cast<double>(golden[i]));
    if (!(difference <= most)) most = std::isnan(difference) ? INFINITY : difference;
  }
  return most;
}

/// |Δ| / |golden|; NaN becomes infinite, since std::max would pass over it.
double relative(double ours, double golden) {
  const double error = std::abs(ours - golden) / std::abs(golden);
  return std::isnan(error) ? INFINITY : error;
}

/// One golden model, rebuilt.
class Golden {
 public:
  Golden(const Safetensors& file, const json& config)
      : file_(file), batch_(golden_batch(file)), model_(model_config(file, config, batch_)) {
    model_.parameters().allocate();
    train::load_model(file, "param.", model_);
    for (const nn::Parameter& p : model_.parameters().all())
      largest_gradient_ = std::max(largest_gradient_, largest(file.floats("grad." + p.name)));
  }

  ParityErrors compare() {
    ParityErrors errors;
    compare_first_pass(errors);
    train_and_compare(errors);
    return errors;
  }

 private:
  Loss run(Value& logits) {
    tape_.reset();
    logits = model_.forward(tape_, batch_);
    const Loss loss = cross_entropy(tape_, logits, batch_.targets);
    tape_.backward(loss.mean_nats);
    return loss;
  }

  void compare_first_pass(ParityErrors& errors) {
    Value logits;
    const Loss loss = run(logits);
    const std::vector<float> golden = file_.floats("out.logits");
    errors.logits = largest_difference(logits.data(), golden, logits.shape().elements()) / largest(golden);
    errors.loss =
        relative(static_cast<double>(*loss.mean_nats.data()), static_cast<double>(file_.floats("out.loss").at(0)));
    for (const nn::Parameter& p : model_.parameters().all())
      errors.grads =
          std::max(errors.grads,
                   largest_difference(p.grad, file_.floats("grad." + p.name), p.shape.elements()) / largest_gradient_);
    std::ranges::fill(model_.parameters().grads(), real{0});
  }

  void train_and_compare(ParityErrors& errors) {
    const json o = metadata_json(file_, "optimizer");
    const double clip = o.at("grad_clip").is_number() ? o.at("grad_clip").get<double>() : 0;
    optim::Adam adam(model_.parameters().values(), model_.parameters().grads(),
                     {o.at("name") == "adamw", o.at("beta1"), o.at("beta2"), o.at("eps"), o.at("weight_decay"), clip});
    for (const json& golden_loss : metadata_json(file_, "losses")) {
      Value logits;
      const Loss loss = run(logits);
      errors.loss = std::max(errors.loss, relative(static_cast<double>(*loss.mean_nats.data()), golden_loss));
      adam.step(o.at("lr"));
    }
    for (const nn::Parameter& p : model_.parameters().all()) compare_after(p, errors);
  }

  void compare_after(const nn::Parameter& p, ParityErrors& errors) {
    // Where the gradient is zero in theory, Adam turns rounding noise into whole steps.
    if (largest(file_.floats("grad." + p.name)) < kNoGradient * largest_gradient_) return;
    const std::vector<float> golden = file_.floats("after." + p.name);
    errors.after = std::max(errors.after, largest_difference(p.value, golden, p.shape.elements()));
    std::size_t far = 0;
    for (std::size_t i = 0; i < golden.size(); ++i)
      far += !(std::abs(static_cast<double>(p.value[i]) - static_cast<double>(golden[i])) <= kAfterNear);
    errors.after_far = std::max(errors.after_far, static_cast<double>(far) / static_cast<double>(golden.size()));
  }

  const Safetensors& file_;
  Batch batch_;
  nn::Model model_;
  Tape tape_;
  double largest_gradient_ = 0;
};

/// What is beyond its tolerance, in words; empty when nothing is.
std::string beyond(const ParityErrors& e) {
  std::string out;
  const auto check = [&](bool within, const char* what) {
    if (!within) out += (out.empty() ? "" : ", ") + std::string(what);
  };
  check(e.logits <= kTolerance, "logits");
  check(e.loss <= kTolerance, "loss");
  check(e.grads <= kTolerance, "gradients");
  check(e.after <= kAfterFar && e.after_far <= kAfterShare, "parameters after training");
  return out.empty() ? out : out + " beyond tolerance";
}

}  // namespace

ParityResult verify_golden(const std::filesystem::path& path) {
  const Safetensors file = Safetensors::read(path);
  ParityResult result{ParityResult::Verdict::kNotBuilt,
                      path.filename().string(),
                      file.metadata("family"),
                      file.metadata("variant"),
                      {},
                      "family not built yet"};
  const auto& families = nn::family_names();
  if (std::ranges::find(families, result.family) == families.end()) return result;
  try {
    result.errors = Golden(file, metadata_json(file, "config")).compare();
  } catch (const json::exception& error) {
    fail_input(path.string() + ": metadata: " + error.what());
  }
  result.reason = beyond(result.errors);
  result.verdict = result.reason.empty() ? ParityResult::Verdict::kPassed : ParityResult::Verdict::kFailed;
  return result;
}

std::vector<ParityResult> verify_golden_directory(const std::filesystem::path& directory) {
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error))
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  if (error) fail_input("cannot read the directory " + directory.string() + ": " + error.message());
  if (files.empty()) fail_input("there are no .safetensors files in " + directory.string());
  std::ranges::sort(files);
  std::vector<ParityResult> results;
  for (const auto& file : files) results.push_back(verify_golden(file));
  return results;
}

}  // namespace qkvbench::experiment
