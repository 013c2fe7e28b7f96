// Reading records of benchmarks back.
// Only what a comparison needs is looked at; records of other versions may have more.
#include "qkvbench/run/bench_compare.hpp"

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/named_file.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/strict_json.hpp"

namespace qkvbench::run {

namespace {

constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 20;

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

double speed_of(const nlohmann::json& row) {
  return row.at(row.contains("tokens_per_s") ? "tokens_per_s" : "examples_per_s");
}

}  // namespace

std::optional<double> EarlierBench::speed(const std::string& case_name) const {
  const auto found = speeds.find(case_name);
  return found == speeds.end() ? std::nullopt : std::optional(found->second);
}

std::string EarlierBench::differences(const Json& env_now) const {
  std::vector<std::string> differences;
  for (const auto& [key, now] : env_now.items())
    if (!env.contains(key) || env[key] != now)
      differences.push_back(key + " " + plain(env.value(key, Json("unknown"))) + " then, " + plain(now) + " now");
  return join(differences, "; ");
}

EarlierBench read_earlier_bench(const std::filesystem::path& path, const std::string& bench) {
  const std::string what = name_of_input(path) + " is no record of qkvbench bench " + bench,
                    mend = "; take what --json wrote";
  const nlohmann::json json = formats::parse_json(read_named_file(path, kMaxFileBytes), name_of_input(path));
  try {
    if (const std::string kind = json.at("bench"); kind != bench) fail_input(what + ", but of bench " + kind);
    EarlierBench earlier;
    for (const auto& row : json.at(bench == "decode" ? "decode" : "cases")) {
      const std::string name = row.at("case");
      const double speed = speed_of(row);
      if (!(speed > 0)) fail_input(what + ": the speed of " + name + " is not above zero" + mend);
      earlier.speeds[name] = speed;
    }
    if (!json.at("env").is_object()) fail_input(what + ": env is no object" + mend);
    earlier.env = json.at("env");
    return earlier;
  } catch (const nlohmann::json::exception&) {
    fail_input(what + ": a field is missing or of the wrong kind" + mend);
  }
}

}  // namespace qkvbench::run
