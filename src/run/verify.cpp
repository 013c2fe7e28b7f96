// Rebuilding golden models: the configuration from the file's metadata, then forward, backward and optimizer steps.
// Tolerances: logits 1e-5 of the largest logit; losses 1e-5 relative; gradients 1e-5 of the model's largest; after
// training 99 % of a parameter's elements within 2e-6 and all within 5e-4, parameters without a gradient left out.
#include "qkvbench/run/verify.hpp"

#include <algorithm>
#include <cmath>

#include "qkvbench/autograd/loss.hpp"
#include "qkvbench/base/error.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/nn/model.hpp"
#include "qkvbench/optim/adam.hpp"
#include "qkvbench/run/golden.hpp"
#include "qkvbench/run/verify_loop.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::run {

namespace {

using formats::Safetensors;
using nlohmann::json;

constexpr double kTolerance = 1e-5, kAfterNear = 2e-6, kAfterFar = 5e-4, kAfterShare = 0.01, kNoGradient = 1e-6;

/// The inputs are whichever of in.ids, in.images and in.features the file has.
Batch golden_batch(const formats::Safetensors& file) {
  Batch batch;
  if (file.tensors().contains("in.ids")) {
    batch.input = golden::shape_of(file.tensor("in.ids"));
    batch.ids = golden::ids_of(file, "in.ids");
    if (batch.input.rank() != 2 || batch.ids.empty()) fail_input(file.origin() + ": in.ids must be [B, T]");
    batch.targets = file.tensors().contains("in.targets") ? golden::ids_of(file, "in.targets")
                                                          : golden::next_ids(batch.ids, batch.input[1]);
  } else {
    const std::string name = file.tensors().contains("in.images") ? "in.images" : "in.features";
    batch.input = golden::shape_of(file.tensor(name));
    batch.features = file.floats(name);
    batch.targets = golden::ids_of(file, "in.labels");
  }
  batch.size = batch.input[0];
  return batch;
}

/// One golden model, rebuilt.
class Golden {
 public:
  Golden(const formats::Safetensors& file, const json& config)
      : file_(file),
        batch_(golden_batch(file)),
        model_(golden::model_config(file, config, batch_.input.rank() > 1 ? batch_.input[1] : 1)) {
    model_.parameters().allocate();
    train::load_model(file, "param.", model_);
    for (const nn::Parameter& p : model_.parameters().all())
      largest_gradient_ = std::max(largest_gradient_, golden::largest(file.floats("grad." + p.name)));
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
    const std::vector<float> logits_there = file_.floats("out.logits");
    errors.logits = golden::largest_difference(logits.data(), logits_there, logits.shape().elements()) /
                    golden::largest(logits_there);
    errors.loss = golden::relative(static_cast<double>(*loss.mean_nats.data()),
                                   static_cast<double>(file_.floats("out.loss").at(0)));
    for (const nn::Parameter& p : model_.parameters().all())
      errors.grads = std::max(
          errors.grads,
          golden::largest_difference(p.grad, file_.floats("grad." + p.name), p.shape.elements()) / largest_gradient_);
    model_.parameters().zero_grads();
  }

  void train_and_compare(ParityErrors& errors) {
    const json o = golden::metadata_json(file_, "optimizer");
    const double clip = o.at("grad_clip").is_number() ? o.at("grad_clip").get<double>() : 0;
    optim::Adam adam(model_.parameters().values(), model_.parameters().grads(),
                     {o.at("name") == "adamw", o.at("beta1"), o.at("beta2"), o.at("eps"), o.at("weight_decay"), clip});
    for (const json& golden_loss : golden::metadata_json(file_, "losses")) {
      Value logits;
      const Loss loss = run(logits);
      errors.loss = std::max(errors.loss, golden::relative(static_cast<double>(*loss.mean_nats.data()), golden_loss));
      adam.step(o.at("lr"));
    }
    for (const nn::Parameter& p : model_.parameters().all()) compare_after(p, errors);
  }

  void compare_after(const nn::Parameter& p, ParityErrors& errors) {
    // Where the gradient is zero in theory, Adam turns rounding noise into whole steps.
    if (golden::largest(file_.floats("grad." + p.name)) < kNoGradient * largest_gradient_) return;
    const std::vector<float> there = file_.floats("after." + p.name);
    errors.after = std::max(errors.after, golden::largest_difference(p.value, there, p.shape.elements()));
    std::size_t far = 0;
    for (std::size_t i = 0; i < there.size(); ++i)
      far += !(std::abs(static_cast<double>(p.value[i]) - static_cast<double>(there[i])) <= kAfterNear);
    errors.after_far = std::max(errors.after_far, static_cast<double>(far) / static_cast<double>(there.size()));
  }

  const formats::Safetensors& file_;
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
  const formats::Safetensors file = formats::Safetensors::read(path);
  ParityResult result{ParityResult::Verdict::kNotBuilt,
                      path.filename().string(),
                      file.metadata("family"),
                      file.metadata("variant"),
                      {},
                      "family not built yet"};
  const auto& families = nn::family_names();
  if (std::ranges::find(families, result.family) == families.end()) return result;
  try {
    if (file.metadata().contains("loop")) return verify_loop(file, std::move(result));
    result.errors = Golden(file, golden::metadata_json(file, "config")).compare();
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

}  // namespace qkvbench::run
