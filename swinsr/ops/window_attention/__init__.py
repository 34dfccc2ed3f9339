"""Window attention: one operation for V1 and V2, several backends, one contract.

    out = softmax(scale_h * q @ k.T + bias_h + mask) @ v      per window, per head h

V1 (arXiv:2103.14030, equation 4) takes q and k as they are; V2 (arXiv:2111.09883, equation 2)
normalises both to length 1 first (`cosine`).
"""

from swinsr.ops.backend import ATTENTION_BACKENDS as BACKENDS
from swinsr.ops.window_attention.packed import window_attention_packed

__all__ = ["BACKENDS", "window_attention_packed"]
