// The table of families. To add one, write its file and add a row.
// What a family computes stands in its own file.
#include "qkvbench/nn/families.hpp"

#include <array>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/text.hpp"

namespace qkvbench::nn {

namespace {

struct Row {
  const char* name;
  std::unique_ptr<ModelEnds> (*make)(const ModelConfig&);
};
constexpr std::array<Row, 4> kFamilies{
    {{"encoder", make_encoder}, {"vit", make_vit}, {"set", make_set}, {"gpt", make_gpt}}};

}  // namespace

const std::vector<std::string>& family_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const Row& row : kFamilies) out.emplace_back(row.name);
    return out;
  }();
  return names;
}

void check_positions(const ModelConfig& config) {
  if (config.positions == "learned" && config.seq_len > config.max_len)
    fail_usage("seq_len " + std::to_string(config.seq_len) + " is longer than the " + std::to_string(config.max_len) +
               " learned positions; raise --max-len");
}

std::unique_ptr<ModelEnds> make_family(const ModelConfig& config) {
  return find_row("family", config.family, kFamilies, &Row::name).make(config);
}

}  // namespace qkvbench::nn
