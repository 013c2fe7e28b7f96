// A trained language model on tasks of multiple choice: from texts to tokens, and from probabilities to scores.
// What the tasks ask is in data/choices, how tokens are scored in train/continuations.
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "qkvbench/data/choices.hpp"
#include "qkvbench/run/run.hpp"
#include "qkvbench/train/continuations.hpp"

namespace qkvbench::run {

/// kHarness: as lm-evaluation-harness. kAuthors: as the paper's released script, which encodes context and continuation
/// apart, cuts the context alone and reports acc only.
enum class Scoring { kHarness, kAuthors };

struct DownstreamOptions {
  std::filesystem::path data;
  std::size_t shots = 0;
  Scoring scoring = Scoring::kHarness;
  data::ShotSource shot_source = data::ShotSource::kFirst;
  kernels::NumberFormat cache_format = kernels::NumberFormat::kFp32;
};

/// The tokens of a request for a model of at most `context` positions, cut from the left to what fits.
///   harness: tokens = encode(context + continuation) behind as many as encode(context) has; white space at the end of
///   the
///            context belongs to the continuation; an empty context is the token that ends a text
///   authors: encode(context), the last context − |tokens| − 1 of them, and encode(continuation)
/// Throws Error (input) when the continuation alone is too long, or nothing can stand for an empty context.
train::Continuation encode_request(const data::Tokenizer& tokenizer, const data::ChoiceRequest& request,
                                   index_t context, Scoring scoring);

/// What a document came to.
struct Answered {
  std::vector<train::ContinuationScore> scores;  ///< one for each answer
  std::vector<std::size_t> tokens;               ///< of each continuation
};

struct Metric {
  std::string name;
  double value;
  std::optional<double> standard_error;  ///< of a mean over documents: sample deviation / √n
};

/// acc: the share of documents whose most likely answer is the right one; the first of equals counts. acc_norm,
/// acc_bytes, acc_token: the same after dividing by the answer's characters, bytes, tokens. Where only one answer is
/// asked for (LAMBADA): acc, the share that greedy decoding would write, and perplexity = exp(−mean log-probability).
std::vector<Metric> metrics_of(const std::vector<data::ChoiceDocument>& documents, const std::vector<Answered>& answers,
                               Scoring scoring);

struct DownstreamTask {
  std::string name;
  std::vector<data::SourceFile> files;
  std::vector<data::ChoiceDocument> documents;
  std::vector<Answered> answers;
  std::vector<Metric> metrics;
};

/// Reads and scores one task. Throws as read_choices(), encode_request(), score_continuations().
DownstreamTask score_task(const LoadedModel& run, const data::ChoiceTask& task, const DownstreamOptions& options,
                          const std::function<void(std::size_t done, std::size_t all)>& on_progress = {});

}  // namespace qkvbench::run
