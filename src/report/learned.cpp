// Levels that are known before anything is trained.
// Published losses: nanoGPT's README, "baby networks", https://github.com/karpathy/nanoGPT.
#include "qkvbench/report/learned.hpp"

#include <algorithm>
#include <array>
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <set>

#include "qkvbench/report/verdicts.hpp"

namespace qkvbench::report {

namespace {

constexpr double kHalfWay = 0.5, kNearFloor = 0.2, kNearPublished = 0.1;  // share of the way; nats
constexpr int kSymbols = 10;                                              // of the lists, all as likely

struct ClassCount {
  const char* task;
  double classes;
};
constexpr std::array<ClassCount, 10> kClasses{{{"reverse", kSymbols},
                                               {"sub", kSymbols},
                                               {"swap", kSymbols},
                                               {"copy", kSymbols},
                                               {"mnist", 10},
                                               {"fashion-mnist", 10},
                                               {"cifar10", 10},
                                               {"cifar100", 100},
                                               {"tiny-imagenet", 200},
                                               {"anomaly", 10}}};

/// A published validation loss of a corpus, for models at least so wide; the widest first.
struct PublishedLoss {
  const char* corpus;
  index_t d_model;
  double nats;
  const char* source;
};
constexpr std::array<PublishedLoss, 2> kPublished{{{"tinyshakespeare", 384, 1.4697, "nanoGPT, 384 wide"},
                                                   {"tinyshakespeare", 0, 1.88, "nanoGPT, 128 wide on a CPU"}}};

/// The mean over places of the share of lists whose sorted form has its most frequent symbol there: the i-th smallest
/// is at most d where at least i of the symbols are.
double sort_by_place(index_t length) {
  const auto n = static_cast<double>(length);
  double sum = 0;
  for (index_t i = 0; i < length; ++i) {
    double most = 0, before = 0;
    for (int d = 1; d <= kSymbols; ++d) {
      const boost::math::binomial_distribution<double> at_most_d(n, static_cast<double>(d) / kSymbols);
      const double share = d == kSymbols ? 1 : 1 - boost::math::cdf(at_most_d, static_cast<double>(i));
      most = std::max(most, share - before);
      before = share;
    }
    sum += most;
  }
  return sum / n;
}

const run::Record* first_record(const Cell& cell) {
  const auto at = std::ranges::find_if(cell.samples, [](const Sample& sample) { return sample.value.has_value(); });
  return at == cell.samples.end() ? nullptr : at->record;
}

/// The mean of a metric over the runs that have a value; none when one of them lacks it.
std::optional<double> mean_metric(const Cell& cell, const char* key) {
  std::vector<double> values;
  for (const Sample& sample : cell.samples) {
    if (!sample.value) continue;
    const std::optional<double> value = sample.record->metrics.value(key);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values.empty() ? std::nullopt : std::optional(mean(values));
}

void judge_text(const Cell& cell, BaselineLevel& level) {
  level.here = mean_metric(cell, "val_loss");
  level.floor = mean_metric(cell, "val_floor");
  const run::Config& config = first_record(cell)->config;
  if (level.floor) {
    level.needed = *level.floor + kNearFloor;
    level.source = "the text's own entropy";
  } else {
    const auto published = std::ranges::find_if(kPublished, [&](const PublishedLoss& row) {
      return config.task.corpus == row.corpus && config.model.d_model >= row.d_model;
    });
    if (published != kPublished.end()) {
      level.published = published->nats;
      level.needed = published->nats + kNearPublished;
      level.source = published->source;
    }
  }
  level.learned = level.here && level.needed && *level.here <= *level.needed;
}

/// `paper`: its accuracy, a mean over its whole grid.
void judge_accuracy(const Cell& cell, std::optional<double> paper, BaselineLevel& level) {
  level.here = cell.mean;
  std::vector<double> chances;
  for (const Sample& sample : cell.samples)
    if (const auto chance = chance_of(sample.record->config)) chances.push_back(*chance);
  if (!chances.empty()) level.chance = mean(chances);
  level.published = paper;
  level.floor = optimum_of(first_record(cell)->config);
  const std::optional<double> reached = level.published ? level.published : level.floor;
  if (reached && level.chance) level.needed = *level.chance + kHalfWay * (*reached - *level.chance);
  level.source = level.published ? "the paper" : level.floor ? "the best model there is" : "";
  level.learned = level.here && level.needed && *level.here >= *level.needed;
}

/// Of all runs of a group, where it is the same for all.
template <class Level>
std::optional<double> same_of_all(const Summary& summary, const Group& group, Level level) {
  std::set<std::optional<double>> levels;
  for (const Cell& cell : summary.cells)
    if (cell.group == group)
      for (const Sample& sample : cell.samples)
        if (sample.record != nullptr) levels.insert(level(*sample.record));
  return levels.size() == 1 ? *levels.begin() : std::nullopt;
}

std::string shown(const std::optional<double>& x) { return x ? fixed(*x, 3) : "–"; }

}  // namespace

std::optional<double> chance_level(const std::string& task, index_t seq_len) {
  if (task == "sort") return sort_by_place(seq_len);
  const auto at = std::ranges::find_if(kClasses, [&](const ClassCount& row) { return task == row.task; });
  return at == kClasses.end() ? std::nullopt : std::optional(1 / at->classes);
}

namespace {

std::optional<data::Levels> levels_of(const run::Config& config) {
  const data::Task& task = data::find_task(config.task.id);
  return task.levels == nullptr ? std::nullopt : std::optional(task.levels(config.task));
}

}  // namespace

std::optional<double> optimum_of(const run::Config& config) {
  const auto levels = levels_of(config);
  return levels ? std::optional(levels->optimum) : std::nullopt;
}

std::optional<double> chance_of(const run::Config& config) {
  if (const auto levels = levels_of(config)) return levels->chance;
  if (const auto level = chance_level(config.task.id, config.task.seq_len)) return level;
  const bool images = data::find_task(config.task.id).traits().images && config.task.classes > 0;
  return images ? std::optional(1 / static_cast<double>(config.task.classes)) : std::nullopt;
}

std::optional<double> chance_of(const Summary& summary, const Group& group) {
  return same_of_all(summary, group, [](const run::Record& record) { return chance_of(record.config); });
}

std::optional<double> limit_of(const Summary& summary, const Group& group) {
  return same_of_all(summary, group, [](const run::Record& record) {
    const auto floor = record.metrics.value("val_floor");
    return floor ? std::optional(std::exp(*floor)) : optimum_of(record.config);
  });
}

BaselineLevel baseline_level(const Cell& cell, std::optional<double> paper) {
  BaselineLevel level;
  level.task = cell.task;
  level.metric = metric_of(cell.task).is_share ? "accuracy" : "val loss";
  if (first_record(cell) == nullptr) return level;
  if (metric_of(cell.task).is_share)
    judge_accuracy(cell, paper, level);
  else
    judge_text(cell, level);
  return level;
}

BaselineLevel baseline_level(const study::PaperTable& recipe, const Summary& summary, const std::string& task,
                             const std::string& at) {
  const Side side{{"q_k_v", 0}, at};
  const std::vector<const Cell*> cells = cells_of(recipe, summary, task, side);
  Cell none;  // says of which task nothing is known
  none.task = task;
  BaselineLevel level = baseline_level(cells.empty() ? none : *cells.front(), paper_number(recipe, task, side));
  if (!at.empty()) level.settings = {{recipe.by, at}};
  return level;
}

std::string baseline_task(const BaselineLevel& level) { return Group{level.task, level.task, level.settings}.name(); }

std::string needed_text(const BaselineLevel& level) {
  return (level.chance ? "at least " : "at most ") + shown(level.needed) + " is needed";
}

std::string baseline_text(const BaselineLevel& level) {
  const std::string where = "q_k_v on " + baseline_task(level);
  if (!level.here) return where + " has no average";
  const std::string here = where + " has " + level.metric + " " + shown(level.here);
  if (!level.needed) return here + ", and what it should reach is not known";
  return here + (level.learned ? ", has learned" : ", has not learned: ") + (level.learned ? "" : needed_text(level));
}

Table baseline_table(const std::vector<ClaimResult>& claims) {
  Table table({{"baseline q_k_v on"},
               {"metric"},
               {"here", Align::kRight},
               {"chance", Align::kRight},
               {"floor", Align::kRight},
               {"needed", Align::kRight},
               {"learned"}});
  std::set<std::string> seen;
  for (const ClaimResult& claim : claims)
    for (const BaselineLevel& level : claim.baseline)
      if (seen.insert(baseline_task(level)).second)
        table.add({baseline_task(level), level.metric, shown(level.here), shown(level.chance), shown(level.floor),
                   shown(level.needed),
                   !level.needed || !level.here ? "not known"
                   : level.learned              ? "yes"
                                                : "no"});
  return table;
}

}  // namespace qkvbench::report
