// Whole schemas from the files' parts.
// The envelope stands here once rather than in every file.
#include "qkvbench/run/schemas.hpp"

#include "build_info.hpp"
#include "qkvbench/base/text.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/nn/variant.hpp"

namespace qkvbench::run {

namespace {

const std::vector<Schema>& table() {
  static const std::vector<Schema> schemas = [] {
    std::vector<Schema> rows;
    for (const auto& [kind, text] : kSchemaTexts) rows.push_back({kind, text});
    return rows;
  }();
  return schemas;
}

/// The schema of a result, with the variants that there are.
Json result_schema() {
  Json result = Json::parse(find_schema("result").text);
  std::vector<std::string> ids;
  for (const nn::AttentionKind& kind : nn::all_kinds()) ids.emplace_back(kind.id);
  result["$defs"]["variant_id"]["pattern"] = "^(" + join(ids, "|") + ")[+]?$";
  return result;
}

/// Definitions that a kind may refer to.
Json shared_definitions() {
  Json result = result_schema();
  Json definitions = result["$defs"];
  for (const auto& [key, value] : result["properties"].items())
    if (value.value("type", "") == "object") definitions[key] = value;
  result.erase("$defs");
  result.erase("$schema");
  definitions["result"] = result;
  return definitions;
}

/// Takes from `known` what a schema refers to, and what that refers to.
void take_definitions(const Json& schema, const Json& known, Json& taken) {
  constexpr std::string_view kPlace = "#/$defs/";
  if (!schema.is_structured()) return;
  for (const auto& [key, value] : schema.items()) {
    if (!schema.is_object() || key != "$ref") {
      take_definitions(value, known, taken);
      continue;
    }
    const std::string name = value.get<std::string>().substr(kPlace.size());
    if (taken.contains(name)) continue;
    taken[name] = known.at(name);
    take_definitions(known.at(name), known, taken);
  }
}

}  // namespace

std::span<const Schema> all_schemas() { return table(); }

const Schema& find_schema(const std::string& kind) {
  std::vector<std::string> known;
  for (const Schema& schema : table()) {
    if (schema.kind == kind) return schema;
    known.push_back(schema.kind);
  }
  fail_usage(unknown_name_in_short("kind", kind, known) + " (see qkvbench schema --list)");
}

Json schema_json(const std::string& kind) {
  if (kind == "result") return result_schema();
  const Json own = Json::parse(find_schema(kind).text);
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "qkvbench " + kind},
              {"description", own["description"]},
              {"type", "object"},
              {"additionalProperties", false},
              {"required", {"schema_version", "kind", "tool"}},
              {"properties",
               {{"schema_version",
                 {{"const", kSchemaVersion}, {"description", "Rises when a field's meaning changes or a field goes."}}},
                {"kind", {{"const", kind}, {"description", "Which of these forms it is; `qkvbench schema KIND`."}}},
                {"tool", {{"$ref", "#/$defs/tool"}, {"description", "The program that wrote it."}}}}}};
  for (const auto& key : own["required"]) schema["required"].push_back(key);
  schema["properties"].update(own["properties"]);
  Json known = shared_definitions(), taken = Json::object();
  if (own.contains("$defs")) known.update(own["$defs"]);
  take_definitions(schema, known, taken);
  schema["$defs"] = taken;
  return schema;
}

}  // namespace qkvbench::run
