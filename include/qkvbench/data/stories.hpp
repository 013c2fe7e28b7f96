// A small language of stories, made without any file, whose entropy is known exactly.
// Not English: its point is that agreement and memory can be learnt, and that nothing can be learnt beyond the floor.
//
// A token is a word or a punctuation mark; words and not characters, so that a window of 64 tokens holds a story, with
// its names, and no target is mere spelling. Every choice of the grammar is told by one token, therefore
//   log p(text) = Σ_t log p(token t | tokens before it),   H = E[−log p(story)] / E[tokens of a story]
// hold term by term; H comes from the rules by Grammar::expectation().
#pragma once
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/data/grammar.hpp"

namespace qkvbench::data {

struct StoryOptions {
  std::uint64_t seed = 0;
  index_t train_tokens = 900'000, validation_tokens = 100'000;  ///< at least; the last story is whole
};

/// The grammar of the stories. Its vocabulary is that of the texts; one story ends with the token "\n".
const Grammar& story_grammar();

/// Words whose loss tells something of its own: `agreement` are the verbs, which agree with a subject that may stand
/// far before, `names` the names, most of which the story has told before.   words: of a vocabulary, by id.
std::vector<TargetKind> story_kinds(std::span<const std::string> words);

/// Stories of one split, story after story, until there are at least `min_tokens` tokens.
/// No sentence stands in both splits: a hash of its words puts every sentence into one of two halves of the language,
/// and a sentence of the wrong half is drawn again.
/// Throws Error (usage) unless min_tokens is between 1 and 2³⁰.
WrittenText write_stories(Split split, std::uint64_t seed, index_t min_tokens);

/// What a model can gain, in nats over the whole of `validation`, by knowing that no sentence of `train` can occur:
///   Σ over sentences of −log(1 − m) + log 2 for each that stood in `validation` before,
///   m = the probability of all distinct sentences of `train` of the same kind (it does not depend on the names).
/// Let F = −Σ log p over all targets, and L the total loss of a model that has seen `train`, but cannot tell the half
/// of a sentence that it has never seen. Then P(L < F − this − c) <= exp(−c) by Markov's inequality, because the
/// model's probabilities sum to 1 over all texts (terms of the order m² are left out). Whoever knew the hash itself
/// would gain about log 2 a sentence, and no more.
double story_floor_slack_nats(const WrittenText& train, const WrittenText& validation);

}  // namespace qkvbench::data
