// Keys are read through the table of options, so that a new key tells runs apart by itself.
// Paths of data count for nothing: their names and SHA-256 do.
#include "qkvbench/report/groups.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string_view>

#include "qkvbench/base/text.hpp"
#include "qkvbench/report/settings.hpp"
#include "qkvbench/report/summary.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/identity.hpp"

namespace qkvbench::report {

namespace {

using run::Config;
using run::Option;
using run::Record;

constexpr std::size_t kMostSeeds = 6;  // that are named one by one

bool among(const std::string_view key, std::initializer_list<std::string_view> keys) {
  return std::ranges::find(keys, key) != keys.end();
}

/// Keys that say which data or which arm, are averaged, or are of no effect.
bool is_told_otherwise(const Option& option) {
  return option.of_arm() ||
         among(option.key, {"task", "variant", "kv_heads", "seed", "corpus", "data", "source", "log_every"});
}

/// Keys that follow from others where nothing is said: of interest only where they tell more runs apart.
bool follows(const std::string& key) {
  return among(key, {"max_len", "vocab", "image_size", "channels", "classes", "features", "pos_dim", "micro_batch",
                     "n_train", "n_test"});
}

using Value = std::pair<double, std::string>;
using Values = std::vector<Value>;

/// A run, there or planned.
struct Member {
  const Config* config;
  const Record* record;  // null: planned
  Config identity;       // without what has no effect
};

Config compared_as(const Config& config) {
  Config identity = run::identity_of(config);
  if (identity.model.pos_dim == 0)
    identity.model.pos_dim = run::default_pos_dim(data::find_task(config.task.id).family);
  return identity;
}

Values values_at(const Member& member, const std::vector<const Option*>& keys) {
  Values values;
  for (const Option* key : keys) values.push_back(setting_value(member.identity, *key));
  return values;
}

std::size_t count_told_apart(const std::vector<Member>& members, const std::vector<const Option*>& keys) {
  std::set<Values> seen;
  for (const Member& member : members) seen.insert(values_at(member, keys));
  return seen.size();
}

std::vector<const Option*> varying_keys(const std::vector<Member>& members, const std::vector<std::string>& matched) {
  std::vector<const Option*> keys;
  if (members.empty()) return keys;
  const std::string family = data::find_task(members[0].config->task.id).form();
  for (const bool following : {false, true})
    for (const Option& option : run::all_options()) {
      if (is_told_otherwise(option) || follows(option.key) != following || !option.concerns(family)) continue;
      if (std::ranges::find(matched, option.key) != matched.end()) continue;
      if (count_told_apart(members, {&option}) < 2) continue;
      std::vector<const Option*> more = keys;
      more.push_back(&option);
      if (!following || count_told_apart(members, more) > count_told_apart(members, keys)) keys = more;
    }
  return keys;
}

std::vector<const Option*> keys_of(const std::vector<Member>& members, const Telling& telling) {
  if (telling.by_what_varies) return varying_keys(members, telling.matched);
  std::vector<const Option*> keys;
  const std::string family = data::find_task(members[0].config->task.id).form();
  for (const std::string& key : telling.keys)
    if (const Option& option = run::find_option(key, "--by"); option.concerns(family)) keys.push_back(&option);
  return keys;
}

std::vector<std::pair<std::string, std::string>> settings_of(const std::vector<const Option*>& keys,
                                                             const Values& values) {
  std::vector<std::pair<std::string, std::string>> settings;
  for (std::size_t i = 0; i < keys.size(); ++i)
    settings.emplace_back(keys[i]->key, values[i].second.empty() ? "(default)" : values[i].second);
  return settings;
}

/// Takes out the runs whose configuration only one arm has, where another is shared by several.
void take_out_lone(std::vector<Member>& members, Group group, const Telling& telling, std::vector<NotCompared>& out) {
  const std::vector<const Option*> keys = varying_keys(members, telling.matched);
  std::map<Values, std::map<Arm, std::vector<const Record*>>> arms;
  for (const Member& member : members) {
    auto& runs = arms[values_at(member, keys)][arm_of(*member.config)];
    if (member.record != nullptr) runs.push_back(member.record);
  }
  if (std::ranges::none_of(arms, [](const auto& entry) { return entry.second.size() > 1; })) return;
  for (const auto& [values, runs] : arms) {
    if (runs.size() > 1) continue;
    group.settings = settings_of(keys, values);
    out.push_back({group, runs.begin()->first, runs.begin()->second, "no other variant was trained so"});
  }
  std::erase_if(members, [&](const Member& member) { return arms.at(values_at(member, keys)).size() == 1; });
}

/// Name by name, the hashes of the data and how many runs each has.
std::map<std::string, std::map<std::string, std::size_t>> data_sets_of(const std::vector<Record>& records) {
  std::map<std::string, std::map<std::string, std::size_t>> sets;
  for (const Record& record : records) ++sets[data_name(record.config)][record.data];
  return sets;
}

std::string short_name(const std::string& name, const std::string& hash) { return name + "#" + hash.substr(0, 8); }

std::string differing_data_text(const std::string& name, const std::map<std::string, std::size_t>& sets) {
  std::string text;
  for (const auto& [hash, runs] : sets)
    text += (text.empty() ? "" : ", ") + short_name(name, hash) + " (" + counted(runs, "run") + ")";
  return name + " is " + std::to_string(sets.size()) + " different data sets of one name, told apart by SHA-256 and " +
         "never averaged together: " + text;
}

/// Where a task stands in every listing.
std::ptrdiff_t place_of(const std::string& task) {
  return std::ranges::find(data::all_tasks(), task, &data::Task::id) - data::all_tasks().begin();
}

/// Splits the runs of one data set into groups.
void add_groups(std::vector<Member> members, const Group& subject, const Telling& telling, Grouping& out,
                std::map<const void*, std::size_t>& group_of) {
  const bool all_there = std::ranges::all_of(members, [](const Member& member) { return member.record != nullptr; });
  if (telling.by_what_varies && all_there) take_out_lone(members, subject, telling, out.not_compared);
  const std::vector<const Option*> keys = keys_of(members, telling);
  std::map<Values, std::vector<const Member*>> parts;
  for (const Member& member : members) parts[values_at(member, keys)].push_back(&member);
  for (const auto& [values, part] : parts) {
    Group group = subject;
    group.settings = settings_of(keys, values);
    for (const Member* member : part) group_of[member->config] = out.groups.size();
    out.groups.push_back(group);
  }
}

/// Whether runs of one group, there or planned, have several values of a key.
bool tells_apart(const Option& option, const std::vector<Member>& members,
                 const std::map<const void*, std::size_t>& group_of) {
  std::map<std::size_t, std::set<Value>> values;
  for (const Member& member : members)
    if (const auto group = group_of.find(member.config); group != group_of.end())
      values[group->second].insert(setting_value(*member.config, option));
  return std::ranges::any_of(values, [](const auto& of) { return of.second.size() > 1; });
}

}  // namespace

std::string Group::name() const {
  std::string text = data;
  for (const auto& [key, value] : settings) text.append(", ").append(key).append(" ").append(value);
  return text;
}

std::string Group::value(const std::string& key) const {
  const auto at = std::ranges::find(settings, key, [](const auto& setting) { return setting.first; });
  return at == settings.end() ? "" : at->second;
}

std::string data_name(const Config& config) {
  const auto last = [](const std::string& path) {
    const std::filesystem::path clean = std::filesystem::path(path).lexically_normal();
    return (clean.has_filename() ? clean : clean.parent_path()).filename().string();
  };
  const bool bytes = config.task.corpus.starts_with("bytes:");
  const data::DataKey key = data::find_task(config.task.id).traits().data_key;
  if (key == data::DataKey::kCorpus)
    return config.task.id + "/" + (bytes ? "bytes:" : "") + last(config.task.corpus.substr(bytes ? 6 : 0));
  if (key == data::DataKey::kSource && config.task.source != "npy") return config.task.id + "/" + config.task.source;
  if ((key == data::DataKey::kSource || config.task.id == "images") && !config.task.data.empty())
    return config.task.id + "/" + last(config.task.data);
  return config.task.id;
}

std::string not_compared_text(const NotCompared& runs) {
  const Metric& metric = metric_of(runs.group.task);
  double sum = 0;
  std::size_t n = 0;
  std::set<std::uint64_t> seeds;
  for (const Record* record : runs.records) {
    seeds.insert(record->config.task.seed);
    const std::optional<double> value = record->metrics.value(metric.key);
    if (record->status == run::Status::kCompleted && value) sum += *value, ++n;
  }
  std::vector<std::string> seed_texts;
  for (const std::uint64_t seed : seeds) seed_texts.push_back(std::to_string(seed));
  const std::string seed_text = seeds.size() > kMostSeeds ? counted(seeds.size(), "seed")
                                                          : (seeds.size() == 1 ? "seed " : "seeds ") + join(seed_texts);
  return runs.group.name() + ": " + runs.arm.name() + ", " + counted(runs.records.size(), "run") + " (" + seed_text +
         ")" + (n > 0 ? ", " + std::string(metric.heading) + " " + fixed(sum / static_cast<double>(n), 3) : "") + ": " +
         runs.why;
}

Grouping group_runs(const std::vector<Record>& records, const std::vector<Config>& planned, const Telling& telling) {
  Grouping out;
  const auto sets = data_sets_of(records);
  for (const auto& [name, hashes] : sets)
    if (hashes.size() > 1) out.remarks.push_back(differing_data_text(name, hashes));
  std::map<std::pair<std::ptrdiff_t, std::string>, std::vector<Member>> subjects;
  const auto take = [&](const Config& config, const Record* record) {
    const std::string name = data_name(config);
    const auto found = sets.find(name);
    const bool several = found != sets.end() && found->second.size() > 1;
    const std::string hash = record != nullptr ? record->data : several ? found->second.begin()->first : "";
    subjects[{place_of(config.task.id), several ? short_name(name, hash) : name}].push_back(
        {&config, record, compared_as(config)});
  };
  for (const Record& record : records) take(record.config, &record);
  for (const Config& config : planned) take(config, nullptr);
  std::map<const void*, std::size_t> group_of;  // by the configuration's address
  for (const auto& [subject, members] : subjects)
    add_groups(members, {members[0].config->task.id, subject.second}, telling, out, group_of);
  for (const std::string& key : telling.matched)
    if (std::ranges::any_of(subjects, [&](const auto& subject) {
          return tells_apart(run::find_option(key, "matched"), subject.second, group_of);
        }))
      out.matched.push_back(key);
  const auto place = [&](const Config& config) {
    const auto found = group_of.find(&config);
    return found == group_of.end() ? Grouping::kNoGroup : found->second;
  };
  for (const Record& record : records) out.of_record.push_back(place(record.config));
  for (const Config& config : planned) out.of_planned.push_back(place(config));
  return out;
}

std::vector<std::string> varying_settings(const std::vector<const Config*>& configs,
                                          const std::vector<std::string>& matched) {
  std::vector<Member> members;
  for (const Config* config : configs) members.push_back({config, nullptr, compared_as(*config)});
  std::vector<std::string> texts;
  for (const Option* key : varying_keys(members, matched)) {
    std::set<Value> values;
    for (const Member& member : members) values.insert(setting_value(member.identity, *key));
    std::string text = key->key;
    for (const Value& value : values)
      text.append(value == *values.begin() ? " " : ", ").append(value.second.empty() ? "(default)" : value.second);
    texts.push_back(text);
  }
  return texts;
}

}  // namespace qkvbench::report
