// Lists that are drawn when a batch asks for them: what tasks of such lists have in common.
// Not the lists; a Dataset is each task's own.
#pragma once
#include "qkvbench/data/dataset.hpp"

namespace qkvbench::data {

/// Lists of a split; there is none to validate on.
inline index_t drawn_lists(const TaskOptions& options, Split split) {
  return split == Split::kTrain ? options.n_train : split == Split::kTest ? options.n_test : 0;
}

/// Nothing is read. Lists: a Dataset that is made from options and split.
template <class Lists>
class DrawnData : public TaskData {
 public:
  explicit DrawnData(const TaskOptions& options) : options_(options) {}
  DataFacts facts() override {
    DataFacts facts;
    facts.name = options_.id;
    facts.n_train = options_.n_train;
    facts.n_test = options_.n_test;
    return facts;
  }
  std::unique_ptr<Dataset> split(Split split) override { return std::make_unique<Lists>(options_, split); }

 private:
  TaskOptions options_;
};

}  // namespace qkvbench::data
