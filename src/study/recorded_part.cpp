// The first of a recipe's levels whose file is there.
// Whether the file is whole is not asked again: `record` writes none that is not.
#include "qkvbench/study/recorded_part.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/run/recorded_results.hpp"

namespace qkvbench::study {

std::filesystem::path recorded_file(const std::filesystem::path& record, const std::string& grid) {
  return record / (grid + run::kRecordedEnding);
}

std::optional<RecordedPart> recorded_part(const PaperTable& recipe, const std::filesystem::path& record) {
  for (const std::string& level : recipe.levels) {
    const std::filesystem::path file = recorded_file(record, level);
    if (!std::filesystem::exists(file)) continue;
    RecordedPart part;
    part.results = run::read_records({file});
    run::keep_one_build(part.results, true);
    if (part.results.records.empty()) fail_input(file.string() + ": it holds no result that can be read");
    part.plan.recipe = recipe.id;
    part.plan.level = level;
    part.plan.shrunk = shrunk_axes(find_grid(recipe.levels.front()), find_grid(level));
    for (const run::Record& result : part.results.records) part.plan.runs.push_back(result.config);
    return part;
  }
  return {};
}

}  // namespace qkvbench::study
