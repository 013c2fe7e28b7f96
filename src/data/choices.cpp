// A function from a line of each task's file to its texts; the table of tasks, and the shots before them.
// The form of the original files and that of their copies in other places are both read.
#include "qkvbench/data/choices.hpp"

#include <algorithm>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/data/choice_text.hpp"
#include "qkvbench/data/python_random.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::data {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 30;

std::string text_of(const json& row, const char* key) { return row.at(key).get<std::string>(); }

/// A number from `first` on, as such or as text, in a row or a line of its own; counted from 0.
std::size_t number_of(const json& value, std::size_t first, std::size_t n) {
  const std::string digits = value.is_string() ? value.get<std::string>() : value.dump();
  for (std::size_t i = 0; i < n; ++i)
    if (digits == std::to_string(first + i)) return i;
  fail_input("its label is " + value.dump() + ", not one of " + std::to_string(first) + " to " +
             std::to_string(first + n - 1));
}

void add(ChoiceDocument& document, const std::string& context, const std::string& answer, const std::string& choice) {
  document.requests.push_back({context, " " + answer});
  document.choices.push_back(choice);
}

/// One context, several answers.
ChoiceDocument question(const std::string& context, const std::vector<std::string>& answers, std::size_t gold) {
  ChoiceDocument document;
  for (const std::string& answer : answers) add(document, context, answer, answer);
  document.gold = gold;
  document.shot = context + document.requests.at(gold).continuation;
  return document;
}

/// `label`: the row's line in the file of answers; null where there is none.
ChoiceDocument hellaswag(const json& row, const json&) {
  std::vector<std::string> endings;
  for (const std::string ending : row.at("endings")) endings.push_back(without_brackets(ending));
  return question(without_brackets(text_of(row, "activity_label") + ": " + text_of(row, "ctx_a") + " " +
                                   capitalized(text_of(row, "ctx_b"))),
                  endings, number_of(row.at("label"), 0, endings.size()));
}

ChoiceDocument piqa(const json& row, const json& label) {
  return question("Question: " + text_of(row, "goal") + "\nAnswer:", {text_of(row, "sol1"), text_of(row, "sol2")},
                  number_of(row.contains("label") ? row["label"] : label, 0, 2));
}

ChoiceDocument arc(const json& row, const json&) {
  std::vector<std::string> answers, labels;
  const bool original = row.at("question").is_object();
  if (original) {
    for (const json& choice : row["question"].at("choices")) {
      answers.push_back(text_of(choice, "text"));
      labels.push_back(text_of(choice, "label"));
    }
  } else {
    answers = row.at("choices").at("text").get<std::vector<std::string>>();
    labels = row["choices"].at("label").get<std::vector<std::string>>();
  }
  const auto right = std::ranges::find(labels, text_of(row, "answerKey"));
  if (right == labels.end() || labels.size() != answers.size()) fail_input("its answerKey is no label of its choices");
  return question("Question: " + (original ? text_of(row["question"], "stem") : text_of(row, "question")) + "\nAnswer:",
                  answers, static_cast<std::size_t>(right - labels.begin()));
}

/// Two contexts, one continuation.
ChoiceDocument winogrande(const json& row, const json& label) {
  const std::string sentence = text_of(row, "sentence");
  const std::size_t gap = sentence.find('_');
  if (gap == sentence.npos) fail_input("its sentence has no _");
  ChoiceDocument document;
  for (const char* option : {"option1", "option2"}) {
    const std::string context = sentence.substr(0, gap) + text_of(row, option);
    add(document, context, stripped(sentence.substr(gap + 1)), context);
  }
  const bool own = row.contains("answer") && row["answer"] != "";
  document.gold = number_of(own ? row["answer"] : label, 1, 2);
  const ChoiceRequest& right = document.requests[*document.gold];
  document.shot = right.context + right.continuation;
  return document;
}

ChoiceDocument lambada(const json& row, const json&) {
  const std::string text = text_of(row, "text");
  const std::size_t space = text.rfind(' ');
  if (space == text.npos) fail_input("its text has no space, so no last word");
  ChoiceDocument document;
  const std::string word = text.substr(space + 1);
  add(document, text.substr(0, space), word, word);
  return document;
}

struct Row : ChoiceTask {
  ChoiceDocument (*document)(const json& row, const json& label);
};

const std::vector<Row>& rows() {
  static const std::vector<Row> table{
      {{"hellaswag", "how does it go on? 4 endings", {"hellaswag_val.jsonl"}, {"hellaswag_train.jsonl"}}, hellaswag},
      {{"piqa", "which of 2 ways works?", {"piqa_valid.jsonl", "valid.jsonl"}, {"piqa_train.jsonl", "train.jsonl"}},
       piqa},
      {{"arc_easy",
        "school questions, 3 to 5 answers",
        {"ARC-Easy-Test.jsonl", "arc_easy.jsonl"},
        {"ARC-Easy-Train.jsonl", "arc_easy_train.jsonl"}},
       arc},
      {{"arc_challenge",
        "the harder ones",
        {"ARC-Challenge-Test.jsonl", "arc_challenge.jsonl"},
        {"ARC-Challenge-Train.jsonl", "arc_challenge_train.jsonl"}},
       arc},
      {{"winogrande",
        "whom does a pronoun mean?",
        {"winogrande_dev.jsonl", "dev.jsonl"},
        {"winogrande_train_xl.jsonl", "train_xl.jsonl"}},
       winogrande},
      {{"lambada", "the last word of a passage", {"lambada_test.jsonl"}, {}}, lambada}};
  return table;
}

