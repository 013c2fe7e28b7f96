// qkvbench schema: the JSON Schemas of everything that is written as JSON.
// They are made in run/schemas; nothing is known here of any of them.
#include <algorithm>
#include <memory>

#include "qkvbench/cli/command.hpp"
#include "qkvbench/cli/flags.hpp"
#include "qkvbench/cli/shown.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/formats/json_text.hpp"
#include "qkvbench/report/table.hpp"
#include "qkvbench/run/schemas.hpp"

namespace qkvbench::cli {

namespace {

using formats::Json;

struct SchemaFlags {
  std::string kind = "result";
  bool list = false;
};

Exit list_schemas(const Session& session) {
  report::Table table({{"kind"}, {"what it is"}});
  Json kinds = Json::array();
  for (const run::Schema& schema : run::all_schemas()) {
    const std::string all = run::schema_json(schema.kind)["description"];
    table.add({schema.kind, all.substr(0, std::min(all.find(". "), all.size() - 1))});
    kinds.push_back({{"kind", schema.kind}, {"description", all}});
  }
  print(session, "schema-list", shown(session, table), {{"kinds", kinds}});
  return Exit::kDone;
}

Exit print_schema(const Session& session, const SchemaFlags& flags) {
  if (flags.list) return list_schemas(session);
  if (session.format != "text") fail_usage("--format concerns --list, which prints a table; a schema is JSON");
  const Json json = run::schema_json(flags.kind);
  print(session, "schema", json.dump(2) + "\n", {{"of", flags.kind}, {"schema", json}});
  return Exit::kDone;
}

}  // namespace

void add_schema(CLI::App& command, Session& session) {
  const auto flags = std::make_shared<SchemaFlags>();
  add_option(command, "kind", flags->kind, "what it describes; schema --list names all").type_name("KIND [result]");
  add_flag(command, "--list", flags->list, "the kinds there are");
  finish_command(
      command, session,
      "Prints the JSON Schema (2020-12) of result.json, or of what a command writes with --json: the field\n"
      "\"kind\" in it names the schema. Strings that are no UTF-8, such as names of files, have \\xE9 for the\n"
      "byte E9.",
      "  qkvbench schema > result.schema.json\n"
      "  qkvbench schema train > train.schema.json");
  on_call(command, session, flags, print_schema);
}

}  // namespace qkvbench::cli
