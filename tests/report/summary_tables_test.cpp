// What tables show of a summary: numbers, intervals, and above all what is missing.
// Summaries are put together by hand.
#include "qkvbench/report/summary_tables.hpp"

#include "support/catch.hpp"

namespace qkvbench::report {

namespace {

Cell cell_of(const std::string& task, const Arm& arm, std::size_t values, std::size_t expected,
             std::optional<double> mean, std::optional<Interval> interval = std::nullopt) {
  Cell cell;
  cell.task = task;
  cell.group = {task, task};
  cell.arm = arm;
  cell.samples.resize(values);
  for (Sample& sample : cell.samples) sample.value = 0.5;
  cell.expected = expected;
  cell.mean = mean;
  cell.interval = interval;
  return cell;
}

const Arm kPlain{"q_k_v", 0}, kFewer{"q_k_v", 2};

}  // namespace

TEST_CASE("a cell says its mean, its interval, and how many runs are missing") {
  const Cell whole = cell_of("sort", kPlain, 3, 3, 0.98765, Interval{0.9, 1.0}),
             one = cell_of("sort", kPlain, 1, 1, 0.5), some = cell_of("sort", kPlain, 2, 3, 0.5),
             refused = cell_of("sort", kPlain, 2, 3, std::nullopt);
  CHECK(cell_text(&whole) == "0.988 [0.900, 1.000]");
  CHECK(cell_text(&one) == "0.500");
  CHECK(cell_text(&some) == "0.500 (2 of 3)");
  CHECK(cell_text(&refused) == "– (2 of 3)");
  CHECK(cell_text(nullptr).empty());
}

TEST_CASE("differences have signs, those of perplexities are shares") {
  Difference d;
  d.test.mean = -0.0123;
  CHECK(difference_text(d) == "−0.012");
  d.test.mean = -0.0001;  // nothing, and without a sign
  CHECK(difference_text(d) == "0.000");
  d.relative = true;
  d.test.mean = 0.0312;
  d.interval = Interval{-0.001, 0.06};
  CHECK(difference_text(d) == "+3.1 % [−0.1 %, +6.0 %]");
}

TEST_CASE("the average over tasks needs every task, and says what it is of") {
  Summary summary;
  summary.groups = {{"reverse", "reverse"}, {"sort", "sort"}, {"lm", "lm/a.txt"}};
  summary.arms = {kPlain, kFewer};
  summary.cells = {cell_of("reverse", kPlain, 1, 1, 0.5), cell_of("reverse", kFewer, 1, 1, 0.5),
                   cell_of("sort", kPlain, 1, 1, 1.0), cell_of("sort", kFewer, 0, 1, std::nullopt),
                   cell_of("lm", kPlain, 1, 1, 6.25)};
  summary.cells.back().group.data = "lm/a.txt";
  const Panel panel = panels_of(summary).at(0);
  CHECK(*task_average(summary, panel, 0, kPlain) == 0.75);  // perplexity is no share
  CHECK_FALSE(task_average(summary, panel, 0, kFewer));
  CHECK(main_table(summary, panel).text() ==
        "variant            reverse ↑      sort ↑  lm/a.txt ↓  average of 2\n"
        "──────────────────────────────────────────────────────────────────\n"
        "q_k_v                  0.500       1.000       6.250         0.750\n"
        "q_k_v, 2 kv heads      0.500  – (0 of 1)                         –\n");
  const std::string text = tables_document(summary, Format::kText);
  CHECK(text.find("Mean accuracy (↑ higher is better) and perplexity (↓ lower is better)") == 0);
  CHECK(text.find("Average: of the mean accuracies of reverse, sort, all alike; without lm/a.txt (perplexity).") !=
        std::string::npos);
  CHECK(text.find("an average over fewer is refused") != std::string::npos);
}

TEST_CASE("groups told apart by the same keys stand in one table, a block of rows for each value") {
  Summary summary;
  summary.groups = {{"reverse", "reverse"}, {"lm", "lm/a", {{"seq_len", "8"}}}, {"lm", "lm/a", {{"seq_len", "16"}}}};
  summary.arms = {kPlain};
  for (const Group& group : summary.groups) {
    summary.cells.push_back(cell_of(group.task, kPlain, 1, 1, group.settings.empty() ? 0.5 : 4));
    summary.cells.back().group = group;
  }
  const std::vector<Panel> panels = panels_of(summary);
  REQUIRE(panels.size() == 2);
  CHECK(panels[1].at(1, 0).name() == "lm/a, seq_len 16");
  CHECK(main_table(summary, panels[1]).text() ==
        "seq_len  variant  lm/a ↓\n"
        "────────────────────────\n"
        "      8  q_k_v     4.000\n"
        "     16  q_k_v     4.000\n");
}

TEST_CASE("CSV quotes as RFC 4180 says") {
  Table table({{"a"}, {"b,c"}});
  table.add({"plain", "say \"no\", twice"});
  table.add({"two\nlines"});
  CHECK(table.csv() == "a,\"b,c\"\r\nplain,\"say \"\"no\"\", twice\"\r\n\"two\nlines\",\r\n");
}

}  // namespace qkvbench::report
