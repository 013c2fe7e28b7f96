// The page: one file without network or script, the same bytes for the same records, small for many runs; text from
// files stays text, what is missing is shown as missing.
// How it looks is for eyes.
#include "qkvbench/report/page.hpp"

#include <cmath>

#include "qkvbench/report/sections.hpp"
#include "support/catch.hpp"
#include "support/picture.hpp"

namespace qkvbench::report {

namespace {

using run::Record;

const std::string kHostile = "</style><script>alert(1)</script>\"'&";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

Record record_of(const std::string& task, const std::string& variant, std::uint64_t seed) {
  Record record;
  record.config.task.id = task;
  record.config.model.variant = nn::parse_variant(variant);
  record.config.model.kv_heads = record.config.model.heads;
  record.config.task.seed = seed;
  record.status = run::Status::kCompleted;
  record.run = task + "-" + variant + "-s" + std::to_string(seed) + "-0badcafe";
  record.path = "results/" + record.run + "/result.json";
  record.build = "qkvbench 0.1.0";
  record.machine = "one machine";
  const double value = 0.5 + 0.04 * static_cast<double>(seed % 13);
  record.metrics.set(metric_of(task).key, value);
  for (index_t i = 1; i <= 50; ++i) {
    const double share = static_cast<double>(i) / 50;
    record.curve.push_back({2 * i, 2.3 - share, value * share + 0.001 * std::sin(static_cast<double>(seed + i)), 0, 1});
  }
  record.model.params_total = 100000 + static_cast<index_t>(seed);
  record.model.kv_cache_bytes_per_token = variant.starts_with("q_kv") || variant.starts_with("qkv") ? 512 : 1024;
  record.timing.wall_s = 2;
  return record;
}

/// Records of all tasks × variants × seeds and the summary of them.
struct Fixture {
  run::RecordSet set;
  Summary summary;

