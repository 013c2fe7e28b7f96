// Which records may be averaged or paired with which: copies, builds, numerics, and what their configurations have in
// common. Nothing is read from disk here.
#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/identity.hpp"
#include "qkvbench/run/records.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

/// Leaves the records for which stays(record, left_out) is true.
void leave_only(RecordSet& set, const std::function<bool(const Record&)>& stays) {
  std::erase_if(set.records, [&](const Record& r) { return !stays(r); });
  std::ranges::sort(set.left_out, {}, &SkippedFile::path);
}

/// Whether two records can be of one training: equal in all that their configurations do not excuse.
bool agree(const Record& a, const Record& b) {
  return a.outcome == b.outcome && (a.config.train.log_every != b.config.train.log_every || a.course == b.course);
}

/// Why a record that agrees with one that stays goes.
std::string copy_text(const Record& copy, const Record& of) {
  if (copy.canonical == of.canonical) return "it is a copy of " + of.path.string();
  return "it is the same training as " + of.path.string() + " (" + differing_keys(of.config, copy.config) +
         ": of no effect on the weights)";
}

}  // namespace

void settle_copies(RecordSet& set) {
  std::set<fs::path> gone;
  for (std::size_t first = 0, end = 0; first < set.records.size(); first = end) {
    const Record& one = set.records[first];
    bool all_agree = true;
    for (end = first; end < set.records.size(); ++end) {
      const Record& other = set.records[end];
      if (other.training != one.training || other.build != one.build) break;
      for (std::size_t i = first; i < end; ++i) all_agree = all_agree && agree(set.records[i], other);
    }
    for (std::size_t i = all_agree ? first + 1 : first; i < end && end - first > 1; ++i) {
      const std::size_t against = i == first ? first + 1 : first;
      gone.insert(set.records[i].path);
      set.left_out.push_back({set.records[i].path, all_agree ? copy_text(set.records[i], one)
                                                             : "its numbers contradict those of " +
                                                                   set.records[against].path.string() +
                                                                   ", of the same configuration, data and build"});
    }
  }
  leave_only(set, [&](const Record& r) { return !gone.contains(r.path); });
}

Json left_out_json(const std::vector<SkippedFile>& left_out) {
  Json json = Json::array();
  for (const SkippedFile& one : left_out) json.push_back({{"path", one.path.string()}, {"reason", one.reason}});
  return json;
}

double wall_s_of(std::span<const Record> records) {
  double seconds = 0;
  for (const Record& record : records) seconds += record.timing.wall_s.value_or(0);
  return seconds;
}

std::vector<std::pair<std::string, std::size_t>> most_frequent(const std::vector<std::string>& texts) {
  std::map<std::string, std::size_t> counts;
  for (const std::string& text : texts) ++counts[text];
  std::vector<std::pair<std::string, std::size_t>> order(counts.begin(), counts.end());
  std::ranges::stable_sort(order, std::greater{}, &std::pair<std::string, std::size_t>::second);
  return order;
}

std::vector<std::string> builds_of(const std::vector<Record>& records) {
  std::vector<std::string> all, builds;
  for (const Record& record : records) all.push_back(record.build);
  for (const auto& [build, count] : most_frequent(all)) builds.push_back(build);
  return builds;
}

void keep_one_build(RecordSet& set, bool mix) {
  index_t numerics = 0;
  for (const Record& r : set.records) numerics = std::max(numerics, r.tool.numerics);
  for (const Record& r : set.records)
    if (r.tool.numerics != numerics)
      set.left_out.push_back({r.path, "it was computed by numerics " + std::to_string(r.tool.numerics) +
                                          ", others by " + std::to_string(numerics) +
                                          ": the same configuration gives other numbers"});
  std::erase_if(set.records, [&](const Record& r) { return r.tool.numerics != numerics; });
  const std::vector<std::string> builds = builds_of(set.records);
  std::map<std::pair<std::string, std::string>, const Record*> kept;  // by run and what was trained
  for (const std::string& build : builds)
    for (const Record& r : set.records)
      if (r.build == build && (mix || build == builds[0])) kept.try_emplace({r.run, r.training}, &r);
  std::set<fs::path> staying;
  for (const auto& [training, record] : kept) staying.insert(record->path);
  for (const Record& r : set.records)
    if (!staying.contains(r.path)) set.left_out.push_back({r.path, "it is of another build (" + r.build + ")"});
  std::erase_if(set.records, [&](const Record& r) { return !staying.contains(r.path); });
  std::ranges::sort(set.left_out, {}, &SkippedFile::path);
}

std::string common_configuration(const Config& config, std::span<const std::string> matched) {
  Json json = config_json(identity_of(config));
  for (const char* key : {"variant", "kv_heads", "seed"}) json.erase(key);
  for (const Option& option : all_options())
    if (option.of_arm()) json.erase(option.key);
  for (const std::string& key : matched) json.erase(key);
  // A variant without + has no pos_dim of its own, and is the partner of those that have the usual one.
  const index_t usual = default_pos_dim(data::find_task(config.task.id).family);
  if (!config.model.variant.plus || config.model.pos_dim == 0 || config.model.pos_dim == usual) json.erase("pos_dim");
  return json.dump();
}

}  // namespace qkvbench::run
