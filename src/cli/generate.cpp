// qkvbench generate: a trained language model writes on.
// The loop of decoding is in train/generate, the vocabulary is the model file's own.
#include "qkvbench/train/generate.hpp"

#include <cmath>
#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/costs.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/run/run.hpp"

namespace qkvbench::cli {

namespace {

using data::Tokenizer;
using formats::Json;
using run::LoadedModel;

struct GenerateFlags {
  std::string model;
  std::vector<std::string> prompts;
  train::GenerateOptions options;
  kernels::NumberFormat weights = kernels::NumberFormat::kFp32;
  bool no_cache = false;
};

/// Where a text begins when no prompt is given: a line break, if the vocabulary has one.
std::string default_prompt(const Tokenizer& tokenizer) {
  const auto& symbols = tokenizer.symbols();
  if (tokenizer.writes_all() || std::ranges::find(symbols, "\n") != symbols.end()) return "\n";
  fail_usage(tokenizer.kind() == Tokenizer::Kind::kIds
                 ? "this model knows tokens by their ids only; give --prompt \"464 2068 7586\", for instance"
                 : "this model's vocabulary has no line break to begin with; give --prompt");
}

/// Prints one row's text as it grows, the prompt with its first token.
class Stream {
 public:
  Stream(const Tokenizer& tokenizer, std::vector<std::int32_t> prompt)
      : tokenizer_(tokenizer), ids_(std::move(prompt)) {}
  void add(std::int32_t id) {
    ids_.push_back(id);
    const std::string text = tokenizer_.decode(ids_);
    write_out(text.substr(std::min(shown_, text.size())));
    shown_ = text.size();
  }

 private:
  const Tokenizer& tokenizer_;
  std::vector<std::int32_t> ids_;
  std::size_t shown_ = 0;
};

std::string speed_text(const train::Generated& out, const train::GenerateOptions& options) {
  const double tokens = static_cast<double>((options.length - 1) * static_cast<index_t>(out.rows.size()));
  std::string text = "prompts " + report::duration(out.prompt_s);
  if (tokens > 0) text += ", then " + with_commas(std::llround(tokens / out.tokens_s)) + " tokens/s";
  return text + (options.use_cache ? "; cache " + with_commas(out.cache_bytes) + " bytes" : "; no cache");
}

Exit generate(const Session& session, GenerateFlags flags) {
  const LoadedModel run = run::load_run(flags.model);
  if (!run.tokenizer)
    fail_usage(flags.model + " is a model of task " + run.config.task.id +
               "; only language models (task lm) write text");
  if (flags.no_cache && flags.options.cache_format != kernels::NumberFormat::kFp32)
    fail_usage("--cache says how the cache is kept, and --no-cache that there is none; give one of them");
  run.model->parameters().narrow(flags.weights);
  const Tokenizer& tokenizer = *run.tokenizer;
  if (flags.prompts.empty()) flags.prompts.push_back(default_prompt(tokenizer));
  std::vector<std::vector<std::int32_t>> prompts;
  for (const std::string& prompt : flags.prompts) prompts.push_back(tokenizer.encode(prompt));
  flags.options.use_cache = !flags.no_cache;
  flags.options.vocab = tokenizer.vocab();

  const bool streams = prompts.size() == 1 && !session.json_on_stdout();
  std::optional<Stream> stream;
  if (streams) stream.emplace(tokenizer, prompts[0]);
  const train::Generated out = train::generate(*run.model, prompts, flags.options, [&](index_t, std::int32_t id) {
    if (stream) stream->add(id);
  });

  if (streams) write_out("\n");  // before the note: stdout and stderr may be one terminal
  std::string text;
  Json samples = Json::array();
  for (std::size_t row = 0; row < prompts.size(); ++row) {
    std::vector<std::int32_t> all = prompts[row];
    all.insert(all.end(), out.rows[row].begin(), out.rows[row].end());
    if (!streams) text += (row ? "\n───\n" : "") + tokenizer.decode(all) + (row + 1 == prompts.size() ? "\n" : "");
    samples.push_back({{"prompt", flags.prompts[row]},
                       {"text", tokenizer.decode(all)},
                       {"prompt_tokens", prompts[row]},
                       {"new_tokens", out.rows[row]}});
  }
  note(session, speed_text(out, flags.options));
  print(session, "generate", text,
        {{"model", flags.model},
         {"variant", variant_json(run.config)},
         {"samples", samples},
         {"weights_format", kernels::format_name(flags.weights)},
         {"weights_bytes", run::parameter_bytes(*run.model)},
         {"cache_format", kernels::format_name(flags.options.cache_format)},
         {"cache_bytes", out.cache_bytes},
         {"timing", {{"prompt_s", out.prompt_s}, {"tokens_s", out.tokens_s}}}});
  return Exit::kDone;
}

}  // namespace

void add_generate(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<GenerateFlags>();
  train::GenerateOptions& options = flags->options;
  add_option(command, "model", flags->model, "a run directory or a model.safetensors").required().type_name("PATH");
  add_option(command, "--prompt", flags->prompts, "what to write on; may be repeated, each is a row of one batch")
      .type_name("TEXT [a line break]")
      .one_at_a_time();
  add_option(command, "--length", options.length, "new tokens")
      .between(index_t{1}, index_t{1} << 30)
      .type_name("N [100]");
  add_flag(command, "--greedy", options.sampling.greedy, "always the most likely token");
  add_option(command, "--temperature", options.sampling.temperature, "divides the logits")
      .between(1e-6, 1e6, "--greedy takes the most likely token always")
      .type_name("X [1]");
  add_option(command, "--top-k", options.sampling.top_k, "only the k most likely tokens; 0: all")
      .between(index_t{0}, index_t{1} << 30)
      .type_name("K [0]");
  add_option(command, "--top-p", options.sampling.top_p, "only the most likely that reach this probability together")
      .between(1e-9, 1.0)
      .type_name("P [1]");
  add_option(command, "--seed", options.seed, "of the draws")
      .between(std::uint64_t{0}, std::uint64_t{1} << 53)
      .type_name("N [0]");
  add_option(command, "--context", options.context, "positions seen at most; default: as trained")
      .between(index_t{1}, index_t{1} << 20)
      .type_name("N");
  add_option(command, "--weights", flags->weights, kWeightsHelp);
  add_option(command, "--cache", options.cache_format, "the cache: the same");
  add_flag(command, "--no-cache", flags->no_cache, "run the whole context again for every token, to compare");
  finish_command(command, session,
                 "Writes on with a cache that holds exactly the distinct tensors of the variant: K and V, or K alone.\n"
                 "A context that is full keeps its later half.",
                 "  qkvbench generate results/RUN --prompt \"ROMEO:\" --length 200 --temperature 0.8 --top-k 40",
                 Prints::kText);
  on_call(command, session, flags, generate);
}

}  // namespace qkvbench::cli
