// What the tasks of one family of models, or of one form of them, have in common, as columns of a table.
// What a family computes is nn/'s; nothing above this room asks which family it is dealing with.
#pragma once
#include <array>
#include <string>

#include "qkvbench/base/real.hpp"

namespace qkvbench::data {

/// Which key of the configuration names the data of a family's tasks, beside the task itself.
enum class DataKey { kNone, kCorpus, kSource };

struct FamilyTraits {
  const char* id;         ///< as in nn::family_names(), or of a form of tasks that differs from its family
  const char* unit;       ///< what speed is told in
  bool unit_is_token;     ///< else a unit is all positions of an example
  bool decodes;           ///< writes one token after the other: keeps a cache
  bool perplexity;        ///< is told by its loss as perplexity, else by accuracy
  bool draws_windows;     ///< trains on windows of a text: steps, no epochs, and the validation split stands for it
  bool images;            ///< its input is an image
  bool all_or_nothing;    ///< a run solves its task or does not: accuracies have two peaks
  DataKey data_key;       ///< which key names the data
  index_t pos_dim;        ///< m of the positional term, where nothing is said
  index_t least_max_len;  ///< learned positions there are at least, where nothing is said
  index_t fixed_seq_len;  ///< positions of every example; 0: as seq_len says
};

inline constexpr index_t kSetSize = 10;

inline constexpr std::array<FamilyTraits, 5> kFamilyTraits{{
    {"encoder", "tokens", true, false, false, false, false, true, DataKey::kNone, 10, 128, 0},
    {"vit", "images", false, false, false, false, true, false, DataKey::kNone, 50, 128, 0},
    {"set", "sets", false, false, false, false, false, false, DataKey::kSource, 10, 128, kSetSize},
    {"gpt", "tokens", true, true, true, true, false, false, DataKey::kCorpus, 10, 0, 0},
    {"answers", "tokens", true, true, false, false, false, true, DataKey::kNone, 10, 0, 0},
}};

/// Throws Error (internal) when there is no such row.
const FamilyTraits& traits_of(const std::string& family);

}  // namespace qkvbench::data
