// Products of small matrices that are in the first-level cache.
//
// Elements are 32 bits: one float (F32), or two bfloat16 that are neighbours along the summed
// dimension (BF16), which processors with AVX-512-BF16 multiply and add in one instruction. On
// others the same rounded values are multiplied as floats: as exact, but slower than F32.
#pragma once
#include "simd.h"

namespace SWINSR_ISA {

struct F32 {
  static constexpr int PER = 1;  // summed values an element
  static constexpr bool EXACT = true;
  typedef float E;
  typedef V VE;
  INLINE V dot(V sum, E a, VE b) { return sum + a * b; }
};

struct BF16 {
  static constexpr int PER = 2;
  static constexpr bool EXACT = false;
  typedef uint32_t E;
  typedef VU VE;
  INLINE V dot(V sum, E a, VE b) {
#if defined(__AVX512BF16__)
    return (V)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)a), (__m512bh)b);
#else
    return sum + from_bits(a << 16) * low_half(b) + from_bits(a & 0xffff0000u) * high_half(b);
#endif
  }
};

template <class P, int MR, int NR>
INLINE void tile(int64_t K, const typename P::E *a, int64_t am, int64_t ak,
                 const typename P::E *b, int64_t ldb, float *c, int64_t ldc, bool add) {
  V sum[MR][NR];
  UNROLL
  for (int m = 0; m < MR; m++) {
    UNROLL
    for (int n = 0; n < NR; n++) sum[m][n] = add ? load(c + m * ldc + n * VL) : V{};
  }
  for (int64_t k = 0; k < K; k++) {
    typename P::VE row[NR];
    UNROLL
    for (int n = 0; n < NR; n++) row[n] = load(b + k * ldb + n * VL);
    UNROLL
    for (int m = 0; m < MR; m++) {
      typename P::E x = a[m * am + k * ak];
      UNROLL
      for (int n = 0; n < NR; n++) sum[m][n] = P::dot(sum[m][n], x, row[n]);
    }
  }
  UNROLL
  for (int m = 0; m < MR; m++) {
    UNROLL
    for (int n = 0; n < NR; n++) store(c + m * ldc + n * VL, sum[m][n]);
  }
}

template <class P, int MR, int NR>
static void panel(int64_t M, int64_t K, const typename P::E *a, int64_t am, int64_t ak,
                  const typename P::E *b, int64_t ldb, float *c, int64_t ldc, bool add) {
  int64_t m = 0;
  for (; m + MR <= M; m += MR) tile<P, MR, NR>(K, a + m * am, am, ak, b, ldb, c + m * ldc, ldc, add);
  if constexpr (MR > 1)
    if (m < M)
      panel<P, MR / 2, NR>(M - m, K, a + m * am, am, ak, b, ldb, c + m * ldc, ldc, add);
}

// c[m][n] (+)= sum over k of a[m * am + k * ak] * b[k * ldb + n], N a multiple of VL.
template <class P>
static void matmul(int64_t M, int64_t N, int64_t K, const typename P::E *a, int64_t am, int64_t ak,
                   const typename P::E *b, int64_t ldb, float *c, int64_t ldc, bool add) {
  int64_t n = 0;
#if defined(__AVX512F__)
  for (; n + 4 * VL <= N; n += 4 * VL)
    panel<P, 6, 4>(M, K, a, am, ak, b + n, ldb, c + n, ldc, add);
  if (n + 3 * VL <= N) {
    panel<P, 8, 3>(M, K, a, am, ak, b + n, ldb, c + n, ldc, add);
    return;
  }
#endif
  for (; n + 2 * VL <= N; n += 2 * VL)
    panel<P, 6, 2>(M, K, a, am, ak, b + n, ldb, c + n, ldc, add);
  if (n < N) panel<P, 12, 1>(M, K, a, am, ak, b + n, ldb, c + n, ldc, add);
}

}  // namespace SWINSR_ISA
