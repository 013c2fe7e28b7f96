// The result in memory and on disk: what is written is read again, whoever wrote it and when.
// Which results are taken for tables is tested in records_test.
#include "qkvbench/run/result.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "qkvbench/base/files.hpp"
#include "qkvbench/run/record.hpp"
#include "support/catch.hpp"
#include "support/messages.hpp"
#include "support/results.hpp"

namespace qkvbench::run {

namespace {

using testing::check_error;
using testing::config_of;
using testing::made_up_result;

/// Written, read and written again.
std::string again(const std::string& text) { return result_text(parse_result(text, "f")); }

Result some_result() { return result_from_json(made_up_result(config_of("sort", "q_kv+", 3, 4, 2), 0.75), "f"); }

}  // namespace

TEST_CASE("what runs of the first version left is read, and written as it was", "[result]") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SOURCE_DIR "/tests/fixtures/schema1")) {
    if (!entry.is_directory()) continue;
    const std::string text = read_file(entry.path() / "result.json");
    INFO(entry.path().string());
    const Result result = parse_result(text, "f");
    CHECK(result_text(result) == text);
    CHECK(result.tool.numerics == 1);
    CHECK(result.tool.git_sha == "13b275c28e1d");
    CHECK(result.env.threads == 1);
    CHECK(result.argv.size() > 10);
    ++files;
  }
  CHECK(files == 3);
}

TEST_CASE("a result is the same bytes after it was written and read", "[result]") {
  Config config = config_of("lm", "q_kv", 7, 4, 2);
  data::DataFacts facts;
  facts.name = "caf\xE9", facts.n_train = 100, facts.n_val = 10;
  facts.files = {{"a\xFF.txt", "ab", 12}, {"\\xE9", "cd", 3}};
  facts.tokenizer = data::Tokenizer::bytes();
  facts.val_floor_nats = 1.25, facts.entropy_rate_nats = 1e-300;
  Outcome outcome;
  outcome.status = Status::kCompleted;
  outcome.scores.validation.loss_nats = 20, outcome.scores.validation.correct = 3,
  outcome.scores.validation.targets = 9;
  outcome.scores.validation_kinds = {{"names", {}}};
  outcome.state.step = 10, outcome.state.examples_seen = 40, outcome.state.tokens_seen = 160;
  outcome.state.curve = {{5, 2.5, 0.5, 1e-3, NAN}, {10, HUGE_VAL, 0, 1e-3, 1}};
  outcome.wall_s = 3, outcome.tokens_timed = 160;  // train_s is 0: the speed does not exist
  outcome.argv = {"qkvbench", "--corpus", "caf\xE9", "caf\\xE9"};
  Result result = result_of(config, facts, outcome);
  for (const bool imported : {false, true}) {
    if (imported) {
      result.origin = Origin{"llm.c", facts.files, {}, Conversion{"qkv", 4, {"mean"}, true}};
      result.origin->claims.set("val_loss", 3);
      result.origin->claims.set("best", NAN);
    }
    const std::string text = result_text(result);
    CHECK(again(text) == text);
    const Result read = parse_result(text, "f");
    CHECK(read.argv == outcome.argv);
    CHECK(read.dataset.name == facts.name);
    CHECK(read.dataset.files[1].path == facts.files[1].path);
    CHECK(config_json(read.config) == config_json(config));
    CHECK(std::isnan(read.curve[0].grad_norm));
    CHECK(read.train.tokens_seen == 160);
    CHECK(read.timing.wall_s == 3);
    CHECK_FALSE(read.timing.tokens_per_s);
    CHECK(read.tool.numerics == kNumerics);
    CHECK(read.metrics.value("val_accuracy") == 3.0 / 9);
    CHECK_FALSE(read.metrics.value("train_loss"));
    CHECK(read.metrics.contains("train_loss"));
    REQUIRE(read.origin.has_value() == imported);
    if (imported) CHECK(read.origin->conversion.value().methods == std::vector<std::string>{"mean"});
    if (imported) CHECK(read.origin->claims.contains("best"));
  }
}

