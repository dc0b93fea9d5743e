#include "golden/compositions.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <variant>

#include "lemnos/ops.h"

namespace lemnos::golden {
namespace {

template <typename T>
T of(const Attrs& attrs, const char* name) {
  return std::get<T>(static_cast<const Attrs::Variant&>(*attrs.find(name)));
}
bool flag(const Attrs& attrs, const char* name) { return of<int64_t>(attrs, name) != 0; }
template <typename Option>
Option word(const Attrs& attrs, const char* name) {
  const auto words = words_of(Option{});
  return static_cast<Option>(std::ranges::find(words, of<std::string>(attrs, name)) - words.begin());
}
std::array<int64_t, 3> triple(const Attrs& attrs, const char* name) {
  const auto list = of<std::vector<int64_t>>(attrs, name);
  return {list.at(0), list.at(1), list.at(2)};
}

using Values = std::vector<Value>;

Value interpolate_case(const Values& in, const Attrs& a) {
  const UpsampleOptions options{.mode = word<UpsampleMode>(a, "mode"),
                                .align_corners = flag(a, "align_corners"),
                                .antialias = flag(a, "antialias")};
  const auto factor = of<double>(a, "factor");
  if (factor == 0) return interpolate(in[0], of<std::vector<int64_t>>(a, "size"), options);
  return interpolate_by(in[0], std::vector<double>(in[0].shape().rank() - 2, factor), options);
}

Value covariance_case(const Values& in, const Attrs& a) {
  CovarianceOptions options{.correction = of<int64_t>(a, "correction")};
  if (flag(a, "counts")) options.counts = in[1];
  if (flag(a, "weights")) options.weights = in.back();
  return covariance(in[0], options);
}

const std::map<std::string, std::function<Value(const Values&, const Attrs&)>> kCompositions = {
    {"interpolate", interpolate_case},
    {"covariance", covariance_case},
    {"correlation", [](const Values& in, const Attrs&) { return correlation(in[0]); }},
    {"einsum", [](const Values& in, const Attrs& a) { return einsum(of<std::string>(a, "equation"), in); }},
    {"grid_sample",
     [](const Values& in, const Attrs& a) {
       return grid_sample(in[0], in[1],
                          {.mode = word<GridMode>(a, "mode"),
                           .padding = word<GridPadding>(a, "padding"),
                           .align_corners = flag(a, "align_corners")});
     }},
    {"conv3d",
     [](const Values& in, const Attrs& a) {
       return conv3d(in[0], in[1], in[2],
                     {.stride = triple(a, "stride"),
                      .padding = triple(a, "padding"),
                      .dilation = triple(a, "dilation"),
                      .groups = of<int64_t>(a, "groups")});
     }},
    {"conv_transpose3d",
     [](const Values& in, const Attrs& a) {
       return conv_transpose3d(in[0], in[1], in[2],
                               {.stride = triple(a, "stride"),
                                .padding = triple(a, "padding"),
                                .output_padding = triple(a, "output_padding"),
                                .dilation = triple(a, "dilation"),
                                .groups = of<int64_t>(a, "groups")});
     }},
    {"multilabel_margin_loss",
     [](const Values& in, const Attrs& a) {
       return multilabel_margin_loss(in[0], in[1], word<Reduction>(a, "reduction"));
     }},
    {"triplet_margin_loss",
     [](const Values& in, const Attrs& a) {
       return triplet_margin_loss(in[0], in[1], in[2], static_cast<float>(of<double>(a, "margin")),
                                  word<Reduction>(a, "reduction"), flag(a, "swap"));
     }},
    {"ctc_loss",
     [](const Values& in, const Attrs& a) {
       return ctc_loss(
           in[0], in[1], in[2], in[3],
           {.blank = of<int64_t>(a, "blank"), .reduction = word<Reduction>(a, "reduction"), .zero_infinity = true});
     }},
};

}  // namespace

Value composed(const std::string& name, const std::vector<Value>& in, const Attrs& attrs) {
  const auto found = kCompositions.find(name);
  return found == kCompositions.end() ? Value() : found->second(in, attrs);
}

}  // namespace lemnos::golden
