"""The two halves of a block as PyTorch operators that write into a map; for inference.

Registered as `swinsr::block_attention_triton` and `swinsr::block_mlp_triton`. Maps are float32 and
contiguous; the weights of the linear layers are float32, bfloat16 or float16, which is what is
multiplied; everything else is float32. In V1 the norms' weights are part of the layers after them,
and the norms that are given are not read. `out` may be x. Triton is imported when the first of them
runs.
"""

from swinsr.ops.operator import later, nothing, operator

_MODULE = "swinsr.ops.swin_block.triton.launch"
_DEVICES = ("CUDA", "CPU")  # on the CPU by Triton's interpreter
_NORM = "Tensor norm_weight, Tensor norm_bias"
block_attention_triton = operator(
    "block_attention_triton(Tensor(a!) out, Tensor x, Tensor scale, Tensor bias, Tensor? mask, "
    f"{_NORM}, Tensor qkv_weight, Tensor qkv_bias, Tensor proj_weight, Tensor proj_bias, "
    "int window, int shift, int heads, int version) -> ()",
    later(_MODULE, "attention_into"),
    devices=_DEVICES,
    shape=nothing,
)
block_mlp_triton = operator(
    f"block_mlp_triton(Tensor(a!) out, Tensor x, {_NORM}, Tensor fc1_weight, Tensor fc1_bias, "
    "Tensor fc2_weight, Tensor fc2_bias, int version) -> ()",
    later(_MODULE, "mlp_into"),
    devices=_DEVICES,
    shape=nothing,
)
