// What goes into the scores besides queries and keys: bias and masks, and V2's normalisation.
#pragma once
#include "head.h"

namespace SWINSR_ISA {

// A stretch of 32-bit words, handed out in cache lines.
struct Scratch {
  float *at;
  float *take(int64_t words) {
    float *p = at;
    at += round_up(words, 16);
    return p;
  }
};

INLINE void multiply(float *x, int64_t n, float by) {
  for (int64_t i = 0; i < n; i += VL) store(x + i, load(x + i) * by);
}

// (heads, queries, keys) -> [head][key][ld queries], in units of log2(e), zero beyond the tokens.
static void turn_bias(const float *from, int64_t heads, int64_t tokens, float *to) {
  const int64_t ld = round_up(tokens, VL);
  for (int64_t h = 0; h < heads; h++)
    turn<float>(from + h * tokens * tokens, tokens, tokens, tokens, to + h * tokens * ld, ld);
  multiply(to, heads * tokens * ld, LOG2E);
}

// Divides each token's vector (a column) by its length; keeps the inverse lengths.
static void normalise(float *x, int64_t dim, int64_t ld, float *inverse) {
  for (int64_t t = 0; t < ld; t += VL) {
    V sum{};
    for (int64_t d = 0; d < dim; d++) sum += load(x + d * ld + t) * load(x + d * ld + t);
    V inv = 1.0f / vmax(vsqrt(sum), splat(1e-12f));
    for (int64_t d = 0; d < dim; d++) store(x + d * ld + t, load(x + d * ld + t) * inv);
    store(inverse + t, inv);
  }
}

// g, the gradient of the normalised x -> the gradient before; returns the sum of g * x.
static float normalise_backward(float *g, const float *x, const float *inverse, int64_t dim,
                                int64_t ld) {
  V total{};
  for (int64_t t = 0; t < ld; t += VL) {
    V along{}, inv = load(inverse + t);
    for (int64_t d = 0; d < dim; d++) along += load(g + d * ld + t) * load(x + d * ld + t);
    total += along;
    // At the smallest length the division is by a constant.
    V removed = inv >= 1e12f ? V{} : along;
    for (int64_t d = 0; d < dim; d++)
      store(g + d * ld + t, (load(g + d * ld + t) - load(x + d * ld + t) * removed) * inv);
  }
  return sum_lanes(total);
}

}  // namespace SWINSR_ISA
