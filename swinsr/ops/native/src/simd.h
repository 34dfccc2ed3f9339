// Vectors of the widest kind this translation unit is compiled for, and what is computed on them.
//
// The same sources are compiled once per instruction set (see ../compile.py); everything lives in a
// namespace of that set's name, so that the copies do not meet at link time. No C or C++ library is
// used: the result loads on any system of its processor's kind.
#pragma once
#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
#define INLINE static inline __attribute__((always_inline))

namespace SWINSR_ISA {

#if defined(__AVX512F__)
constexpr int VL = 16;
#elif defined(__AVX2__)
constexpr int VL = 8;
#else
constexpr int VL = 4;
#endif
typedef float V __attribute__((vector_size(VL * 4)));
typedef int32_t VI __attribute__((vector_size(VL * 4)));
typedef uint32_t VU __attribute__((vector_size(VL * 4)));
typedef uint16_t VH __attribute__((vector_size(VL * 2)));

constexpr int BLOCK = 4 * VL;  // queries worked on together
constexpr float LOG2E = 1.44269504088896340736f;

INLINE int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

INLINE V load(const float *p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
INLINE void store(float *p, V v) { __builtin_memcpy(p, &v, sizeof v); }
INLINE VU load(const uint32_t *p) {
  VU v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
INLINE void store(uint32_t *p, VU v) { __builtin_memcpy(p, &v, sizeof v); }
INLINE V splat(float x) { return V{} + x; }

INLINE V vmax(V a, V b) {
#if defined(__AVX512F__)
  return (V)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (V)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
  return (V)_mm_max_ps((__m128)a, (__m128)b);
#elif defined(__aarch64__)
  return (V)vmaxq_f32((float32x4_t)a, (float32x4_t)b);
#else
  return a > b ? a : b;
#endif
}

INLINE V vsqrt(V a) {
#if defined(__AVX512F__)
  return (V)_mm512_sqrt_ps((__m512)a);
#elif defined(__AVX2__)
  return (V)_mm256_sqrt_ps((__m256)a);
#elif defined(__x86_64__)
  return (V)_mm_sqrt_ps((__m128)a);
#elif defined(__aarch64__)
  return (V)vsqrtq_f32((float32x4_t)a);
#else
  for (int i = 0; i < VL; i++) a[i] = __builtin_sqrtf(a[i]);
  return a;
#endif
}

INLINE V vabs(V a) { return (V)((VU)a & 0x7fffffffu); }

INLINE float sum_lanes(V a) {
  float lanes[VL], s = 0;
  store(lanes, a);
  for (int i = 0; i < VL; i++) s += lanes[i];
  return s;
}

// 2^x for x <= 0 (and a little above). Error 1e-7 of the value with Exact, 1e-4 without, which is a
// twentieth of what rounding to bfloat16 costs. Far below -126 the result is 2^-126, not 0.
template <bool Exact>
INLINE V exp2_(V x) {
  x = vmax(x, splat(-126.0f));
  const V magic = splat(12582912.0f);  // 1.5 * 2^23: rounds to an integer in the low bits
  V shifted = x + magic;
  V f = x - (shifted - magic);
  V p;
  if constexpr (Exact) {
    p = 1.327646719e-3f * f + 9.675541682e-3f;
    p = p * f + 5.550713292e-2f;
    p = p * f + 2.402211972e-1f;
    p = p * f + 6.931469671e-1f;
    p = p * f + 1.000000072f;
  } else {
    p = 5.517162713e-2f * f + 2.426111432e-1f;
    p = p * f + 6.932609953e-1f;
    p = p * f + 9.999280725e-1f;
  }
  return (V)((VI)p + ((VI)shifted << 23));
}

// bfloat16, round to nearest even.
INLINE VU round_bf16(V v) {  // in the high halves; the low halves are rubbish
  VU u = (VU)v;
  return u + 0x7fffu + ((u >> 16) & 1u);
}
INLINE uint16_t to_bf16(float x) {
  uint32_t u;
  __builtin_memcpy(&u, &x, 4);
  return (uint16_t)((u + 0x7fffu + ((u >> 16) & 1u)) >> 16);
}
INLINE float from_bits(uint32_t u) {
  float x;
  __builtin_memcpy(&x, &u, 4);
  return x;
}
INLINE float from_bf16(uint16_t h) { return from_bits((uint32_t)h << 16); }

// One vector in the low halves of the lanes, the other in the high halves.
INLINE VU pair(V low, V high) {
#if defined(__AVX512BF16__)
  __m512i both = (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
  const __m512i order =
      _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                       21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return (VU)_mm512_permutexvar_epi16(order, both);
#else
  return (round_bf16(low) >> 16) | (round_bf16(high) & 0xffff0000u);
#endif
}
INLINE V low_half(VU u) { return (V)(u << 16); }
INLINE V high_half(VU u) { return (V)(u & 0xffff0000u); }

INLINE V load_n(const float *p, int n) {  // the first n lanes, the others 0
  if (n >= VL) return load(p);
#if defined(__AVX512F__)
  return (V)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#else
  V v{};
  for (int i = 0; i < n; i++) v[i] = p[i];
  return v;
#endif
}
INLINE V load_n(const uint16_t *p, int n) {
#if defined(__AVX512BW__) && defined(__AVX512VL__)
  __m256i h = _mm256_maskz_loadu_epi16((__mmask16)(n >= VL ? 0xffff : (1u << n) - 1), p);
  return (V)_mm512_slli_epi32(_mm512_cvtepu16_epi32(h), 16);
#else
  V v{};
  for (int i = 0; i < (n < VL ? n : VL); i++) v[i] = from_bf16(p[i]);
  return v;
#endif
}
INLINE void store_n(float *p, V v, int n) {
  if (n >= VL) return store(p, v);
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
  for (int i = 0; i < n; i++) p[i] = v[i];
#endif
}
INLINE void store_n(uint16_t *p, V v, int n) {
#if defined(__AVX512BF16__) && defined(__AVX512BW__) && defined(__AVX512VL__)
  __m256i h = (__m256i)_mm512_cvtneps_pbh((__m512)v);
  _mm256_mask_storeu_epi16(p, (__mmask16)(n >= VL ? 0xffff : (1u << n) - 1), h);
#else
  VU u = round_bf16(v) >> 16;
  for (int i = 0; i < (n < VL ? n : VL); i++) p[i] = (uint16_t)u[i];
#endif
}

// Transposes VL x VL: log2(VL) perfect shuffles.
template <class T>
INLINE T zip_low(T a, T b) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
#elif defined(__AVX2__)
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#else
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#endif
}
template <class T>
INLINE T zip_high(T a, T b) {
#if defined(__AVX512F__)
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15,
                                 31);
#elif defined(__AVX2__)
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#endif
}
template <class T>
INLINE void transpose_registers(T (&r)[VL]) {
  UNROLL
  for (int s = VL; s > 1; s /= 2) {
    T t[VL];
    UNROLL
    for (int i = 0; i < VL / 2; i++) {
      t[2 * i] = zip_low(r[i], r[i + VL / 2]);
      t[2 * i + 1] = zip_high(r[i], r[i + VL / 2]);
    }
    UNROLL
    for (int i = 0; i < VL; i++) r[i] = t[i];
  }
}

}  // namespace SWINSR_ISA
