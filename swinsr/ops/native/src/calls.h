// What Python hands over; ../calls.py declares the same fields in the same order.
#pragma once
#include <stdint.h>

struct AttentionCall {
  int64_t windows, tokens, heads, head_dim;
  int64_t rows, columns;   // of windows in one picture
  int64_t cosine;          // normalise queries and keys
  int64_t bfloat16;        // type of qkv, out and their gradients; else float
  int64_t masks_interior;  // attention_prepare finds whether interior windows have a mask
  int64_t shares;          // the windows are divided into so many stretches
  const void *qkv;         // (windows, tokens, 3 * heads * head_dim)
  void *out;               // (windows, tokens, heads * head_dim)
  const float *scale;      // (heads)
  const float *bias;       // (heads, tokens, tokens)
  const float *mask;       // (4, tokens, tokens) or null
  float *bias_turned;      // room for attention_prepare
  float *mask_turned;
  float *scratch;          // (threads, scratch_words)
  int64_t scratch_words;
  int64_t *next;           // the first share that no thread has taken
  const void *dout;        // backward only, as all below
  void *dqkv;
  float *dbias;            // (heads, tokens, tokens)
  float *dscale;           // (heads) or null
  float *share_sums;       // (shares, share_words)
  int64_t share_words;
};

// One weight or bias of a block and its gradient; null where the layer has none.
struct Parameter {
  const float *value;
  float *gradient;
};

struct BlockCall {
  int64_t batch, height, width, window, shift;
  int64_t channels, heads, hidden;
  int64_t version;   // 1: norms before attention and MLP, 2: after them, and cosine attention
  int64_t bfloat16;  // products of values rounded to bfloat16
  int64_t shares;    // the windows are divided into so many stretches
  const float *x;    // (batch, height, width, channels), as all maps here
  float *out;
  const float *dout;  // backward only
  float *dx;
  Parameter scale;  // (heads)
  Parameter bias;   // (heads, tokens, tokens)
  const float *mask;
  Parameter norm1_weight, norm1_bias, qkv_weight, qkv_bias, proj_weight, proj_bias;
  Parameter norm2_weight, norm2_bias, fc1_weight, fc1_bias, fc2_weight, fc2_bias;
  float *prepared;  // (prepared_words) room for block_prepare
  float *scratch;   // (threads, scratch_words)
  int64_t scratch_words;
  int64_t *next;
  float *share_sums;  // (shares, share_words)
  int64_t share_words;
};

// A 3x3 convolution that keeps the size; rows outside x are zero.
struct ConvolutionCall {
  int64_t batch, height, width;  // of x
  int64_t inputs, outputs;
  int64_t top, rows;  // the result's rows lie around x's from top on, before the shuffle
  int64_t nearest;    // x is enlarged by 2 to this power first; top and rows count those pixels
  int64_t shuffle;    // side of the pixel shuffle afterwards
  int64_t add;        // the result is added to what is there
  int64_t bfloat16;
  int64_t shares;
  int64_t x_image, out_image;  // values from picture to picture
  const float *x;              // (batch, height, width, inputs)
  float *out;                  // (batch, rows * shuffle, width * shuffle, outputs / shuffle^2)
  const float *weight, *bias;  // (outputs, inputs, 3, 3), (outputs) or null
  float *prepared, *scratch;
  int64_t scratch_words;
  int64_t *next;
  float slope;  // of the leaky ReLU at the end; 1 for none
};
