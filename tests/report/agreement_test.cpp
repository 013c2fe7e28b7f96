// Agreement with the authors' re-run: it can fail, it holds as often as it says, and paper numbers stand where they
// may.
#include "qkvbench/report/agreement.hpp"

#include <cmath>

#include "qkvbench/base/random.hpp"
#include "qkvbench/report/paper_document.hpp"
#include "qkvbench/report/paper_table.hpp"
#include "qkvbench/report/verdicts.hpp"
#include "qkvbench/study/grid.hpp"
#include "qkvbench/study/rerun.hpp"
#include "support/catch.hpp"

namespace qkvbench::report {

namespace {

using run::Config;
using run::Record;
using study::find_recipe;

/// Made-up results of a grid; value_of(config) is the accuracy or perplexity.
template <class ValueOf>
std::vector<Record> records_of(const std::string& grid, ValueOf&& value_of) {
  std::vector<Record> records;
  for (const Config& config : study::expand(study::find_grid(grid))) {
    Record record;
    record.config = config;
    record.run = run_name(config);
    record.build = "build";
    record.status = run::Status::kCompleted;
    record.metrics.set(metric_of(config.task.id).key, value_of(config));
    if (config.task.id == "lm") record.metrics.set("val_loss", 1.3), record.metrics.set("val_floor", 1.25);
    records.push_back(record);
  }
  return records;
}

/// What the authors had with this seed.
double theirs(const Config& config) { return study::rerun_accuracies(config).at(config.task.seed); }

std::string page_of(const std::string& recipe, const std::string& grid, const std::vector<Record>& records) {
  const Summary summary = summarize(records);
  const Agreement agreement = agreement_of(summary);
  const auto rows = paper_rows(find_recipe(recipe), summary, agreement, grid);
  const PaperDocument document{find_recipe(recipe).title,
                               {},
                               paper_table(rows),
                               {agreement_text(agreement)},
                               judge(find_recipe(recipe), summary, grid)};
  return render(document, Format::kText);
}

}  // namespace

TEST_CASE("the same numbers agree in every cell, and means are those of the shared configurations", "[agreement]") {
  const std::vector<Record> records = records_of("table1-t16", theirs);
  const Summary summary = summarize(records);
  const Agreement agreement = agreement_of(summary);
  CHECK(agreement.compared == 240);
  CHECK(agreement.agree == 240);
  CHECK(agreement.difference == 0);
  CHECK_FALSE(agreement.single_runs);
  REQUIRE(agreement.cells.size() == 30);
  for (const SharedCell& cell : agreement.cells) {
    CHECK(cell.configurations == 8);
    CHECK(cell.here == cell.rerun);
    CHECK(std::abs(cell.rerun - *summary.cell(cell.task, cell.arm)->mean) <= 1e-12);
  }
  CHECK(agreement_text(agreement).starts_with("240 of 240 cells"));
}

TEST_CASE("runs that are elsewhere do not agree", "[agreement]") {
  const std::vector<Record> records =
      records_of("table1-t16", [](const Config& c) { return theirs(c) * (c.task.id == "copy" ? .9 : 1); });
  const Summary summary = summarize(records);
  const Agreement agreement = agreement_of(summary);
  CHECK(agreement.compared == 240);
  CHECK(agreement.agree == 192);
  CHECK(agreement.cell("copy", {"q_kv"})->agree == 0);
  CHECK(agreement.cell("sort", {"q_kv"})->agree == 8);
}

TEST_CASE("of cells that agree in truth about 5 of 100 are outside, bimodal as they are", "[agreement][release]") {
  const RandomStream random(5, Purpose::kSample, 12);
  std::uint64_t next = 0;
  double agree = 0, compared = 0;
  for (int table = 0; table < 12; ++table) {
    // Draws of the authors' own runs of the two neighbours that differ in their heads alone.
    const std::vector<Record> records = records_of("table1-t16", [&](const Config& config) {
      Config source = config;
      source.model.heads = random.bits(next++) % 2 == 0 ? 2 : 4;
      source.model.kv_heads = source.model.heads;
      return study::rerun_accuracies(source).at(random.bits(next++) % 3);
    });
    const Agreement agreement = agreement_of(summarize(records));
    agree += static_cast<double>(agreement.agree), compared += static_cast<double>(agreement.compared);
  }
  CHECK(compared == 12 * 240);
  CHECK(agree / compared > .92);
  CHECK(agree / compared < .985);
}

TEST_CASE("single runs of the authors are compared by this machine's seeds alone", "[agreement]") {
  const auto value = [](const Config& c) { return study::rerun_accuracies(c)[0] + .004 * (double(c.task.seed) - 1); };
  const std::vector<Record> records = records_of("table2-minimal", value);
  const Agreement agreement = agreement_of(summarize(records));
  CHECK(agreement.single_runs);
  CHECK(agreement.compared == 96);
  CHECK(agreement.agree == 96);
  CHECK(agreement_text(agreement).find("single runs") != std::string::npos);
  const std::vector<Record> shifted = records_of("table2-minimal", [&](const Config& c) { return value(c) - .03; });
  CHECK(agreement_of(summarize(shifted)).agree == 0);
  const std::vector<Record> shorter = records_of("table2-short", [](const Config&) { return .9; });
  CHECK(agreement_of(summarize(shorter)).cells.empty());
  CHECK(agreement_text(agreement_of(summarize(shorter))).find("none of these configurations") != std::string::npos);
}

TEST_CASE("the paper's means of accuracy stand beside its whole grid only, the re-run's beside what both ran",
          "[agreement]") {
  const study::PaperTable& recipe = find_recipe("table1");
  const std::vector<Record> records = records_of("table1-least", theirs);
  const Summary summary = summarize(records);
  const Agreement agreement = agreement_of(summary);
  const auto paper_of = [&](const std::string& grid) {
    std::size_t rows = 0, claims = 0, references = 0;
    for (const PaperRow& row : paper_rows(recipe, summary, agreement, grid)) {
      rows += row.paper.has_value();
      CHECK(row.shared);
    }
    for (const ClaimResult& claim : judge(recipe, summary, grid)) {
      claims += claim.paper.has_value();
      REQUIRE(claim.rerun);
      CHECK(std::abs(*claim.rerun - *claim.effect) <= 1e-9);  // the runs are theirs
    }
    for (const ReferenceValue& value : reference_values(recipe, agreement, grid)) {
      references += value.paper.has_value();
      CHECK(value.rerun);
    }
    return std::vector<std::size_t>{rows, claims, references};
  };
  CHECK(paper_of("table1-least") == std::vector<std::size_t>{0, 0, 0});
  CHECK(paper_of("table1") == std::vector<std::size_t>{30, 6, 30});
}

TEST_CASE("of perplexities only per cent from q_k_v stand beside the paper's", "[agreement]") {
  const std::vector<Record> records = records_of("lm-least", [](const Config& c) {
    return 5.11 * (c.model.variant.id() == "q_k_v" ? 1 : 1.03) + .001 * static_cast<double>(c.task.seed);
  });
  const Summary summary = summarize(records);
  const Agreement agreement = agreement_of(summary);
  CHECK(agreement.cells.empty());
  CHECK(reference_values(find_recipe("table4"), agreement, "lm-nano").empty());
  for (const PaperRow& row : paper_rows(find_recipe("table4"), summary, agreement, "lm-least"))
    if (row.arm == "q_kv") CHECK(std::abs(*row.paper - 100 * (5.27 / 5.11 - 1)) <= 1e-9);
  const std::string text = page_of("table4", "lm-least", records);
  for (const char* perplexity : {"5.11", "5.27", "5.36", "6.41"}) CHECK(text.find(perplexity) == std::string::npos);
  CHECK(text.find("+3.1") != std::string::npos);
}

TEST_CASE("tables of all recipes fit 80 columns and have one minus sign", "[agreement]") {
  const auto half = [](const Config& c) {
    return .5 - .04 * static_cast<double>(c.model.variant.id().size()) + .01 * double(c.task.seed);
  };
  const auto perplexity = [](const Config& c) {
    return 90 - 7 * static_cast<double>(c.model.variant.id().size() + c.task.seed);
  };
  const std::vector<std::string> texts{page_of("table1", "table1-small", records_of("table1-small", half)),
                                       page_of("table1", "table1", records_of("table1-small", half)),
                                       page_of("table2", "table2", records_of("table2-minimal", half)),
                                       page_of("table2", "table2-grey", records_of("table2-grey", half)),
                                       page_of("table4", "lm-least", records_of("lm-least", perplexity))};
  for (const std::string& text : texts) {
    std::string line;
    for (const char c : text + "\n") {
      if (c != '\n') {
        line += c;
        continue;
      }
      INFO(line);
      CHECK(display_width(line) <= 80);
      for (std::size_t i = 0; i + 1 < line.size(); ++i)
        CHECK_FALSE((line[i] == '-' && line[i + 1] >= '0' && line[i + 1] <= '9' && (i == 0 || line[i - 1] == ' ')));
      line.clear();
    }
  }
}

}  // namespace qkvbench::report
