// The table of image sets, and how each is read.
// What a form of files looks like stands with its reader.
#include "qkvbench/data/image_sources.hpp"

#include <cmath>

#include "qkvbench/base/text.hpp"
#include "qkvbench/data/cifar.hpp"
#include "qkvbench/data/data_folder.hpp"
#include "qkvbench/data/glyphs.hpp"
#include "qkvbench/data/idx.hpp"
#include "qkvbench/data/image_folder.hpp"

namespace qkvbench::data {

namespace fs = std::filesystem;

namespace {

constexpr index_t kTinySide = 64;  // of Tiny ImageNet's files; a larger side asked for is made from that

constexpr const char *kDigits = "0,1,2,3,4,5,6,7,8,9",
                     *kClothes = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot",
                     *kCifar10 = "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck",
                     *kCifar100 =
                         "apple,aquarium_fish,baby,bear,beaver,bed,bee,beetle,bicycle,bottle,bowl,boy,bridge,bus,"
                         "butterfly,camel,can,castle,caterpillar,cattle,chair,chimpanzee,clock,cloud,cockroach,couch,"
                         "crab,crocodile,cup,dinosaur,dolphin,elephant,flatfish,forest,fox,girl,hamster,house,"
                         "kangaroo,keyboard,lamp,lawn_mower,leopard,lion,lizard,lobster,man,maple_tree,motorcycle,"
                         "mountain,mouse,mushroom,oak_tree,orange,orchid,otter,palm_tree,pear,pickup_truck,pine_tree,"
                         "plain,plate,poppy,porcupine,possum,rabbit,raccoon,ray,road,rocket,rose,sea,seal,shark,shrew,"
                         "skunk,skyscraper,snail,snake,spider,squirrel,streetcar,sunflower,sweet_pepper,table,tank,"
                         "telephone,television,tiger,tractor,train,trout,tulip,turtle,wardrobe,whale,willow_tree,wolf,"
                         "woman,worm";

const std::vector<ImageSource>& table() {
  using Form = ImageSource::Form;
  static const std::vector<ImageSource> rows{
      {"glyphs",
       "drawn digits, built in",
       Form::kGlyphs,
       {1, kGlyphSide, kGlyphClasses, kGlyphsTrain, kGlyphsTest},
       {0.1213},
       {0.2395},
       "",
       kDigits},
      {"mnist", "handwritten digits", Form::kIdx, {1, 28, 10, 60000, 10000}, {0.1307}, {0.3081}, "", kDigits},
      {"fashion-mnist", "pieces of clothing", Form::kIdx, {1, 28, 10, 60000, 10000}, {0.2860}, {0.3530}, "", kClothes},
      {"cifar10",
       "photographs of ten kinds of things",
       Form::kCifar,
       {3, 32, 10, 50000, 10000},
       {0.4914, 0.4822, 0.4465},
       {0.2470, 0.2435, 0.2616},
       "cifar-10-batches-bin",
       kCifar10},
      {"cifar100",
       "photographs of a hundred kinds of things",
       Form::kCifar,
       {3, 32, 100, 50000, 10000},
       {0.5071, 0.4867, 0.4408},
       {0.2675, 0.2565, 0.2761},
       "cifar-100-binary",
       kCifar100},
      {"tiny-imagenet",
       "photographs of two hundred kinds of things",
       Form::kTinyImageNet,
       {3, kTinySide, 200, 100000, 10000},
       {0.4802, 0.4481, 0.3975},
       {0.2770, 0.2691, 0.2821},
       "tiny-imagenet-200"},
      {"images", "a folder of your own, train/<class>/*.{jpg,jpeg,png}", Form::kClassFolder, {}, {}, {}},
  };
  return rows;
}

/// Where the files of a set lie: its folder, or the one in it that its archive unpacks to.
fs::path files_in(const ImageSource& source, const fs::path& folder) {
  return *source.inner != '\0' && fs::is_directory(folder / source.inner) ? folder / source.inner : folder;
}

ImageSizes sizes_of_files(const ImageSource& source, const fs::path& folder) {
  ImageSizes sizes = source.published;
  switch (source.form) {
    case ImageSource::Form::kGlyphs: return sizes;
    case ImageSource::Form::kIdx: sizes = idx_sizes(folder); break;
    case ImageSource::Form::kCifar: return cifar_sizes(folder, source.published.classes);
    case ImageSource::Form::kTinyImageNet: return tiny_imagenet_sizes(folder);
    case ImageSource::Form::kClassFolder: return class_folder_sizes(folder);
  }
  sizes.classes = source.published.classes;
  return sizes;
}

ImageSet read(const ImageSource& source, Split split, const ImageRequest& request) {
  const index_t classes = source.published.classes;
  if (source.generated()) return draw_glyphs(split, split == Split::kTest ? request.n_test : request.n_train);
  const fs::path folder = files_in(source, data_folder(source.id, request.data));
  const DecodeOptions decode{request.channels, request.side, request.class_names};
  switch (source.form) {
    case ImageSource::Form::kIdx: return read_idx(folder, split, classes);
    case ImageSource::Form::kCifar: return read_cifar(folder, split, classes);
    case ImageSource::Form::kTinyImageNet:
      return read_tiny_imagenet(folder, split, {decode.channels, std::min(decode.side, kTinySide), decode.classes});
    default: return read_class_folder(folder, split, decode);
  }
}

}  // namespace

std::span<const ImageSource> image_sources() { return table(); }

const ImageSource& find_image_source(const std::string& id) {
  return find_row("set of images", id, table(), &ImageSource::id);
}

ImageSizes image_sizes(const ImageSource& source, const ImageRequest& request) {
  ImageSizes sizes = source.published;
  if (!source.generated()) {
    const auto folder = sizes.n_train > 0 ? find_data_folder(source.id, request.data)
                                          : std::optional(data_folder(source.id, request.data));
    if (folder) sizes = sizes_of_files(source, files_in(source, *folder));
  }
  if (source.decoded()) {
    sizes.channels = request.channels > 0 ? request.channels : 3;
    sizes.side = request.side > 0 ? request.side : kTinySide;
  }
  return sizes;
}

std::shared_ptr<const ImageSet> open_images(const ImageSource& source, Split split, const ImageRequest& request) {
  return std::make_shared<const ImageSet>(read(source, split, request));
}

PixelValues::PixelValues(const std::vector<double>& mean, const std::vector<double>& deviation) {
  for (std::size_t c = 0; c < mean.size(); ++c)
    for (int byte = 0; byte < 256; ++byte)
      values_.push_back(static_cast<real>((byte / 255.0 - mean[c]) / deviation[c]));
}

std::vector<std::string> class_names(const ImageSource& source, const ImageSet& set) {
  return set.class_names.empty() ? split(source.class_names, ',') : set.class_names;
}

Normalisation normalisation(const ImageSource& source, const ImageRequest& request,
                            const std::function<std::shared_ptr<const ImageSet>()>& training) {
  if (!source.mean.empty() && (!source.decoded() || request.channels == 3)) return {source.mean, source.deviation};
  const auto set = training();
  std::vector<double> mean, deviation;
  const index_t plane = set->side * set->side;
  for (index_t c = 0; c < set->channels; ++c) {
    std::uint64_t sum = 0, squares = 0;  // exact, so their order is of no effect
    for (index_t i = 0; i < set->size(); ++i)
      for (const std::uint8_t* p = set->image(i) + c * plane; p < set->image(i) + (c + 1) * plane; ++p) {
        sum += *p;
        squares += static_cast<std::uint64_t>(*p) * *p;
      }
    const auto n = static_cast<double>(set->size() * plane);
    const double m = static_cast<double>(sum) / n;
    const double variance = std::max(0.0, static_cast<double>(squares) / n - m * m);
    mean.push_back(m / 255);
    deviation.push_back(variance > 0 ? std::sqrt(variance) / 255 : 1);
  }
  return {mean, deviation};
}

}  // namespace qkvbench::data
