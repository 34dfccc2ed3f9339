// Window attention on the packed projection: loops over windows and heads.
#pragma once
#include "calls.h"
#include "scores.h"

namespace SWINSR_ISA {

// Which of the four masks the window takes; null for none.
INLINE const float *mask_of(const AttentionCall &c, int64_t window) {
  if (!c.mask) return nullptr;
  int64_t place = window % (c.rows * c.columns);
  int64_t kind = 2 * (place / c.columns == c.rows - 1) + (place % c.columns == c.columns - 1);
  return kind || c.masks_interior ? c.mask_turned + kind * c.tokens * round_up(c.tokens, VL)
                                  : nullptr;
}

// Words of scratch one thread needs.
static int64_t attention_scratch(int64_t tokens, int64_t dim) {
  int64_t ld = round_up(tokens, VL), rows = round_up(dim, VL);
  return 14 * (rows * ld + 16) + 2 * (ld + 16) + head_scratch(tokens) + 64;
}

// One head of one window in rows and in the forms the products take.
template <class P>
struct Loaded {
  float *q, *k, *v, *q_inverse, *k_inverse;
  Head<P> head;
};

template <class IO, class P>
static void load_head(const AttentionCall &c, int64_t window, int64_t head, bool backward,
                      Scratch &s, Loaded<P> &l) {
  typedef typename P::E E;
  const int64_t T = c.tokens, D = c.head_dim, dim = c.heads * D;
  const int64_t ld = round_up(T, VL), area = round_up(D, VL) * ld;
  const IO *from = (const IO *)c.qkv + window * T * 3 * dim + head * D;
  l.q = s.take(area), l.k = s.take(area), l.v = s.take(area);
  l.q_inverse = s.take(ld), l.k_inverse = s.take(ld);
  gather(Rows<const IO>{from, 3 * dim}, T, D, l.q, ld);
  gather(Rows<const IO>{from + dim, 3 * dim}, T, D, l.k, ld);
  gather(Rows<const IO>{from + 2 * dim, 3 * dim}, T, D, l.v, ld);
  if (c.cosine) {
    normalise(l.q, D, ld, l.q_inverse);
    normalise(l.k, D, ld, l.k_inverse);
  }
  Head<P> &h = l.head;
  h.tokens = T, h.ld = ld, h.dim = D, h.steps = (D + P::PER - 1) / P::PER;
  h.scale = c.scale[head];
  h.bias = c.bias_turned + head * T * ld;
  h.mask = mask_of(c, window);
  h.kept = nullptr, h.kept_inverse = nullptr;
  h.q = stacked<P>(l.q, D, ld, ld, (E *)s.take(area));
  h.k = stacked<P>(l.k, D, ld, ld, (E *)s.take(area));
  if (!backward) {
    h.v_flat = flat<P>(l.v, D, ld, (E *)s.take(area));
    return;
  }
  h.v = stacked<P>(l.v, D, ld, ld, (E *)s.take(area));
  h.q_flat = flat<P>(l.q, D, ld, (E *)s.take(area));
  h.k_flat = flat<P>(l.k, D, ld, (E *)s.take(area));
}

// Asks for a part of what the next window needs: its rows are too far apart for the processor to
// foresee.
template <class IO>
INLINE void fetch_ahead(const IO *from, int64_t values, int64_t part, int64_t parts) {
  const char *start = (const char *)(from + values * part / parts);
  const char *end = (const char *)(from + values * (part + 1) / parts);
  for (; start < end; start += 64) __builtin_prefetch(start, 0, 2);
}

template <class IO, class P>
static void attend(const AttentionCall &c, int64_t first, int64_t last, float *scratch) {
  const int64_t T = c.tokens, D = c.head_dim, dim = c.heads * D, ld = round_up(T, VL);
  for (int64_t w = first; w < last; w++)
    for (int64_t h = 0; h < c.heads; h++) {
      Scratch s{scratch};
      Loaded<P> l;
      load_head<IO, P>(c, w, h, false, s, l);
      if (w + 1 < last)
        fetch_ahead((const IO *)c.qkv + (w + 1) * T * 3 * dim, T * 3 * dim, h, c.heads);
      float *out = s.take(round_up(D, VL) * ld);
      head_forward<P>(l.head, out, s.at);
      scatter(out, ld, T, D, Rows<IO>{(IO *)c.out + w * T * dim + h * D, dim});
    }
}

// The gradients of one share of the windows; those of bias and scale go to the share's own sums.
template <class IO, class P>
static void attend_backward(const AttentionCall &c, int64_t first, int64_t last, float *dbias,
                            float *dscale, float *scratch) {
  typedef typename P::E E;
  const int64_t T = c.tokens, D = c.head_dim, dim = c.heads * D, ld = round_up(T, VL);
  const int64_t area = round_up(D, VL) * ld;
  for (int64_t i = 0; i < c.heads * T * ld; i += VL) store(dbias + i, V{});
  for (int64_t h = 0; h < c.heads; h++) {
    double scale_sum = 0;
    for (int64_t w = first; w < last; w++) {
      Scratch s{scratch};
      Loaded<P> l;
      load_head<IO, P>(c, w, h, true, s, l);
      float *dout = s.take(area);
      gather(Rows<const IO>{(const IO *)c.dout + w * T * dim + h * D, dim}, T, D, dout, ld);
      HeadGradients<P> g;
      g.out = stacked<P>(dout, D, ld, ld, (E *)s.take(area));
      g.out_flat = flat<P>(dout, D, ld, (E *)s.take(area));
      g.q = s.take(area), g.k = s.take(area), g.v = s.take(area);
      g.bias = dbias + h * T * ld;
      head_backward<P>(l.head, g, s.at);
      if (c.cosine) {
        float along = normalise_backward(g.q, l.q, l.q_inverse, D, ld);
        normalise_backward(g.k, l.k, l.k_inverse, D, ld);
        scale_sum += along;
      } else if (c.dscale) {
        V sum{};
        for (int64_t i = 0; i < D * ld; i += VL) sum += load(g.q + i) * load(l.q + i);
        scale_sum += sum_lanes(sum);
      }
      multiply(g.q, D * ld, c.scale[h]);
      multiply(g.k, D * ld, c.scale[h]);
      IO *to = (IO *)c.dqkv + w * T * 3 * dim + h * D;
      scatter(g.q, ld, T, D, Rows<IO>{to, 3 * dim});
      scatter(g.k, ld, T, D, Rows<IO>{to + dim, 3 * dim});
      scatter(g.v, ld, T, D, Rows<IO>{to + 2 * dim, 3 * dim});
    }
    dscale[h] = (float)scale_sum;
  }
}

}  // namespace SWINSR_ISA
