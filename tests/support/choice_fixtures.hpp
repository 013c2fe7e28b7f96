// Own items in the original files' form, with the texts and GPT-2 ids that lm-evaluation-harness makes of them and the
// scores of a small model of bytes, computed in double precision by another program (fixtures/mc).
#pragma once
#include <string>

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/unpack.hpp"

namespace qkvbench::test {

inline const std::string kChoices = SOURCE_DIR "/tests/fixtures/mc/";

inline nlohmann::json choice_requests() {
  std::string text;
  formats::read_gzip(kChoices + "requests.json.gz", [&](std::string_view piece) { text += piece; });
  return nlohmann::json::parse(text).at("tasks");
}

inline nlohmann::json choice_scores() {
  return nlohmann::json::parse(read_file(kChoices + "scores_bytes.json")).at("tasks");
}

/// "piqa_5shot" -> "piqa", 5
inline std::pair<std::string, std::size_t> task_and_shots(const std::string& key) {
  const std::size_t at = key.find("_5shot");
  return {key.substr(0, at), at == key.npos ? 0 : 5};
}

}  // namespace qkvbench::test
