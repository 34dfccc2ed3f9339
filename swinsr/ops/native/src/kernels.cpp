// The functions that Python calls, compiled once per instruction set under names that end in it.
#include "attention.h"
#include "block.h"
#include "convolution.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#if defined(_WIN32)
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif
#define NAME(base) JOIN(base, SWINSR_ISA)

using namespace SWINSR_ISA;

// 1 where the processor multiplies bfloat16; 0 where its products are made of floats.
EXPORT int64_t NAME(swinsr_bfloat16_)() {
#if defined(__AVX512BF16__)
  return 1;
#else
  return 0;
#endif
}

EXPORT int64_t NAME(swinsr_lanes_)() { return VL; }

EXPORT int64_t NAME(swinsr_attention_scratch_)(int64_t tokens, int64_t head_dim) {
  return attention_scratch(tokens, head_dim);
}

EXPORT void NAME(swinsr_attention_prepare_)(AttentionCall *c) {
  turn_bias(c->bias, c->heads, c->tokens, c->bias_turned);
  if (!c->mask) return;
  turn_bias(c->mask, 4, c->tokens, c->mask_turned);
  c->masks_interior = 0;
  for (int64_t i = 0; i < c->tokens * c->tokens; i++) c->masks_interior |= c->mask[i] != 0.0f;
}

// Takes shares of the work until none is left; any number of threads may do so at once.
template <class Work>
static void take_shares(int64_t *next, int64_t shares, int64_t items, Work work) {
  for (;;) {
    int64_t share = __atomic_fetch_add(next, 1, __ATOMIC_RELAXED);
    if (share >= shares) return;
    work(share, share * items / shares, (share + 1) * items / shares);
  }
}

EXPORT void NAME(swinsr_attention_forward_)(const AttentionCall *c, int64_t thread) {
  float *scratch = c->scratch + thread * c->scratch_words;
  take_shares(c->next, c->shares, c->windows, [&](int64_t, int64_t first, int64_t last) {
    if (!c->bfloat16) return attend<float, F32>(*c, first, last, scratch);
    attend<uint16_t, BF16>(*c, first, last, scratch);
  });
}

EXPORT void NAME(swinsr_attention_backward_)(const AttentionCall *c, int64_t thread) {
  float *scratch = c->scratch + thread * c->scratch_words;
  take_shares(c->next, c->shares, c->windows, [&](int64_t share, int64_t first, int64_t last) {
    float *dscale = c->share_sums + share * c->share_words;
    float *dbias = dscale + round_up(c->heads, 16);
    if (!c->bfloat16)
      return attend_backward<float, F32>(*c, first, last, dbias, dscale, scratch);
    attend_backward<uint16_t, BF16>(*c, first, last, dbias, dscale, scratch);
  });
}

// Adds the shares' sums in order, so that the result does not depend on the threads.
EXPORT void NAME(swinsr_attention_finish_)(const AttentionCall *c) {
  const int64_t T = c->tokens, ld = round_up(T, VL);
  for (int64_t share = 0; share < c->shares; share++) {
    const float *dscale = c->share_sums + share * c->share_words;
    const float *dbias = dscale + round_up(c->heads, 16);
    for (int64_t h = 0; h < c->heads; h++) {
      if (c->dscale) c->dscale[h] = (share ? c->dscale[h] : 0.0f) + dscale[h];
      for (int64_t i = 0; i < T; i++)
        for (int64_t j = 0; j < T; j++) {
          float *to = c->dbias + (h * T + i) * T + j;
          *to = (share ? *to : 0.0f) + dbias[(h * T + j) * ld + i];
        }
    }
  }
}

#define BLOCK_KIND(c, what) ((c)->bfloat16 ? what(BF16) : what(F32))

// Words that BlockCall::prepared, scratch (of a thread) and share_sums (of a share) need.
EXPORT int64_t NAME(swinsr_block_prepared_)(const BlockCall *c) {
  const int64_t C = c->channels, T = c->window * c->window, pad = 16 * VL;
  return 2 * (3 * C * (C + 1) + C * (C + 1) + 2 * (C + 1) * (c->hidden + 1)) + 3 * (4 * C + c->hidden) +
         (c->heads + 4) * T * round_up(T, VL) + pad;
}
EXPORT int64_t NAME(swinsr_block_scratch_)(const BlockCall *c) {
  const int64_t kept = c->heads * (kept_words(c->window * c->window) + BLOCK + 16);
  return block_window<F32>(*c, nullptr, true).end - (float *)nullptr + kept;
}
EXPORT int64_t NAME(swinsr_block_sums_)(const BlockCall *c) {
  return block_sums(*c, nullptr).end - (float *)nullptr;
}

EXPORT void NAME(swinsr_block_prepare_)(const BlockCall *c) {
#define PREPARE(P) (void)block_weights<P>(*c, true)
  BLOCK_KIND(c, PREPARE);
}

EXPORT void NAME(swinsr_block_forward_)(const BlockCall *c, int64_t thread) {
  float *scratch = c->scratch + thread * c->scratch_words;
  const int64_t windows = c->batch * (c->height / c->window) * (c->width / c->window);
  take_shares(c->next, c->shares, windows, [&](int64_t, int64_t first, int64_t last) {
#define FORWARD(P) block_forward<P>(*c, first, last, scratch)
    BLOCK_KIND(c, FORWARD);
  });
}

EXPORT void NAME(swinsr_block_backward_)(const BlockCall *c, int64_t thread) {
  float *scratch = c->scratch + thread * c->scratch_words;
  const int64_t windows = c->batch * (c->height / c->window) * (c->width / c->window);
  take_shares(c->next, c->shares, windows, [&](int64_t share, int64_t first, int64_t last) {
    float *sums = c->share_sums + share * c->share_words;
#define BACKWARD(P) block_backward<P>(*c, first, last, sums, scratch)
    BLOCK_KIND(c, BACKWARD);
  });
}

EXPORT void NAME(swinsr_block_finish_)(const BlockCall *c) { block_finish(*c); }

EXPORT int64_t NAME(swinsr_convolution_prepared_)(const ConvolutionCall *c) {
  return convolution_prepared(*c);
}
EXPORT int64_t NAME(swinsr_convolution_scratch_)(const ConvolutionCall *c) {
  return convolution_scratch(*c);
}

EXPORT void NAME(swinsr_convolution_prepare_)(const ConvolutionCall *c) {
#define PREPARE_CONVOLUTION(P) convolution_prepare<P>(*c)
  BLOCK_KIND(c, PREPARE_CONVOLUTION);
}

EXPORT void NAME(swinsr_convolution_forward_)(const ConvolutionCall *c, int64_t thread) {
  float *scratch = c->scratch + thread * c->scratch_words;
  const int64_t tiles = convolution_tiles(*c), groups = (tiles + TILES - 1) / TILES;
  take_shares(c->next, c->shares, groups, [&](int64_t, int64_t first, int64_t last) {
    last = last * TILES < tiles ? last * TILES : tiles;
#define CONVOLVE(P) convolution_forward<P>(*c, first * TILES, last, scratch)
    BLOCK_KIND(c, CONVOLVE);
  });
}
