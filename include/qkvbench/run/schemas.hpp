// The JSON Schemas of all that is written as JSON. A kind is a file of data/schema/, embedded in the build.
// To add one, add a file; what all kinds share is put to it here.
#pragma once
#include <span>
#include <string>

#include "qkvbench/run/config.hpp"

namespace qkvbench::run {

inline constexpr int kSchemaVersion = 1;

/// A kind of JSON and the part of its schema that is its own.
struct Schema {
  const char *kind, *text;
};
/// By name.
std::span<const Schema> all_schemas();
/// Throws Error (usage) with the nearest name if there is no such kind.
const Schema& find_schema(const std::string& kind);

/// The whole JSON Schema (2020-12) of a kind. Of all kinds but result, which is a file of its own: with schema_version,
/// kind and tool before its properties, and with the definitions that it refers to; the objects of result.json are
/// definitions that every kind may refer to by their names (#/$defs/config), and so is the whole (#/$defs/result).
Json schema_json(const std::string& kind);

}  // namespace qkvbench::run
