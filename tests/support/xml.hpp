// Whether a text is well-formed XML, as far as pictures need it: tags that match, quoted attributes, known entities.
// Not a parser: it says where the first fault is and nothing else.
#pragma once
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace qkvbench {

class XmlCheck {
 public:
  explicit XmlCheck(std::string_view text) : rest_(text), all_(text) {}

  /// Empty when the text is one well-formed element, else what is wrong and where.
  std::string fault() {
    std::vector<std::string> open;
    bool seen = false;
    while (fault_.empty() && !rest_.empty()) {
      if (rest_[0] == '<')
        tag(open, seen);
      else if (rest_[0] == '&')
        entity();
      else if (open.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) == 0)
        fail("text outside");
      else
        rest_.remove_prefix(1);
    }
    if (fault_.empty() && !open.empty()) fail("not closed: " + open.back());
    if (fault_.empty() && !seen) fail("no element");
    return fault_;
  }

 private:
  void fail(const std::string& what) {
    fault_ = what + " at " + std::to_string(all_.size() - rest_.size()) + ": " + std::string(rest_.substr(0, 60));
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  std::string name() {
    std::size_t n = 0;
    while (n < rest_.size() && (std::isalnum(static_cast<unsigned char>(rest_[n])) != 0 || rest_[n] == '-' ||
                                rest_[n] == ':' || rest_[n] == '_'))
      ++n;
    const std::string found(rest_.substr(0, n));
    rest_.remove_prefix(n);
    return found;
  }
  void spaces() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0])) != 0) rest_.remove_prefix(1);
  }
  void entity() {
    for (const std::string_view known : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"})
      if (take(known)) return;
    fail("unknown entity");
  }
  void attributes() {
    for (spaces(); fault_.empty() && !rest_.empty() && rest_[0] != '>' && rest_[0] != '/'; spaces()) {
      if (name().empty() || !take("=\"")) return fail("attribute");
      while (fault_.empty() && !rest_.empty() && rest_[0] != '"') {
        if (rest_[0] == '<') return fail("mark in an attribute");
        rest_[0] == '&' ? entity() : rest_.remove_prefix(1);
      }
      if (!take("\"")) return fail("open attribute");
    }
  }
  void tag(std::vector<std::string>& open, bool& seen) {
    if (take("</")) {
      const std::string closed = name();
      if (open.empty() || open.back() != closed || !take(">")) return fail("closing " + closed);
      open.pop_back();
      return;
    }
    take("<");
    const std::string opened = name();
    if (opened.empty() || (open.empty() && seen)) return fail("tag");
    seen = true;
    attributes();
    if (!fault_.empty() || take("/>")) return;
    if (!take(">")) return fail("end of tag");
    open.push_back(opened);
  }

  std::string_view rest_, all_;
  std::string fault_;
};

inline std::string xml_fault(std::string_view text) { return XmlCheck(text).fault(); }

}  // namespace qkvbench
