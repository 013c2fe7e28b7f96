// One line for each result.
// What a line says is not trusted: run/records reads it as it reads a result.json.
#include "qkvbench/run/recorded_results.hpp"

#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/gzip.hpp"
#include "qkvbench/formats/json.hpp"

namespace qkvbench::run {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 30;  // unpacked

}  // namespace

bool has_recorded_results(const fs::path& path) { return path.filename().string().ends_with(kRecordedEnding); }

void each_recorded_result(const fs::path& path,
                          const std::function<void(const fs::path& place, const std::string& text)>& each) {
  const std::string text = formats::read_gzip_text(path, kLargestFile);
  std::size_t number = 0;
  for (const std::string& line : lines_of(text)) each(path.string() + ":" + std::to_string(++number), line);
}

std::string recorded_text(std::span<const Record> records) {
  std::string text;
  for (const Record& record : records) {
    Json json = result_json(record);
    json["argv"] = Json::array();
    text += formats::text_of(json) + "\n";
  }
  return formats::gzip_text(text);
}

}  // namespace qkvbench::run
