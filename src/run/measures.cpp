// The table of measures, and what stands between it and the mathematics: which block of which matrix is meant.
// A new measure is a row here; output, schema and definitions follow.
#include "qkvbench/run/measures.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "qkvbench/run/layer_values.hpp"
#include "qkvbench/run/spectrum.hpp"

namespace qkvbench::run {

namespace {

constexpr const char* kCosine = "cosine similarity";
constexpr const char* kKornblith = "Kornblith et al., ICML 2019 (arXiv 1905.00414)";
constexpr const char* kDebiased = "Song et al., JMLR 13 (2012); Nguyen et al., ICLR 2021 (arXiv 2010.15327)";
constexpr const char* kAngles = "Björck and Golub, Math. Comp. 27 (1973)";
constexpr const char* kRank = "Roy and Vetterli, EUSIPCO 2007";
constexpr const char* kPca = "principal components";
constexpr const char* kHere = "this program";
constexpr Eigen::Index kTop = 8;  // directions of subspace_top

Measured whole(std::optional<double> value) { return {value, {}}; }

/// Head h of the one with more heads, and the head of the other that attention brings together with it.
template <class F>
Measured by_head(const Projected& a, const Projected& b, F f) {
  const Eigen::Index heads = std::max(a.heads, b.heads);
  Measured out;
  for (Eigen::Index h = 0; h < heads; ++h) out.items.push_back(f(h * a.heads / heads, h * b.heads / heads));
  out.value = mean_of(out.items);
  return out;
}

Matrix with_bias(const Projected& one) {
  Matrix out(one.weight.rows(), one.weight.cols() + 1);
  out << one.weight, (one.bias.size() > 0 ? one.bias : Eigen::VectorXd(Eigen::VectorXd::Zero(one.weight.rows())));
  return out;
}

/// Rows without the bias of the projection; nothing where more than a projection made them.
Matrix without_bias(const Projected& one) {
  if (!one.is_projection) return {};
  return one.bias.size() > 0 ? Matrix(one.rows.rowwise() - one.bias.transpose()) : one.rows;
}

Measured top_angles(const Projected& a, const Projected& b) {
  Measured out;
  const Eigen::Index r = std::min({kTop, a.weight.rows(), b.weight.rows(), a.weight.cols()});
  double sum = 0;
  for (const double cosine : principal_cosines(a.weight, b.weight, r)) {
    out.items.emplace_back(cosine);
    sum += cosine * cosine;
  }
  if (!out.items.empty()) out.value = sum / static_cast<double>(r);
  return out;
}

// clang-format off
#define PAIR(...) [](const Projected& a, const Projected& b) -> Measured { return __VA_ARGS__; }
#define BY_HEAD(expression) PAIR(by_head(a, b, [&](Eigen::Index i, Eigen::Index j) { return expression; }))
constexpr std::array kMeasures = std::to_array<Measure>({
  {"cos", "weight", "", "cos W", "<A, B> / (|A| |B|) over all numbers of the two weights, without biases", kCosine,
   PAIR(whole(cosine(a.weight, b.weight))), nullptr, nullptr},
  {"cos_with_bias", "weight", "", "", "cos of the weights with their biases as one more column", kCosine,
   PAIR(whole(cosine(with_bias(a), with_bias(b)))), nullptr, nullptr},
  {"row_cos_mean", "weight", "", "", "mean over output channels of the cosine of the two rows; rows of zeros are left out",
   kCosine, PAIR(whole(row_cosine_mean(a.weight, b.weight))), nullptr, nullptr},
  {"cos_by_head", "weight", "head", "", "cos of a head's rows of the weights; the value is the mean over heads", kCosine,
   BY_HEAD(cosine(a.head_weight(i), b.head_weight(j))), nullptr, nullptr},
  {"cka_inputs_as_samples", "weight", "", "", "linear CKA of the transposed weights: input channels are the samples",
   kKornblith, PAIR(whole(cka(a.weight.transpose(), b.weight.transpose()))), nullptr, nullptr},
  {"subspace_top", "weight", "angle", "",
   "mean cos² of the principal angles between the spans of the 8 largest right singular vectors of the weights "
   "(fewer where a weight has fewer); items are the cosines; 8/d for random ones", kAngles,
   PAIR(top_angles(a, b)), nullptr, nullptr},
  {"subspace_by_head", "weight", "head", "overlap",
   "mean cos² of the principal angles between the row spaces of a head's weights, mean over heads: 1 for one space, "
   "head size/d for random ones", kAngles,
   BY_HEAD(subspace_overlap(a.head_weight(i), b.head_weight(j), std::min(a.width(), b.width()))), nullptr, nullptr},
  {"joint_energy_by_head", "weight", "head", "joint energy",
   "share of Σσ² of a head's two weights, stacked, that one space of head-size dimensions holds, mean over heads", kPca,
   BY_HEAD(joint_energy(a.head_weight(i), b.head_weight(j), std::min(a.width(), b.width()))), nullptr, nullptr},
  {"cos", "activation", "", "cos", "<A, B> / (|A| |B|) over all positions and channels, with biases", kCosine,
   PAIR(whole(cosine(a.rows, b.rows))), nullptr, nullptr},
  {"cos_centred", "activation", "", "", "cos after each channel's mean is taken away", kCosine,
   PAIR(whole(cosine(centred(a.rows), centred(b.rows)))), nullptr, nullptr},
  {"token_cos_mean", "activation", "", "", "mean over positions of the cosine of the two vectors; zero vectors are left out",
   kCosine, PAIR(whole(row_cosine_mean(a.rows, b.rows))), nullptr, nullptr},
  {"token_cos_mean_centred", "activation", "", "", "token_cos_mean after each channel's mean is taken away", kCosine,
   PAIR(whole(row_cosine_mean(centred(a.rows), centred(b.rows)))), nullptr, nullptr},
  {"cos_no_bias", "activation", "", "", "cos of the activations without the projections' biases", kCosine,
   PAIR(whole(cosine(without_bias(a), without_bias(b)))), nullptr, nullptr},
  {"cka", "activation", "", "CKA", "linear CKA |AᵀB|² / (|AᵀA| |BᵀB|), Frobenius norms, channels centred", kKornblith,
   PAIR(whole(cka(a.rows, b.rows))), nullptr, nullptr},
  {"cka_uncentred", "activation", "", "", "linear CKA without centring", kKornblith,
   PAIR(whole(cka_uncentred(a.rows, b.rows))), nullptr, nullptr},
  {"cka_debiased", "activation", "", "debiased CKA",
   "HSIC₁(A, B) / √(HSIC₁(A, A) HSIC₁(B, B)) with the unbiased HSIC₁; may be below 0, needs 4 positions", kDebiased,
   PAIR(whole(cka_debiased(a.rows, b.rows))), nullptr, nullptr},
  {"cka_by_head", "activation", "head", "", "linear CKA of a head's activations; the value is the mean over heads",
   kKornblith, BY_HEAD(cka(a.head_rows(i), b.head_rows(j))), nullptr, nullptr},
  {"cka_debiased_by_head", "activation", "head", "debiased by head",
   "debiased CKA of a head's activations; the value is the mean over heads", kDebiased,
   BY_HEAD(cka_debiased(a.head_rows(i), b.head_rows(j))), nullptr, nullptr},
  {"procrustes", "activation", "", "Procrustes", "|AᵀB|_* / (|A| |B|) with the nuclear norm, channels centred: cos after "
   "the best rotation", "orthogonal Procrustes: Schönemann, Psychometrika 31 (1966)",
   PAIR(whole(procrustes(a.rows, b.rows))), nullptr, nullptr},
  {"r2_second_from_first_by_head", "activation", "head", "R²",
   "share of the variance of a head's second tensor that the best affine map of the first explains, mean over heads; "
   "needs more positions than the head is wide", "least squares",
   BY_HEAD(r2_from(a.head_rows(i), b.head_rows(j))), nullptr, nullptr},
#undef BY_HEAD
#undef PAIR
#define SPECTRUM(scope, note, show) \
  {"effective_rank", scope, "", show ? "effective rank" : "", "exp(−Σ p ln p), p = σ/Σσ of the singular values" note, \
   kRank, nullptr, &Spectrum::effective_rank, nullptr}, \
  {"effective_rank_energy", scope, "", show ? "by energy" : "", "exp(−Σ p ln p), p = σ²/Σσ²" note, kRank, nullptr, \
   &Spectrum::effective_rank_energy, nullptr}, \
  {"participation_ratio", scope, "", show ? "participation" : "", "(Σσ²)² / Σσ⁴" note, kPca, nullptr, \
   &Spectrum::participation_ratio, nullptr}, \
  {"stable_rank", scope, "", show ? "stable rank" : "", "Σσ² / σ₁²" note, kPca, nullptr, &Spectrum::stable_rank, \
   nullptr}, \
  {"rank_90", scope, "", show ? "90 %" : "", "the fewest singular values whose squares hold 90 % of Σσ²" note, kPca, \
   nullptr, &Spectrum::rank_90, nullptr}, \
  {"spectral_norm", scope, "", "", "σ₁" note, kPca, nullptr, &Spectrum::spectral_norm, nullptr}, \
  {"frobenius", scope, "", "", "√Σσ²" note, kPca, nullptr, &Spectrum::frobenius, nullptr},
  SPECTRUM("weight", "", true)
  SPECTRUM("activation", ", of [positions, channels]", false)
  SPECTRUM("activation_centred", ", of [positions, channels], channels centred", true)
#undef SPECTRUM
  {"entropy", "attention", "head", "entropy", "mean over queries of −Σ p ln p, in nats", kHere, nullptr, nullptr,
   &HeadAttention::entropy},
  {"entropy_share", "attention", "head", "of even", "entropy over that of even attention to all positions that may be seen",
   kHere, nullptr, nullptr, &HeadAttention::entropy_share},
  {"distance", "attention", "head", "distance", "mean over queries i of Σ p |i − j|, in positions", kHere, nullptr, nullptr,
   &HeadAttention::distance},
  {"score_asymmetry", "attention", "head", "|S−Sᵀ|", "mean |S − Sᵀ| of the scores before the softmax; none under a mask",
   kHere, nullptr, nullptr, &HeadAttention::score_asymmetry},
  {"probability_asymmetry", "attention", "head", "|P−Pᵀ|", "mean |P − Pᵀ| of the attention maps", kHere, nullptr, nullptr,
   &HeadAttention::probability_asymmetry},
  {"diagonal", "attention", "head", "diagonal", "mean share that a position gives itself", kHere, nullptr, nullptr,
   &HeadAttention::diagonal},
  {"previous", "attention", "head", "previous", "mean share that a position gives the one before it", kHere, nullptr,
   nullptr, &HeadAttention::previous},
});
// clang-format on

/// Why two tensors have no measure of a scope; empty where they may have one.
std::string unmeasurable(const Measure& measure, const Projected& a, const Projected& b) {
  if (measure.scope == std::string_view("weight")) {
    if (a.weight.size() == 0 || b.weight.size() == 0) return "not both are one projection of the layer's input";
    if (!a.projection.empty() && a.projection == b.projection) return "both names are one projection, " + a.projection;
  } else if (!a.tensor.empty() && a.tensor == b.tensor) {
    return "both names are one tensor";
  }
  return {};
}

/// Why a value is missing that the shapes and the numbers do not give.
std::string missing(const Measure& measure, const Projected& a, const Projected& b) {
  const std::string_view id = measure.id;
  const bool of_weights = measure.scope == std::string_view("weight");
  const Matrix &first = of_weights ? a.weight : a.rows, &second = of_weights ? b.weight : b.rows;
  if (id == "cos_no_bias" && !(a.is_projection && b.is_projection)) return "more than a projection makes them";
  const bool cosines = id.find("cos") != std::string_view::npos, heads = measure.items == std::string_view("head");
  if (cosines && (heads ? a.width() != b.width() : first.rows() != second.rows() || first.cols() != second.cols()))
    return "the two have different shapes";
  if (first.rows() != second.rows() && !of_weights) return "the two have different positions";
  if (id.starts_with("cka_debiased") && first.rows() < 4) return "it needs at least 4 positions";
  if (id.starts_with("r2") && first.rows() <= a.width()) return "it needs more positions than the head is wide";
  return "not defined for these numbers: zero, constant, of too low a rank or not finite";
}

}  // namespace

std::span<const Measure> all_measures() { return kMeasures; }

std::optional<double> mean_of(const std::vector<std::optional<double>>& items) {
  double sum = 0, n = 0;
  for (const auto& item : items)
    if (item) sum += *item, ++n;
  return n > 0 ? std::optional(sum / n) : std::nullopt;
}

Measured measure_pair(const Measure& measure, const Projected& first, const Projected& second) {
  Measured out;
  out.reason = unmeasurable(measure, first, second);
  if (!out.reason.empty()) return out;
  out = measure.pair(first, second);
  const bool whole = out.value && std::ranges::all_of(out.items, [](const auto& item) { return item.has_value(); });
  if (!whole) out.reason = missing(measure, first, second);
  return out;
}

std::vector<double> cka_of_heads(const Projected& first, const Projected& second) {
  std::vector<double> out;
  for (Eigen::Index i = 0; i < first.heads; ++i)
    for (Eigen::Index j = 0; j < second.heads; ++j)
      out.push_back(cka(first.head_rows(i), second.head_rows(j)).value_or(0));
  return out;
}

}  // namespace qkvbench::run
