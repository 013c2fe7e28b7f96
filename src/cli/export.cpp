// qkvbench export: a language model in a form that other programs run.
// The forms are in run/export.
#include "qkvbench/run/export.hpp"

#include <memory>

#include "qkvbench/cli/flags.hpp"
#include "qkvbench/formats/json.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;

struct ExportFlags {
  std::string model, form, out;
  bool overwrite = false;
};

Exit export_run(const Session& session, const ExportFlags& flags) {
  const run::LoadedModel loaded = run::load_run(flags.model);
  const run::Exported done = run::export_model(loaded, flags.form, flags.out, flags.overwrite);
  std::string text;
  Json files = Json::array();
  for (const auto& file : done.files) {
    text += file.string() + "\n";
    files.push_back(formats::escape_bytes(file.string()));
  }
  for (const std::string& lost : done.lost) note(session, "not kept: " + lost);
  print(session, "export", text,
        {{"model", formats::escape_bytes(flags.model)}, {"form", flags.form}, {"files", files}, {"lost", done.lost}});
  return Exit::kDone;
}

}  // namespace

void add_export(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<ExportFlags>();
  add_option(command, "model", flags->model, "a run directory or a model.safetensors").required().type_name("PATH");
  add_option(command, "--to", flags->form, "huggingface, llm.c, nanogpt or gguf (llama.cpp)")
      .required()
      .one_of(run::export_forms())
      .type_name("FORM");
  add_option(command, "--out", flags->out, "folder for the files").required().type_name("DIR");
  add_flag(command, "--overwrite", flags->overwrite, "replace files that are there");
  finish_command(
      command, session,
      "Writes config.json and model.safetensors (huggingface), model.bin (llm.c), ckpt.pt (nanogpt) or model.gguf\n"
      "(llama.cpp). Shared projections and key/value heads are written out; what is not kept is said.",
      "  qkvbench export results/RUN --to huggingface --out gpt2-qkv", Prints::kText);
  on_call(command, session, flags, export_run);
}

}  // namespace qkvbench::cli
