// The texts of each task against those of lm-evaluation-harness, and files that cannot be asked.
// Scores are in run/downstream_test.
#include "qkvbench/data/choices.hpp"

#include "qkvbench/data/choice_text.hpp"
#include "qkvbench/data/python_random.hpp"
#include "support/choice_fixtures.hpp"
#include "support/messages.hpp"
#include "support/temporary.hpp"

namespace qkvbench::data {

using nlohmann::json;
using testing::check_error;

TEST_CASE("every task asks in the words of the harness, with and without shots", "[data]") {
  const json all = test::choice_requests();
  REQUIRE(all.size() == 9);
  for (const auto& [key, documents] : all.items()) {
    const auto [name, shots] = test::task_and_shots(key);
    const ChoiceDocuments read = read_choices(find_choice_task(name), test::kChoices, shots);
    REQUIRE(read.documents.size() == documents.size());
    for (std::size_t d = 0; d < documents.size(); ++d) {
      INFO(key << " document " << d);
      json requests = json::array();
      for (const ChoiceRequest& request : read.documents[d].requests)
        requests.push_back({request.context, request.continuation});
      CHECK(requests == documents[d]["requests"]);
      const auto& gold = read.documents[d].gold;
      CHECK((gold ? json(*gold) : json(nullptr)) == documents[d]["gold"]);
    }
  }
}

TEST_CASE("draws are those of Python's random.Random(seed).sample", "[data]") {
  // Made by CPython 3.11, one after the other from one generator.
  using Drawn = std::vector<std::size_t>;
  PythonRandom random(1234);
  CHECK(random.sample(12, 5) == Drawn{7, 1, 0, 10, 9});
  CHECK(random.sample(40000, 5) == Drawn{5500, 6450, 23241, 15519, 1142});
  CHECK(random.sample(30, 5) == Drawn{0, 25, 11, 20, 19});
  CHECK(random.sample(9741, 10) == Drawn{7933, 7594, 2433, 1495, 2999, 1874, 239, 8242, 7974, 4093});
  const Drawn all = random.sample(100, 100);
  CHECK(Drawn(all.begin(), all.begin() + 6) == Drawn{8, 85, 69, 59, 99, 76});
  CHECK(PythonRandom(0).sample(7, 7) == Drawn{6, 3, 5, 0, 1, 2, 4});
}

TEST_CASE("shots of the training split are drawn anew for each question", "[data]") {
  const test::TemporaryDirectory dir;
  const auto line = [](const std::string& goal) {
    return R"({"goal": ")" + goal + R"(", "sol1": "s", "sol2": "t", "label": 1})" + "\n";
  };
  std::string training;
  for (int i = 0; i < 12; ++i) training += line("t" + std::to_string(i));
  dir.write("piqa_valid.jsonl", line("a") + line("b"));
  dir.write("piqa_train.jsonl", training);
  const ChoiceDocuments read = read_choices(find_choice_task("piqa"), dir.path(), 5, ShotSource::kTraining);
  CHECK(read.files.size() == 2);
  std::string before;
  for (const int shot : {7, 1, 0, 10, 9}) before += "Question: t" + std::to_string(shot) + "\nAnswer: t\n\n";
  CHECK(read.documents[0].requests[1].context == before + "Question: a\nAnswer:");
  CHECK(read.documents[1].requests[0].context != before + "Question: b\nAnswer:");
  check_error(Exit::kUsage, {"--shots 13", "piqa_train.jsonl", "only 12 documents"},
              [&] { read_choices(find_choice_task("piqa"), dir.path(), 13, ShotSource::kTraining); });
  check_error(Exit::kInput, {"winogrande_train_xl.jsonl"}, [&] {
    dir.write("winogrande_dev.jsonl", R"({"sentence": "a _ b", "option1": "o", "option2": "p", "answer": "1"})");
    read_choices(find_choice_task("winogrande"), dir.path(), 1, ShotSource::kTraining);
  });
}

TEST_CASE("rows are read as the original files and as other places have them", "[data]") {
  const test::TemporaryDirectory dir;
  const auto first = [&](const char* task) { return read_choices(find_choice_task(task), dir.path(), 0).documents[0]; };
  // ARC's choices beside the question, numbered labels; a label as text; the label in the row.
  dir.write("arc_challenge/arc_challenge.jsonl",
            R"({"question": "Q?", "choices": {"text": ["x", "y", "z"], "label": ["1", "2", "3"]}, "answerKey": "3"})");
  CHECK(*first("arc_challenge").gold == 2);
  CHECK(first("arc_challenge").requests[2].context == "Question: Q?\nAnswer:");
  dir.write("hellaswag_val.jsonl",
            R"({"activity_label": "A", "ctx_a": "b", "ctx_b": "eR", "endings": ["p", "q"], "label": "1"})");
  CHECK(*first("hellaswag").gold == 1);
  CHECK(first("hellaswag").requests[0].context == "A: b Er");
  dir.write("piqa/valid.jsonl", R"({"goal": "g", "sol1": "s", "sol2": "t", "label": 1})");
  CHECK(*first("piqa").gold == 1);
  dir.write("winogrande/dev.jsonl", R"({"sentence": "a _  b ", "option1": "o", "option2": "p", "answer": ""})");
  dir.write("winogrande/dev-labels.lst", "2\n");
  CHECK(*first("winogrande").gold == 1);
  CHECK(first("winogrande").requests[1].context == "a p");
  CHECK(first("winogrande").requests[1].continuation == " b");
}

TEST_CASE("a task's file that cannot be asked says which line and why", "[data]") {
  const test::TemporaryDirectory dir;
  const auto refused = [&](const char* task, const std::string& content, std::initializer_list<std::string> parts,
                           Exit status = Exit::kInput, std::size_t shots = 0) {
    dir.write(find_choice_task(task).files[0], content);
    check_error(status, parts, [&] { read_choices(find_choice_task(task), dir.path(), shots); });
  };
  const std::string good = R"({"goal": "g", "sol1": "s", "sol2": "t", "label": 0})"
                           "\n";
  refused("piqa", "", {"piqa_valid.jsonl", "empty"});
  refused("piqa", good + "{", {"piqa_valid.jsonl: line 2", "JSON"});
  refused("piqa", good + "[]", {"piqa_valid.jsonl: line 2"});
  refused("piqa", R"({"goal": "g", "sol1": 1, "sol2": "t", "label": 0})", {"line 1"});
  refused("piqa", R"({"goal": "g", "sol1": "s", "sol2": "t"})", {"line 1", "label"});
  refused("piqa", R"({"goal": "g", "sol1": "s", "sol2": "t", "label": 2})", {"line 1", "label", "0 to 1"});
  refused("piqa", good, {"--shots 1", "only 1 document"}, Exit::kUsage, 1);
  refused("lambada", R"({"text": "word"})", {"line 1", "no space"});
  refused("lambada", R"({"text": "a b"})", {"--shots", "lambada"}, Exit::kUsage, 1);
  refused("winogrande", R"({"sentence": "a", "option1": "o", "option2": "p", "answer": "1"})", {"line 1", "no _"});
  refused("arc_easy", R"({"question": {"stem": "s", "choices": [{"text": "t", "label": "A"}]}, "answerKey": "B"})",
          {"line 1", "answerKey"});
  refused("hellaswag", R"({"activity_label": "A", "ctx_a": "b", "ctx_b": "c", "endings": [], "label": 0})", {"line 1"});
  check_error(Exit::kInput, {"arc_challenge", "ARC-Challenge-Test.jsonl", "--data"},
              [&] { read_choices(find_choice_task("arc_challenge"), dir.path(), 0); });
  check_error(Exit::kUsage, {"helaswag", "hellaswag"}, [] { find_choice_task("helaswag"); });
}

TEST_CASE("texts are changed as Python's str and re do it", "[data]") {
  CHECK(stripped("\xE3\x80\x80\x1F a b \xC2\x85\n") == "a b");
  CHECK(stripped(" \t") == "");
  CHECK(right_stripped(" a\xC2\xA0 ") == " a");
  CHECK(right_stripped("\xE2\x80\x8B ") == "\xE2\x80\x8B");  // a zero-width space is none
  CHECK(capitalized("éLAN vITAL") == "Élan vital");
  CHECK(capitalized("") == "");
  CHECK(characters_of("é漢a\xFF") == 4);
  CHECK(without_brackets(" a [title] b [step]  c ") == "a. b  c");
  CHECK(without_brackets("[substeps] x") == " x");
  CHECK(without_brackets("a [b\nc] d [e") == "a [b\nc] d [e");
  CHECK(without_brackets("   [x]   a") == "  a");
}

}  // namespace qkvbench::data
