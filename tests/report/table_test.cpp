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

TEST_CASE("a table that is too wide breaks titles, then texts, and never a number") {
  Table table({{"id"}, {"equation"}, {"test accuracy", Align::kRight}, {"cache B/token", Align::kRight}});
  table.add({"q_k_v", "softmax(α Q Kᵀ) V", "0.5", "1,024"});
  table.add({"q_kv", "softmax(α Q Kᵀ) K", "0.25", "512"});
  CHECK(table.text(60) == table.text());
  CHECK(table.text(43) ==
        "                              test    cache\n"
        "id     equation           accuracy  B/token\n"
        "───────────────────────────────────────────\n"
        "q_k_v  softmax(α Q Kᵀ) V       0.5    1,024\n"
        "q_kv   softmax(α Q Kᵀ) K      0.25      512\n");
  CHECK(table.text(36) ==
        "                       test    cache\n"
        "id     equation    accuracy  B/token\n"
        "────────────────────────────────────\n"
        "q_k_v  softmax(α        0.5    1,024\n"
        "       Q Kᵀ) V\n"
        "q_kv   softmax(α       0.25      512\n"
        "       Q Kᵀ) K\n");
}

TEST_CASE("columns that do not fit stand below, each part with its keys") {
  Table table({{"task"}, {"variant", Align::kLeft, true}, {"first", Align::kRight}, {"second", Align::kRight}});
  table.add({"sort", "q_k_v", "0.500 [0.400, 0.600]", "0.250 [0.200, 0.300]"});
  CHECK(table.text(40) ==
        "task  variant                 first\n"
        "───────────────────────────────────\n"
        "sort  q_k_v    0.500 [0.400, 0.600]\n"
        "\n"
        "task  variant                second\n"
        "───────────────────────────────────\n"
        "sort  q_k_v    0.250 [0.200, 0.300]\n");
  Table numbers({{"n", Align::kRight}});
  numbers.add({"123,456,789"});
  CHECK(numbers.text(5) == numbers.text());  // nothing to break: it sticks out whole
}

TEST_CASE("every width from 20 to 200 is kept where words allow it") {
  Table table({{"variant"}, {"what it is"}, {"a", Align::kRight}, {"b c", Align::kRight}, {"d", Align::kRight}});
  for (int row = 0; row < 3; ++row)
    table.add({"q_k_v", "some words that say what it is at length", "0.125", "1,234", "– (2 of 3)"});
  for (std::size_t width = 20; width <= 200; ++width) {
    INFO(width);
    const std::string text = table.text(width);
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
      CHECK(display_width(text.substr(at, text.find('\n', at) - at)) <= width);
    for (const char* whole : {"0.125", "1,234", "– (2 of 3)"}) CHECK(text.find(whole) != std::string::npos);
  }
}

TEST_CASE("lines are broken between words") {
  CHECK(wrapped("one two three\nfour", 8) == "one two\nthree\nfour");
  CHECK(wrapped("one two\n", 0) == "one two\n");
  CHECK(wrapped("extraordinarily long\n", 6) == "extraordinarily\nlong\n");
}

TEST_CASE("numbers for people have one minus sign, and none where all digits are 0") {
  CHECK(fixed(-0.5, 3) == "−0.500");
  CHECK(fixed(-0.0001, 3) == "0.000");
  CHECK(fixed(-0.0, 1) == "0.0");
  CHECK(signed_text(-0.0004, 3) == "0.000");
  CHECK(signed_text(0.0125, 2) == "+0.01");
  CHECK(interval_text({-0.25, 0.5}, 2) == "[−0.25, 0.50]");
  CHECK(exact(-0.5) == "-0.5");  // for programs
  Table table({{"x"}});
  table.add({fixed(-1, 1)});
  CHECK(table.latex().find("$-$1.0") != std::string::npos);
}

}  // namespace qkvbench::report