TEST_CASE("metrics that are not known stay, in their order; other properties are passed over", "[result]") {
  Json json = result_json(some_result());
  json["metrics"]["zebra"] = 12;
  json["metrics"]["ant"] = 12.0;
  json["metrics"]["none"] = nullptr;
  json["metrics"]["test_targets"] = 7;
  const std::string text = json.dump(2) + "\n";
  CHECK(text.find("\"zebra\": 12,\n    \"ant\": 12.0,\n    \"none\": null") != std::string::npos);
  CHECK(again(text) == text);
  json["remark"] = "of mine";
  json["tool"]["colour"] = "blue";
  CHECK(again(json.dump()) == text);
}

TEST_CASE("the canonical part says nothing of when and where", "[result]") {
  Result one = some_result(), other = one;
  other.timing.wall_s = 99, other.argv = {"another"}, other.env.cpu = "another", other.tool.git_sha = "0123abc";
  CHECK(canonical_json(one) == canonical_json(other));
  other.train.steps = 99;
  CHECK(canonical_json(one) != canonical_json(other));
}

TEST_CASE("whatever is not there or of another type is refused by its name, wherever it stands", "[result]") {
  const Json whole = result_json(some_result());
  const Json flat = whole.flatten();
  for (const auto& [pointer, value] : flat.items()) {
    const bool derived = pointer.starts_with("/variant/"), number = pointer.starts_with("/metrics/");
    const bool of_list = std::isdigit(static_cast<unsigned char>(pointer.back())) != 0;
    if (derived || of_list || value.is_array()) continue;
    Json json = whole;
    const Json::json_pointer place(pointer);
    json[place.parent_pointer()].erase(place.back());
    INFO(pointer);
    if (!number && place.back() != "numerics")
      check_error(Exit::kInput, {"f: ", pointer == "/config/kv_heads" ? "kv_heads 0" : "there is no ", place.back()},
                  [&] { result_from_json(json, "f"); });
    json[place] = Json::array({1});
    check_error(Exit::kInput, {"f: ", place.back()}, [&] { result_from_json(json, "f"); });
  }
  const auto refused = [&](const char* pointer, const Json& value, const char* said) {
    Json json = whole;
    json["origin"] = origin_json({"llm.c", {}, {}, Conversion{}});
    json[Json::json_pointer(pointer)] = value;
    check_error(Exit::kInput, {"f: ", said}, [&] { result_from_json(json, "f"); });
  };
  refused("/argv", "qkvbench", "argv is no list");
  refused("/argv", Json::array({1}), "an entry of argv is no text");
  refused("/dataset/files", {{{"path", "a"}, {"sha256", 1}, {"bytes", 1}}}, "an entry of files.sha256 is no text");
  refused("/dataset/files", Json::array({"a"}), "an entry of files is no object");
  refused("/origin", 1, "origin is no object");
  refused("/origin/claims/loss", "low", "origin.claims.loss is neither a number nor null");
  refused("/origin/conversion/exact", 1, "origin.conversion.exact is neither true nor false");
  refused("/origin/conversion/methods", nullptr, "origin.conversion.methods is no list");
  refused("/train/steps", -1, "train.steps is no count");
}

TEST_CASE("a text of very many keys is refused before it takes time", "[result]") {
  std::string text = "{";
  for (int i = 0; i < 300; ++i) text += "\"" + std::to_string(i) + "\": 0,";
  check_error(Exit::kInput, {"f: an object of more than 256 keys"}, [&] { parse_result(text + "\"x\": 0}", "f"); });
}

TEST_CASE("numbers keep their place and their kind", "[result]") {
  Numbers numbers;
  numbers.set("loss", 2);
  numbers.set_count("targets", 2);
  numbers.set("none", NAN);
  CHECK(numbers_json(numbers).dump() == R"({"loss":2.0,"targets":2,"none":null})");
  numbers.set("loss", std::nullopt);
  numbers.set("none", 1.5);
  CHECK(numbers_json(numbers).dump() == R"({"loss":null,"targets":2,"none":1.5})");
  CHECK(numbers.contains("loss"));
  CHECK_FALSE(numbers.value("loss"));
  CHECK_FALSE(numbers.contains("other"));
  CHECK(numbers.value("targets") == 2.0);
}

}  // namespace qkvbench::run
