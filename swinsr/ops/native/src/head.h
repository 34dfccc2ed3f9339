// Softmax attention of one head in one window, forward and backward.
//
// Scores are kept transposed: keys in rows, queries in lanes. So the softmax needs no sum across
// lanes, the probabilities are already in the form that the product with the values takes, and a
// head of any dimension fills all lanes. Everything here has query blocks of BLOCK lanes.
#pragma once
#include "layout.h"

namespace SWINSR_ISA {

// One window's head, ready for products. `ld` is tokens rounded up to VL.
template <class P>
struct Head {
  typedef typename P::E E;
  int64_t tokens, ld, dim, steps;  // steps = dim / PER rounded up
  const E *q, *k, *v;              // stacked [steps][ld]; v only in backward
  const E *q_flat, *k_flat, *v_flat;  // [dim][ld / PER]; q_flat, k_flat only in backward
  float scale;                     // of the scores
  const float *bias, *mask;        // [key][ld queries], in units of log2(e); mask may be null
  // Where forward leaves the unnormalised probabilities (stacked) and inverse sums for backward;
  // null where backward is to compute them again. Only with one block of queries.
  E *kept;
  float *kept_inverse;
};

// In place: scores -> exp2(scores * scale + bias + mask - largest); the inverse of each sum.
template <class P, int NV>
INLINE void softmax_columns(float *s, int64_t tokens, float scale2, const float *bias,
                            const float *mask, int64_t ld, float *inverse) {
  V top[NV], sum[NV];
  const V scale = splat(scale2);
  UNROLL
  for (int n = 0; n < NV; n++) top[n] = splat(-3e38f), sum[n] = V{};
  for (int64_t j = 0; j < tokens; j++)
    UNROLL
    for (int n = 0; n < NV; n++) {
      V x = load(s + j * BLOCK + n * VL) * scale + load(bias + j * ld + n * VL);
      if (mask) x += load(mask + j * ld + n * VL);
      top[n] = vmax(top[n], x);
      store(s + j * BLOCK + n * VL, x);
    }
  for (int64_t j = 0; j < tokens; j++)
    UNROLL
    for (int n = 0; n < NV; n++) {
      V x = exp2_<P::EXACT>(load(s + j * BLOCK + n * VL) - top[n]);
      sum[n] += x;
      store(s + j * BLOCK + n * VL, x);
    }
  UNROLL
  for (int n = 0; n < NV; n++) store(inverse + n * VL, 1.0f / sum[n]);
}

// Unnormalised probabilities of the queries i0 ... i0 + width: s [tokens][BLOCK], inverse [BLOCK].
template <class P>
static void probabilities(const Head<P> &h, int64_t i0, int64_t width, float *s, float *inverse) {
  matmul<P>(h.tokens, width, h.steps, h.k, 1, h.ld, h.q + i0, h.ld, s, BLOCK, false);
  const float *bias = h.bias + i0, *mask = h.mask ? h.mask + i0 : nullptr;
  const float scale2 = h.scale * LOG2E;
  switch (width / VL) {
    case 4: softmax_columns<P, 4>(s, h.tokens, scale2, bias, mask, h.ld, inverse); break;
    case 3: softmax_columns<P, 3>(s, h.tokens, scale2, bias, mask, h.ld, inverse); break;
    case 2: softmax_columns<P, 2>(s, h.tokens, scale2, bias, mask, h.ld, inverse); break;
    default: softmax_columns<P, 1>(s, h.tokens, scale2, bias, mask, h.ld, inverse);
  }
}

// 32-bit words of scratch for head_forward and head_backward.
INLINE int64_t head_scratch(int64_t tokens) {
  int64_t ld = round_up(tokens, VL);
  return 4 * (ld + 2) * BLOCK + 4 * BLOCK;
}

// out [dim][ld] = v softmax(...).
template <class P>
static void head_forward(const Head<P> &h, float *out, float *scratch) {
  typedef typename P::E E;
  float *s = scratch, *inverse = h.kept ? h.kept_inverse : s + (h.ld + 2) * BLOCK;
  E *packed = h.kept ? h.kept : (E *)(s + (h.ld + 2) * BLOCK + BLOCK);
  const int64_t keys = (h.tokens + P::PER - 1) / P::PER;
  for (int64_t i0 = 0; i0 < h.ld; i0 += BLOCK) {
    int64_t width = h.ld - i0 < BLOCK ? h.ld - i0 : BLOCK;
    probabilities(h, i0, width, s, inverse);
    const E *p = stacked<P>(s, h.tokens, BLOCK, width, packed);
    matmul<P>(h.dim, width, keys, h.v_flat, h.ld / P::PER, 1, p, BLOCK, out + i0, h.ld, false);
    for (int64_t n = 0; n < width; n += VL) {
      V inv = load(inverse + n);
      for (int64_t d = 0; d < h.dim; d++)
        store(out + d * h.ld + i0 + n, load(out + d * h.ld + i0 + n) * inv);
    }
  }
}

// p, dp [tokens][BLOCK]: unnormalised probabilities and their gradient
//   -> probabilities and the scores' gradient, which is added to dbias [key][ld] too.
template <int NV>
INLINE void scores_backward(float *p, float *dp, const float *inverse, int64_t tokens, float *dbias,
                            int64_t ld) {
  V inv[NV], mean[NV];
  UNROLL
  for (int n = 0; n < NV; n++) inv[n] = load(inverse + n * VL), mean[n] = V{};
  for (int64_t j = 0; j < tokens; j++)
    UNROLL
    for (int n = 0; n < NV; n++)
      mean[n] += load(p + j * BLOCK + n * VL) * load(dp + j * BLOCK + n * VL);
  UNROLL
  for (int n = 0; n < NV; n++) mean[n] *= inv[n];
  for (int64_t j = 0; j < tokens; j++)
    UNROLL
    for (int n = 0; n < NV; n++) {
      V prob = load(p + j * BLOCK + n * VL) * inv[n];
      V ds = prob * (load(dp + j * BLOCK + n * VL) - mean[n]);
      store(p + j * BLOCK + n * VL, prob);
      store(dp + j * BLOCK + n * VL, ds);
      store(dbias + j * ld + n * VL, load(dbias + j * ld + n * VL) + ds);
    }
}

// Stacked -> rows.
template <class P>
INLINE void unstack(const typename P::E *from, int64_t R, int64_t lanes, float *to) {
  for (int64_t r = 0; r < R; r += P::PER)
    for (int64_t i = 0; i < lanes; i += VL) {
      if constexpr (P::PER == 1) {
        store(to + r * BLOCK + i, load(from + r * BLOCK + i));
      } else {
        VU both = load(from + r / 2 * BLOCK + i);
        store(to + r * BLOCK + i, low_half(both));
        if (r + 1 < R) store(to + (r + 1) * BLOCK + i, high_half(both));
      }
    }
}

// What head_backward takes of the output's gradient, and where it leaves its results.
template <class P>
struct HeadGradients {
  const typename P::E *out, *out_flat;  // stacked [steps][ld], flat [dim][ld / PER]
  float *q, *k, *v;                     // rows [dim][ld], overwritten; q and k without the scale
  float *bias;                          // [key][ld], added to
};

template <class P>
static void head_backward(const Head<P> &h, const HeadGradients<P> &g, float *scratch) {
  typedef typename P::E E;
  const int64_t area = (h.ld + 2) * BLOCK;
  float *p = scratch, *dp = p + area, *inverse = dp + area;
  E *packed = (E *)(inverse + BLOCK), *turned = packed + area;
  const int64_t keys = (h.tokens + P::PER - 1) / P::PER;
  for (int64_t i0 = 0; i0 < h.ld; i0 += BLOCK) {
    const int64_t width = h.ld - i0 < BLOCK ? h.ld - i0 : BLOCK;
    const int64_t lanes = (width + P::PER - 1) / P::PER, f = i0 / P::PER, fld = h.ld / P::PER;
    const float *inv = h.kept ? h.kept_inverse : inverse;
    if (h.kept)
      unstack<P>(h.kept, h.tokens, width, p);
    else
      probabilities(h, i0, width, p, inverse);
    matmul<P>(h.tokens, width, h.steps, h.v, 1, h.ld, g.out + i0, h.ld, dp, BLOCK, false);
    if (width == 4 * VL)
      scores_backward<4>(p, dp, inv, h.tokens, g.bias + i0, h.ld);
    else
      for (int64_t n = 0; n < width; n += VL)
        scores_backward<1>(p + n, dp + n, inv + n, h.tokens, g.bias + i0 + n, h.ld);
    const E *ds = stacked<P>(dp, h.tokens, BLOCK, width, packed);
    matmul<P>(h.dim, width, keys, h.k_flat, fld, 1, ds, BLOCK, g.q + i0, h.ld, false);
    ds = flat<P>(dp, h.tokens, BLOCK, packed);
    turn<E>(ds, h.tokens, lanes, BLOCK / P::PER, turned, h.ld);
    matmul<P>(h.dim, h.ld, lanes, h.q_flat + f, fld, 1, turned, h.ld, g.k, h.ld, i0 > 0);
    const E *pf = flat<P>(p, h.tokens, BLOCK, packed);
    turn<E>(pf, h.tokens, lanes, BLOCK / P::PER, turned, h.ld);
    matmul<P>(h.dim, h.ld, lanes, g.out_flat + f, fld, 1, turned, h.ld, g.v, h.ld, i0 > 0);
  }
}

}  // namespace SWINSR_ISA
