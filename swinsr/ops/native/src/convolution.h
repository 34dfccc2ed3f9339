// 3x3 convolution of maps with channels last, after Winograd: F(2x2, 3x3) of Lavin and Gray
// (arXiv:1509.09308), 16 products for 4 pixels where the definition takes 36.
//
// Some tiles of 2x2 pixels at a time: their 4x4 surroundings are transformed, multiplied as 16
// matrices, and transformed back, in the cache. A pixel shuffle, a leaky ReLU, the addition to a
// map and nearest-neighbour enlargement of the input cost nothing: they are where and how values
// are read and written.
#pragma once
#include "calls.h"
#include "layers.h"
#include "scores.h"

namespace SWINSR_ISA {

constexpr int64_t TILES = 48;         // worked on together; a multiple of the products' rows
constexpr int64_t PANEL = 4 * VL;     // outputs multiplied together

// The outputs in the order in which they are stored: for each row of a shuffled pixel a run of
// values that are neighbours in the result, rounded up to whole vectors.
struct Outputs {
  int64_t shuffle, run, wide, all;
  explicit Outputs(const ConvolutionCall &c)
      : shuffle(c.shuffle), run(c.outputs / c.shuffle), wide(round_up(run, VL)),
        all(wide * c.shuffle) {}
  // PyTorch's channel of a stored value, or -1 beyond a run.
  int64_t channel(int64_t n) const {
    const int64_t row = n / wide, at = n % wide, kept = run / shuffle;
    if (at >= run) return -1;
    return at % kept * shuffle * shuffle + row * shuffle + at / kept;
  }
};

template <class P>
INLINE int64_t convolution_steps(const ConvolutionCall &c) {
  return (c.inputs + P::PER - 1) / P::PER;
}

INLINE int64_t convolution_prepared(const ConvolutionCall &c) {
  return 16 * (c.inputs + 1) * Outputs(c).all + round_up(Outputs(c).all, 16);
}

INLINE int64_t convolution_scratch(const ConvolutionCall &c) {
  return 16 * TILES * (round_up(c.inputs, VL) + PANEL) + round_up(c.inputs, VL) + 16;
}

// prepared: [panel][16][steps][panel's outputs], then the biases.
template <class P>
static void convolution_prepare(const ConvolutionCall &c) {
  const Outputs o(c);
  const int64_t steps = convolution_steps<P>(c);
  typename P::E *to = (typename P::E *)c.prepared;
  for (int64_t first = 0; first < o.all; first += PANEL) {
    const int64_t width = o.all - first < PANEL ? o.all - first : PANEL;
    for (int64_t n = 0; n < width; n++) {
      const int64_t channel = o.channel(first + n);
      for (int64_t i = 0; i < steps * P::PER; i++) {
        double g[3][3], half[4][3], u[4][4];
        for (int y = 0; y < 3; y++)
          for (int x = 0; x < 3; x++)
            g[y][x] = channel < 0 || i >= c.inputs
                          ? 0.0
                          : c.weight[((channel * c.inputs + i) * 3 + y) * 3 + x];
        for (int x = 0; x < 3; x++) {
          half[0][x] = g[0][x];
          half[1][x] = 0.5 * (g[0][x] + g[1][x] + g[2][x]);
          half[2][x] = 0.5 * (g[0][x] - g[1][x] + g[2][x]);
          half[3][x] = g[2][x];
        }
        for (int y = 0; y < 4; y++) {
          u[y][0] = half[y][0];
          u[y][1] = 0.5 * (half[y][0] + half[y][1] + half[y][2]);
          u[y][2] = 0.5 * (half[y][0] - half[y][1] + half[y][2]);
          u[y][3] = half[y][2];
        }
        for (int k = 0; k < 16; k++) {
          const int64_t at = (k * steps + i / P::PER) * width + n;
          if constexpr (P::PER == 1)
            to[at] = (float)u[k / 4][k % 4];
          else
            ((uint16_t *)(to + at))[i % 2] = to_bf16((float)u[k / 4][k % 4]);
        }
      }
    }
    to += 16 * steps * width;
  }
  float *bias = (float *)to;
  for (int64_t n = 0; n < o.all; n++)
    bias[n] = c.bias && o.channel(n) >= 0 ? c.bias[o.channel(n)] : 0.0f;
}

// One direction of the transform of the input: B^T d.
INLINE void spread(V a, V b, V c, V d, V *to, int step) {
  to[0] = a - c, to[step] = b + c, to[2 * step] = c - b, to[3 * step] = b - d;
}

// Where a tile's pixels are in the map.
struct Tile {
  int64_t image, y, x;  // of the first pixel of the result, before the shuffle
};

INLINE Tile tile_at(const ConvolutionCall &c, int64_t i) {
  const int64_t wide = ((c.width << c.nearest) + 1) / 2, tall = (c.rows + 1) / 2;
  return {i / (wide * tall), i / wide % tall * 2, i % wide * 2};
}

// The 4x4 pixels around a tile -> [16][TILES][channels rounded up], from the tile's place on.
template <class P>
INLINE void transform_input(const ConvolutionCall &c, Tile tile, const float *zeros,
                            typename P::E *to) {
  const int64_t wide = round_up(c.inputs, VL), height = c.height << c.nearest,
                width = c.width << c.nearest;
  const float *from[16];
  for (int64_t j = 0; j < 16; j++) {
    const int64_t y = tile.y + c.top + j / 4 - 1, x = tile.x + j % 4 - 1;
    from[j] = y < 0 || y >= height || x < 0 || x >= width
                  ? zeros
                  : c.x + tile.image * c.x_image +
                        ((y >> c.nearest) * c.width + (x >> c.nearest)) * c.inputs;
  }
  for (int64_t i = 0; i < c.inputs; i += VL) {
    const int n = (int)(c.inputs - i < VL ? c.inputs - i : VL);
    V half[16], v[16];
    UNROLL
    for (int x = 0; x < 4; x++)
      spread(load_n(from[x] + i, n), load_n(from[4 + x] + i, n), load_n(from[8 + x] + i, n),
             load_n(from[12 + x] + i, n), half + x, 4);
    UNROLL
    for (int y = 0; y < 4; y++)
      spread(half[4 * y], half[4 * y + 1], half[4 * y + 2], half[4 * y + 3], v + 4 * y, 1);
    UNROLL
    for (int k = 0; k < 16; k++) {
      typename P::E *at = to + k * TILES * (wide / P::PER) + i / P::PER;
      if constexpr (P::PER == 1)
        store(at, v[k]);
      else
        store_n((uint16_t *)at, v[k], VL);
    }
  }
}

// [16][TILES][width] of a tile -> four pixels of the result, `first` being the panel's first
// stored value.
INLINE void transform_output(const ConvolutionCall &c, const Outputs &o, Tile tile,
                             const float *from, int64_t width, int64_t first, const float *bias) {
  const int64_t columns = c.width << c.nearest;
  for (int64_t i = 0; i < width; i += VL) {
    V half[8];
    UNROLL
    for (int x = 0; x < 4; x++) {
      const float *p = from + x * TILES * width + i;
      V a = load(p), b = load(p + 4 * TILES * width), d = load(p + 8 * TILES * width),
        e = load(p + 12 * TILES * width);
      half[x] = a + b + d, half[4 + x] = b - d - e;
    }
    const int64_t n = first + i, row = n / o.wide, at = n % o.wide;
    const int lanes = (int)(o.run - at < VL ? o.run - at : VL);
    const V b = load(bias + n);
    UNROLL
    for (int y = 0; y < 2; y++) {
      const V *h = half + 4 * y;
      V both[2] = {h[0] + h[1] + h[2] + b, h[1] - h[2] - h[3] + b};
      if (tile.y + y >= c.rows) continue;
      UNROLL
      for (int x = 0; x < 2; x++) {
        if (tile.x + x >= columns) continue;
        float *to = c.out + tile.image * c.out_image +
                    (((tile.y + y) * o.shuffle + row) * columns + tile.x + x) * o.run + at;
        V v = both[x];
        if (c.add) v += load_n(to, lanes);
        if (c.slope != 1.0f) v = vmax(v, v * c.slope);
        store_n(to, v, lanes);
      }
    }
  }
}

INLINE int64_t convolution_tiles(const ConvolutionCall &c) {
  return c.batch * ((c.rows + 1) / 2) * (((c.width << c.nearest) + 1) / 2);
}

template <class P>
static void convolution_forward(const ConvolutionCall &c, int64_t first, int64_t last,
                                float *scratch) {
  typedef typename P::E E;
  const Outputs o(c);
  const int64_t wide = round_up(c.inputs, VL) / P::PER, steps = convolution_steps<P>(c);
  E *v = (E *)scratch;
  float *m = scratch + 16 * TILES * round_up(c.inputs, VL), *zeros = m + 16 * TILES * PANEL;
  for (int64_t i = 0; i < round_up(c.inputs, VL); i += VL) store(zeros + i, V{});
  const float *bias = c.prepared + 16 * steps * o.all;
  for (int64_t t = first; t < last; t += TILES) {
    const int64_t tiles = last - t < TILES ? last - t : TILES;
    for (int64_t i = 0; i < tiles; i++)
      transform_input<P>(c, tile_at(c, t + i), zeros, v + i * wide);
    const E *weight = (const E *)c.prepared;
    for (int64_t n = 0; n < o.all; n += PANEL) {
      const int64_t width = o.all - n < PANEL ? o.all - n : PANEL;
      for (int64_t k = 0; k < 16; k++, weight += steps * width)
        matmul<P>(tiles, width, steps, v + k * TILES * wide, wide, 1, weight, width,
                  m + k * TILES * width, width, false);
      for (int64_t i = 0; i < tiles; i++)
        transform_output(c, o, tile_at(c, t + i), m + i * width, width, n, bias);
    }
  }
}

}  // namespace SWINSR_ISA
