// Which reader a file is for, and the run that is made of it.
// Parameters are written in the order of our model, whatever order the file has.
#include "qkvbench/run/import.hpp"

#include <deque>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"
#include "qkvbench/base/system.hpp"
#include "qkvbench/data/pairs_text.hpp"
#include "qkvbench/data/sources.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/llmc_file.hpp"
#include "qkvbench/formats/merges.hpp"
#include "qkvbench/formats/safetensors.hpp"
#include "qkvbench/formats/sha256.hpp"
#include "qkvbench/run/made_run.hpp"
#include "qkvbench/run/model_file.hpp"
#include "qkvbench/run/run_files.hpp"
#include "qkvbench/train/checkpoint.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

/// The file's first bytes; a file that cannot be read has none, and its reader says why.
std::string head_of(const fs::path& path) {
  const MappedFile file(path);
  return std::string(file.bytes().substr(0, 64));
}

/// Letters, digits, dots, dashes and underscores of a name, at most 60.
std::string plain_name(const fs::path& path) {
  const fs::path clean = path.lexically_normal();
  const std::string name = (clean.has_filename() ? clean : clean.parent_path()).stem().string();
  std::string plain;
  for (const char c : name.substr(0, 60)) {
    const bool fine =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.';
    plain += fine ? c : '_';
  }
  return plain.empty() || plain == "." || plain == ".." ? "model" : plain;
}

/// The tensors to be written; numbers that are converted are kept in `memory`, zeros in its first entry.
std::vector<formats::TensorToWrite> tensors_of(const ForeignModel& model, const std::string& origin,
                                               std::deque<std::vector<float>>& memory) {
  const nn::Model declared(model.config.model);
  std::vector<formats::TensorToWrite> tensors;
  for (const nn::Parameter& p : declared.parameters().all()) {
    const ForeignParameter& from = model.parameters.at(p.name);
    memory.emplace_back();
    std::span<const float> numbers;
    if (from.theirs.empty()) {
      memory.back().assign(static_cast<std::size_t>(p.shape.elements()), 0);
      numbers = memory.back();
    } else {
      numbers = formats::floats_of(from.tensor, origin + ": '" + from.theirs + "'", memory.back());
    }
    tensors.push_back({p.name, train::sizes_of(p.shape), numbers});
  }
  return tensors;
}

Origin origin_of(const ForeignModel& model, const std::vector<fs::path>& files) {
  std::vector<data::SourceFile> read;
  for (const fs::path& file : files)
    read.push_back({file.filename().string(), formats::sha256_file(file), fs::file_size(file)});
  return {model.format, read, model.claims, {}};
}

/// The result of a model that was trained elsewhere, on data that it does not tell.
Result imported(const ForeignModel& model, const Origin& origin, const std::vector<std::string>& argv) {
  data::DataFacts unknown;
  unknown.name = "unknown";
  Outcome outcome;
  outcome.status = Status::kImported;
  outcome.argv = argv;
  outcome.state.step = model.steps;
  Result result = result_of(model.config, unknown, outcome);
  result.origin = origin;
  return result;
}

/// Byte-pair tokens of the file that is named, or that a folder of Hugging Face's holds; otherwise ids. The file
/// becomes one of `files`, a reason why it is not taken one of `notes`.
data::Tokenizer tokenizer_of(const fs::path& model, const std::string& named, index_t vocab,
                             std::vector<fs::path>& files, std::vector<std::string>& notes) {
  fs::path file = named == data::kPairsSet ? data::require_installed(named) / data::find_source(named).files[0].name
                                           : fs::path(named);
  for (const char* name : {"tokenizer.json", "merges.txt", "vocab.bpe"})
    if (file.empty() && fs::is_directory(model) && fs::is_regular_file(model / name)) file = model / name;
  if (file.empty()) return data::Tokenizer::ids(vocab);
  constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 28;
  try {
    const auto tokenizer =
        data::Tokenizer::byte_pairs(formats::parse_merges(read_file(file, kMaxBytes), file.string()));
    if (tokenizer.vocab() > vocab)
      fail_input(file.string() + ": it has " + std::to_string(tokenizer.vocab()) + " tokens, the model " +
                 std::to_string(vocab));
    files.push_back(file);
    return tokenizer;
  } catch (const Error& error) {
    if (!named.empty()) throw;
    notes.push_back("the model's texts are read as ids of tokens: " + std::string(error.what()));
  }
  return data::Tokenizer::ids(vocab);
}

}  // namespace

ForeignModel read_foreign(const fs::path& path, index_t heads, std::vector<fs::path>& files) {
  if (!fs::exists(path))
    fail_input("there is no " + path.string() + "; name a .pt or .bin file, or a folder of Hugging Face's");
  if (fs::is_directory(path)) {
    if (fs::exists(RunFiles(path).result)) fail_input(path.string() + " is a run of this tool already");
    const formats::ModelFolder folder = formats::read_model_folder(path);
    files = folder.files;
    files.insert(files.begin(), path / "config.json");
    return huggingface_model(folder, path.string());
  }
  files = {path};
  std::int32_t mark = 0;
  const std::string head = head_of(path);
  if (head.size() >= sizeof(mark)) std::memcpy(&mark, head.data(), sizeof(mark));
  // A name alone tells a file whose mark is damaged from one of PyTorch's.
  if (mark == formats::kLlmcModel || (path.extension() == ".bin" && !formats::is_torch_file(head)))
    return llmc_model(formats::read_llmc_model(path), path.string());
  return torch_model(formats::TorchFile::open(path), heads);
}

ImportReport import_model(const fs::path& path, const ImportOptions& options) {
  const double begin_s = seconds_now();
  std::vector<fs::path> files;
  ForeignModel model = read_foreign(path, options.heads, files);
  std::optional<data::Tokenizer> tokenizer;
  if (data::traits_of(model.config.model.family).decodes)
    tokenizer = tokenizer_of(path, options.tokenizer, model.config.model.vocab, files, model.notes);
  else if (!options.tokenizer.empty())
    fail_usage("--tokenizer: " + path.string() + " is no language model");
  std::deque<std::vector<float>> memory;
  const std::vector<formats::TensorToWrite> tensors = tensors_of(model, path.string(), memory);
  const Origin origin = origin_of(model, files);
  const std::string hash =
      formats::sha256(files_json(origin.files).dump() + std::to_string(model.config.model.heads)).substr(0, 8);
  MadeRun made{options.out / ("import-" + plain_name(path) + "-" + hash),
               tensors,
               {{"config", config_json(model.config).dump()},
                {"origin", formats::text_of(origin_json(origin))},
                {"format", "pt"}},
               imported(model, origin, options.argv),
               begin_s};
  if (tokenizer) made.metadata["tokenizer"] = tokenizer_json(*tokenizer).dump();
  ImportReport report{made.directory, {}, false, model.notes};
  report.was_there = !write_made_run(made, options.out, options.overwrite, report.result);
  return report;
}

}  // namespace qkvbench::run
