// Attention maps for a report's page: which runs are looked at, and what their models attend to.
// What the page shows of them is in report/section_claims.
#include "qkvbench/cli/report_page.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "qkvbench/data/dataset.hpp"

namespace qkvbench::cli {

namespace {

/// Of each data set, in the group that has most of them with a model: the first run by name of each arm.
std::vector<const run::Record*> runs_to_look_at(const report::Summary& summary) {
  std::vector<std::pair<std::string, std::vector<const run::Record*>>> best;  // by data
  for (const report::Group& group : summary.groups) {
    std::vector<const run::Record*> runs;
    for (const report::Arm& arm : summary.arms) {
      const report::Cell* cell = summary.cell(group, arm);
      const run::Record* first = nullptr;
      if (cell != nullptr)
        for (const report::Sample& sample : cell->samples)
          if ((first == nullptr || sample.record->run < first->run) &&
              std::filesystem::exists(sample.record->path.parent_path() / "model.safetensors"))
            first = sample.record;
      if (first != nullptr) runs.push_back(first);
    }
    if (best.empty() || best.back().first != group.data) best.push_back({group.data, {}});
    if (runs.size() > best.back().second.size()) best.back().second = runs;
  }
  std::vector<const run::Record*> all;
  for (const auto& [data, runs] : best) all.insert(all.end(), runs.begin(), runs.end());
  return all;
}

/// The maps of a run's first test example. Throws Error as load_run() and attention_maps() do.
report::AttentionOfRun attention_of(const run::Record& record) {
  const run::AttentionMaps maps = run::attention_maps(run::load_run(record.path.parent_path()), {});
  report::AttentionOfRun run{
      report::arm_of(record.config).name(), record.run, static_cast<std::size_t>(maps.positions), maps.names, {}};
  for (const run::AttentionMap& map : maps.maps) {
    report::AttentionPicture picture;
    picture.map = {"layer " + std::to_string(map.layer) + ", head " + std::to_string(map.head), map.probabilities};
    if (std::isfinite(map.score_asymmetry)) picture.score_asymmetry = map.score_asymmetry;
    picture.probability_asymmetry = map.probability_asymmetry;
    picture.layer = static_cast<std::size_t>(map.layer);
    run.maps.push_back(picture);
  }
  run.group = report::data_name(record.config);
  run.causal = data::find_task(record.config.task.id).traits().decodes;
  run.image = image_of(maps);
  run.patches = static_cast<std::size_t>(maps.patches);
  return run;
}

}  // namespace

report::Image image_of(const run::AttentionMaps& maps) {
  if (maps.pixels.empty()) return {};
  return {static_cast<std::size_t>(maps.image[0]), static_cast<std::size_t>(maps.image[1]),
          static_cast<std::size_t>(maps.image[2]), maps.pixels};
}

std::vector<report::AttentionOfRun> attention_of_arms(const Session& session, const report::Summary& summary) {
  std::vector<report::AttentionOfRun> runs;
  for (const run::Record* record : runs_to_look_at(summary)) try {
      runs.push_back(attention_of(*record));
    } catch (const Error& error) {
      note(session, "no attention maps of " + record->run + ": " + error.what());
    }
  return runs;
}

}  // namespace qkvbench::cli
