// qkvbench convert: a trained model with other projections shared, or other key/value heads, without training.
// What is done is in run/surgery.
#include "qkvbench/run/convert.hpp"

#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

struct ConvertFlags {
  std::string path, methods;
  run::ConvertOptions options;
};

std::string how(const run::Conversion& conversion) {
  return conversion.methods.empty() ? "exact: it computes the same" : join(conversion.methods, ", ");
}

Exit convert(const Session& session, ConvertFlags& flags) {
  flags.options.argv = session.argv;
  flags.options.methods = split(flags.methods, ',');
  const run::ConvertReport report = run::convert_run(flags.path, flags.options);
  if (report.was_there) note(session, "it was converted before, not written again (--overwrite does)");
  const run::Result& result = report.result;
  const run::Conversion conversion = result.origin.value_or(run::Origin{}).conversion.value_or(run::Conversion{});
  report::Table table({{"converted"}, {"", report::Align::kLeft}});
  table.add({"from", conversion.variant + ", " + std::to_string(conversion.kv_heads) + " kv heads"});
  table.add(
      {"to", result.config.model.variant.id() + ", " + std::to_string(result.config.model.kv_heads) + " kv heads"});
  table.add({"method", how(conversion)});
  table.add({"parameters", with_commas(result.model.params_total)});
  if (data::find_task(result.config.task.id).traits().decodes)
    table.add({"cache B/token", with_commas(result.model.kv_cache_bytes_per_token)});
  print(session, "convert", shown(session, table) + said(session, "\n" + report.directory.string() + "\n"),
        {{"directory", formats::escape_bytes(report.directory.string())},
         {"model", formats::escape_bytes((report.directory / "model.safetensors").string())},
         {"found", report.was_there},
         {"result", result_json(result)}});
  return Exit::kDone;
}

std::string methods_help() {
  std::string text = "how, where there is no exact way; one that merges and one that pools, between commas:";
  for (const run::SurgeryMethod& method : run::all_surgery_methods())
    text += std::string("\n") + method.id + ": " + method.help;
  return text;
}

}  // namespace

void add_convert(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<ConvertFlags>();
  add_option(command, "run", flags->path, "a run directory or a model.safetensors").required().type_name("PATH");
  add_option(command, "--to", flags->options.to, "the variant to be: q_k_v, qk_v, q_kv, qv_k or qkv; default: as it is")
      .type_name("VARIANT");
  add_option(command, "--kv-heads", flags->options.kv_heads, "key/value heads to have; default: as it has")
      .between(index_t{1}, index_t{4096})
      .type_name("N");
  add_option(command, "--method", flags->methods, methods_help()).type_name("METHOD");
  add_option(command, "--examples", flags->options.examples.examples,
             "training examples that a method reads; default: 2,048 positions of them")
      .between(index_t{1}, index_t{1} << 20)
      .type_name("N");
  add_option(command, "--data", flags->options.examples.data,
             "where they are: a folder, or of text another corpus; default: as trained")
      .type_name("DIR|TEXT");
  add_option(command, "--out", flags->options.out, "where runs are").type_name("DIR [results]");
  add_flag(command, "--overwrite", flags->options.overwrite, "write again what was converted before");
  finish_command(
      command, session,
      "Makes one projection of several, or copies of one, and fewer or more key/value heads, in a model that\n"
      "is trained already. The new run is taken by eval, generate, and train --init-from to train it on.",
      "  qkvbench convert results/RUN --to q_kv --method joint_svd\n"
      "  qkvbench convert results/RUN --kv-heads 2 --method heads_mean");
  on_call(command, session, flags, convert);
}

}  // namespace qkvbench::cli
