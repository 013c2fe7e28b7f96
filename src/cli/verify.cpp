// qkvbench verify: that this build computes what the paper's official code computes.
// The comparison and its tolerances are in experiment/verify.
#include "qkvbench/experiment/verify.hpp"

#include <algorithm>
#include <memory>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using experiment::Json;
using report::Align;
using report::fixed;

Exit verify(const Session& session, const std::string& directory) {
  using Verdict = experiment::ParityResult::Verdict;
  const std::vector<experiment::ParityResult> results = experiment::verify_golden_directory(directory);
  report::Table table({{"file"},
                       {"logits", Align::kRight},
                       {"loss", Align::kRight},
                       {"gradients", Align::kRight},
                       {"after training", Align::kRight},
                       {"share > 2e-6", Align::kRight},
                       {"verdict"}});
  Json rows = Json::array();
  int counts[3] = {0, 0, 0};
  experiment::ParityErrors worst;
  constexpr const char* kWords[3] = {"passed", "failed", "not built"};
  for (const auto& r : results) {
    const auto verdict = static_cast<std::size_t>(r.verdict);
    ++counts[verdict];
    const experiment::ParityErrors& e = r.errors;
    if (r.verdict == Verdict::kNotBuilt) {
      table.add({r.file, "", "", "", "", "", r.reason});
    } else {
      const bool passed = r.verdict == Verdict::kPassed;
      table.add({r.file, report::scientific(e.logits, 1), report::scientific(e.loss, 1), report::scientific(e.grads, 1),
                 report::scientific(e.after, 1), fixed(100 * e.after_far, 2) + " %",
                 colored(session, passed ? "passed" : r.reason, passed ? 32 : 31)});
      worst = {std::max(worst.logits, e.logits), std::max(worst.loss, e.loss), std::max(worst.grads, e.grads),
               std::max(worst.after, e.after), std::max(worst.after_far, e.after_far)};
    }
    rows.push_back({{"file", r.file},
                    {"family", r.family},
                    {"variant", r.variant},
                    {"verdict", kWords[verdict]},
                    {"reason", r.reason.empty() ? Json(nullptr) : Json(r.reason)},
                    {"errors", r.verdict == Verdict::kNotBuilt ? Json(nullptr)
                                                               : Json{{"logits", e.logits},
                                                                      {"loss", e.loss},
                                                                      {"gradients", e.grads},
                                                                      {"after", e.after},
                                                                      {"after_share_beyond", e.after_far}}}});
  }
  const std::string foot = "\nworst: logits " + report::scientific(worst.logits, 1) + ", loss " +
                           report::scientific(worst.loss, 1) + ", gradients " + report::scientific(worst.grads, 1) +
                           " (each 1.0e-05 allowed), after training " + report::scientific(worst.after, 1) +
                           " (5.0e-04 allowed)\n" + std::to_string(counts[0]) + " passed, " +
                           std::to_string(counts[1]) + " failed, " + std::to_string(counts[2]) + " not built\n";
  print(session, table.text() + foot,
        {{"passed", counts[0]}, {"failed", counts[1]}, {"not_built", counts[2]}, {"files", rows}});
  return counts[1] > 0 ? Exit::kCheckFailed : Exit::kDone;
}

}  // namespace

void add_verify(CLI::App& command, Session& session) {
  const auto directory = std::make_shared<std::string>();
  command.add_option("--golden", *directory, "directory of .safetensors files")->required()->type_name("DIR");
  finish_command(
      command, session,
      "Rebuilds the models of golden files (made with the paper's official PyTorch code) and compares logits, loss,\n"
      "every gradient, and every parameter after three optimizer steps. Status 7 when one is beyond its tolerance.",
      "  qkvbench verify --golden tests/golden");
  command.callback(
      [&session, directory] { session.action = [&session, directory] { return verify(session, *directory); }; });
}

}  // namespace qkvbench::cli
