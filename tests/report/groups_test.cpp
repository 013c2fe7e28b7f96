// Which runs are averaged: those of one data set and one value of every key that varies; and which are compared.
// Numbers are made up; the means themselves are tested in summary_test.
#include "qkvbench/report/groups.hpp"

#include <algorithm>

#include "qkvbench/report/summary.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/results.hpp"

namespace qkvbench::report {

using run::Config;
using run::Record;
using testing::config_of;
using testing::has;

namespace {

Record record_of(const Config& config, double value, const std::string& data = "") {
  Record record;
  record.config = config;
  record.run = run_name(config);
  record.build = "build";
  record.data = data;
  record.status = run::Status::kCompleted;
  record.metrics.set(metric_of(config.task.id).key, value);
  return record;
}

Config text_of(const std::string& corpus, std::uint64_t seed = 0, index_t seq_len = 16) {
  Config config = config_of("lm", "q_k_v", seed);
  config.task.corpus = corpus;
  config.task.seq_len = config.model.max_len = seq_len;
  return config;
}

Config lists_of(const std::string& variant, std::uint64_t seed, index_t epochs) {
  Config config = config_of("reverse", variant, seed);
  config.epochs = epochs;
  return config;
}

std::vector<std::string> names_of(const Summary& summary) {
  std::vector<std::string> names;
  for (const Group& group : summary.groups) names.push_back(group.name());
  return names;
}

Summary reported(const std::vector<Record>& records, std::vector<std::string> by = {}) {
  SummaryOptions options;
  options.telling = {by.empty(), by};
  options.shared_only = true;
  return summarize(records, options);
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a task that is given its data is named by them") {
  CHECK(data_name(text_of("tinyshakespeare")) == "lm/tinyshakespeare");
  CHECK(data_name(text_of("/somewhere/own.txt")) == "lm/own.txt");
  CHECK(data_name(text_of("some/folder/")) == "lm/folder");
  CHECK(data_name(text_of("bytes:a/own.txt")) == "lm/bytes:own.txt");
  Config config = config_of("reverse", "q_k_v");
  CHECK(data_name(config) == "reverse");
  config.task.id = "images", config.task.data = "/home/pets";
  CHECK(data_name(config) == "images/pets");
  config.task.id = "mnist";
  CHECK(data_name(config) == "mnist");
  config.task.id = "anomaly", config.task.source = "glyphs";
  CHECK(data_name(config) == "anomaly/glyphs");
  config.task.source = "npy";
  CHECK(data_name(config) == "anomaly/pets");
}

TEST_CASE("two data sets are two cells, whatever the grouping; of one name they have their SHA-256 beside it") {
  const std::vector<Record> records{record_of(text_of("own.txt"), 18, "aaaaaaaaaa"),
                                    record_of(text_of("tinyshakespeare"), 11, "bbbbbbbbbb"),
                                    record_of(text_of("elsewhere/own.txt", 1), 4, "cccccccccc")};
  for (const Summary& summary : {summarize(records), reported(records), reported(records, {"lr"})}) {
    REQUIRE(summary.groups.size() == 3);
    CHECK(summary.groups[0].data == "lm/own.txt#aaaaaaaa");
    CHECK(summary.groups[1].data == "lm/own.txt#cccccccc");
    CHECK(summary.groups[2].data == "lm/tinyshakespeare");
    REQUIRE(summary.remarks.size() == 1);
    CHECK(has(summary.remarks[0], "lm/own.txt is 2 different data sets"));
    REQUIRE(summary.cells.size() == 3);
    CHECK(*summary.cells[0].mean == 18);
    CHECK(*summary.cells[1].mean == 4);
  }
}

TEST_CASE("the same data by another path are the same data, and one training of them counts once") {
  const std::vector<Record> records{record_of(text_of("a/own.txt"), 10, "aaaaaaaaaa"),
                                    record_of(text_of("b/own.txt"), 10, "aaaaaaaaaa"),
                                    record_of(text_of("b/own.txt", 1), 12, "aaaaaaaaaa")};
  const Summary summary = reported(records);
  CHECK(names_of(summary) == Names{"lm/own.txt"});
  REQUIRE(summary.cells.size() == 1);
  CHECK(summary.cells[0].with_value() == 2);
  CHECK(*summary.cells[0].mean == 11);
  REQUIRE(summary.not_compared.size() == 1);
  CHECK(has(summary.not_compared[0].why, "another path"));
}

TEST_CASE("keys that vary are rows, and keys that follow from them are not") {
  std::vector<Record> records;
  for (const index_t seq_len : {128, 32, 64})
    for (const std::uint64_t seed : {0u, 1u})
      records.push_back(record_of(text_of("stories", seed, seq_len), static_cast<double>(seq_len + seed)));
  const Summary summary = reported(records);
  CHECK(names_of(summary) == Names{"lm/stories, seq_len 32", "lm/stories, seq_len 64", "lm/stories, seq_len 128"});
  REQUIRE(summary.cells.size() == 3);
  CHECK(*summary.cells[0].mean == 32.5);
  CHECK(summary.remarks.empty());
  // Asked for, the lengths are averaged, and that is said.
  const Summary averaged = reported(records, {"lr"});
  REQUIRE(averaged.cells.size() == 1);
  CHECK(averaged.cells[0].configurations == 3);
  REQUIRE(averaged.remarks.size() == 1);
  CHECK(has(averaged.remarks[0], "averaged over seq_len 32, 64, 128"));
  CHECK(names_of(reported(records, {"seq_len"})) == names_of(summary));
}

TEST_CASE("one odd run empties no table") {
  std::vector<Record> records;
  for (const char* variant : {"q_k_v", "qk_v", "q_kv", "qkv"})
    records.push_back(record_of(lists_of(variant, 0, 2), 0.5));
  records.push_back(record_of(lists_of("q_kv", 0, 3), 0.75));  // longer
  records.push_back(record_of(lists_of("q_kv", 7, 2), 0.25));  // another seed
  for (int turn = 0; turn < 2; ++turn) {
    const Summary summary = reported(records);
    CHECK(names_of(summary) == Names{"reverse"});
    REQUIRE(summary.cells.size() == 4);
    for (const Cell& cell : summary.cells) {
      CHECK(cell.expected == 1);
      CHECK(cell.mean == 0.5);
    }
    CHECK(summary.differences.size() == 3);
    REQUIRE(summary.not_compared.size() == 2);
    CHECK(not_compared_text(summary.not_compared[0]) ==
          "reverse, epochs 3: q_kv, 1 run (seed 0), accuracy 0.750: no other variant was trained so");
    CHECK(has(not_compared_text(summary.not_compared[1]), "q_kv, 1 run (seed 7), accuracy 0.250"));
    std::ranges::reverse(records);
  }
}

TEST_CASE("of a variant with other seeds altogether the rest is compared without it") {
  std::vector<Record> records;
  for (const std::uint64_t seed : {0u, 1u, 2u})
    for (const char* variant : {"q_k_v", "qkv"}) records.push_back(record_of(lists_of(variant, seed, 2), 0.5));
  records.push_back(record_of(lists_of("q_kv", 9, 2), 0.9));
  const Summary summary = reported(records);
  CHECK(summary.cell("reverse", {"qkv", 0})->with_value() == 3);
  CHECK(summary.cell("reverse", {"qkv", 0})->mean);
  const Cell& other = *summary.cell("reverse", {"q_kv", 0});
  CHECK(other.expected == 3);
  CHECK(other.with_value() == 0);
  CHECK_FALSE(other.mean);
}

TEST_CASE("a run that diverged is there: its cell is not averaged over the others") {
  std::vector<Record> records;
  for (const std::uint64_t seed : {0u, 1u, 2u})
    for (const char* variant : {"q_k_v", "qkv"}) records.push_back(record_of(lists_of(variant, seed, 2), 0.5));
  records.back().status = run::Status::kDiverged;
  records.back().metrics = {};
  const Summary summary = reported(records);
  CHECK(summary.cell("reverse", {"q_k_v", 0})->mean);
  CHECK(summary.cell("reverse", {"qkv", 0})->missing() == 1);
  CHECK_FALSE(summary.cell("reverse", {"qkv", 0})->mean);
}

TEST_CASE("keys that say how q, k and v are made name rows, and matched keys tell nothing apart", "[report]") {
  const auto record = [](const std::string& variant, index_t kv_rank, index_t d_ff, double value) {
    Config config;
    apply_preset(config, run::find_preset("llama-char"));
    config.model.variant = nn::parse_variant(variant);
    config.model.kv_rank = kv_rank, config.model.d_ff = d_ff;
    resolve(config);
    return record_of(config, value);
  };
  const std::vector<Record> records{record("q_k_v", 0, 0, 4), record("mla", 0, 274, 5), record("mla", 48, 355, 6)};
  SummaryOptions options;
  options.telling.by_what_varies = true;
  options.shared_only = true;
  CHECK(summarize(records, options).differences.empty());  // d_ff differs, and nobody said that it may

  options.telling.matched = {"d_ff"};
  const Summary matched = summarize(records, options);
  REQUIRE(matched.groups.size() == 1);
  CHECK(matched.groups[0].settings.empty());
  CHECK(matched.not_compared.empty());
  std::vector<std::string> arms;
  for (const Difference& difference : matched.differences) arms.push_back(difference.arm.name());
  CHECK(arms == Names{"mla", "mla, kv_rank 48"});
  REQUIRE(matched.differences.size() == 2);
  CHECK(matched.differences[1].test.mean == Approx(0.5));
  CHECK(has(matched.remarks.at(0), "d_ff was chosen for each variant: runs that differ in it are compared"));
}

TEST_CASE("of the keys that were chosen for each variant those are named in which compared runs differ", "[report]") {
  const auto record = [](const std::string& variant, index_t heads, index_t rope_dim = 0) {
    Config config;
    apply_preset(config, run::find_preset("recall"));
    config.model.variant = nn::parse_variant(variant), config.model.heads = heads;
    if (variant == "mla") config.model.positions = "rope", config.model.rope_dim = rope_dim;
    resolve(config);
    return record_of(config, 0.5);
  };
  SummaryOptions options;
  options.telling.keys = {"heads"}, options.telling.matched = {"d_ff", "positions", "rope_dim"};
  const auto named = [&](const std::vector<Record>& records) {
    std::string remarks;
    for (const std::string& remark : summarize(records, options).remarks) remarks += remark + "\n";
    return remarks;
  };
  CHECK_FALSE(has(named({record("q_k_v", 1), record("q_kv", 1), record("q_kv", 4)}), "chosen for each variant"));
  CHECK_FALSE(has(named({record("q_k_v", 1), record("mla", 4)}), "chosen for each variant"));  // they do not meet
  CHECK(has(named({record("q_k_v", 4), record("mla", 4)}),
            "positions was chosen for each variant: runs that differ in it are compared"));
  CHECK(has(named({record("q_k_v", 4), record("mla", 4, 4)}),
            "positions, rope_dim were chosen for each variant: runs that differ in them are compared"));
}

}  // namespace qkvbench::report
