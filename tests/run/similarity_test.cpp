// Measures of similarity against numbers that numpy computed in double precision, on matrices with known answers.
// Models are in analyze_test.
#include "qkvbench/run/similarity.hpp"

#include "qkvbench/base/files.hpp"
#include "qkvbench/formats/json.hpp"
#include "qkvbench/run/spectrum.hpp"
#include "support/catch.hpp"
#include "support/similarity.hpp"

using namespace qkvbench;
using namespace qkvbench::run;
using nlohmann::json;
using test::check_near;

namespace {

Matrix matrix_of(const json& rows) {
  Matrix out(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(rows[0].size()));
  for (Eigen::Index i = 0; i < out.rows(); ++i)
    for (Eigen::Index j = 0; j < out.cols(); ++j)
      out(i, j) = rows[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)].get<double>();
  return out;
}

void check_spectrum(const Matrix& a, const json& expected) {
  const Spectrum s = spectrum(a);
  check_near("effective_rank", s.effective_rank, expected);
  check_near("effective_rank_energy", s.effective_rank_energy, expected);
  check_near("participation_ratio", s.participation_ratio, expected);
  check_near("stable_rank", s.stable_rank, expected);
  check_near("rank_90", s.rank_90, expected);
  const double scale = std::max(1.0, a.cwiseAbs().maxCoeff());
  for (const auto& [name, value] : {std::pair{"spectral_norm", s.spectral_norm}, {"frobenius", s.frobenius}})
    CHECK(std::abs(*value - expected.at(name).get<double>()) <= 1e-9 * scale);
}

}  // namespace

TEST_CASE("similarities of small matrices are those that numpy computes, and null where they do not exist", "[run]") {
  const json all = json::parse(read_file(SOURCE_DIR "/tests/fixtures/similarity/small_cases.json"));
  for (const json& one : all.at("cases")) {
    INFO(one.at("name").get<std::string>() << ": " << one.at("why").get<std::string>());
    const Matrix a = matrix_of(one.at("a")), b = matrix_of(one.at("b"));
    check_near("cos", cosine(a, b), one);
    check_near("cos_centred", cosine(centred(a), centred(b)), one);
    check_near("token_cos_mean", row_cosine_mean(a, b), one);
    check_near("cka", cka(a, b), one);
    check_near("cka_uncentred", cka_uncentred(a, b), one);
    check_near("cka_debiased", cka_debiased(a, b), one);
    check_near("procrustes", procrustes(a, b), one);
    check_spectrum(a, one.at("spectrum_a"));
    check_spectrum(b, one.at("spectrum_b"));
  }
}

TEST_CASE("measures of similarity do not change with rotations and scales where they should not", "[run]") {
  const Matrix a = Matrix::Random(40, 6), b = a + 0.5 * Matrix::Random(40, 6);
  const Eigen::VectorXd normal = Eigen::VectorXd::Random(6);
  const Matrix turn = Matrix::Identity(6, 6) - 2 / normal.squaredNorm() * normal * normal.transpose();
  for (const double scale : {1e-200, 1.0, 1e200}) {
    const Matrix turned = scale * (b * turn);
    CHECK(std::abs(*cka(a, turned) - *cka(a, b)) <= 1e-12);
    CHECK(std::abs(*cka_debiased(a, turned) - *cka_debiased(a, b)) <= 1e-12);
    CHECK(std::abs(*procrustes(a, turned) - *procrustes(a, b)) <= 1e-12);
    CHECK(std::abs(*r2_from(a, turned) - *r2_from(a, b)) <= 1e-12);
  }
}

TEST_CASE("an affine image is explained whole, noise hardly, and few samples not at all", "[run]") {
  const Matrix a = Matrix::Random(50, 4);
  const Matrix image = (a * Matrix::Random(4, 3)).array() + 7;
  CHECK(std::abs(*r2_from(a, image) - 1) <= 1e-12);
  Matrix flat = a;
  flat.col(3) = flat.col(2) + flat.col(1);  // of rank 3: the smallest M that fits
  CHECK(std::abs(*r2_from(flat, flat * Matrix::Random(4, 2)) - 1) <= 1e-12);
  CHECK(*r2_from(a, Matrix::Random(50, 4)) < 0.4);
  CHECK(*r2_from(Matrix::Constant(50, 4, 0.1), image) == 0);
  CHECK_FALSE(r2_from(a.topRows(4), image.topRows(4)));
  CHECK_FALSE(r2_from(a, Matrix::Constant(50, 2, 0.1)));
}

TEST_CASE("spaces: one space overlaps whole, and what does not span so many dimensions has no angles", "[run]") {
  const Matrix a = Matrix::Random(4, 9), same = Matrix::Random(4, 4) * a;
  CHECK(std::abs(*subspace_overlap(a, same, 4) - 1) <= 1e-10);
  CHECK(std::abs(*joint_energy(a, same, 4) - 1) <= 1e-12);
  Matrix flat = a;
  flat.row(3) = flat.row(2);
  CHECK_FALSE(subspace_overlap(a, flat, 4));
  CHECK(subspace_overlap(a, flat, 3));
  const Matrix axes = Matrix::Identity(4, 8), others = Matrix::Identity(8, 8).bottomRows(4);
  CHECK(*subspace_overlap(axes, others, 4) <= 1e-20);
  CHECK(std::abs(*joint_energy(axes, others, 4) - 0.5) <= 1e-12);
}

TEST_CASE("nothing is measured of what is not finite or has other shapes", "[run]") {
  Matrix a = Matrix::Random(9, 3);
  const Matrix b = Matrix::Random(9, 3);
  CHECK_FALSE(cosine(a, b.leftCols(2)));
  CHECK_FALSE(cka(a, b.topRows(8)));
  a(1, 1) = NAN;
  for (const auto& value : {cosine(a, b), cka(a, b), cka_uncentred(a, b), cka_debiased(a, b), procrustes(a, b),
                            r2_from(a, b), r2_from(b, a), joint_energy(a, b, 3), subspace_overlap(a, b, 2)})
    CHECK_FALSE(value);
  CHECK_FALSE(spectrum(a).effective_rank);
  CHECK_FALSE(spectrum(a).frobenius);
}
