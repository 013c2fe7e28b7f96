// K and V made one in models that were trained with both.
// No number of the paper: nobody has published this.
#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/study/recipes.hpp"
#include "qkvbench/study/surgery.hpp"

namespace qkvbench::study {

namespace {

constexpr std::array<SurgeryArm, 11> kArms{{{nullptr, false},
                                            {"keep_k", false},
                                            {"keep_k", true},
                                            {"mean", false},
                                            {"mean", true},
                                            {"keep_k_fit_activations", false},
                                            {"keep_k_fit_activations", true},
                                            {"joint_svd", false},
                                            {"joint_svd", true},
                                            {"joint_svd_activations", false},
                                            {"joint_svd_activations", true}}};
constexpr std::size_t kKeepK = 1, kKeepKTaught = 2, kJoint = 7;
constexpr std::size_t kConverted = 0, kFivePercent = 2, kFifth = 4;

using Beside = SurgeryClaim::Beside;
constexpr std::array<SurgeryClaim, 5> kClaims{
    {{"keep-k-costs", "without training K in place of V costs a tenth of perplexity or more", kKeepK, kConverted,
      Beside::kSource, 10, true},
     {"subspace-costs-little", "without training a common subspace of K and V costs a few per cent at most", kJoint,
      kConverted, Beside::kSource, 5, false},
     {"subspace-beats-scratch", "a common subspace and 5 % of the steps are better than K = V from scratch", kJoint,
      kFivePercent, Beside::kScratch, 0, false},
     {"keep-k-reaches-scratch", "K in place of V and 20 % of the steps are better than K = V from scratch", kKeepK,
      kFifth, Beside::kScratch, 0, false},
     {"teacher-helps", "K in place of V and 5 % of the steps are better with a teacher", kKeepKTaught, kFivePercent,
      Beside::kPlain, 0, false}}};

}  // namespace

std::string SurgeryArm::name() const {
  if (method == nullptr) return "q_k_v, trained on";
  return std::string(method) + (distilled ? ", taught" : "");
}

std::span<const SurgeryArm> surgery_arms() { return kArms; }
std::span<const SurgeryClaim> surgery_claims() { return kClaims; }

run::Config uptraining(const std::string& model, const std::string& teacher, double share) {
  run::Config config = run::config_of_model(model);
  config.init_from.sha256 = model;
  config.distill.sha256 = teacher;
  config.steps = std::max<index_t>(1, std::llround(share * static_cast<double>(config.steps)));
  config.train.lr *= kUptrainingRate;
  run::resolve(config);
  return config;
}

PaperTable surgery_recipe() {
  PaperTable table{
      "surgery",
      "K and V made one in trained q_k_v: perplexity above its own, by how far it is trained on",
      {"surgery-char", "surgery", "surgery-short", "surgery-least"},
      {},
      {},
      "Columns are shares of the steps that q_k_v took, at a third of its learning rate; `taught`: with it "
      "as the teacher. docs/surgery.md says what the methods are."};
  table.shown = PaperTable::Shown::kSurgery;
  double steps = 0;  // of a source, those of what is trained on; a teacher takes a third of a step more
  for (const SurgeryArm& arm : kArms)
    for (const double share : kUptrainingShares) steps += share * (arm.distilled ? 4. / 3 : 1);
  table.further = steps / 2;  // there is a run from scratch for each source
  return table;
}

}  // namespace qkvbench::study
