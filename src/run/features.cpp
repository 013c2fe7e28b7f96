// From a model and a set of images to four files.
// How a model represents an image is in nn, what the files look like in formats/npy.
#include "qkvbench/run/features.hpp"

#include <array>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/npy.hpp"
#include "qkvbench/train/features.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

struct Part {
  data::Split split;
  const char* stem;
};
constexpr std::array<Part, 2> kParts{{{data::Split::kTrain, "train"}, {data::Split::kTest, "test"}}};

fs::path matrix_path(const fs::path& folder, const Part& part) { return folder / (std::string(part.stem) + ".npy"); }
fs::path labels_path(const fs::path& folder, const Part& part) {
  return folder / (std::string(part.stem) + "-labels.npy");
}

/// All images of the set, none held out, as the model sees them.
data::TaskOptions options_of(const LoadedModel& run, const FeatureRequest& request) {
  data::TaskOptions options = task_options(run);
  if (!request.task.empty() && request.task != options.id) {
    if (!data::find_task(request.task).traits().images)
      fail_usage("--task " + request.task + ": it is no set of images");
    options.id = request.task;
    options.data.clear();
  }
  if (!request.data.empty()) options.data = request.data;
  options.class_names.clear();  // labels are written as the folder's own classes
  options.n_train = options.n_test = options.n_val = options.classes = 0;
  options.augment = "none";
  data::find_task(options.id).complete(options);
  if (options.n_test == 0)
    fail_usage("task " + options.id + " has no test images, but models of sets are tested on other images than those " +
               "they are trained on");
  return options;
}

}  // namespace

FeatureFiles write_features(const LoadedModel& run, const FeatureRequest& request, const fs::path& folder) {
  if (!data::find_task(run.config.task.id).traits().images)
    fail_usage("the model is of task " + run.config.task.id + "; features are those of a model of images");
  const data::TaskOptions options = options_of(run, request);
  for (const Part& part : kParts)
    for (const fs::path& path : {matrix_path(folder, part), labels_path(folder, part)})
      if (fs::exists(path) && !request.overwrite)
        fail_usage(path.string() + " is there already; choose another --out, or --overwrite");
  const index_t batch_size = request.batch_size > 0 ? request.batch_size : run.config.train.micro_batch;
  FeatureFiles out{options.id, options.n_train, options.n_test, run.config.model.d_model, {}};
  const auto data = data::find_task(options.id).open(options);
  for (const Part& part : kParts) {
    const auto images = data->split(part.split);
    const train::Features features = train::collect_features(*run.model, *images, batch_size);
    make_directories(folder);
    out.files.push_back(formats::write_npy_matrix(matrix_path(folder, part), features.columns, features.values));
    out.files.push_back(formats::write_npy_labels(labels_path(folder, part), features.labels));
  }
  return out;
}

}  // namespace qkvbench::run
