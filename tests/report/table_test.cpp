// Tables in their three forms, and sizes for people.
// Numbers come from elsewhere; here they are text.
#include "qkvbench/report/table.hpp"

#include "support/catch.hpp"

namespace qkvbench::report {

TEST_CASE("columns line up in a terminal, whatever the letters") {
  Table table({{"id"}, {"equation"}, {"n", Align::kRight}});
  table.add({"q_kv", "softmax(α Q Kᵀ) K", "1,024"});
  table.add({"x", "y", "7"});
  table.add({"short"});
  CHECK(table.text() ==
        "id     equation               n\n"
        "───────────────────────────────\n"
        "q_kv   softmax(α Q Kᵀ) K  1,024\n"
        "x      y                      7\n"
        "short\n");
}

TEST_CASE("Markdown and LaTeX escape what they would read as commands") {
  Table table({{"a|b"}, {"50 %", Align::kRight}});
  table.add({"q_k_v", "Δ 1.5 ± 0.1"});
  CHECK(table.markdown() ==
        "| a\\|b | 50 % |\n"
        "| --- | ---: |\n"
        "| q_k_v | Δ 1.5 ± 0.1 |\n");
  CHECK(table.latex() ==
        "\\begin{tabular}{lr}\n\\toprule\n"
        "  a|b & 50 \\% \\\\\n"
        "\\midrule\n"
        "  q\\_k\\_v & $\\Delta$ 1.5 $\\pm$ 0.1 \\\\\n"
        "\\bottomrule\n\\end{tabular}\n");
  CHECK(table.render(Format::kMarkdown) == table.markdown());
}

TEST_CASE("sizes have binary units and at most one decimal") {
  CHECK(size_text(0) == "0 B");
  CHECK(size_text(1023) == "1023 B");
  CHECK(size_text(80 * 1024) == "80 KiB");
  CHECK(size_text(2560) == "2.5 KiB");
  CHECK(size_text(5.25 * 1024 * 1024 * 1024) == "5.2 GiB");
}

}  // namespace qkvbench::report
