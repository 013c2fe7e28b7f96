// The one place where the JSON library's classes are compiled.
#include "qkvbench/formats/json.hpp"

template class nlohmann::basic_json<>;
template class nlohmann::basic_json<nlohmann::ordered_map>;
