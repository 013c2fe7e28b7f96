// Other programs' models made runs of this one: a directory that every command takes.
// What their files mean is in run/foreign_model; nothing in them is executed.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "qkvbench/run/foreign_model.hpp"
#include "qkvbench/run/result.hpp"

namespace qkvbench::run {

struct ImportOptions {
  std::filesystem::path out = "results";
  bool overwrite = false;
  index_t heads = 0;      ///< of weights without a configuration; 0: not given
  std::string tokenizer;  ///< a vocab.bpe, merges.txt or tokenizer.json, or "gpt2-bpe", the installed set; empty: the
                          ///< one in the folder of the model, or ids of tokens
  std::vector<std::string> argv;
};

struct ImportReport {
  std::filesystem::path directory;
  Result result;
  bool was_there = false;  ///< imported before, from the same files
  std::vector<std::string> notes;
};

/// Reads a file of torch.save(), a .bin of llm.c or a folder of Hugging Face's, known by its content.
///   files: where the names of all that was read are put
/// Throws Error (input) naming the file and what is missing, damaged, not known or does not fit.
ForeignModel read_foreign(const std::filesystem::path& path, index_t heads, std::vector<std::filesystem::path>& files);

/// Writes the run out/import-<name>-<hash of the files>: result.json with status "imported", an empty metrics.jsonl,
/// model.safetensors and the manifest. Everything is read and checked before anything is written.
/// Memory: the numbers that are no floats in order; the others are written from where they lie.
/// Throws Error: as read_foreign(); input when a number is not finite; output when it cannot be written.
ImportReport import_model(const std::filesystem::path& path, const ImportOptions& options);

}  // namespace qkvbench::run
