// What a file that is to hold 16-bit tokens holds instead, as far as its bytes tell.
// Only signs that no list of tokens shows by chance; a doubt is none.
#pragma once
#include <string>
#include <string_view>

namespace qkvbench::formats {

/// What the bytes seem to be if not little-endian 16-bit tokens, in words that go on "its bytes look like …", or empty.
/// `begin`: where tokens begin.
std::string foreign_form(std::string_view bytes, std::size_t begin);

}  // namespace qkvbench::formats
