// Command lines for llama-bench, and what it answers.
// Of llama.cpp nothing is linked: its form of models and the JSON of its benchmark are all that is known of it.
#include "qkvbench/run/bench_llama.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/parallel.hpp"
#include "qkvbench/base/process.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/strict_json.hpp"
#include "qkvbench/run/bench_decode.hpp"
#include "qkvbench/run/export.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

constexpr int kNoProgram = 127;

fs::path temporary_folder() {
  std::error_code error;
  std::string name = (fs::temp_directory_path(error) / "qkvbench-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr)
    fail_output("--peer: the exported model finds no place, " + (error ? "TMPDIR" : name) + ": " +
                (error ? error.message() : std::strerror(errno)) + "; let TMPDIR name a folder that can be written");
  return name;
}

LlamaSpeed speed_of(const nlohmann::json& row, index_t context, index_t tokens) {
  std::vector<double> ms;
  for (const auto& ns : row.at("samples_ns")) ms.push_back(ns.get<double>() * 1e-6 / static_cast<double>(tokens));
  if (ms.empty() || !(std::ranges::min(ms) > 0)) fail_input("--peer: llama-bench timed nothing");
  std::ranges::sort(ms);
  return {context,
          ms[ms.size() / 2],
          ms.front(),
          ms.back(),
          std::to_string(row.at("build_number").get<int>()) + " (" + row.at("build_commit").get<std::string>() + ")",
          row.at("type_k")};
}

}  // namespace

LlamaPeer::LlamaPeer(const Config& config) {
  if (run_process({"llama-bench", "--help"}).status == kNoProgram)
    fail_input("--peer needs llama-bench, which PATH does not have; it is a program of llama.cpp");
  LoadedModel loaded;
  loaded.config = config;
  loaded.model = std::make_unique<nn::Model>(config.model);
  loaded.model->parameters().allocate_values();
  loaded.model->parameters().initialise(config.task.seed);
  folder_ = temporary_folder();
  try {
    export_model(loaded, "gguf", folder_);
  } catch (...) {
    fs::remove_all(folder_);
    throw;
  }
}

LlamaPeer::~LlamaPeer() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

LlamaSpeed LlamaPeer::time(index_t context) const {
  const index_t tokens = timed_tokens(context);
  const std::vector<std::string> command{"llama-bench",
                                         "-m",
                                         (folder_ / "model.gguf").string(),
                                         "-p",
                                         "0",
                                         "-n",
                                         std::to_string(tokens),
                                         "-d",
                                         std::to_string(context - tokens),
                                         "-t",
                                         std::to_string(threads()),
                                         "-ngl",
                                         "0",
                                         "-o",
                                         "json"};
  const ProcessResult r = run_process(command);
  if (r.status != 0) {
    const std::string words = last_line(r.err);
    fail_input("--peer: llama-bench ended with status " + std::to_string(r.status) +
               (words.empty() ? "" : ": " + words) + "; it must know -d (--n-depth)");
  }
  const nlohmann::json json = formats::parse_json(r.out, "--peer: what llama-bench wrote");
  try {
    return speed_of(json.at(0), context, tokens);
  } catch (const nlohmann::json::exception&) {
    fail_input("--peer: what llama-bench wrote lacks build_number, build_commit, type_k or samples_ns");
  }
}

}  // namespace qkvbench::run
