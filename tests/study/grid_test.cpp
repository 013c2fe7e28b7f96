// Expanding grids: order, recipes, copies, what is refused, and what a part lacks of a whole.
#include "qkvbench/study/grid.hpp"

#include <algorithm>
#include <set>

#include "qkvbench/base/files.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/process.hpp"

namespace qkvbench::study {

using test::TemporaryDirectory;
using testing::check_error;

namespace {

Grid written(const TemporaryDirectory& dir, const std::string& json) {
  write_file_atomic(dir / "mine.json", json);
  return read_grid(dir / "mine.json");
}

}  // namespace

TEST_CASE("a grid is every combination, the first axis slowest", "[grid]") {
  const TemporaryDirectory dir;
  const Grid grid = written(dir, R"({"grid": {"task": ["sort", "copy"], "d_model": 32, "seed": [2, 1]}})");
  CHECK(grid.id == "mine");
  const std::vector<run::Config> runs = expand(grid);
  REQUIRE(runs.size() == 4);
  const std::vector<std::pair<std::string, std::uint64_t>> expected{{"sort", 2}, {"sort", 1}, {"copy", 2}, {"copy", 1}};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    CHECK(runs[i].task.id == expected[i].first);
    CHECK(runs[i].task.seed == expected[i].second);
    CHECK(runs[i].model.d_model == 32);
    CHECK(runs[i].model.kv_heads == 4);  // resolved
  }
}

TEST_CASE("a run begins with its task's recipe, or with the preset that is named", "[grid]") {
  const TemporaryDirectory dir;
  const std::vector<run::Config> runs =
      expand(written(dir, R"({"grid": [{"task": "glyphs"}, {"preset": "char", "steps": 7}]})"));
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].train.schedule.name == "multistep");
  CHECK(runs[1].task.id == "lm");
  CHECK(runs[1].steps == 7);
  CHECK(runs[1].train.adam.decoupled);
}

TEST_CASE("a configuration that comes twice is one run", "[grid]") {
  const TemporaryDirectory dir;
  const auto runs = expand(
      written(dir, R"({"grid": [{"variant": ["q_kv", "Q!=K=V"]}, {"variant": "q_kv", "kv_heads": [0, 4, 2]}]})"));
  CHECK(runs.size() == 2);  // 0 and 4 kv heads of 4 are the same
}

TEST_CASE("grids that are wrong say where", "[grid]") {
  const TemporaryDirectory dir;
  const auto refused = [&](const std::string& json, Exit status, std::initializer_list<std::string> said) {
    INFO(json);
    check_error(status, said, [&] { expand(written(dir, json)); });
  };
  refused(R"({"grid": {"varient": ["q_kv"]}})", Exit::kUsage, {"mine.json", "varient", "variant"});
  refused(R"({"grid": {"seed": []}})", Exit::kUsage, {"mine.json", "seed", "no values"});
  refused(R"({"grid": {"seed": [[1]]}})", Exit::kUsage, {"mine.json", "seed"});
  refused(R"({"grid": {"lr": ["fast"]}})", Exit::kUsage, {"lr fast", "no number"});
  refused(R"({"grid": {}})", Exit::kUsage, {"mine.json"});
  refused(R"({"grid": []})", Exit::kUsage, {"mine.json", "empty"});
  refused(R"({"task": "sort"})", Exit::kUsage, {"mine.json", "\"grid\""});
  refused(R"({"grid": {"seed": 1, "seed": 2}})", Exit::kInput, {"mine.json", "twice"});
  refused(R"({"grid": {"seed": 1})", Exit::kInput, {"mine.json", "byte"});
  refused(R"({"grid": {"variant": ["q_k_v", "qk_v"], "kv_heads": 2}})", Exit::kUsage, {"variant qk_v", "kv_heads 2"});
  refused(R"({"grid": {"task": "sort", "patch": 4}})", Exit::kUsage, {"--patch", "sort"});
  std::string many = R"({"grid": {"seed": [0)";
  for (int i = 1; i < 400; ++i) many += "," + std::to_string(i);
  std::string warm = R"(], "warmup": [0)";
  for (int i = 1; i < 400; ++i) warm += "," + std::to_string(i * 0.001);
  refused(many + warm + "]}}", Exit::kUsage, {"more than 100000 runs"});
}

TEST_CASE("every named grid of generated data expands, and no two runs share a name", "[grid][release]") {
  std::size_t expanded = 0;
  for (const Grid& grid : all_grids()) {
    std::vector<std::string> missing;
    const std::vector<run::Config> runs = expand(with_data(grid, missing));
    INFO(grid.id);
    CHECK((!runs.empty() || !missing.empty()));
    std::set<std::string> names;
    for (const run::Config& config : runs) names.insert(run::run_name(config));
    CHECK(names.size() == runs.size());
    expanded += runs.size();
  }
  CHECK(expanded > 3240);
  CHECK(expand(find_grid("table1")).size() == 3240);  // the paper's 108 a cell, 30 cells
}

TEST_CASE("a part says what it lacks of the whole", "[grid]") {
  const auto shrunk = shrunk_axes(find_grid("table1"), find_grid("table1-t64"));
  CHECK(shrunk == std::vector<std::string>{"d_model 32, 64 of 32, 64, 256", "seq_len 16, 64 of 16, 64, 128"});
  CHECK(shrunk_axes(find_grid("table1"), find_grid("table1")).empty());
  const auto other = shrunk_axes(find_grid("lm-nano"), find_grid("lm-least"));
  CHECK(std::ranges::find(other, "steps 300") != other.end());
  CHECK(std::ranges::find(other, "preset char instead of nano") != other.end());
}

}  // namespace qkvbench::study
