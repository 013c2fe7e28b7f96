// What the parts of the + term do where Q = K.
// Source of the numbers: the paper's Table 1, whose + term is the form 2d.
#include <algorithm>

#include "qkvbench/study/recipes.hpp"

namespace qkvbench::study {

PaperTable plus_recipe(const std::vector<PaperCell>& table1) {
  // SORT is shown and not claimed on: nothing smaller than Table 1's longer lists and larger models learns it.
  const std::vector<std::string> shown{"reverse", "sort", "swap"}, claimed{"reverse", "swap"};
  const Arm plain{"qk_v"}, paper{"qk_v+"};
  const auto form = [](const char* id) { return Arm{"qk_v+", 0, {{"plus", id}}}; };
  PaperTable table{"plus",
                   "What + is made of: token accuracy on the ordered tasks",
                   {"plus-table1", "plus-controls", "plus-least"},
                   table1,
                   {},
                   "\"plus\" names the form of the term; without it, it is the paper's."};
  std::erase_if(table.cells, [&](const PaperCell& cell) {
    return std::ranges::find(shown, cell.task) == shown.end() || cell.arm == Arm{"q_kv"};
  });
  table.claims = {
      {"term-helps", "the paper's term helps where Q and K are one", ClaimKind::kBetter, paper, plain, claimed},
      {"column-helps", "its bias of each column helps alone", ClaimKind::kBetter, form("column"), plain, claimed},
      {"temperature-helps", "its temperature helps alone", ClaimKind::kBetter, form("temperature"), plain, claimed},
      {"relative-helps", "a bias by the distance helps", ClaimKind::kBetter, form("relative"), plain, claimed},
      {"asymmetry-helps", "a bias by the distance, which breaks the symmetry, helps more than the paper's term",
       ClaimKind::kBetter, form("relative"), paper, claimed}};
  return table;
}

}  // namespace qkvbench::study
