// The sentences, and the rule for each.
#include "qkvbench/report/answer.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/data/dataset.hpp"
#include "qkvbench/report/learned.hpp"
#include "qkvbench/report/savings.hpp"
#include "qkvbench/report/summary_tables.hpp"

namespace qkvbench::report {

namespace {

constexpr double kLevel = 0.05;
/// A loss that may stay possible of what is offered: 5 points, or 5 % of a perplexity.
constexpr double kTolerable = 0.05;

const run::Record* record_of(const Cell* cell) {
  return cell == nullptr || cell->samples.empty() ? nullptr : cell->samples.front().record;
}

/// Why an arm cannot be judged; empty when it can.
std::string reason(const Summary& summary, const Difference& d) {
  const Cell* baseline = summary.cell(d.group, d.baseline);
  if (d.test.n < d.expected || baseline == nullptr || !baseline->mean)
    return std::to_string(d.test.n) + " of " + std::to_string(d.expected) + " pairs are there";
  if (!d.interval)
    return d.test.n < 2 ? "there is one pair of runs (--seed 0-4 trains five)"
                        : "pairs do not differ, or too little for an interval";
  const BaselineLevel level = baseline_level(*baseline, std::nullopt);
  if (level.needed && !level.learned)
    return baseline->arm.name() + " has not learned it: " + level.metric + " " + fixed(level.here.value_or(NAN), 3) +
           ", " + needed_text(level);
  return "";
}

/// "q_kv −0.002 [−0.010, +0.006]"
std::string named(const Difference& d) { return d.arm.name() + " " + difference_text(d); }

/// The largest loss that an arm's interval leaves possible, as the metric counts it.
double possible_loss(const Difference& d) {
  return std::max(0.0, metric_of(d.group.task).higher_is_better ? -d.interval->low : d.interval->high);
}
std::string loss_text(const Difference& d) {
  return d.relative ? fixed(100 * possible_loss(d), 1) + " %" : fixed(possible_loss(d), 3);
}

/// What a token or a model of an arm takes: bytes of cache where it decodes, else parameters.
double cost_of(const run::Record& record, bool decodes) {
  return static_cast<double>(decodes ? record.model.kv_cache_bytes_per_token : record.model.params_total);
}

/// A difference and what can be said of it; `why` not, where nothing can.
struct Judged {
  const Difference* difference;
  std::string why;
  Finding finding;
};
Judged judge(const Summary& summary, const Difference& d) {
  const std::string why = reason(summary, d);
  if (!why.empty()) return {&d, why, Finding::kNotJudged};
  const bool one_side = d.interval->low > 0 || d.interval->high < 0;
  if (!one_side || !d.p_holm || *d.p_holm >= kLevel) return {&d, "", Finding::kNotTold};
  const bool higher = d.interval->low > 0;
  return {&d, "", higher == metric_of(d.group.task).higher_is_better ? Finding::kBetter : Finding::kWorse};
}

/// Those of a group that have a finding.
std::vector<const Difference*> with(const std::vector<Judged>& all, Finding finding) {
  std::vector<const Difference*> some;
  for (const Judged& one : all)
    if (one.finding == finding) some.push_back(one.difference);
  return some;
}

std::string list(const std::vector<const Difference*>& some) {
  std::vector<std::string> names;
  for (const Difference* d : some) names.push_back(named(*d));
  return join(names, "; ");
}

/// "The cheapest that is not seen to be worse is …"
std::string cheapest(const Summary& summary, const std::vector<const Difference*>& candidates, const Group& group) {
  const Arm& baseline = candidates.front()->baseline;
  const run::Record* base = record_of(summary.cell(group, baseline));
  if (base == nullptr) return "";
  const bool decodes = data::find_task(group.task).traits().decodes;
  const Difference* best = nullptr;
  const run::Record* best_record = base;
  for (const Difference* d : candidates) {
    const run::Record* record = record_of(summary.cell(group, d->arm));
    if (record == nullptr || cost_of(*record, decodes) >= cost_of(*best_record, decodes)) continue;
    best = d;
    best_record = record;
  }
  if (best == nullptr) return "";
  if (possible_loss(*best) > kTolerable)
    return "These runs are too few to choose by: " + best->arm.name() + " may lose up to " + loss_text(*best) + ".";
  return "The cheapest that is not seen to be worse is " + best->arm.name() + ": " +
         savings_text(savings_of(summary, {group}, best->arm, baseline)) + "; a loss of up to " + loss_text(*best) +
         " stays possible.";
}

/// A word of warning where nobody knows what can be reached, and the baseline is nearer to guessing than to the top.
std::string caution(const Cell& baseline) {
  const BaselineLevel level = baseline_level(baseline, std::nullopt);
  if (level.needed || !level.chance || !level.here || *level.here >= (1 + *level.chance) / 2) return "";
  return baseline.arm.name() + " itself has " + level.metric + " " + fixed(*level.here, 3) + ", guessing " +
         fixed(*level.chance, 3) + ": longer training may change this.";
}

/// "Nothing can be said of …", a sentence for each reason.
std::vector<std::string> not_judged_text(const std::vector<Judged>& all, const std::string& baseline) {
  std::vector<std::pair<std::string, std::vector<std::string>>> reasons;  // with the arms that have it
  for (const Judged& one : all) {
    if (one.why.empty()) continue;
    auto known = std::ranges::find_if(reasons, [&](const auto& reason) { return reason.first == one.why; });
    if (known == reasons.end()) known = reasons.insert(known, {one.why, {}});
    known->second.push_back(one.difference->arm.name());
  }
  std::vector<std::string> sentences;
  for (const auto& [why, arms] : reasons)
    sentences.push_back("Nothing can be said of " + join(arms) + " beside " + baseline + ": " + why + ".");
  return sentences;
}

std::string answer_text(const Summary& summary, const std::vector<Judged>& all) {
  const Difference& any = *all.front().difference;
  const std::string metric = metric_of(any.group.task).heading, baseline = any.baseline.name();
  const auto better = with(all, Finding::kBetter), worse = with(all, Finding::kWorse),
             not_told = with(all, Finding::kNotTold);
  std::vector<std::string> sentences;
  if (!worse.empty()) sentences.push_back("Worse than " + baseline + " in " + metric + ": " + list(worse) + ".");
  if (!better.empty()) sentences.push_back("Better than " + baseline + " in " + metric + ": " + list(better) + ".");
  if (!not_told.empty())
    sentences.push_back("Not told from " + baseline + " in " + metric + ": " + list(not_told) + ".");
  std::vector<const Difference*> fit = not_told;
  fit.insert(fit.end(), better.begin(), better.end());
  if (!fit.empty()) sentences.push_back(cheapest(summary, fit, any.group));
  if (!fit.empty() || !worse.empty()) sentences.push_back(caution(*summary.cell(any.group, any.baseline)));
  for (const std::string& sentence : not_judged_text(all, baseline)) sentences.push_back(sentence);
  std::erase(sentences, "");
  return join(sentences, " ");
}

}  // namespace

Finding finding_of(const Summary& summary, const Difference& difference) { return judge(summary, difference).finding; }

std::vector<Answer> answers_of(const Summary& summary) {
  std::vector<Answer> answers;
  for (const Group& group : summary.groups) {
    std::vector<Judged> all;
    for (const Difference& d : summary.differences)
      if (d.group == group) all.push_back(judge(summary, d));
    if (!all.empty()) answers.push_back({group, answer_text(summary, all)});
  }
  return answers;
}

std::vector<Answer> answers_of(const std::vector<ClaimResult>& claims, const Summary& summary) {
  constexpr std::array<std::pair<Verdict, const char*>, 4> kSentences{
      {{Verdict::kHolds, "Holds here"},
       {Verdict::kRefuted, "Does not hold here"},
       {Verdict::kInconclusive, "Neither shown nor refuted by these runs"},
       {Verdict::kNotTested, "Not tested at this size"}}};
  std::vector<Answer> answers;
  for (const auto& [verdict, begin] : kSentences) {
    std::vector<std::string> some;
    for (const ClaimResult& claim : claims)
      if (claim.verdict == verdict)
        some.push_back(claim.claim +
                       (verdict == Verdict::kNotTested || !claim.interval ? "" : " (" + effect_text(claim) + ")"));
    if (!some.empty()) answers.push_back({{}, std::string(begin) + ": " + join(some, "; ") + "."});
  }
  const Arm baseline{"q_k_v", 0};
  for (const Arm& arm : summary.arms) {
    const Savings savings = savings_of(summary, summary.groups, arm, baseline);
    if (const std::string text = savings_text(savings); arm != baseline && !text.empty())
      answers.push_back({{}, arm.name() + " beside q_k_v: " + text + "."});
  }
  return answers;
}

std::string answers_text(const std::vector<Answer>& answers) {
  std::string out;
  for (const Answer& answer : answers)
    out += (answer.group.task.empty() ? "" : answer.group.name() + ". ") + answer.text + "\n";
  return out.empty() ? out : "What this says\n\n" + out;
}

}  // namespace qkvbench::report
