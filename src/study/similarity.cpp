// Source of the numbers: the paper's poster and talk, which do not say of what they are.
// To add a row, add it; claims name rows by their place.
#include "qkvbench/study/similarity.hpp"

#include <array>

#include "qkvbench/study/recipes.hpp"

namespace qkvbench::study {

namespace {

constexpr double kCosKV = .73, kCosQK = .42, kCosQV = .31, kRankShare = 687. / 1024, kAbout = .1;

constexpr std::size_t kCosOfActivations = 1, kDebiasedCka = 2, kRankOfKeys = 9;

constexpr std::array<SimilarityRow, 11> kRows{
    {{"kv", "weight", "cos", "cosine of weights", false, kCosKV},
     {"kv", "activation", "cos", "cosine of activations", false, kCosKV},
     {"kv", "activation", "cka_debiased", "debiased CKA"},
     {"qk", "weight", "cos", "cosine of weights", false, kCosQK},
     {"qk", "activation", "cos", "cosine of activations", false, kCosQK},
     {"qk", "activation", "cka_debiased", "debiased CKA"},
     {"qv", "weight", "cos", "cosine of weights", false, kCosQV},
     {"qv", "activation", "cos", "cosine of activations", false, kCosQV},
     {"qv", "activation", "cka_debiased", "debiased CKA"},
     {"k", "weight", "effective_rank", "effective rank / channels", true, kRankShare},
     {"v", "weight", "effective_rank", "effective rank / channels", true}}};

constexpr std::array<SimilarityClaim, 4> kClaims{
    {{"kv-over-step-0", "keys and values are more alike than before training", kDebiasedCka, Beside::kInitial},
     {"kv-over-random", "keys and values are more alike than random projections", kDebiasedCka, Beside::kRandom},
     {"kv-cosine", "the cosine of keys and values is about .73 (not less than .63)", kCosOfActivations, Beside::kNumber,
      kCosKV - kAbout},
     {"k-low-rank", "training lowers the rank of keys", kRankOfKeys, Beside::kInitial, 0, false}}};

}  // namespace

PaperTable similarity_recipe(const std::vector<PaperCell>& table1) {
  PaperTable table{"similarity",
                   "Similarity of queries, keys and values of trained q_k_v",
                   {"similarity", "similarity-least"},
                   table1,
                   {},
                   "Means over layers and seeds. Step 0 is the same model before training, random are normal matrices "
                   "on its input. The paper defines none of its numbers: each stands beside every measure that it may "
                   "be. `qkvbench analyze` has each measure's definition."};
  table.shown = PaperTable::Shown::kSimilarity;
  return table;
}

std::span<const SimilarityRow> similarity_rows() { return kRows; }

std::span<const SimilarityClaim> similarity_claims() { return kClaims; }

}  // namespace qkvbench::study
