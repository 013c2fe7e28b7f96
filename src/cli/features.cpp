// qkvbench features: images as a trained model represents them, in .npy files.
// What is written and how is in run/features.
#include "qkvbench/run/features.hpp"

#include <memory>

#include "qkvbench/base/text.hpp"
#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/table.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;

struct FeaturesFlags {
  std::string model, out;
  run::FeatureRequest request;
};

Exit features(const Session& session, const FeaturesFlags& flags) {
  const run::LoadedModel run = run::load_run(flags.model);
  const run::FeatureFiles written = run::write_features(run, flags.request, flags.out);
  report::Table table({{"file"}, {"bytes", report::Align::kRight}, {"SHA-256"}});
  for (const data::SourceFile& file : written.files)
    table.add({file.path, with_commas(static_cast<long long>(file.bytes)),
               session.format == "text" ? shortened(file.sha256, 16) : file.sha256});
  const std::string sizes = with_commas(written.n_train) + " training and " + with_commas(written.n_test) +
                            " test images of " + written.task + ", " + with_commas(written.features) +
                            " numbers each, in " + flags.out;
  print(session, "features", said(session, sizes + "\n\n") + shown(session, table),
        {{"model", flags.model},
         {"task", written.task},
         {"n_train", written.n_train},
         {"n_test", written.n_test},
         {"features", written.features},
         {"out", flags.out},
         {"files", run::files_json(written.files)}});
  return Exit::kDone;
}

}  // namespace

void add_features(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<FeaturesFlags>();
  add_option(command, "model", flags->model, "a run directory or a model.safetensors, of images")
      .required()
      .type_name("PATH");
  add_option(command, "--out", flags->out, "folder of the four files").required().type_name("DIR");
  add_option(command, "--task", flags->request.task, "another set of images; default: the model's own")
      .type_name("NAME");
  add_option(command, "--data", flags->request.data, "its folder; default: where it is installed, or as trained")
      .type_name("DIR");
  add_option(command, "--batch-size", flags->request.batch_size, "images at a time; default: as trained")
      .between(index_t{1}, index_t{1} << 20)
      .type_name("N");
  add_flag(command, "--overwrite", flags->request.overwrite, "replace what is there already");
  finish_command(command, session,
                 "Writes what the last layer of a trained model of images reads of each image: train.npy and test.npy\n"
                 "([images, d_model], float32) with their labels. Sets of them are a task: anomaly --source npy.",
                 "  qkvbench features results/RUN --out features\n"
                 "  qkvbench train --task anomaly --source npy --data features");
  on_call(command, session, flags, features);
}

}  // namespace qkvbench::cli
