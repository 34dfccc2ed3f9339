// The forms in which a small matrix takes part in a product.
//
//   rows      float [R][ld]          channels in rows, tokens in lanes
//   stacked   E [R / PER][ld]        neighbouring rows together: summed over rows
//   flat      E [R][ld / PER]        neighbouring lanes together: summed over lanes, broadcast
//   turned    E [ld / PER][R]        the transposed of flat: summed over the former lanes
//
// For F32 stacked and flat are the rows themselves.
#pragma once
#include "matmul.h"

namespace SWINSR_ISA {

// Rows -> stacked; the result is `rows` itself for F32. R is rounded up with zeros.
template <class P>
INLINE const typename P::E *stacked(const float *rows, int64_t R, int64_t ld, int64_t lanes,
                                    typename P::E *to) {
  if constexpr (P::PER == 1) {
    return rows;
  } else {
    for (int64_t r = 0; r < R; r += 2)
      for (int64_t i = 0; i < lanes; i += VL) {
        V low = load(rows + r * ld + i);
        V high = r + 1 < R ? load(rows + (r + 1) * ld + i) : V{};
        store(to + r / 2 * ld + i, pair(low, high));
      }
    return to;
  }
}

// Rows -> flat; the result is `rows` itself for F32.
template <class P>
INLINE const typename P::E *flat(const float *rows, int64_t R, int64_t ld, typename P::E *to) {
  if constexpr (P::PER == 1) {
    return rows;
  } else {
#if defined(__AVX512BF16__)
    // ld is a multiple of VL; an odd vector at the end of a row is paired with zeros.
    for (int64_t r = 0; r < R; r++)
      for (int64_t i = 0; i < ld; i += 2 * VL) {
        V low = load(rows + r * ld + i);
        if (i + VL < ld) {
          V high = load(rows + r * ld + i + VL);
          store(to + r * (ld / 2) + i / 2,
                (VU)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low));
        } else {
          _mm256_storeu_si256((__m256i *)(to + r * (ld / 2) + i / 2),
                              (__m256i)_mm512_cvtneps_pbh((__m512)low));
        }
      }
#else
    for (int64_t r = 0; r < R; r++)
      for (int64_t i = 0; i < ld; i += 2)
        to[r * (ld / 2) + i / 2] =
            to_bf16(rows[r * ld + i]) | (uint32_t)to_bf16(rows[r * ld + i + 1]) << 16;
#endif
    return to;
  }
}

// (R, S) with row length ld -> (S, R) with row length to_ld >= R rounded up to VL. What is beyond
// R in a row of the result is zero.
template <class E>
static void turn(const E *from, int64_t R, int64_t S, int64_t ld, E *to, int64_t to_ld) {
  typedef decltype(load(from)) VE;
  for (int64_t r = 0; r < R; r += VL)
    for (int64_t s = 0; s < S; s += VL) {
      VE t[VL];
      if (s + VL <= ld) {
        UNROLL
        for (int i = 0; i < VL; i++) t[i] = r + i < R ? load(from + (r + i) * ld + s) : VE{};
      } else {  // half a vector of pairs is left
        for (int i = 0; i < VL; i++) {
          E lanes[VL] = {};
          if (r + i < R)
            for (int64_t j = s; j < S; j++) lanes[j - s] = from[(r + i) * ld + j];
          t[i] = load(lanes);
        }
      }
      transpose_registers(t);
      for (int i = 0; i < VL && s + i < S; i++) store(to + (s + i) * to_ld + r, t[i]);
    }
}

// Where each token of an array with rows of `stride` values is.
template <class IO>
struct Rows {
  IO *start;
  int64_t stride;
  IO *operator()(int64_t t) const { return start + t * stride; }
};

// Tokens -> rows: to[c][t] = at(t)[c], zero from `tokens` to ld. `to` has room for channels rounded
// up to VL.
template <class At>
static void gather(At at, int64_t tokens, int64_t channels, float *to, int64_t ld) {
  for (int64_t c = 0; c < channels; c += VL) {
    int n = (int)(channels - c < VL ? channels - c : VL);
    for (int64_t t0 = 0; t0 < ld; t0 += VL) {
      V t[VL];
      UNROLL
      for (int i = 0; i < VL; i++)
        t[i] = t0 + i < tokens ? load_n(at(t0 + i) + c, n) : V{};
      transpose_registers(t);
      UNROLL
      for (int i = 0; i < VL; i++) store(to + (c + i) * ld + t0, t[i]);
    }
  }
}

// The inverse of gather.
template <class At>
static void scatter(const float *from, int64_t ld, int64_t tokens, int64_t channels, At at) {
  for (int64_t c = 0; c < channels; c += VL) {
    int n = (int)(channels - c < VL ? channels - c : VL);
    for (int64_t t0 = 0; t0 < tokens; t0 += VL) {
      V t[VL];
      UNROLL
      for (int i = 0; i < VL; i++) t[i] = load(from + (c + i) * ld + t0);
      transpose_registers(t);
      for (int i = 0; i < VL && t0 + i < tokens; i++) store_n(at(t0 + i) + c, t[i], n);
    }
  }
}

}  // namespace SWINSR_ISA
