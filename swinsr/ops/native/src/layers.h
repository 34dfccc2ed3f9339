// Layer norm, GELU and linear layers on a window's rows (channels in rows, tokens in lanes).
#pragma once
#include "layout.h"

namespace SWINSR_ISA {

template <bool Exact>
INLINE V reciprocal(V x) {
#if defined(__AVX512F__)
  if constexpr (!Exact) {  // with a Newton step, as exact as the division of other sets
    V guess = (V)_mm512_rcp14_ps((__m512)x);
    return guess * (2.0f - x * guess);
  }
#endif
  return 1.0f / x;
}

// GELU and, where asked for, its derivative; erf after Abramowitz and Stegun 7.1.26 (1.5e-7).
template <bool Exact, bool Slope>
INLINE V gelu(V x, V *slope) {
  V z = vabs(x) * 0.70710678118654752f;
  V t = reciprocal<Exact>(1.0f + 0.3275911f * z);
  V p = 1.061405429f * t - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  V gauss = exp2_<Exact>(x * x * (-0.5f * LOG2E));
  V tail = 0.5f * p * t * gauss;  // 1 - the normal distribution at |x|
  V below = x < 0.0f ? tail : 1.0f - tail;
  if constexpr (Slope) *slope = below + 0.39894228040143268f * x * gauss;
  return x * below;
}

// x <- x standardised over the channels; inverse deviations; y = gamma * x + beta.
template <int NV>
INLINE void norm_columns(const float *x, int64_t C, int64_t ld, const float *gamma,
                         const float *beta, float *hat, float *inverse, float *y) {
  V mean[NV], var[NV];
  UNROLL
  for (int n = 0; n < NV; n++) mean[n] = var[n] = V{};
  for (int64_t c = 0; c < C; c++)
    UNROLL
    for (int n = 0; n < NV; n++) mean[n] += load(x + c * ld + n * VL);
  UNROLL
  for (int n = 0; n < NV; n++) mean[n] *= 1.0f / (float)C;
  for (int64_t c = 0; c < C; c++)
    UNROLL
    for (int n = 0; n < NV; n++) {
      V d = load(x + c * ld + n * VL) - mean[n];
      var[n] += d * d;
    }
  UNROLL
  for (int n = 0; n < NV; n++) {
    var[n] = 1.0f / vsqrt(var[n] * (1.0f / (float)C) + 1e-5f);
    store(inverse + n * VL, var[n]);
  }
  for (int64_t c = 0; c < C; c++)
    UNROLL
    for (int n = 0; n < NV; n++) {
      V h = (load(x + c * ld + n * VL) - mean[n]) * var[n];
      store(hat + c * ld + n * VL, h);
      store(y + c * ld + n * VL, h * gamma[c] + beta[c]);
    }
}

// y may be x.
static void norm_forward(const float *x, int64_t C, int64_t ld, const float *gamma,
                         const float *beta, float *hat, float *inverse, float *y) {
  int64_t t = 0;
  for (; t + 4 * VL <= ld; t += 4 * VL)
    norm_columns<4>(x + t, C, ld, gamma, beta, hat + t, inverse + t, y + t);
  for (; t < ld; t += VL)
    norm_columns<1>(x + t, C, ld, gamma, beta, hat + t, inverse + t, y + t);
}

template <int NV>
INLINE void norm_backward_columns(const float *dy, int64_t C, int64_t ld, const float *gamma,
                                  const float *hat, const float *inverse, float *dx, bool add,
                                  float *dgamma, float *dbeta) {
  V mean[NV], along[NV];
  UNROLL
  for (int n = 0; n < NV; n++) mean[n] = along[n] = V{};
  for (int64_t c = 0; c < C; c++) {
    V sum = load(dbeta + c * VL), weighted = load(dgamma + c * VL);
    UNROLL
    for (int n = 0; n < NV; n++) {
      V d = load(dy + c * ld + n * VL), h = load(hat + c * ld + n * VL);
      sum += d;
      weighted += d * h;
      d *= gamma[c];
      mean[n] += d;
      along[n] += d * h;
    }
    store(dbeta + c * VL, sum);
    store(dgamma + c * VL, weighted);
  }
  UNROLL
  for (int n = 0; n < NV; n++) mean[n] *= 1.0f / (float)C, along[n] *= 1.0f / (float)C;
  for (int64_t c = 0; c < C; c++)
    UNROLL
    for (int n = 0; n < NV; n++) {
      V d = load(dy + c * ld + n * VL) * gamma[c], h = load(hat + c * ld + n * VL);
      d = (d - mean[n] - h * along[n]) * load(inverse + n * VL);
      if (add) d += load(dx + c * ld + n * VL);
      store(dx + c * ld + n * VL, d);
    }
}

// dx = or += the gradient before the norm; dx may be dy where it is not added to. dgamma and dbeta
// are sums of VL lanes a channel.
static void norm_backward(const float *dy, int64_t C, int64_t ld, const float *gamma,
                          const float *hat, const float *inverse, float *dx, bool add,
                          float *dgamma, float *dbeta) {
  int64_t t = 0;
  for (; t + 4 * VL <= ld; t += 4 * VL)
    norm_backward_columns<4>(dy + t, C, ld, gamma, hat + t, inverse + t, dx + t, add, dgamma,
                             dbeta);
  for (; t < ld; t += VL)
    norm_backward_columns<1>(dy + t, C, ld, gamma, hat + t, inverse + t, dx + t, add, dgamma,
                             dbeta);
}

INLINE void add_rows(float *to, const float *from, int64_t n) {
  for (int64_t i = 0; i < n; i += VL) store(to + i, load(to + i) + load(from + i));
}

// A linear layer's weights in the forms its products take; inputs and outputs are channel counts.
template <class P>
struct Linear {
  typedef typename P::E E;
  int64_t inputs, outputs;
  const E *weight;    // [outputs][inputs / PER]
  const E *turned;    // [inputs][outputs / PER]
  const float *bias;  // [outputs] or null
  int64_t steps() const { return (inputs + P::PER - 1) / P::PER; }
  int64_t turned_steps() const { return (outputs + P::PER - 1) / P::PER; }
};

// y [outputs][ld] = weight x + bias, x stacked.
template <class P>
static void linear(const Linear<P> &l, const typename P::E *x, int64_t ld, float *y) {
  if (l.bias)
    for (int64_t o = 0; o < l.outputs; o++)
      for (int64_t t = 0; t < ld; t += VL) store(y + o * ld + t, splat(l.bias[o]));
  matmul<P>(l.outputs, ld, l.steps(), l.weight, l.steps(), 1, x, ld, y, ld, l.bias != nullptr);
}

// From dy [outputs][ld]: dweight [outputs][inputs rounded up to VL] and dbias (VL lanes an output)
// are added to; dx [inputs][ld] is written. x is turned: [ld / PER][inputs rounded up].
template <class P>
static void linear_backward(const Linear<P> &l, const float *dy, const typename P::E *x,
                            int64_t ld, float *dweight, float *dbias, float *dx,
                            typename P::E *packed) {
  const int64_t wide = round_up(l.inputs, VL), lanes = ld / P::PER;
  if (l.bias)
    for (int64_t o = 0; o < l.outputs; o++) {
      V sum = load(dbias + o * VL);
      for (int64_t t = 0; t < ld; t += VL) sum += load(dy + o * ld + t);
      store(dbias + o * VL, sum);
    }
  const typename P::E *d = flat<P>(dy, l.outputs, ld, packed);
  matmul<P>(l.outputs, wide, lanes, d, lanes, 1, x, wide, dweight, wide, true);
  d = stacked<P>(dy, l.outputs, ld, ld, packed);
  matmul<P>(l.inputs, ld, l.turned_steps(), l.turned, l.turned_steps(), 1, d, ld, dx, ld, false);
}

// Rows -> turned, as linear_backward takes its x.
template <class P>
static void turn_rows(const float *rows, int64_t R, int64_t ld, typename P::E *packed,
                      typename P::E *to) {
  const int64_t lanes = ld / P::PER;
  turn<typename P::E>(flat<P>(rows, R, ld, packed), R, lanes, lanes, to, round_up(R, VL));
}

}  // namespace SWINSR_ISA
