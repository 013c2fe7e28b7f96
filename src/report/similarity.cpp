// Student's t throughout: a measure's values over seeds have one mode.
#include "qkvbench/report/similarity.hpp"

#include <algorithm>
#include <string_view>

#include "qkvbench/report/analysis.hpp"
#include "qkvbench/report/mean_claim.hpp"

namespace qkvbench::report {

using study::Beside;
using study::SimilarityClaim;
using study::SimilarityRow;

namespace {

using Which = std::optional<double> SimilarityNumbers::*;

/// The numbers of all models; empty when one lacks it.
std::vector<double> numbers_of(const SimilarityModels& models, std::size_t row, Which which) {
  std::vector<double> numbers;
  for (const auto& model : models.models)
    if (const auto& number = model[row].*which) numbers.push_back(*number);
  if (numbers.size() < models.models.size()) numbers.clear();
  return numbers;
}

/// trained − what the claim sets beside it, model by model.
std::vector<double> units_of(const SimilarityModels& models, const SimilarityClaim& claim) {
  std::vector<double> units = numbers_of(models, claim.row, &SimilarityNumbers::trained);
  if (claim.beside == Beside::kNumber) return units;
  const std::vector<double> beside = numbers_of(
      models, claim.row, claim.beside == Beside::kInitial ? &SimilarityNumbers::initial : &SimilarityNumbers::random);
  if (beside.size() != units.size()) return {};
  for (std::size_t i = 0; i < units.size(); ++i) units[i] -= beside[i];
  return units;
}

std::string test_text(const SimilarityModels& models, const SimilarityClaim& claim) {
  const SimilarityRow& row = study::similarity_rows()[claim.row];
  const char* beside = claim.beside == Beside::kInitial  ? ", trained − step 0"
                       : claim.beside == Beside::kRandom ? ", trained − random"
                                                         : "";
  return subject_title(row.of) + ": " + row.title + beside + ", " + models.data;
}

ClaimResult judged(const SimilarityModels& models, const SimilarityClaim& claim, std::size_t claims) {
  ClaimResult result;
  result.id = std::string(claim.id) + ", " + models.data;
  result.claim = claim.text;
  result.test = test_text(models, claim);
  result.threshold = claim.number;
  result.above = claim.above;
  result.baseline = {models.level};
  if (claim.beside == Beside::kNumber) result.paper = study::similarity_rows()[claim.row].paper;
  judge_mean(units_of(models, claim), claims, result);
  return result;
}

std::string shown(const std::optional<double>& x) { return x ? fixed(*x, 3) : "–"; }

}  // namespace

std::vector<SimilarityNumbers> similarity_numbers(const run::Analysis& analysis, index_t d_model) {
  std::vector<SimilarityNumbers> all;
  for (const SimilarityRow& row : study::similarity_rows()) {
    std::vector<std::optional<double>> trained, initial, random;
    for (const run::AnalyzedValue& value : analysis.values) {
      if (value.of != row.of || std::string_view(value.measure->scope) != row.scope ||
          std::string_view(value.measure->id) != row.measure)
        continue;
      trained.push_back(value.trained.value), initial.push_back(value.initial.value);
      random.push_back(value.random.value);
    }
    const double unit = row.share_of_width ? static_cast<double>(d_model) : 1;
    const auto over_layers = [&](const std::vector<std::optional<double>>& layers) {
      const auto number = run::mean_of(layers);
      return number ? std::optional(*number / unit) : std::nullopt;
    };
    all.push_back({over_layers(trained), over_layers(initial), over_layers(random)});
  }
  return all;
}

MeanNumber mean_number(const SimilarityModels& models, std::size_t row, Which which) {
  const std::vector<double> numbers = numbers_of(models, row, which);
  if (numbers.empty()) return {};
  return {mean(numbers), mean_interval(numbers, kSymmetricNumbers)};
}

Table similarity_table(const std::vector<SimilarityModels>& all) {
  Table table({{"data"},
               {"of"},
               {"measure"},
               {"trained", Align::kRight},
               {"95 % interval", Align::kRight},
               {"step 0", Align::kRight},
               {"random", Align::kRight},
               {"paper", Align::kRight}});
  for (const SimilarityModels& models : all)
    for (std::size_t i = 0; i < study::similarity_rows().size(); ++i) {
      const SimilarityRow& row = study::similarity_rows()[i];
      const MeanNumber trained = mean_number(models, i, &SimilarityNumbers::trained);
      table.add({models.data, subject_title(row.of), row.title, shown(trained.mean),
                 trained.interval ? shown(trained.interval->low) + " … " + shown(trained.interval->high) : "–",
                 shown(mean_number(models, i, &SimilarityNumbers::initial).mean),
                 shown(mean_number(models, i, &SimilarityNumbers::random).mean), shown(row.paper)});
    }
  return table;
}

std::string similarity_csv(const std::vector<SimilarityModels>& all, const std::vector<ClaimResult>& claims) {
  Table table({{"kind"},
               {"data"},
               {"of"},
               {"scope"},
               {"measure"},
               {"claim"},
               {"here"},
               {"low"},
               {"high"},
               {"step_0"},
               {"random"},
               {"models"},
               {"paper"},
               {"threshold"},
               {"p_adjusted"},
               {"verdict"}});
  const auto text = [](const std::optional<double>& x) { return x ? exact(*x) : std::string(); };
  const auto end = [](const std::optional<Interval>& x, double Interval::*which) {
    return x ? exact((*x).*which) : std::string();
  };
  for (const SimilarityModels& models : all)
    for (std::size_t i = 0; i < study::similarity_rows().size(); ++i) {
      const SimilarityRow& row = study::similarity_rows()[i];
      const MeanNumber trained = mean_number(models, i, &SimilarityNumbers::trained);
      table.add({"number", models.data, row.of, row.scope, row.measure, "", text(trained.mean),
                 end(trained.interval, &Interval::low), end(trained.interval, &Interval::high),
                 text(mean_number(models, i, &SimilarityNumbers::initial).mean),
                 text(mean_number(models, i, &SimilarityNumbers::random).mean), std::to_string(models.models.size()),
                 text(row.paper)});
    }
  for (const ClaimResult& claim : claims)
    table.add({"claim", "", "", "", "", claim.id, text(claim.effect), end(claim.interval, &Interval::low),
               end(claim.interval, &Interval::high), "", "", "", text(claim.paper), text(claim.threshold),
               text(claim.p_adjusted), verdict_name(claim.verdict)});
  return table.csv();
}

std::vector<ClaimResult> similarity_claims(const std::vector<SimilarityModels>& all) {
  std::vector<ClaimResult> results;
  const std::size_t claims = all.size() * study::similarity_claims().size();
  for (const SimilarityModels& models : all)
    for (const SimilarityClaim& claim : study::similarity_claims()) results.push_back(judged(models, claim, claims));
  return results;
}

}  // namespace qkvbench::report
