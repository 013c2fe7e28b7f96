// What a model file says beside its tensors: all that a model needs to be used without its training data.
// Not the tensors; train/checkpoint writes and reads those.
#pragma once
#include <map>
#include <string>

#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/run/run.hpp"

namespace qkvbench::run {

/// `config`; `dataset`, as in result.json; of text `tokenizer`; of images and sets of them `images`: class_names, and
/// mean and deviation of each channel.
std::map<std::string, std::string> model_metadata(const Config& config, const data::DataFacts& facts);

/// A config object of a file that a run wrote. Throws Error (input): what is wrong is in the file, not on the command
/// line.
Config config_in(const std::string& text, const std::string& origin);

/// Puts what there is beside `config` into `loaded`, whose configuration is known. Throws Error (input) naming the file
/// and the entry when it is not of that form.
void read_metadata(const formats::Safetensors& file, LoadedModel& loaded);

}  // namespace qkvbench::run
