// An SVG read back: elements by class, and where they lie.
// What a picture looks like is for eyes; that a dot lies where its number says is not.
#pragma once
#include <cmath>
#include <iterator>
#include <pugixml.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace qkvbench::test {

struct Point {
  double x, y;
};

class Picture {
 public:
  /// Throws std::runtime_error when the text is not one well-formed element.
  explicit Picture(std::string_view svg) {
    const pugi::xml_parse_result result =
        document_.load_buffer(svg.data(), svg.size(), pugi::parse_default | pugi::parse_ws_pcdata_single);
    const auto roots = std::distance(document_.begin(), document_.end());
    if (!result || roots != 1)
      throw std::runtime_error(std::string("no picture: ") + result.description() + " at " +
                               std::to_string(result.offset) + ", " + std::to_string(roots) + " elements");
  }

  /// Elements of a name whose class attribute has all the words, in their order.
  std::vector<pugi::xml_node> all(const std::string& name, const std::vector<std::string>& words = {}) const {
    std::vector<pugi::xml_node> found;
    for (const pugi::xpath_node& at : document_.select_nodes(("//" + name).c_str())) {
      const std::string css = std::string(" ") + at.node().attribute("class").value() + " ";
      bool has = true;
      for (const std::string& word : words) has = has && css.find(" " + word + " ") != std::string::npos;
      if (has) found.push_back(at.node());
    }
    return found;
  }
  /// What the text elements say.
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const pugi::xml_node& node : all("text")) out.emplace_back(node.text().get());
    return out;
  }

 private:
  pugi::xml_document document_;
};

/// The corners of a path of M and L alone.
inline std::vector<Point> corners(const pugi::xml_node& path) {
  std::string d = path.attribute("d").value();
  for (char& c : d)
    if (c == 'M' || c == 'L') c = ' ';
  std::vector<Point> out;
  std::istringstream in(d);
  for (Point at{}; in >> at.x >> at.y;) out.push_back(at);
  return out;
}

/// A number among an element's attributes; NaN where there is none.
inline double attribute(const pugi::xml_node& node, const char* name) { return node.attribute(name).as_double(NAN); }

}  // namespace qkvbench::test
