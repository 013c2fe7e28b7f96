// qkvbench import: a model that another program trained becomes a run.
// What the forms of files are is in formats/ and run/foreign_model.
#include "qkvbench/run/import.hpp"

#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

struct ImportFlags {
  std::string path;
  run::ImportOptions options;
};

Exit import(const Session& session, ImportFlags& flags) {
  flags.options.argv = session.argv;
  const run::ImportReport report = run::import_model(flags.path, flags.options);
  for (const std::string& text : report.notes) note(session, "note: " + text);
  if (report.was_there) note(session, "it was imported before, not written again (--overwrite does)");
  const run::Result& result = report.result;
  const nn::ModelConfig& model = result.config.model;
  const run::Origin origin = result.origin.value_or(run::Origin{});
  report::Table table({{"imported"}, {"", report::Align::kLeft}});
  table.add({"form", origin.format});
  table.add({"task", result.config.task.id});
  table.add({"variant", model.variant.id()});
  table.add({"parameters", with_commas(result.model.params_total)});
  table.add({"layers, heads", std::to_string(model.layers) + ", " + std::to_string(model.heads)});
  for (const auto& [name, value, is_count] : origin.claims)
    table.add({name + " (claimed)", value ? report::fixed(*value, 4) : "not finite"});
  print(session, "import", shown(session, table) + said(session, "\n" + report.directory.string() + "\n"),
        {{"directory", formats::escape_bytes(report.directory.string())},
         {"model", formats::escape_bytes((report.directory / "model.safetensors").string())},
         {"found", report.was_there},
         {"notes", report.notes},
         {"result", result_json(result)}});
  return Exit::kDone;
}

}  // namespace

void add_import(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<ImportFlags>();
  add_option(command, "path", flags->path, "a .pt or .bin file, or a folder of Hugging Face's")
      .required()
      .type_name("PATH");
  add_option(command, "--out", flags->options.out, "where runs are").type_name("DIR [results]");
  add_flag(command, "--overwrite", flags->options.overwrite, "write again what was imported before");
  add_option(command, "--heads", flags->options.heads, "of weights that come without a configuration")
      .between(index_t{1}, index_t{4096})
      .type_name("N");
  add_option(command, "--tokenizer", flags->options.tokenizer,
             "of a language model: vocab.bpe, merges.txt or tokenizer.json; gpt2-bpe: the installed set; default: the "
             "one in the model's folder, else ids of tokens")
      .type_name("FILE");
  finish_command(
      command, session,
      "Reads the paper's checkpoints, nanoGPT's ckpt.pt, Hugging Face's GPT-2 and llm.c's models into a run\n"
      "that eval, predict, generate and the others take. Nothing in a file is executed; what is not known is\n"
      "refused by name (status 3).",
      "  qkvbench import qkv_keqv_300m_fineweb_edu.pt --tokenizer gpt2-bpe\n"
      "  qkvbench import gpt2/ --out models");
  on_call(command, session, flags, import);
}

}  // namespace qkvbench::cli
