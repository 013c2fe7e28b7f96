// Text and padding are scored in two passes, each target once: the first needs no rows of full length.
#include "qkvbench/run/documents.hpp"

#include <cmath>
#include <filesystem>
#include <numbers>

#include "qkvbench/base/error.hpp"
#include "qkvbench/data/documents.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/evaluate.hpp"
#include "qkvbench/run/record.hpp"
#include "qkvbench/train/trainer.hpp"

namespace qkvbench::run {

DocumentScores score_documents(const LoadedModel& run, const std::string& spec, bool padded) {
  if (!run.tokenizer) fail_usage("--documents: task " + run.config.task.id + " reads no text; only language models do");
  const auto read = std::make_shared<const data::Documents>(data::read_documents(spec, *run.tokenizer));
  const data::Documents& documents = *read;
  const index_t T = run.config.model.seq_len;
  const auto score = [&](data::DocumentTargets targets) {
    return finite(train::evaluate(*run.model, *data::document_windows(read, T, targets), run.config.train.micro_batch));
  };
  const kernels::EvalSums text = score(data::DocumentTargets::kText);
  const auto mean = [](const kernels::EvalSums& sums) { return sums.loss_nats / static_cast<double>(sums.targets); };
  if (text.targets == 0) fail_input(spec + ": no document has a second token, so there is nothing to score");

  DocumentScores scores;
  scores.facts.name = std::filesystem::path(documents.files[0].path).filename().string();
  scores.facts.n_val = static_cast<index_t>(documents.ids.size());
  scores.facts.files = documents.files;
  Json& m = scores.metrics;
  m["documents"] = scores.facts.n_val;
  m["documents_cut"] = documents.cut(T);
  m["targets"] = text.targets;
  m["loss"] = or_null(mean(text));
  m["perplexity"] = or_null(std::exp(mean(text)));
  if (const auto bytes = documents.target_bytes(T))
    m["bits_per_byte"] = or_null(text.loss_nats / (std::numbers::ln2 * static_cast<double>(*bytes)));
  if (!padded) return scores;
  Numbers with_padding;
  add_padded(text, score(data::DocumentTargets::kPadding), with_padding);
  m.update(numbers_json(with_padding));
  return scores;
}

}  // namespace qkvbench::run
