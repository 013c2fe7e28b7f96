// SHA-256, for names of configurations and checksums of files, by OpenSSL: it uses the processor's instructions for it.
// No other hash, and nothing else of OpenSSL.
#include "qkvbench/formats/sha256.hpp"

#include <openssl/evp.h>

#include <array>

#include "qkvbench/base/error.hpp"
#include "qkvbench/base/files.hpp"

namespace qkvbench::formats {

namespace {

EVP_MD_CTX* context(void* p) { return static_cast<EVP_MD_CTX*>(p); }

void check(int result) {
  if (result != 1) fail_internal("SHA-256: OpenSSL refuses it");
}

}  // namespace

void Sha256::Free::operator()(void* p) const { EVP_MD_CTX_free(context(p)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  check(EVP_DigestInit_ex(context(context_.get()), EVP_sha256(), nullptr));
}

void Sha256::update(std::string_view bytes) {
  check(EVP_DigestUpdate(context(context_.get()), bytes.data(), bytes.size()));
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  check(EVP_DigestFinal_ex(context(context_.get()), digest.data(), &size));
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += {kDigits[digest[i] >> 4], kDigits[digest[i] & 15]};
  return hex;
}

std::string sha256(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.hex();
}

std::string sha256_file(const std::filesystem::path& path) {
  Sha256 hash;
  read_pieces(path, [&](std::string_view piece) { hash.update(piece); });
  return hash.hex();
}

}  // namespace qkvbench::formats
