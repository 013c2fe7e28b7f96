// qkvbench verify: that this build computes what the paper's official code computes.
// The comparison and its tolerances are in run/verify.
#include "qkvbench/run/verify.hpp"

#include <algorithm>
#include <memory>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/record.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;
using report::Align;
using report::fixed;

/// Of a single step, or of a whole loop.
Json errors_json(const run::ParityErrors& e) {
  if (e.steps > 0)
    return {{"steps", e.steps},
            {"lr", run::or_null(e.lr)},
            {"loss", run::or_null(e.loss)},
            {"grad_norm", run::or_null(e.grad_norm)},
            {"after", run::or_null(e.after)}};
  return {{"logits", run::or_null(e.logits)},
          {"loss", run::or_null(e.loss)},
          {"gradients", run::or_null(e.grads)},
          {"after", run::or_null(e.after)},
          {"after_share_beyond", run::or_null(e.after_far)}};
}

Exit verify(const Session& session, const std::string& directory) {
  using Verdict = run::ParityResult::Verdict;
  const std::vector<run::ParityResult> results = run::verify_golden_directory(directory);
  report::Table table({{"file"},
                       {"logits", Align::kRight},
                       {"loss", Align::kRight},
                       {"gradients", Align::kRight},
                       {"after training", Align::kRight},
                       {"share > 2e-6", Align::kRight},
                       {"verdict"}});
  Json rows = Json::array();
  int counts[3] = {0, 0, 0};
  run::ParityErrors worst;
  constexpr const char* kWords[3] = {"passed", "failed", "not built"};
  for (const auto& r : results) {
    const auto verdict = static_cast<std::size_t>(r.verdict);
    ++counts[verdict];
    const run::ParityErrors& e = r.errors;
    if (r.verdict == Verdict::kNotBuilt) {
      table.add({r.file, "", "", "", "", "", r.reason});
    } else {
      const bool passed = r.verdict == Verdict::kPassed;
      const bool loop = e.steps > 0;
      table.add({r.file, loop ? "rate " + report::scientific(e.lr, 1) : report::scientific(e.logits, 1),
                 report::scientific(e.loss, 1), report::scientific(loop ? e.grad_norm : e.grads, 1),
                 report::scientific(e.after, 1),
                 loop ? std::to_string(e.steps) + " steps" : fixed(100 * e.after_far, 2) + " %",
                 passed ? "passed" : r.reason});
      table.mark(6, passed ? report::Mark::kGood : report::Mark::kBad);
      worst.logits = std::max(worst.logits, e.logits);
      worst.loss = std::max(worst.loss, e.loss);
      worst.grads = std::max({worst.grads, e.grads, e.grad_norm});
      worst.after = std::max(worst.after, e.after);
    }
    rows.push_back({{"file", r.file},
                    {"family", r.family},
                    {"variant", r.variant},
                    {"verdict", kWords[verdict]},
                    {"reason", r.reason.empty() ? Json(nullptr) : Json(r.reason)},
                    {"errors", r.verdict == Verdict::kNotBuilt ? Json(nullptr) : errors_json(r.errors)}});
  }
  const std::string foot = "\nworst: logits " + report::scientific(worst.logits, 1) + ", loss " +
                           report::scientific(worst.loss, 1) + ", gradients " + report::scientific(worst.grads, 1) +
                           " (each 1.0e-05 allowed), after training " + report::scientific(worst.after, 1) +
                           " (5.0e-04 allowed)\n" + std::to_string(counts[0]) + " passed, " +
                           std::to_string(counts[1]) + " failed, " + std::to_string(counts[2]) + " not built\n";
  print(session, "verify", shown(session, table) + said(session, foot),
        {{"passed", counts[0]}, {"failed", counts[1]}, {"not_built", counts[2]}, {"files", rows}});
  return counts[1] > 0 ? Exit::kCheckFailed : Exit::kDone;
}

}  // namespace

void add_verify(CLI::App& command, Session& session) {
  const auto directory = std::make_shared<std::string>();
  add_option(command, "--golden", *directory, "directory of .safetensors files").required().type_name("DIR");
  finish_command(
      command, session,
      "Rebuilds the models of golden files (made with the paper's official PyTorch code) and compares logits, loss,\n"
      "every gradient, and every parameter after three optimizer steps; or the learning rate, loss and gradient norm "
      "of\n"
      "every step of a whole training loop, and where it ends. Status 7 when one is beyond its tolerance.",
      "  qkvbench verify --golden tests/golden\n"
      "  qkvbench verify --golden tests/golden/loop");
  on_call(command, session, directory, [](const Session& s, const std::string& folder) { return verify(s, folder); });
}

}  // namespace qkvbench::cli
