// A whole Swin block on one window at a time: everything between reading the window from the map
// and writing it back stays in the cache. The backward pass computes the forward again.
#pragma once
#include "calls.h"
#include "layers.h"
#include "scores.h"

namespace SWINSR_ISA {

// The block's weights as the products take them, behind BlockCall::prepared.
template <class P>
struct Weights {
  Linear<P> qkv, proj, fc1, fc2;
  const float *bias, *mask;
};

template <class P>
INLINE void prepare_linear(Linear<P> &l, const Parameter &weight, const Parameter &bias,
                           int64_t inputs, int64_t outputs, Scratch &s, bool fill) {
  typedef typename P::E E;
  l.inputs = inputs, l.outputs = outputs, l.bias = bias.value;
  E *w = (E *)s.take(outputs * l.steps()), *t = (E *)s.take(inputs * l.turned_steps());
  l.weight = w, l.turned = t;
  if (!fill) return;
  for (int64_t o = 0; o < outputs; o++)
    for (int64_t i = 0; i < inputs; i++) {
      float x = weight.value[o * inputs + i];
      if constexpr (P::PER == 1) {
        w[o * inputs + i] = t[i * outputs + o] = x;
      } else {
        uint16_t *wh = (uint16_t *)w, *th = (uint16_t *)t;
        int64_t wide = 2 * l.steps(), tall = 2 * l.turned_steps();
        wh[o * wide + i] = th[i * tall + o] = to_bf16(x);
        if (i + 1 == inputs && inputs % 2) wh[o * wide + i + 1] = 0;
        if (o + 1 == outputs && outputs % 2) th[i * tall + o + 1] = 0;
      }
    }
}

template <class P>
static Weights<P> block_weights(const BlockCall &c, bool fill) {
  Weights<P> w;
  Scratch s{c.prepared};
  const int64_t C = c.channels, T = c.window * c.window, ld = round_up(T, VL);
  prepare_linear(w.qkv, c.qkv_weight, c.qkv_bias, C, 3 * C, s, fill);
  prepare_linear(w.proj, c.proj_weight, c.proj_bias, C, C, s, fill);
  prepare_linear(w.fc1, c.fc1_weight, c.fc1_bias, C, c.hidden, s, fill);
  prepare_linear(w.fc2, c.fc2_weight, c.fc2_bias, c.hidden, C, s, fill);
  float *bias = s.take(c.heads * T * ld), *mask = s.take(4 * T * ld);
  if (fill) {
    turn_bias(c.bias.value, c.heads, T, bias);
    if (c.mask) turn_bias(c.mask, 4, T, mask);
  }
  w.bias = bias, w.mask = c.mask ? mask : nullptr;
  return w;
}

// Gradients of one share: weights with rows rounded up to VL, vectors as VL lanes a value.
struct Sums {
  float *start, *qkv_w, *qkv_b, *proj_w, *proj_b, *fc1_w, *fc1_b, *fc2_w, *fc2_b;
  float *norm1_w, *norm1_b, *norm2_w, *norm2_b, *bias, *scale, *end;
};

static Sums block_sums(const BlockCall &c, float *at) {
  const int64_t C = c.channels, H = c.hidden, T = c.window * c.window, ld = round_up(T, VL);
  const int64_t wide = round_up(C, VL);
  Scratch s{at};
  Sums g;
  g.start = s.at;
  g.qkv_w = s.take(3 * C * wide), g.qkv_b = s.take(3 * C * VL);
  g.proj_w = s.take(C * wide), g.proj_b = s.take(C * VL);
  g.fc1_w = s.take(H * wide), g.fc1_b = s.take(H * VL);
  g.fc2_w = s.take(C * round_up(H, VL)), g.fc2_b = s.take(C * VL);
  g.norm1_w = s.take(C * VL), g.norm1_b = s.take(C * VL);
  g.norm2_w = s.take(C * VL), g.norm2_b = s.take(C * VL);
  g.bias = s.take(c.heads * T * ld), g.scale = s.take(c.heads);
  g.end = s.at;
  return g;
}

// What one thread keeps of one window. Rows unless said otherwise.
template <class P>
struct Window {
  typedef typename P::E E;
  int64_t T, ld, C, H, heads, dim;
  float *x, *hat1, *inverse1, *qkv, *lengths, *o, *mid, *hat2, *inverse2, *h, *g, *tmp;
  E *in, *in_turned, *o_turned, *mid_turned, *g_turned, *packed, *packed2;
  E *q, *k, *v, *q_flat, *k_flat, *v_flat, *do_, *do_flat;
  float *d, *d2, *dqkv;
  E *kept;  // [head][tokens / PER][BLOCK], or null
  float *kept_inverse;
  float *head, *end;
  const float *mask;
};

// Of the bfloat16 probabilities of one head.
INLINE int64_t kept_words(int64_t tokens) { return (tokens + 1) / 2 * BLOCK; }

template <class P>
static Window<P> block_window(const BlockCall &c, float *at, bool backward) {
  typedef typename P::E E;
  Window<P> w;
  Scratch s{at};
  w.T = c.window * c.window, w.ld = round_up(w.T, VL), w.C = c.channels, w.H = c.hidden;
  w.heads = c.heads, w.dim = w.C / c.heads;
  const int64_t ld = w.ld, C = round_up(w.C, VL) * ld, H = round_up(w.H, VL) * ld;
  const int64_t D = (round_up(w.dim, VL) + 2) * ld, Q = (3 * w.C + VL) * ld, most = Q > H ? Q : H;
  w.x = s.take(C), w.hat1 = s.take(C), w.inverse1 = s.take(ld), w.qkv = s.take(Q);
  w.lengths = s.take(2 * c.heads * ld), w.o = s.take(C), w.mid = s.take(C), w.hat2 = s.take(C);
  w.inverse2 = s.take(ld), w.h = s.take(H), w.g = s.take(H), w.tmp = s.take(most);
  w.packed = (E *)s.take(most + 2 * ld), w.packed2 = (E *)s.take(most + 2 * ld);
  w.q = (E *)s.take(D), w.k = (E *)s.take(D), w.v = (E *)s.take(D), w.v_flat = (E *)s.take(D);
  if (backward) {
    w.in_turned = (E *)s.take(C), w.o_turned = (E *)s.take(C), w.mid_turned = (E *)s.take(C);
    w.g_turned = (E *)s.take(H), w.q_flat = (E *)s.take(D), w.k_flat = (E *)s.take(D);
    w.do_ = (E *)s.take(D), w.do_flat = (E *)s.take(D);
    w.d = s.take(C), w.d2 = s.take(C), w.dqkv = s.take(Q);
  }
  w.kept = nullptr, w.kept_inverse = nullptr;
  if (backward && P::PER == 2 && ld <= BLOCK) {
    w.kept = (E *)s.take(c.heads * kept_words(w.T));
    w.kept_inverse = s.take(c.heads * BLOCK);
  }
  w.head = s.take(head_scratch(w.T));
  w.end = s.at;
  return w;
}

// Tokens of a window in a map, shift included.
template <class F>
struct Place {
  F *map;
  int64_t height, width, channels, window, top, left;
  F *operator()(int64_t t) const {
    int64_t y = top + t / window, x = left + t % window;
    y -= y >= height ? height : 0;
    x -= x >= width ? width : 0;
    return map + (y * width + x) * channels;
  }
};

template <class F>
INLINE Place<F> place(const BlockCall &c, F *map, int64_t window) {
  const int64_t rows = c.height / c.window, columns = c.width / c.window;
  const int64_t image = window / (rows * columns), at = window % (rows * columns);
  return {map + image * c.height * c.width * c.channels, c.height, c.width, c.channels, c.window,
          at / columns * c.window + c.shift, at % columns * c.window + c.shift};
}

// Asks for the lines of a window before they are needed: its rows are too far apart for the
// processor to foresee.
template <int Write, class F>
INLINE void fetch(const BlockCall &c, F *map, int64_t window, int64_t last) {
  if (window >= last) return;
  const auto at = place(c, map, window);
  const int64_t bytes = c.channels * (int64_t)sizeof(float);
  for (int64_t t = 0; t < c.window * c.window; t++)
    for (int64_t b = 0; b < bytes; b += 64) __builtin_prefetch((const char *)at(t) + b, Write, 2);
}

INLINE const float *block_mask(const BlockCall &c, const float *mask, int64_t window) {
  const int64_t rows = c.height / c.window, columns = c.width / c.window;
  const int64_t at = window % (rows * columns), T = c.window * c.window;
  int64_t kind = 2 * (at / columns == rows - 1) + (at % columns == columns - 1);
  return mask && kind ? mask + kind * T * round_up(T, VL) : nullptr;
}

template <class P>
static Head<P> block_head(const BlockCall &c, const Weights<P> &weights, Window<P> &w, int64_t i,
                          bool backward) {
  const int64_t ld = w.ld, C = w.C, D = w.dim;
  float *q = w.qkv + i * D * ld, *k = q + C * ld, *v = k + C * ld;
  Head<P> h;
  h.tokens = w.T, h.ld = ld, h.dim = D, h.steps = (D + P::PER - 1) / P::PER;
  h.scale = c.scale.value[i];
  h.bias = weights.bias + i * w.T * ld, h.mask = w.mask;
  h.kept = w.kept ? w.kept + i * kept_words(w.T) : nullptr;
  h.kept_inverse = w.kept_inverse + (w.kept ? i * BLOCK : 0);
  h.q = stacked<P>(q, D, ld, ld, w.q);
  h.k = stacked<P>(k, D, ld, ld, w.k);
  if (!backward) {
    h.v_flat = flat<P>(v, D, ld, w.v_flat);
    return h;
  }
  h.v = stacked<P>(v, D, ld, ld, w.v);
  h.q_flat = flat<P>(q, D, ld, w.q_flat);
  h.k_flat = flat<P>(k, D, ld, w.k_flat);
  return h;
}

template <class P, bool Backward>
static void mlp_forward(const BlockCall &c, const Weights<P> &weights, Window<P> &w, float *out) {
  const int64_t ld = w.ld;
  const float *in = w.mid;
  if (c.version == 1) {
    norm_forward(w.mid, w.C, ld, c.norm2_weight.value, c.norm2_bias.value, w.hat2, w.inverse2,
                 w.tmp);
    in = w.tmp;
  }
  if constexpr (Backward) turn_rows<P>(in, w.C, ld, w.packed, w.mid_turned);
  linear<P>(weights.fc1, stacked<P>(in, w.C, ld, ld, w.packed), ld, w.h);
  for (int64_t i = 0; i < w.H * ld; i += VL) {
    V slope;
    store(w.g + i, gelu<P::EXACT, Backward>(load(w.h + i), &slope));
    if constexpr (Backward) store(w.h + i, slope);
  }
  if constexpr (Backward) turn_rows<P>(w.g, w.H, ld, w.packed, w.g_turned);
  if (Backward && c.version == 1) return;  // the output itself is not needed again
  linear<P>(weights.fc2, stacked<P>(w.g, w.H, ld, ld, w.packed), ld, out);
  if (c.version == 2)
    norm_forward(out, w.C, ld, c.norm2_weight.value, c.norm2_bias.value, w.hat2, w.inverse2, out);
}

// x -> mid, the map after attention and its residual.
template <class P, bool Backward>
static void attention_forward(const BlockCall &c, const Weights<P> &weights, Window<P> &w) {
  const int64_t ld = w.ld, D = w.dim;
  const float *in = w.x;
  if (c.version == 1) {
    norm_forward(w.x, w.C, ld, c.norm1_weight.value, c.norm1_bias.value, w.hat1, w.inverse1,
                 w.tmp);
    in = w.tmp;
  }
  if constexpr (Backward) turn_rows<P>(in, w.C, ld, w.packed, w.in_turned);
  linear<P>(weights.qkv, stacked<P>(in, w.C, ld, ld, w.packed), ld, w.qkv);
  for (int64_t i = 0; i < w.heads; i++) {
    if (c.version == 2)
      for (int64_t part = 0; part < 2; part++)
        normalise(w.qkv + (part * w.C + i * D) * ld, D, ld, w.lengths + (2 * i + part) * ld);
    head_forward<P>(block_head<P>(c, weights, w, i, false), w.o + i * D * ld, w.head);
  }
  if constexpr (Backward) turn_rows<P>(w.o, w.C, ld, w.packed, w.o_turned);
  linear<P>(weights.proj, stacked<P>(w.o, w.C, ld, ld, w.packed), ld, w.mid);
  if (c.version == 2)
    norm_forward(w.mid, w.C, ld, c.norm1_weight.value, c.norm1_bias.value, w.hat1, w.inverse1,
                 w.mid);
  add_rows(w.mid, w.x, w.C * ld);
}

template <class P>
static void block_forward(const BlockCall &c, int64_t first, int64_t last, float *scratch) {
  const Weights<P> weights = block_weights<P>(c, false);
  Window<P> w = block_window<P>(c, scratch, false);
  for (int64_t i = first; i < last; i++) {
    w.mask = block_mask(c, weights.mask, i);
    gather(place(c, c.x, i), w.T, w.C, w.x, w.ld);
    fetch<0>(c, c.x, i + 1, last);
    attention_forward<P, false>(c, weights, w);
    fetch<1>(c, c.out, i, last);
    mlp_forward<P, false>(c, weights, w, w.x);
    add_rows(w.x, w.mid, w.C * w.ld);
    scatter(w.x, w.ld, w.T, w.C, place(c, c.out, i));
  }
}

// dqkv from d2 = the gradient of the heads' output.
template <class P>
static void heads_backward(const BlockCall &c, const Weights<P> &weights, Window<P> &w, Sums &g) {
  const int64_t ld = w.ld, D = w.dim;
  for (int64_t i = 0; i < w.heads; i++) {
    Head<P> head = block_head<P>(c, weights, w, i, true);
    const float *dout = w.d2 + i * D * ld;
    HeadGradients<P> to;
    to.out = stacked<P>(dout, D, ld, ld, w.do_);
    to.out_flat = flat<P>(dout, D, ld, w.do_flat);
    to.q = w.dqkv + i * D * ld, to.k = to.q + w.C * ld, to.v = to.k + w.C * ld;
    to.bias = g.bias + i * w.T * ld;
    head_backward<P>(head, to, w.head);
    if (c.version == 2) {
      const float *q = w.qkv + i * D * ld, *lengths = w.lengths + 2 * i * ld;
      g.scale[i] += normalise_backward(to.q, q, lengths, D, ld);
      normalise_backward(to.k, q + w.C * ld, lengths + ld, D, ld);
    }
    multiply(to.q, D * ld, head.scale);
    multiply(to.k, D * ld, head.scale);
  }
}

template <class P>
static void block_backward(const BlockCall &c, int64_t first, int64_t last, float *sums,
                           float *scratch) {
  const Weights<P> weights = block_weights<P>(c, false);
  Window<P> w = block_window<P>(c, scratch, true);
  Sums g = block_sums(c, sums);
  const int64_t ld = w.ld, C = w.C, n = C * ld;
  const bool after = c.version == 2;
  for (float *p = g.start; p < g.end; p += VL) store(p, V{});
  for (int64_t i = first; i < last; i++) {
    w.mask = block_mask(c, weights.mask, i);
    gather(place(c, c.x, i), w.T, C, w.x, ld);
    gather(place(c, c.dout, i), w.T, C, w.d, ld);
    fetch<0>(c, c.x, i + 1, last);
    attention_forward<P, true>(c, weights, w);
    fetch<0>(c, c.dout, i + 1, last);
    mlp_forward<P, true>(c, weights, w, w.tmp);
    fetch<1>(c, c.dx, i, last);

    // d: the gradient of the output, then of mid, then of x.
    const float *dz = w.d;
    if (after) {
      norm_backward(w.d, C, ld, c.norm2_weight.value, w.hat2, w.inverse2, w.d2, false, g.norm2_w,
                    g.norm2_b);
      dz = w.d2;
    }
    linear_backward<P>(weights.fc2, dz, w.g_turned, ld, g.fc2_w, g.fc2_b, w.g, w.packed);
    for (int64_t k = 0; k < w.H * ld; k += VL) store(w.g + k, load(w.g + k) * load(w.h + k));
    linear_backward<P>(weights.fc1, w.g, w.mid_turned, ld, g.fc1_w, g.fc1_b, w.d2, w.packed);
    if (after)
      add_rows(w.d, w.d2, n);
    else
      norm_backward(w.d2, C, ld, c.norm2_weight.value, w.hat2, w.inverse2, w.d, true, g.norm2_w,
                    g.norm2_b);

    const float *dy = w.d;
    if (after) {
      norm_backward(w.d, C, ld, c.norm1_weight.value, w.hat1, w.inverse1, w.tmp, false, g.norm1_w,
                    g.norm1_b);
      dy = w.tmp;
    }
    linear_backward<P>(weights.proj, dy, w.o_turned, ld, g.proj_w, g.proj_b, w.d2, w.packed);
    heads_backward<P>(c, weights, w, g);
    linear_backward<P>(weights.qkv, w.dqkv, w.in_turned, ld, g.qkv_w, g.qkv_b, w.d2, w.packed);
    if (after)
      add_rows(w.d, w.d2, n);
    else
      norm_backward(w.d2, C, ld, c.norm1_weight.value, w.hat1, w.inverse1, w.d, true, g.norm1_w,
                    g.norm1_b);
    scatter(w.d, ld, w.T, C, place(c, c.dx, i));
  }
}

// Adds the shares' sums in order, so that the result does not depend on the threads.
static void block_finish(const BlockCall &c) {
  const int64_t C = c.channels, H = c.hidden, T = c.window * c.window, ld = round_up(T, VL);
  for (int64_t share = 1; share < c.shares; share++)
    for (int64_t i = 0; i < c.share_words; i += VL) {
      float *to = c.share_sums + i;
      store(to, load(to) + load(to + share * c.share_words));
    }
  const Sums g = block_sums(c, c.share_sums);
  auto matrix = [&](const Parameter &to, const float *from, int64_t rows, int64_t columns) {
    for (int64_t r = 0; r < rows; r++)
      for (int64_t k = 0; k < columns; k++)
        to.gradient[r * columns + k] = from[r * round_up(columns, VL) + k];
  };
  auto vector = [&](const Parameter &to, const float *from, int64_t size) {
    for (int64_t k = 0; to.gradient && k < size; k++)
      to.gradient[k] = sum_lanes(load(from + k * VL));
  };
  matrix(c.qkv_weight, g.qkv_w, 3 * C, C), vector(c.qkv_bias, g.qkv_b, 3 * C);
  matrix(c.proj_weight, g.proj_w, C, C), vector(c.proj_bias, g.proj_b, C);
  matrix(c.fc1_weight, g.fc1_w, H, C), vector(c.fc1_bias, g.fc1_b, H);
  matrix(c.fc2_weight, g.fc2_w, C, H), vector(c.fc2_bias, g.fc2_b, C);
  vector(c.norm1_weight, g.norm1_w, C), vector(c.norm1_bias, g.norm1_b, C);
  vector(c.norm2_weight, g.norm2_w, C), vector(c.norm2_bias, g.norm2_b, C);
  for (int64_t h = 0; h < c.heads; h++) {
    c.scale.gradient[h] = g.scale[h];
    for (int64_t i = 0; i < T; i++)
      for (int64_t j = 0; j < T; j++)
        c.bias.gradient[(h * T + i) * T + j] = g.bias[(h * T + j) * ld + i];
  }
}

}  // namespace SWINSR_ISA
