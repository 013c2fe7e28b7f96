// The two ways to score, and the metrics.
// Few-shot contexts are whole before they come here.
#include "qkvbench/run/downstream.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/choice_text.hpp"
#include "qkvbench/formats/utf8.hpp"

namespace qkvbench::run {

namespace {

using Ids = std::vector<std::int32_t>;
using data::ChoiceDocument;
using train::Continuation;

Continuation encode_as_harness(const data::Tokenizer& tokenizer, const data::ChoiceRequest& request) {
  Continuation out;
  if (request.context.empty()) {
    // Where the continuation begins with the end of a text, that is the context.
    const auto end = tokenizer.end_of_text();
    if (!end) fail_input("its context is empty, and the vocabulary has no token that ends a text to stand for it");
    out.tokens = tokenizer.encode(request.continuation);
    if (!out.tokens.empty() && out.tokens[0] == *end) out.tokens.erase(out.tokens.begin());
    out.context = {*end};
    return out;
  }
  const std::string context = data::right_stripped(request.context);
  const Ids whole = tokenizer.encode(request.context + request.continuation);
  out.context = tokenizer.encode(context);
  const std::size_t begin = std::min(out.context.size(), whole.size());
  out.tokens.assign(whole.begin() + static_cast<std::ptrdiff_t>(begin), whole.end());
  return out;
}

std::string shown(const data::ChoiceRequest& request) {
  return formats::quoted(request.context + request.continuation);
}

/// The place of the largest score, the first of equals.
std::size_t largest(const Answered& answered, const std::function<double(std::size_t)>& divisor) {
  std::size_t best = 0;
  std::vector<double> scores;
  for (std::size_t i = 0; i < answered.scores.size(); ++i) {
    scores.push_back(answered.scores[i].log_prob / divisor(i));
    if (scores[i] > scores[best]) best = i;
  }
  return best;
}

Metric share(const std::string& name, std::size_t hits, std::size_t n) {
  const double p = static_cast<double>(hits) / static_cast<double>(n);
  return {name, p, n > 1 ? std::optional(std::sqrt(p * (1 - p) / static_cast<double>(n - 1))) : std::nullopt};
}

std::vector<Metric> passage_metrics(const std::vector<Answered>& answers, Scoring scoring) {
  std::size_t greedy = 0;
  double sum = 0;
  for (const Answered& answered : answers) {
    greedy += answered.scores[0].greedy ? 1 : 0;
    sum += answered.scores[0].log_prob;
  }
  std::vector<Metric> metrics{share("acc", greedy, answers.size())};
  if (scoring == Scoring::kHarness)
    metrics.push_back({"perplexity", std::exp(-sum / static_cast<double>(answers.size())), std::nullopt});
  return metrics;
}

}  // namespace

Continuation encode_request(const data::Tokenizer& tokenizer, const data::ChoiceRequest& request, index_t context,
                            Scoring scoring) {
  Continuation out;
  std::size_t room = static_cast<std::size_t>(context);  // for context and continuation
  if (scoring == Scoring::kHarness) {
    out = encode_as_harness(tokenizer, request);
    ++room;  // the last token is not fed
  } else {
    out = {tokenizer.encode(request.context), tokenizer.encode(request.continuation)};
    --room;
  }
  if (out.tokens.empty()) fail_input(shown(request) + ": the continuation comes to no token");
  if (out.tokens.size() >= room)
    fail_input(shown(request) + ": the continuation has " + std::to_string(out.tokens.size()) +
               " tokens, too many for a model of " + std::to_string(context) + " positions");
  const std::size_t kept = room - out.tokens.size();
  if (out.context.size() > kept)
    out.context.erase(out.context.begin(), out.context.end() - static_cast<std::ptrdiff_t>(kept));
  if (out.context.empty()) fail_input(shown(request) + ": its context comes to no token");
  return out;
}

std::vector<Metric> metrics_of(const std::vector<ChoiceDocument>& documents, const std::vector<Answered>& answers,
                               Scoring scoring) {
  if (!documents.front().gold) return passage_metrics(answers, scoring);
  using Divisor = std::function<double(const ChoiceDocument&, const Answered&, std::size_t)>;
  const std::vector<std::pair<const char*, Divisor>> ways{
      {"acc", [](const ChoiceDocument&, const Answered&, std::size_t) { return 1.0; }},
      {"acc_norm", [](const ChoiceDocument& d, const Answered&,
                      std::size_t i) { return static_cast<double>(data::characters_of(d.choices[i])); }},
      {"acc_bytes", [](const ChoiceDocument& d, const Answered&,
                       std::size_t i) { return static_cast<double>(d.choices[i].size()); }},
      {"acc_token",
       [](const ChoiceDocument&, const Answered& a, std::size_t i) { return static_cast<double>(a.tokens[i]); }}};
  std::vector<Metric> metrics;
  for (const auto& [name, divisor] : ways) {
    std::size_t hits = 0;
    for (std::size_t d = 0; d < documents.size(); ++d)
      hits +=
          largest(answers[d], [&, &divide = divisor](std::size_t i) { return divide(documents[d], answers[d], i); }) ==
                  documents[d].gold
              ? 1
              : 0;
    metrics.push_back(share(name, hits, documents.size()));
    if (scoring == Scoring::kAuthors) break;
  }
  return metrics;
}

DownstreamTask score_task(const LoadedModel& run, const data::ChoiceTask& task, const DownstreamOptions& options,
                          const std::function<void(std::size_t done, std::size_t all)>& on_progress) {
  if (!run.tokenizer || run.tokenizer->kind() == data::Tokenizer::Kind::kIds)
    fail_usage("task " + task.name + " asks in text, and " +
               (run.tokenizer ? "this model knows tokens by their ids only" : "this is no language model") +
               "; train on a text, or on bpe:FILE");
  data::ChoiceDocuments read = data::read_choices(task, options.data, options.shots, options.shot_source);
  DownstreamTask out{task.name, std::move(read.files), std::move(read.documents), {}, {}};
  std::vector<Continuation> requests;
  for (const ChoiceDocument& document : out.documents)
    for (const data::ChoiceRequest& request : document.requests)
      requests.push_back(encode_request(*run.tokenizer, request, run.config.task.seq_len, options.scoring));
  const auto scores = train::score_continuations(*run.model, requests, options.cache_format, [&](std::size_t done) {
    if (on_progress) on_progress(done, requests.size());
  });
  std::size_t next = 0;
  for (const ChoiceDocument& document : out.documents) {
    Answered answered;
    for (std::size_t i = 0; i < document.requests.size(); ++i, ++next) {
      answered.scores.push_back(scores[next]);
      answered.tokens.push_back(requests[next].tokens.size());
    }
    out.answers.push_back(std::move(answered));
  }
  out.metrics = metrics_of(out.documents, out.answers, options.scoring);
  return out;
}

}  // namespace qkvbench::run