fs::path find_file(const ChoiceTask& task, const std::vector<std::string>& names, const fs::path& folder) {
  std::error_code error;
  for (const fs::path& place : {folder / task.name, folder})
    for (const std::string& name : names) {
      // Two tasks call their file by its split alone: only in a folder of its own is it known whose it is.
      const bool of_any = name.find('_') == name.npos && name.find('-') == name.npos;
      if ((!of_any || place != folder) && fs::is_regular_file(place / name, error)) return place / name;
    }
  fail_input("task " + task.name + ": there is no " + (folder / names[0]).string() +
             "; --data names the folder of the task's own file");
}

std::string read(const fs::path& path, ChoiceDocuments& into) {
  std::string text = read_file(path, kMaxBytes);
  into.files.push_back(formats::source_file(path.string(), text));
  return text;
}

/// The first `shots` but the one that is asked.
std::vector<std::size_t> first_others(std::size_t asked, std::size_t shots) {
  std::vector<std::size_t> others;
  for (std::size_t other = 0; others.size() < shots; ++other)
    if (other != asked) others.push_back(other);
  return others;
}

/// choose(i): which examples stand before document i.
template <class Choose>
void put_shots_before(std::vector<ChoiceDocument>& documents, const std::vector<ChoiceDocument>& examples,
                      Choose choose) {
  std::vector<std::string> contexts;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    contexts.emplace_back();
    for (const std::size_t shot : choose(i)) contexts.back() += examples[shot].shot + "\n\n";
  }
  for (std::size_t i = 0; i < documents.size(); ++i)
    for (ChoiceRequest& request : documents[i].requests) request.context.insert(0, contexts[i]);
}

/// The documents of a file, which and whose answers become files of `into`.
std::vector<ChoiceDocument> read_documents(const ChoiceTask& task, const fs::path& path, ChoiceDocuments& into) {
  const std::string text = read(path, into);
  // "valid.jsonl" has its answers in "valid-labels.lst", if it is there.
  const fs::path labels = path.parent_path() / (path.stem().string() + "-labels.lst");
  std::error_code error;
  return parse_choices(task, text, fs::is_regular_file(labels, error) ? read(labels, into) : std::string(),
                       path.string());
}

}  // namespace

std::span<const ChoiceTask> choice_tasks() {
  static const std::vector<ChoiceTask> tasks(rows().begin(), rows().end());
  return tasks;
}

const ChoiceTask& find_choice_task(const std::string& name) {
  return find_row("task", name, choice_tasks(), &ChoiceTask::name);
}

std::vector<ChoiceDocument> parse_choices(const ChoiceTask& task, const std::string& text, const std::string& answers,
                                          const std::string& origin) {
  const Row& row = find_row("task", task.name, rows(), &ChoiceTask::name);
  const std::vector<std::string> lines = lines_of(text), labels = lines_of(answers);
  std::vector<ChoiceDocument> documents;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string place = origin + ": line " + std::to_string(i + 1);
    if (lines[i].empty()) continue;
    try {
      const json label = i < labels.size() ? json(stripped(labels[i])) : json(nullptr);
      documents.push_back(row.document(formats::parse_json(lines[i], place), label));
    } catch (const json::exception& error) {
      fail_input(place + ": " + error.what());
    } catch (const Error& error) {
      const std::string what = error.what();
      fail_input(what.starts_with(place) ? what : place + ": " + what);
    }
  }
  if (documents.empty()) fail_input(origin + ": it is empty");
  return documents;
}

ChoiceDocuments read_choices(const ChoiceTask& task, const fs::path& folder, std::size_t shots, ShotSource source) {
  if (shots > 0 && !task.takes_shots())
    fail_usage("--shots: task " + task.name + " is scored without examples; leave it out, or give --shots 0");
  ChoiceDocuments out;
  const fs::path path = find_file(task, task.files, folder);
  out.documents = read_documents(task, path, out);
  if (shots == 0) return out;
  const auto refuse = [shots](const fs::path& file, std::size_t n, const char* but) {
    fail_usage("--shots " + std::to_string(shots) + ": " + file.string() + " has only " + counted(n, "document") + but);
  };
  if (source == ShotSource::kTraining) {
    const fs::path training = find_file(task, task.training_files, folder);
    const std::vector<ChoiceDocument> examples = read_documents(task, training, out);
    if (shots > examples.size()) refuse(training, examples.size(), "");
    constexpr std::uint32_t kHarnessSeed = 1234;
    PythonRandom random(kHarnessSeed);
    put_shots_before(out.documents, examples, [&](std::size_t) { return random.sample(examples.size(), shots); });
    return out;
  }
  if (shots >= out.documents.size()) refuse(path, out.documents.size(), ", one of them asked");
  const std::vector<ChoiceDocument> examples = out.documents;
  put_shots_before(out.documents, examples, [&](std::size_t i) { return first_others(i, shots); });
  return out;
}

}  // namespace qkvbench::data