  Fixture(const std::vector<std::string>& tasks, const std::vector<std::string>& variants, std::uint64_t seeds) {
    for (const std::string& task : tasks)
      for (const std::string& variant : variants)
        for (std::uint64_t seed = 0; seed < seeds; ++seed) set.records.push_back(record_of(task, variant, seed));
    summary = summarize(set.records);
  }
  std::string page() const { return page_html({.records = set, .summary = summary}); }
};

/// Every picture of a page is well-formed by itself.
void check_pictures(const std::string& page) {
  std::size_t pictures = 0;
  for (std::size_t at = page.find("<svg"); at != std::string::npos; at = page.find("<svg", at + 1)) {
    const std::size_t end = page.find("</svg>", at);
    REQUIRE(end != std::string::npos);
    CHECK_NOTHROW(test::Picture(page.substr(at, end + 6 - at)));
    ++pictures;
  }
  CHECK(pictures > 0);
}

}  // namespace

TEST_CASE("the page needs nothing but itself") {
  const Fixture fixture({"reverse", "sort"}, {"q_k_v", "qk_v", "qk_v+"}, 3);
  std::string page = fixture.page();
  check_pictures(page);
  CHECK(page.starts_with("<!DOCTYPE html>"));
  CHECK(count(page, "<script") == 0);
  CHECK(count(page, " src=") == 0);
  CHECK(count(page, "@import") + count(page, "url(") == 0);
  CHECK(count(page, "http") == 1 + count(page, "http://www.w3.org/2000/svg"));  // and the header that forbids a network
  for (const char* id : {"results", "runs", "differences", "curves", "arms", "how"}) {
    INFO(id);
    CHECK(count(page, "<section id=\"" + std::string(id) + "\"") == 1);
  }
  for (const char* id : {"claims", "attention", "swept"})
    CHECK(count(page, "<section id=\"" + std::string(id) + "\"") == 0);
  CHECK(count(page, "<circle") == 18);
  CHECK(count(page, "nan") + count(page, "-inf") == 0);
}

TEST_CASE("only models that decode have a cache") {
  const std::string page = Fixture({"lm", "sort"}, {"q_k_v", "q_kv"}, 2).page();
  const std::size_t from = page.find("<section id=\"cost\"");
  REQUIRE(from != std::string::npos);
  const std::string costs = page.substr(from, page.find("</section>", from) - from);
  CHECK(count(costs, "<figcaption>lm/stories, by cache</figcaption>") == 1);
  CHECK(count(costs, "by cache</figcaption>") == 1);
  CHECK(count(costs, "by time") == 0);  // which is the same for all
}

TEST_CASE("directions, chance and the best of a group are shown") {
  const std::string page = Fixture({"reverse", "lm"}, {"q_k_v", "q_kv"}, 2).page();
  CHECK(count(page, "accuracy ↑") >= 1);
  CHECK(count(page, "perplexity ↓") >= 1);
  CHECK(count(page, "<th>chance</th><td>0.100</td><td></td>") == 1);
}

TEST_CASE("a key that was swept has a chart, and sizes are joined by variant") {
  run::RecordSet set;
  for (const index_t layers : {1, 2, 4})
    for (const char* variant : {"q_k_v", "q_kv"})
      for (std::uint64_t seed = 0; seed < 2; ++seed) {
        Record record = record_of("reverse", variant, seed);
        record.config.model.layers = layers;
        record.run += "-" + std::to_string(layers);
        record.model.params_total = 1000 * layers - (variant[1] == '_' && variant[3] == 'v' ? 200 : 0);
        record.metrics.set(metric_of("reverse").key,
                           0.2 * static_cast<double>(layers) + 0.01 * static_cast<double>(seed));
        set.records.push_back(record);
      }
  SummaryOptions options;
  options.telling.by_what_varies = true;
  const Summary summary = summarize(set.records, options);
  const PageInput input{.records = set, .summary = summary};
  const std::vector<Chart> sweeps = sweeps_of(input);
  REQUIRE(sweeps.size() == 1);
  CHECK(sweeps[0].title == "reverse, by layers");
  const test::Picture sweep(sweeps[0].svg);
  const auto lines = sweep.all("path", {"line"});
  REQUIRE(lines.size() == 2);
  const std::vector<test::Point> points = test::corners(lines[0]);
  REQUIRE(points.size() == 3);  // at 1, 2 and 4, accuracy rising
  CHECK(points[1].x - points[0].x == Approx((points[2].x - points[0].x) / 3).margin(0.2));
  CHECK(points[1].y - points[0].y == Approx((points[2].y - points[0].y) / 3).margin(0.2));
  CHECK(points[2].y < points[0].y);
  const std::vector<Chart> costs = costs_of(input);
  REQUIRE(costs.size() == 1);  // all took as long, saw as many tokens, and keep no cache
  CHECK(costs[0].title == "reverse, by parameters");
  CHECK(test::Picture(costs[0].svg).all("path", {"line"}).size() == 4);  // two steps of each variant
}

TEST_CASE("a page begins with what follows from the runs, and what can be reached") {
  const std::string page = Fixture({"reverse", "lm"}, {"q_k_v", "q_kv"}, 3).page();
  const std::string first = page.substr(0, page.find("<nav>"));
  CHECK(count(first, "accuracy ↑, chance 0.100") == 1);
  CHECK(count(first, "perplexity ↓") == 1);
  CHECK(count(first, " beside q_k_v") + count(first, " than q_k_v") + count(first, "Not told from q_k_v") >= 2);
}

TEST_CASE("the same records give the same bytes") {
  const Fixture a({"reverse"}, {"q_k_v", "qkv"}, 2), b({"reverse"}, {"q_k_v", "qkv"}, 2);
  CHECK(a.page() == b.page());
}

TEST_CASE("a page of 500 runs is below two megabytes") {
  const Fixture fixture({"reverse", "sort", "sub", "swap", "copy"},
                        {"q_k_v", "q_k_v+", "qk_v", "qk_v+", "q_kv", "q_kv+", "qv_k", "qv_k+", "qkv", "qkv+"}, 10);
  PageInput input{.records = fixture.set, .summary = fixture.summary};
  for (const Arm& arm : fixture.summary.arms) {
    AttentionOfRun run{arm.name(), "run", 128, {}, {}};
    for (int head = 0; head < 8; ++head) {
      AttentionPicture picture;
      picture.map = {"head", {}};
      for (int i = 0; i < 128 * 128; ++i) picture.map.values.push_back(std::fmod(0.618 * i * (head + 1), 1.0));
      run.maps.push_back(picture);
    }
    input.attention.push_back(run);
  }
  const std::string page = page_html(input);
  check_pictures(page);
  CHECK(count(page, "<circle") == 500);
  CHECK(page.size() < 2'000'000);
  CHECK(page.size() > 100'000);
}

TEST_CASE("text from files stays text") {
  Fixture fixture({"reverse"}, {"q_k_v", "qk_v"}, 2);
  for (Record& record : fixture.set.records) {
    record.run = kHostile;
    record.build = kHostile;
    record.machine = kHostile;
    record.config.task.data = kHostile;
    record.config.task.augment = kHostile;
  }
  fixture.set.left_out.push_back({"results/" + kHostile, kHostile});
  AttentionPicture picture;
  picture.map = {kHostile, {1, 0, 0, 1}};
  const PageInput input{
      .records = fixture.set,
      .summary = fixture.summary,
      .title = kHostile,
      .remarks = {kHostile},
      .commands = {kHostile},
      .claims = {{kHostile, kHostile, kHostile, kHostile, 1.0, Interval{0, 2}, 1.0, {}, Verdict::kHolds, kHostile}},
      .references = {},
      .attention = {{kHostile, kHostile, 2, {"<", "&"}, {picture}}}};
  const std::string page = page_html(input);
  check_pictures(page);
  CHECK(count(page, "<script") == 0);
  CHECK(count(page, "</style>") == 1);
  CHECK(count(page, "alert(1)") > 8);
}

TEST_CASE("what is missing is shown as missing") {
  Fixture fixture({"reverse"}, {"q_k_v", "qk_v"}, 3);
  fixture.set.records.pop_back();
  fixture.set.records.back().status = run::Status::kDiverged;
  fixture.set.records.back().metrics = {};
  fixture.summary = summarize(fixture.set.records);
  std::string page = fixture.page();
  check_pictures(page);
  CHECK(count(page, "2 of 3 missing") == 1);
  CHECK(count(page, "(1 diverged)") == 1);
  CHECK(count(page, "averaged over the runs there are") == 0);
  SummaryOptions options;
  options.allow_missing = true;
  fixture.summary = summarize(fixture.set.records, options);
  page = fixture.page();
  CHECK(count(page, "2 of 3 missing") == 1);
  CHECK(count(page, "averaged over the runs there are") == 1);
  CHECK(count(page_html({.records = {}, .summary = {}}), "no finished runs") == 1);
}

TEST_CASE("claims stand first, each with its numbers and its verdict") {
  const Fixture fixture({"reverse"}, {"q_k_v"}, 2);
  const PageInput input{
      .records = fixture.set,
      .summary = fixture.summary,
      .claims = {{"a", "first", "t", "points", -1.24, Interval{-3.1, 0.7}, -0.1, {}, Verdict::kHolds, ""},
                 {"b", "second", "t", "", {}, {}, {}, {}, Verdict::kInconclusive, "too few seeds"}}};
  const std::string page = page_html(input);
  CHECK(page.find("<section id=\"claims\"") < page.find("<section id=\"results\""));
  CHECK(count(page, "holds: 1 · does not hold: 0 · inconclusive: 1") == 1);
  CHECK(count(page, "−1.2 points [−3.1, +0.7]") == 1);
  CHECK(count(page, "too few seeds") == 1);
  CHECK(effect_text(input.claims[1]) == "–");
  CHECK(std::string(verdict_name(Verdict::kRefuted)) == "does not hold");
}

TEST_CASE("large maps are pooled by means") {
  AttentionPicture picture;
  picture.map = {"m", {1, 3, 5, 0, 0, 2, 6, 4, 9}};
  const AttentionOfRun small = pooled({"a", "r", 3, {"x", "y", "z"}, {picture}}, 2);
  CHECK(small.n == 2);
  CHECK(small.labels.empty());
  CHECK(small.maps[0].map.values == std::vector<double>{1, 3.5, 5, 9});
  CHECK(pooled({"a", "r", 3, {"x", "y", "z"}, {picture}}, 3).labels.size() == 3);
}

TEST_CASE("maps are cut to what can be looked at") {
  AttentionOfRun text{"a", "r", 30, {}, {}};
  text.causal = true;
  for (std::size_t i = 0; i < 30; ++i) text.labels.push_back("t" + std::to_string(i));
  for (std::size_t k = 0; k < 10; ++k) {
    AttentionPicture picture{
        {"layer " + std::to_string(k / 5) + ", head " + std::to_string(k % 5), {}}, {}, 0.1, k / 5};
    for (std::size_t i = 0; i < 900; ++i)
      picture.map.values.push_back(static_cast<double>(i) + static_cast<double>(k % 5));
    text.maps.push_back(picture);
  }
  const AttentionOfRun first = shown(text, 64);  // ten maps: a mean for each layer; the first positions of 30
  REQUIRE(first.maps.size() == 2);
  CHECK(first.maps[1].map.title == "layer 1, mean of 5 heads");
  CHECK(first.maps[1].probability_asymmetry == Approx(0.1));
  REQUIRE(first.n == 24);
  CHECK(first.labels.size() == 24);
  CHECK(first.maps[0].map.values[24] == Approx(30 + 2));  // row 1, column 0, and the mean of 0 … 4
  AttentionOfRun image{"a", "r", 5, {}, {{{"m", {}}, {}, 0, 0}}};
  for (int i = 0; i < 25; ++i) image.maps[0].map.values.push_back(i);
  image.patches = 2;
  const AttentionOfRun patches = shown(image, 64);
  CHECK(patches.n == 2);
  CHECK(patches.maps[0].map.values == std::vector<double>{1, 2, 3, 4});
}

TEST_CASE("commands name every key that differs from where the task begins, and join seeds and variants") {
  std::vector<Record> records;
  for (const std::uint64_t seed : {0u, 1u})
    for (const char* variant : {"q_k_v", "qk_v+"}) records.push_back(record_of("reverse", variant, seed));
  records.push_back(record_of("reverse", "q_k_v", 7));
  records.back().config.train.lr = 0.0003;
  records.back().config.model.kv_heads = 2;
  CHECK(commands_of(records) ==
        std::vector<std::string>{"for s in 0 1; do qkvbench train --task reverse --variant q_k_v,qk_v+ --seed $s; done",
                                 "qkvbench train --task reverse --kv-heads 2 --lr 0.0003 --variant q_k_v --seed 7"});
  records = {record_of("glyphs", "q_k_v", 0)};
  apply_preset(records[0].config, *run::default_preset("glyphs"));
  records[0].config.model.kv_heads = records[0].config.model.heads;
  records[0].config.task.data = "it's here";
  CHECK(commands_of(records) ==
        std::vector<std::string>{"qkvbench train --task glyphs --data 'it'\\''s here' --variant q_k_v --seed 0"});
}

}  // namespace qkvbench::report
