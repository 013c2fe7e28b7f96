// Requests in groups of one context, groups in batches of a bounded number of cached positions.
// Only logits of scored positions are computed: with 50,000 tokens they would cost more than the model.
#include "qkvbench/train/continuations.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "qkvbench/base/error.hpp"
#include "qkvbench/kernels/loss.hpp"
#include "qkvbench/nn/kv_cache.hpp"

namespace qkvbench::train {

namespace {

/// Positions that a cache has room for in all; a single group may need more.
constexpr std::size_t kPositions = 8192;

using Group = std::vector<std::size_t>;  // requests of one context

class Scorer {
 public:
  Scorer(const nn::Model& model, std::span<const Continuation> requests, kernels::NumberFormat cache_format)
      : model_(model), requests_(requests), cache_format_(cache_format), scores_(requests.size()) {}

  void score(const std::vector<Group>& groups) {
    std::vector<std::size_t> order;
    for (const Group& group : groups) order.insert(order.end(), group.begin(), group.end());
    // Rows that are done first are last, so that those that go on are neighbours.
    std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return requests_[i].tokens.size(); });
    nn::KvCache cache(model_, static_cast<index_t>(order.size()), static_cast<index_t>(positions(order)),
                      nn::CacheForm::kLeast, cache_format_);
    std::map<std::size_t, index_t> row_of;
    for (std::size_t row = 0; row < order.size(); ++row) row_of[order[row]] = static_cast<index_t>(row);
    for (const Group& group : groups) read_context(group, row_of, cache);
    std::vector<std::int32_t> next;
    for (std::size_t t = 1;; ++t) {
      next.clear();
      for (const std::size_t i : order)
        if (requests_[i].tokens.size() > t) next.push_back(requests_[i].tokens[t - 1]);
      if (next.empty()) return;
      tape_.reset();
      const Value logits = model_.decode_next(tape_, next, cache);
      for (std::size_t row = 0; row < next.size(); ++row)
        add(order[row], t, logits.data() + static_cast<index_t>(row) * model_.config().vocab);
    }
  }

  /// Positions that the longest of them takes: its last token is never fed.
  std::size_t positions(const std::vector<std::size_t>& some) const {
    std::size_t most = 0;
    for (const std::size_t i : some)
      most = std::max(most, requests_[i].context.size() + requests_[i].tokens.size() - 1);
    return most;
  }

  std::vector<ContinuationScore> take() { return std::move(scores_); }

 private:
  /// Runs a context through the model, in the row of its first request.
  void read_context(const Group& group, const std::map<std::size_t, index_t>& row_of, nn::KvCache& cache) {
    const index_t first = row_of.at(group[0]);
    tape_.reset();
    const Value logits = model_.decode_first(tape_, requests_[group[0]].context, cache, first);
    for (const std::size_t i : group) {
      if (i != group[0]) cache.copy_row(first, row_of.at(i));
      add(i, 0, logits.data());
    }
  }

  void add(std::size_t request, std::size_t token, const real* logits) {
    real lse = 0;
    const kernels::EvalSums one =
        kernels::cross_entropy_forward(1, model_.config().vocab, logits, &requests_[request].tokens[token], &lse);
    if (std::isnan(one.loss_nats))
      throw Error(Exit::kDiverged, "a probability is not a number; the model has diverged");
    scores_[request].log_prob -= one.loss_nats;
    scores_[request].greedy = scores_[request].greedy && one.correct == 1;
  }

  const nn::Model& model_;
  std::span<const Continuation> requests_;
  kernels::NumberFormat cache_format_;
  std::vector<ContinuationScore> scores_;
  Tape tape_{false};
};

void check(const nn::Model& model, const Continuation& request) {
  if (request.context.empty() || request.tokens.empty())
    fail_internal("score_continuations: a request has no context or no token");
  for (const auto* tokens : {&request.context, &request.tokens})
    for (const std::int32_t id : *tokens)
      if (id < 0 || id >= model.config().vocab)
        fail_usage("token " + std::to_string(id) + " is not below the model's vocabulary of " +
                   std::to_string(model.config().vocab));
}

}  // namespace

std::vector<ContinuationScore> score_continuations(const nn::Model& model, std::span<const Continuation> requests,
                                                   kernels::NumberFormat cache_format,
                                                   const std::function<void(std::size_t done)>& on_progress) {
  std::map<std::vector<std::int32_t>, Group> by_context;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    check(model, requests[i]);
    by_context[requests[i].context].push_back(i);
  }
  Scorer scorer(model, requests, cache_format);
  std::vector<Group> groups, batch;
  for (auto& [context, group] : by_context) groups.push_back(std::move(group));
  // The longest first, so that rows of one batch are of about one length, and too little memory shows at once.
  std::ranges::stable_sort(groups, std::greater<>(), [&](const Group& group) { return scorer.positions(group); });
  std::size_t done = 0, rows = 0, longest = 0;
  const auto flush = [&] {
    if (batch.empty()) return;
    scorer.score(batch);
    done += rows;
    rows = 0;
    batch.clear();
    if (on_progress) on_progress(done);
  };
  for (Group& group : groups) {
    if (!batch.empty() && (rows + group.size()) * longest > kPositions) flush();
    if (batch.empty()) longest = scorer.positions(group);
    rows += group.size();
    batch.push_back(std::move(group));
  }
  flush();
  return scorer.take();
}

}  // namespace qkvbench::train
