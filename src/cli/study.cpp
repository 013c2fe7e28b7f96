// qkvbench study: what the recorded results say of the paper, as Markdown and as a page.
// What is said is report/study_document's.
#include <filesystem>
#include <memory>

#include "qkvbench/base/files.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/figures.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/reproduce_json.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/study_document.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;

struct StudyCommand {
  std::string record = "results/record", out = "docs", figures;
};

Json tables_json(const report::Study& study) {
  Json tables = Json::array();
  for (const report::StudiedTable& table : study.tables)
    tables.push_back({{"recipe", table.recipe->id},
                      {"grid", table.part.plan.level},
                      {"runs", table.part.results.records.size()},
                      {"agreement", agreement_json(table.made.agreement)},
                      {"claims", claims_json(table.made.claims)}});
  return tables;
}

Exit make_study(const Session& session, const StudyCommand& flags) {
  check_figures(flags.figures);
  const report::Study study = report::read_study(flags.record);
  const std::filesystem::path out = flags.out;
  make_directories(out);
  std::vector<std::string> files{(out / "study.md").string(), (out / "study.html").string()};
  write_file_atomic(files[0], study_markdown(study));
  write_file_atomic(files[1], study_page(study));
  std::string text = "\n";
  for (const std::string& line : sentences(study)) text += line + "\n";
  text += "\n";
  for (const std::string& line : not_run(study)) text += "not run: " + line + "\n";
  text += "\n" + files[0] + " and " + files[1] + " say what follows\n";
  if (!flags.figures.empty())
    for (const report::StudiedTable& table : study.tables) {
      const std::vector<std::string> figures =
          write_figures(session, std::filesystem::path(flags.figures) / table.recipe->id, page_of(table));
      files.insert(files.end(), figures.begin(), figures.end());
    }
  print(
      session, "study", shown(session, recorded_table(study)) + said(session, text),
      {{"files", files}, {"sentences", sentences(study)}, {"tables", tables_json(study)}, {"not_run", not_run(study)}});
  return Exit::kDone;
}

}  // namespace

void add_study(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<StudyCommand>();
  add_option(command, "record", flags->record, "directory of recorded results, see record")
      .type_name("DIR [results/record]");
  add_option(command, "--out", flags->out, "directory of study.md and study.html").type_name("DIR [docs]");
  add_option(command, "--figures", flags->figures,
             "each chart as a file for papers, SVG and PDF, in a directory for each table")
      .type_name("DIR");
  finish_command(command, session,
                 "Writes what the recorded results say: an answer to each question that the paper raises, every table\n"
                 "that is recorded beside the paper's with its claims and verdicts, and what was not run. Of each\n"
                 "table the largest part that is recorded is taken. The same files give the same bytes.",
                 "  qkvbench study\n"
                 "  qkvbench study results/record --out docs --figures figures");
  on_call(command, session, flags, make_study);
}

}  // namespace qkvbench::cli
