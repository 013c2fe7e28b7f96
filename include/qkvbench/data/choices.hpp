// Questions with answers to choose from, and the texts that ask a language model for each: HellaSwag, PIQA, ARC,
// WinoGrande, LAMBADA. Files are the user's; nothing here knows tokens or models.
#pragma once
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "qkvbench/formats/source_file.hpp"

namespace qkvbench::data {

/// How likely is `continuation` behind `context`?
struct ChoiceRequest {
  std::string context, continuation;
};

struct ChoiceDocument {
  std::vector<ChoiceRequest> requests;  ///< one for each answer
  std::vector<std::string> choices;     ///< what a score is divided by the length of
  std::optional<std::size_t> gold;      ///< the right answer; none where the only one is right (LAMBADA)
  std::string shot;                     ///< the document with its right answer, as an example before others
};

/// One task. Its texts are those of lm-evaluation-harness, to the letter.
struct ChoiceTask {
  std::string name, summary;
  std::vector<std::string> files;  ///< names that its file may have, in the folder or in one of the task's name
  std::vector<std::string> training_files;  ///< the same of its training split
  bool takes_shots() const { return !training_files.empty(); }
};

/// Where the examples before a question are from: the first others of its file (the harness's `first_n`), or drawn at
/// random from the training split for each question (the harness's default, with its seed 1234).
enum class ShotSource { kFirst, kTraining };

std::span<const ChoiceTask> choice_tasks();
/// Throws Error (usage) with the nearest name.
const ChoiceTask& find_choice_task(const std::string& name);

struct ChoiceDocuments {
  std::vector<ChoiceDocument> documents;
  std::vector<formats::SourceFile>
      files;  ///< the questions, the answers where they are a file of their own, the training split
};

/// The documents of a task's file, one JSON object a line, and of the file of answers beside it, empty where there is
/// none. Throws Error (input) naming `origin` and the line when a line is not of the form or no answer is known.
std::vector<ChoiceDocument> parse_choices(const ChoiceTask& task, const std::string& text, const std::string& answers,
                                          const std::string& origin);

/// Reads a task's file in `folder`. With shots every context begins with so many documents and their right answers.
/// Throws Error: input when a file is missing, and as parse_choices(); usage when there are too few documents for the
/// shots, or the task takes none.
ChoiceDocuments read_choices(const ChoiceTask& task, const std::filesystem::path& folder, std::size_t shots,
                             ShotSource source = ShotSource::kFirst);

}  // namespace qkvbench::data
