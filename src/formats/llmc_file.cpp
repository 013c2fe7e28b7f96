// Reading llm.c's model files where they lie.
// The header's sizes are bounded before any product of them is made.
#include "qkvbench/formats/llmc_file.hpp"

#include <cstring>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/mapped_file.hpp"

namespace qkvbench::formats {

namespace {

constexpr std::size_t kHeaderBytes = 256 * 4;
constexpr index_t kMostLayers = 1000, kMostChannels = 65536, kMostRows = 1 << 24;

}  // namespace

std::vector<LlmcTensor> llmc_tensors(const LlmcModel& m, index_t padded_vocab) {
  const index_t C = m.d_model;
  return {{"wte.weight", false, {padded_vocab, C}},
          {"wpe.weight", false, {m.max_len, C}},
          {"ln_1.weight", true, {C}},
          {"ln_1.bias", true, {C}},
          {"attn.c_attn.weight", true, {3 * C, C}},
          {"attn.c_attn.bias", true, {3 * C}},
          {"attn.c_proj.weight", true, {C, C}},
          {"attn.c_proj.bias", true, {C}},
          {"ln_2.weight", true, {C}},
          {"ln_2.bias", true, {C}},
          {"mlp.c_fc.weight", true, {4 * C, C}},
          {"mlp.c_fc.bias", true, {4 * C}},
          {"mlp.c_proj.weight", true, {C, 4 * C}},
          {"mlp.c_proj.bias", true, {C}},
          {"ln_f.weight", false, {C}},
          {"ln_f.bias", false, {C}}};
}

LlmcModel parse_llmc_model(std::string_view bytes, const std::string& origin, std::shared_ptr<const void> owner) {
  if (bytes.size() < kHeaderBytes)
    fail_input(origin + ": " + std::to_string(bytes.size()) + " bytes are too few for llm.c's header of 1024");
  std::int32_t header[8];
  std::memcpy(header, bytes.data(), sizeof(header));
  if (header[0] != kLlmcModel)
    fail_input(origin + ": at byte 0 stands " + std::to_string(header[0]) +
               ", not 20240326, the mark of llm.c's models");
  if (header[1] != 3 && header[1] != 5)
    fail_input(origin + ": version " + std::to_string(header[1]) + " of llm.c's models is not known, only 3 and 5");
  LlmcModel model;
  model.dtype = header[1] == 3 ? "F32" : "BF16";
  model.max_len = header[2], model.vocab = header[3], model.layers = header[4], model.heads = header[5];
  model.d_model = header[6];
  const index_t padded = header[7];
  const auto check = [&](const char* name, index_t value, index_t least, index_t most) {
    if (value < least || value > most)
      fail_input(origin + ": the header's " + name + " is " + std::to_string(value) + "; it must lie between " +
                 std::to_string(least) + " and " + std::to_string(most));
  };
  check("number of positions", model.max_len, 1, kMostRows);
  check("vocabulary", model.vocab, 1, kMostRows);
  check("number of layers", model.layers, 1, kMostLayers);
  check("number of channels", model.d_model, 1, kMostChannels);
  check("number of heads", model.heads, 1, model.d_model);
  check("padded vocabulary", padded, model.vocab, kMostRows);
  index_t numbers = 0;
  const std::vector<LlmcTensor> order = llmc_tensors(model, padded);
  const auto elements = [](const LlmcTensor& t) { return t.shape[0] * (t.shape.size() > 1 ? t.shape[1] : 1); };
  for (const LlmcTensor& t : order) numbers += elements(t) * (t.in_layers ? model.layers : 1);
  const std::size_t expected = kHeaderBytes + static_cast<std::size_t>(numbers * bytes_of(model.dtype));
  if (bytes.size() != expected)
    fail_input(origin + ": it has " + std::to_string(bytes.size()) + " bytes, and its header says " +
               std::to_string(expected) + "; it is cut short, too long or damaged");
  const auto storage = std::make_shared<const ForeignStorage>(
      ForeignStorage{origin, bytes.substr(kHeaderBytes), std::move(owner), std::nullopt});
  index_t at = 0;
  for (const LlmcTensor& t : order)
    for (index_t layer = 0; layer < (t.in_layers ? model.layers : 1); ++layer, at += elements(t)) {
      const std::string name = t.in_layers ? "h." + std::to_string(layer) + "." + t.name : t.name;
      model.tensors[name] = whole_tensor(model.dtype, t.shape, storage, at);
    }
  ForeignTensor& embedding = model.tensors.at("wte.weight");
  embedding = rows_of(embedding, 0, model.vocab);
  return model;
}

LlmcModel read_llmc_model(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  return parse_llmc_model(file->bytes(), path.string(), file);
}

}  // namespace qkvbench::formats
