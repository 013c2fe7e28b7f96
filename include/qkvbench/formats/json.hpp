// The JSON library itself, for sources that build or read values; headers that only name them include json_text.hpp.
// Its two classes are compiled once, in json.cpp, and not in each file that uses them.
#pragma once
#include <nlohmann/json.hpp>

extern template class nlohmann::basic_json<>;
extern template class nlohmann::basic_json<nlohmann::ordered_map>;
