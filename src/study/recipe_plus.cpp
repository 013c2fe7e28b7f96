// What the parts of the + term do where Q = K and where all three are one.
// Source of the numbers: the paper's Table 1, whose + term is the form 2d.
#include <algorithm>

#include "qkvbench/study/recipes.hpp"

namespace qkvbench::study {

namespace {

const std::vector<std::string> kOrdered{"reverse", "sort", "swap"};

/// A variant with a form of the term.
Arm with_form(const std::string& variant, const std::string& form) {
  return form == "2d" ? Arm{variant + "+"} : Arm{variant + "+", 0, {{"plus", form}}};
}

/// What is asked of one variant: whether each form helps, and whether the one that is no sum of rows and columns helps
/// more than the paper's.
void add_claims(const std::string& variant, std::vector<Claim>& claims) {
  struct Form {
    const char *id, *text;
  };
  for (const Form& form :
       {Form{"2d", "the + term of the paper helps "}, Form{"column", "its column bias alone helps "},
        Form{"temperature", "its temperature alone helps "}, Form{"relative", "a bias by the distance helps "}})
    claims.push_back({variant + "-" + form.id,
                      form.text + variant,
                      ClaimKind::kBetter,
                      with_form(variant, form.id),
                      {variant},
                      kOrdered});
  claims.push_back({variant + "-asymmetry", "a bias by the distance helps " + variant + " more than the paper's term",
                    ClaimKind::kBetter, with_form(variant, "relative"), with_form(variant, "2d"), kOrdered});
}

}  // namespace

PaperTable plus_recipe(const std::vector<PaperCell>& table1) {
  PaperTable table{"plus",
                   "What + is made of: token accuracy on the ordered tasks",
                   {"plus-table1", "plus-controls", "plus-least"},
                   table1,
                   {},
                   "\"plus\" names the form of the term; without it, it is the paper's."};
  std::erase_if(table.cells, [](const PaperCell& cell) {
    return std::ranges::find(kOrdered, cell.task) == kOrdered.end() || cell.arm == Arm{"q_kv"};
  });
  for (const char* variant : {"qk_v", "qkv"}) add_claims(variant, table.claims);
  return table;
}

}  // namespace qkvbench::study
