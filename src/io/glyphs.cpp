// The handwritings of glyphs.h. Ambiguity is intended: an open 4 beside a 9, an S-shaped 5, a crossed 7.
#include "io/glyphs.h"

namespace lemnos::io {
namespace {

constexpr Knot k0a1[] = {{0.52f, 0.0f}, {0.2f, 0.12f}, {0.06f, 0.5f}, {0.2f, 0.88f}, {0.5f, 1.0f},
                         {0.8f, 0.88f}, {0.94f, 0.5f}, {0.8f, 0.12f}, {0.5f, 0.0f}};
constexpr Stroke k0a[] = {k0a1};
constexpr Knot k0b1[] = {{0.66f, 0.06f}, {0.36f, 0.03f}, {0.12f, 0.3f}, {0.08f, 0.68f}, {0.3f, 0.97f},
                         {0.64f, 0.94f}, {0.9f, 0.66f},  {0.88f, 0.3f}, {0.6f, 0.02f},  {0.44f, 0.1f}};
constexpr Stroke k0b[] = {k0b1};
constexpr Glyph k0[] = {{k0a}, {k0b}};

constexpr Knot k1a1[] = {{0.5f, 0.0f}, {0.5f, 0.5f}, {0.5f, 1.0f}};
constexpr Stroke k1a[] = {k1a1};
constexpr Knot k1b1[] = {{0.24f, 0.24f}, {0.54f, 0.0f, true}, {0.52f, 0.5f}, {0.5f, 1.0f}};
constexpr Stroke k1b[] = {k1b1};
constexpr Knot k1c1[] = {{0.26f, 0.22f}, {0.52f, 0.0f, true}, {0.52f, 0.5f}, {0.52f, 1.0f}};
constexpr Knot k1c2[] = {{0.2f, 1.0f}, {0.5f, 1.0f}, {0.82f, 0.99f}};
constexpr Stroke k1c[] = {k1c1, k1c2};
constexpr Glyph k1[] = {{k1a}, {k1b}, {k1c}};

constexpr Knot k2a1[] = {{0.1f, 0.26f}, {0.26f, 0.06f},       {0.56f, 0.0f}, {0.84f, 0.16f}, {0.8f, 0.42f},
                         {0.5f, 0.72f}, {0.08f, 0.98f, true}, {0.5f, 0.97f}, {0.94f, 0.96f}};
constexpr Stroke k2a[] = {k2a1};
constexpr Knot k2b1[] = {{0.14f, 0.2f},  {0.42f, 0.0f},  {0.76f, 0.12f}, {0.76f, 0.42f}, {0.46f, 0.78f},
                         {0.18f, 0.98f}, {0.06f, 0.84f}, {0.26f, 0.76f}, {0.56f, 0.92f}, {0.94f, 0.92f}};
constexpr Stroke k2b[] = {k2b1};
constexpr Glyph k2[] = {{k2a}, {k2b}};

constexpr Knot k3a1[] = {{0.12f, 0.12f}, {0.42f, 0.0f}, {0.78f, 0.12f}, {0.74f, 0.36f}, {0.4f, 0.47f, true},
                         {0.76f, 0.56f}, {0.9f, 0.78f}, {0.56f, 0.99f}, {0.08f, 0.88f}};
constexpr Stroke k3a[] = {k3a1};
constexpr Knot k3b1[] = {{0.12f, 0.03f}, {0.5f, 0.03f},  {0.84f, 0.03f, true}, {0.46f, 0.42f, true},
                         {0.8f, 0.52f},  {0.88f, 0.78f}, {0.54f, 1.0f},        {0.1f, 0.9f}};
constexpr Stroke k3b[] = {k3b1};
constexpr Glyph k3[] = {{k3a}, {k3b}};

constexpr Knot k4a1[] = {{0.3f, 0.03f}, {0.2f, 0.34f}, {0.08f, 0.6f, true}, {0.5f, 0.6f}, {0.94f, 0.57f}};
constexpr Knot k4a2[] = {{0.72f, 0.2f}, {0.68f, 0.6f}, {0.64f, 1.0f}};
constexpr Stroke k4a[] = {k4a1, k4a2};
constexpr Knot k4b1[] = {{0.68f, 0.0f}, {0.36f, 0.34f}, {0.04f, 0.68f, true}, {0.5f, 0.68f}, {0.96f, 0.67f}};
constexpr Knot k4b2[] = {{0.68f, 0.0f}, {0.68f, 0.5f}, {0.68f, 1.0f}};
constexpr Stroke k4b[] = {k4b1, k4b2};
constexpr Knot k4c1[] = {{0.16f, 0.04f}, {0.14f, 0.3f}, {0.24f, 0.48f}, {0.56f, 0.46f}, {0.82f, 0.34f}};
constexpr Knot k4c2[] = {{0.84f, 0.02f}, {0.8f, 0.5f}, {0.74f, 1.0f}};
constexpr Stroke k4c[] = {k4c1, k4c2};
constexpr Glyph k4[] = {{k4a}, {k4b}, {k4c}};

constexpr Knot k5a1[] = {{0.86f, 0.03f}, {0.55f, 0.04f}, {0.24f, 0.06f, true}, {0.2f, 0.25f}, {0.18f, 0.46f, true},
                         {0.5f, 0.37f},  {0.86f, 0.54f}, {0.84f, 0.84f},       {0.46f, 1.0f}, {0.08f, 0.9f}};
constexpr Stroke k5a[] = {k5a1};
constexpr Knot k5b1[] = {{0.26f, 0.04f}, {0.24f, 0.24f}, {0.22f, 0.44f, true}, {0.52f, 0.36f},
                         {0.86f, 0.52f}, {0.86f, 0.82f}, {0.5f, 1.0f},         {0.1f, 0.9f}};
constexpr Knot k5b2[] = {{0.26f, 0.04f}, {0.56f, 0.05f}, {0.92f, 0.02f}};
constexpr Stroke k5b[] = {k5b1, k5b2};
constexpr Knot k5c1[] = {{0.86f, 0.08f}, {0.5f, 0.02f},  {0.22f, 0.22f}, {0.42f, 0.44f},
                         {0.76f, 0.6f},  {0.76f, 0.88f}, {0.4f, 1.0f},   {0.1f, 0.88f}};
constexpr Stroke k5c[] = {k5c1};
constexpr Glyph k5[] = {{k5a}, {k5b}, {k5c}};

constexpr Knot k6a1[] = {{0.74f, 0.02f}, {0.4f, 0.2f},   {0.14f, 0.56f}, {0.16f, 0.86f}, {0.46f, 1.0f},
                         {0.8f, 0.88f},  {0.84f, 0.64f}, {0.56f, 0.5f},  {0.26f, 0.62f}, {0.14f, 0.8f}};
constexpr Stroke k6a[] = {k6a1};
constexpr Knot k6b1[] = {{0.5f, 0.0f},   {0.28f, 0.34f}, {0.12f, 0.7f},  {0.3f, 0.97f}, {0.66f, 0.97f},
                         {0.86f, 0.76f}, {0.68f, 0.58f}, {0.36f, 0.62f}, {0.18f, 0.82f}};
constexpr Stroke k6b[] = {k6b1};
constexpr Glyph k6[] = {{k6a}, {k6b}};

constexpr Knot k7a1[] = {{0.08f, 0.05f}, {0.5f, 0.05f}, {0.9f, 0.04f, true}, {0.64f, 0.46f}, {0.42f, 1.0f}};
constexpr Stroke k7a[] = {k7a1};
constexpr Knot k7b1[] = {{0.08f, 0.2f},       {0.1f, 0.06f, true}, {0.5f, 0.06f},
                         {0.9f, 0.04f, true}, {0.66f, 0.48f},      {0.5f, 1.0f}};
constexpr Stroke k7b[] = {k7b1};
constexpr Knot k7c1[] = {{0.08f, 0.06f}, {0.5f, 0.06f}, {0.9f, 0.04f, true}, {0.62f, 0.5f}, {0.4f, 1.0f}};
constexpr Knot k7c2[] = {{0.26f, 0.52f}, {0.52f, 0.5f}, {0.84f, 0.48f}};
constexpr Stroke k7c[] = {k7c1, k7c2};
constexpr Glyph k7[] = {{k7a}, {k7b}, {k7c}};

constexpr Knot k8a1[] = {{0.5f, 0.46f},  {0.2f, 0.3f},   {0.24f, 0.07f}, {0.52f, 0.0f}, {0.8f, 0.1f},
                         {0.76f, 0.32f}, {0.48f, 0.47f}, {0.18f, 0.66f}, {0.16f, 0.9f}, {0.5f, 1.0f},
                         {0.84f, 0.9f},  {0.82f, 0.64f}, {0.5f, 0.46f}};
constexpr Stroke k8a[] = {k8a1};
constexpr Knot k8b1[] = {{0.84f, 0.1f}, {0.5f, 0.0f},   {0.18f, 0.14f}, {0.26f, 0.38f}, {0.6f, 0.52f},  {0.86f, 0.74f},
                         {0.7f, 0.97f}, {0.34f, 0.98f}, {0.14f, 0.78f}, {0.34f, 0.56f}, {0.66f, 0.38f}, {0.86f, 0.1f}};
constexpr Stroke k8b[] = {k8b1};
constexpr Glyph k8[] = {{k8a}, {k8b}};

constexpr Knot k9a1[] = {{0.82f, 0.2f}, {0.56f, 0.0f},        {0.22f, 0.1f}, {0.14f, 0.34f}, {0.4f, 0.5f},
                         {0.7f, 0.4f},  {0.84f, 0.16f, true}, {0.8f, 0.56f}, {0.74f, 1.0f}};
constexpr Stroke k9a[] = {k9a1};
constexpr Knot k9b1[] = {{0.8f, 0.14f},        {0.46f, 0.0f},  {0.16f, 0.2f},  {0.26f, 0.46f}, {0.6f, 0.46f},
                         {0.84f, 0.14f, true}, {0.86f, 0.54f}, {0.68f, 0.92f}, {0.38f, 1.0f},  {0.14f, 0.88f}};
constexpr Stroke k9b[] = {k9b1};
constexpr Knot k9c1[] = {{0.84f, 0.24f}, {0.58f, 0.02f}, {0.24f, 0.08f}, {0.14f, 0.32f}, {0.36f, 0.5f},
                         {0.68f, 0.4f},  {0.84f, 0.24f}, {0.76f, 0.6f},  {0.56f, 1.0f}};
constexpr Stroke k9c[] = {k9c1};
constexpr Glyph k9[] = {{k9a}, {k9b}, {k9c}};

}  // namespace

std::span<const Glyph> glyphs(int digit) {
  static constexpr std::span<const Glyph> kAll[] = {k0, k1, k2, k3, k4, k5, k6, k7, k8, k9};
  return kAll[digit];
}

}  // namespace lemnos::io
