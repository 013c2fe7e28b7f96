// Which records may be averaged or paired with which: builds, numerics, and what their configurations have in common.
// Nothing is read from disk here.
#include <algorithm>
#include <map>
#include <set>

#include "qkvbench/experiment/identity.hpp"
#include "qkvbench/experiment/records.hpp"

namespace qkvbench::experiment {

namespace fs = std::filesystem;

Json left_out_json(const std::vector<LeftOut>& left_out) {
  Json json = Json::array();
  for (const LeftOut& one : left_out) json.push_back({{"path", one.path.string()}, {"reason", one.reason}});
  return json;
}

std::vector<std::string> builds_of(const std::vector<Record>& records) {
  std::map<std::string, std::size_t> counts;
  for (const Record& record : records) ++counts[record.build];
  std::vector<std::string> builds;
  for (const auto& [build, count] : counts) builds.push_back(build);
  std::ranges::stable_sort(builds, std::greater{}, [&](const std::string& build) { return counts[build]; });
  return builds;
}

void keep_one_build(RecordSet& set, bool mix) {
  index_t numerics = 0;
  for (const Record& r : set.records) numerics = std::max(numerics, r.numerics);
  for (const Record& r : set.records)
    if (r.numerics != numerics)
      set.left_out.push_back({r.path, "it was computed by numerics " + std::to_string(r.numerics) + ", others by " +
                                          std::to_string(numerics) + ": the same configuration gives other numbers"});
  std::erase_if(set.records, [&](const Record& r) { return r.numerics != numerics; });
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
  std::ranges::sort(set.left_out, {}, &LeftOut::path);
}

std::string common_configuration(const Config& config) {
  Json json = config_json(identity_of(config));
  for (const char* key : {"variant", "kv_heads", "seed"}) json.erase(key);
  // A variant without + has no pos_dim of its own, and is the partner of those that have the usual one.
  const index_t usual = default_pos_dim(data::find_task(config.task).family);
  if (!nn::parse_variant(config.variant).plus || config.pos_dim == 0 || config.pos_dim == usual) json.erase("pos_dim");
  return json.dump();
}

}  // namespace qkvbench::experiment
