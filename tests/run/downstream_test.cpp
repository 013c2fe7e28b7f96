// Tokens, scores and metrics of multiple choice against another program's.
// What the tasks ask is in data/choices_test.
#include "qkvbench/run/downstream.hpp"

#include "support/choice_fixtures.hpp"
#include "support/gpt2_tokens.hpp"
#include "support/messages.hpp"

namespace qkvbench::run {

using nlohmann::json;
using testing::check_error;
using train::Continuation;
using Ids = std::vector<std::int32_t>;

namespace {

const LoadedModel& model_of_bytes() {
  static const LoadedModel model = load_run(test::kChoices + "model.safetensors");
  return model;
}

}  // namespace

TEST_CASE("requests become the harness's GPT-2 tokens", "[run]") {
  const json all = test::choice_requests();
  for (const auto& [key, documents] : all.items())
    for (const json& document : documents)
      for (std::size_t i = 0; i < document["requests"].size(); ++i) {
        const json& request = document["requests"][i];
        INFO(key << " " << request.dump());
        const Continuation tokens =
            encode_request(test::gpt2_tokenizer(), {request[0], request[1]}, 1024, Scoring::kHarness);
        CHECK(tokens.context == document["gpt2"][i]["context"].get<Ids>());
        CHECK(tokens.tokens == document["gpt2"][i]["continuation"].get<Ids>());
      }
}

TEST_CASE("tokens at the boundary, and what does not fit", "[run]") {
  const auto gpt2 = [](const std::string& context, const std::string& continuation, index_t positions,
                       Scoring scoring = Scoring::kHarness) {
    return encode_request(test::gpt2_tokenizer(), {context, continuation}, positions, scoring);
  };
  const auto& t = test::gpt2_tokenizer();
  // White space at the end of the context goes to the continuation.
  CHECK(gpt2("the cat \n", "sat", 64).context == t.encode("the cat"));
  CHECK(t.decode(gpt2("the cat  ", "sat", 64).tokens) == "  sat");
  // The authors encode both apart.
  CHECK(gpt2("the c", "ats.", 64).tokens != t.encode("ats."));
  CHECK(gpt2("the c", "ats.", 64, Scoring::kAuthors).tokens == t.encode("ats."));
  CHECK(gpt2("", " cat", 64).context == Ids{50256});
  // Of four tokens the last is not fed: three positions hold them all; the authors' way needs five.
  const Ids four = t.encode(" one two three four");
  REQUIRE(four.size() == 4);
  CHECK(gpt2("one two three", " four", 3).context == t.encode("one two three"));
  CHECK(gpt2("one two three", " four", 2).context == t.encode(" two three"));
  CHECK(gpt2("one two three", " four", 5, Scoring::kAuthors).context == t.encode("one two three"));
  CHECK(gpt2("one two three", " four", 4, Scoring::kAuthors).context == t.encode(" two three"));
  check_error(Exit::kInput, {"too many", "1 positions"}, [&] { gpt2("one", " two three", 1); });
  check_error(Exit::kInput, {"no token"}, [&] { gpt2("one", "", 8); });
  check_error(Exit::kInput, {"no token"}, [&] { gpt2("the c", "at", 8); });  // "the", " cat": as many as "the", " c"
  check_error(Exit::kInput, {"context is empty"}, [] {
    encode_request(data::Tokenizer::bytes(), {"", "a"}, 8, Scoring::kHarness);
  });
}

TEST_CASE("scores and metrics of a model of bytes are those of another program", "[run]") {
  const json expected = test::choice_scores();
  REQUIRE(expected.size() == 9);
  for (const auto& [key, task] : expected.items()) {
    const auto [name, shots] = test::task_and_shots(key);
    INFO(key);
    const DownstreamTask scored =
        score_task(model_of_bytes(), data::find_choice_task(name), {test::kChoices, shots, Scoring::kHarness});
    const json& documents = task["documents"];
    REQUIRE(scored.answers.size() == documents.size());
    for (std::size_t d = 0; d < documents.size(); ++d)
      for (std::size_t i = 0; i < documents[d]["ll"].size(); ++i) {
        INFO("document " << d << " answer " << i);
        const double ll = documents[d]["ll"][i];
        CHECK(std::abs(scored.answers[d].scores[i].log_prob - ll) <= 1e-5 * std::max(1.0, std::abs(ll)));
        CHECK(scored.answers[d].scores[i].greedy == documents[d]["greedy"][i].get<bool>());
      }
    std::size_t compared = 0;
    for (const Metric& metric : scored.metrics) {
      INFO(metric.name << " " << metric.value);
      const double value = task["metrics"].at(metric.name);
      CHECK(std::abs(metric.value - value) <= 1e-5 * std::max(1.0, value));
      ++compared;
      if (!task["metrics"].contains(metric.name + "_stderr")) continue;
      CHECK(std::abs(*metric.standard_error - task["metrics"][metric.name + "_stderr"].get<double>()) <= 1e-12);
      ++compared;
    }
    CHECK(compared == task["metrics"].size());
  }
}

TEST_CASE("the first of equals wins, and lengths divide", "[run]") {
  data::ChoiceDocument document;
  document.choices = {"é", "ab", "abc"};
  document.gold = 1;
  const auto of = [&](std::vector<double> log_probs) {
    Answered answered;
    for (const double x : log_probs) answered.scores.push_back({x, false});
    answered.tokens = {1, 4, 1};
    std::string hits;
    for (const Metric& metric : metrics_of({document}, {answered}, Scoring::kHarness))
      hits += metric.value == 1 ? '1' : '0';
    return hits;
  };
  CHECK(of({-2, -2, -2}) == "0001");    // acc takes the first, characters the third
  CHECK(of({-1.9, -2, -9}) == "0101");  // characters −1.9, −1, −3; bytes −0.95, −1, −3
  CHECK(of({-3, -2, -2}) == "1001");
}

TEST_CASE("a model without texts is not asked", "[run]") {
  LoadedModel ids;
  ids.tokenizer = data::Tokenizer::ids(100);
  check_error(Exit::kUsage, {"piqa", "ids only"}, [&] {
    score_task(ids, data::find_choice_task("piqa"), {test::kChoices, 0, Scoring::kHarness});
  });
}

}  // namespace qkvbench::run
