"""The Triton kernels' own tests, run on the CPU by Triton's interpreter in a process of their own.

The interpreter holds for a whole process, which is why the rest of the suite does not share it.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from swinsr.ops.gpu import INTERPRETER_VARIABLE

pytest.importorskip("triton", reason="the package triton is not installed")
FOLDER = Path(__file__).parent / "triton"
ROOT = FOLDER.parents[2]


@pytest.mark.parametrize("file", sorted(FOLDER.glob("test_*.py")), ids=lambda path: path.stem)
def test_kernels_pass_their_tests_in_the_interpreter(file: Path) -> None:
    environment = os.environ | {INTERPRETER_VARIABLE: "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout or "100%" in done.stdout


def test_kernels_are_not_imported_where_they_cannot_run() -> None:
    code = (
        "import sys, swinsr.ops.window_attention, swinsr.ops.window_process; "
        "assert 'triton' not in sys.modules"
    )
    environment = {k: v for k, v in os.environ.items() if k != INTERPRETER_VARIABLE}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=True)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_kernels_pass_their_tests_on_the_gpu() -> None:
    environment = {k: v for k, v in os.environ.items() if k != INTERPRETER_VARIABLE}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(FOLDER)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# On a GPU of any kind since Ampere.
SHARED_MEMORY = 101_376


def compiled_for_hopper(kernel: Any, types: dict[str, str], constants: dict[str, object]) -> Any:
    """A kernel built without a GPU; arguments that are not named are pointers to float32."""
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    kinds = types | dict.fromkeys(constants, "constexpr")
    signature = {name: kinds.get(name, "*fp32") for name in kernel.arg_names}
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants)
    options = {"num_warps": 8, "num_stages": 1}
    return compile(source, target=GPUTarget("cuda", 90, 32), options=options)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")
def test_kernels_compile_for_hopper_without_a_gpu() -> None:
    from swinsr.ops.window_attention.triton import forward as kernel

    numbers = dict.fromkeys(("windows", "rows", "columns", "heads", "shares"), "i32")
    constants = {"TOKENS": 49, "HEAD_DIM": 10, "CHANNELS": 16, "QUERIES": 64, "KEYS": 64}
    constants |= {"COSINE": True, "MASKED": True, "PRECISION": "ieee"}
    built = compiled_for_hopper(kernel.forward, numbers, constants)
    assert built.asm["cubin"]
    assert built.metadata.shared <= SHARED_MEMORY


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")
@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(("heads", "head_dim", "window"), [(4, 16, 8), (6, 30, 8), (6, 10, 16)])
def test_halves_of_a_block_compile_for_hopper_without_a_gpu(
    heads: int, head_dim: int, window: int, version: int
) -> None:
    from swinsr.ops.swin_block.triton.attention import attention_half
    from swinsr.ops.swin_block.triton.launch import LARGEST_TILE
    from swinsr.ops.swin_block.triton.mlp import mlp_half

    dim, channels = heads * head_dim, 64 if heads * head_dim <= 64 else 256
    common = {"CHANNELS": channels, "PRECISION": "ieee"}
    numbers = dict.fromkeys(("height", "width", "shift", "pixels"), "i32") | {"eps": "fp32"}
    weights = ("qkv_weight", "proj_weight", "weight_1", "weight_2")
    types = numbers | dict.fromkeys(weights, "*bf16")
    keys = window * window
    queries = LARGEST_TILE // keys
    attention = {"WINDOW": window, "HEADS": heads, "HEAD_DIM": head_dim}
    attention |= {"QUERIES": queries, "KEYS": keys}
    attention |= {"HEAD": 16 if head_dim <= 16 else 32, "COSINE": version == 2}
    attention |= {"MASKED": True, "WHOLE": queries == keys}
    mlp = {"DIM": dim, "HIDDEN": 2 * dim, "PIXELS": 64, "PIECE": 32, "V2": version == 2}
    for kernel, constants in ((attention_half, attention), (mlp_half, mlp)):
        built = compiled_for_hopper(kernel, types, constants | common)
        assert built.asm["cubin"]
        assert built.metadata.shared <= SHARED_MEMORY
