// Files of data sets small enough to make up: what the substitute for the table of data sets holds.
// Their content is a function of their name, here and in every process.
#pragma once
#include <string>

#include "support/archives.hpp"

namespace qkvbench::test {

inline std::string made_up(const std::string& name, std::size_t bytes) {
  std::string text;
  for (int line = 0; text.size() < bytes; ++line) text += name + " " + std::to_string(line * line) + "\n";
  return text.substr(0, bytes);
}

inline std::string poem() { return made_up("poem", 300'000); }
inline std::string digits(const std::string& split) { return made_up(split, 50'000); }
inline std::string photos_tar() {
  return gzip(tar_member("photos-1.0/", "", '5') + tar_member("photos-1.0/README", "not needed") +
              tar_member("photos-1.0/classes.txt", "cat\ndog\n") +
              tar_member("photos-1.0/train/cat/images/1.JPEG", "miaow") +
              tar_member("photos-1.0/train/dog/images/1.JPEG", "woof") + tar_end());
}

}  // namespace qkvbench::test
