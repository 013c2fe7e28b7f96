// Where the files of a data set are looked for.
// Fetches and unpacks nothing.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace qkvbench::data {

/// The folder of a data set: `given` when that is not empty, else where it is installed (see sources.hpp).
/// Nothing when it is not there; a `given` one that is not there is an error (input).
std::optional<std::filesystem::path> find_data_folder(const std::string& name, const std::string& given);

/// The same, but throws Error (input) that says where it was looked for and how to get it when it is not there.
std::filesystem::path data_folder(const std::string& name, const std::string& given);

}  // namespace qkvbench::data
