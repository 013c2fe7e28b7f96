// The rows of `reproduce` against the grids that they name: what a claim compares is run at every level.
#include "qkvbench/study/recipes.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "support/catch.hpp"

namespace qkvbench::study {

namespace {

/// What a level runs: task, arm, and the value of the recipe's key `by`.
using Run = std::tuple<std::string, Arm, std::string>;

std::set<Run> runs_of(const PaperTable& recipe, const Grid& grid) {
  std::set<Run> runs;
  for (const run::Config& config : expand(grid)) {
    const std::string at = recipe.by.empty() ? "" : run::find_option(recipe.by, "test").text(config);
    runs.insert({config.task.id, arm_of(config), at});
    runs.insert({config.task.id, arm_of(config), ""});  // all of them
  }
  return runs;
}

bool is_compared(const Claim& claim) {
  return claim.kind == ClaimKind::kLosesAtMost || claim.kind == ClaimKind::kBetter;
}

}  // namespace

TEST_CASE("every level of every table runs what its claims compare", "[recipes][release]") {
  for (const PaperTable& recipe : all_recipes())
    for (const std::string& level : recipe.levels) {
      std::vector<std::string> missing;
      const Grid grid = with_data(find_grid(level), missing);
      if (grid.blocks.empty()) continue;
      const std::set<Run> runs = runs_of(recipe, grid);
      for (const Claim& claim : recipe.claims)
        for (const std::string& task : claim.tasks) {
          INFO(level << ": " << claim.id << " on " << task);
          if (!missing.empty() && !runs.contains({task, {"q_k_v"}, ""})) continue;            // its data are not there
          if (!claim.arm.variant.empty()) CHECK(runs.contains({task, claim.arm, claim.at}));  // else of all arms
          if (is_compared(claim)) CHECK(runs.contains({task, claim.against, claim.against_at}));
          CHECK(runs.contains({task, {"q_k_v"}, claim.at}));  // by which it is known whether the task is learned
        }
    }
}

TEST_CASE("tables have names of their own, and so have the claims of each", "[recipes]") {
  std::set<std::string> tables;
  for (const PaperTable& recipe : all_recipes()) {
    CHECK(tables.insert(recipe.id).second);
    CHECK(&find_recipe(recipe.id) == &recipe);
    std::set<std::string> claims;
    for (const Claim& claim : recipe.claims) CHECK(claims.insert(claim.id).second);
    CHECK_FALSE(recipe.levels.empty());
  }
  const std::vector<std::string> names = recipe_names();
  CHECK(names.size() == tables.size() + 1);
  CHECK(names.back() == "accounting");
}

TEST_CASE("the paper's numbers stand beside its whole grid, or beside every part where they are of one size",
          "[recipes]") {
  CHECK(shows_paper(find_recipe("table1"), "table1"));
  CHECK(shows_paper(find_recipe("table1"), ""));
  CHECK_FALSE(shows_paper(find_recipe("table1"), "table1-least"));
  CHECK(shows_paper(find_recipe("recall"), "recall-least"));
}

}  // namespace qkvbench::study
