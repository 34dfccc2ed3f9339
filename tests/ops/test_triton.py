"""The Triton kernels' own tests, run on the CPU by Triton's interpreter in a process of their own.

The interpreter holds for a whole process, which is why the rest of the suite does not share it.
"""

import os
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")
def test_kernels_compile_for_hopper_without_a_gpu() -> None:
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource, compile

    from swinsr.ops.window_attention.triton import forward as kernel

    values = dict.fromkeys(("qkv", "out", "scale", "bias", "mask"), "*fp32")
    numbers = dict.fromkeys(("windows", "rows", "columns", "heads", "shares"), "i32")
    constants = {"TOKENS": 49, "HEAD_DIM": 10, "CHANNELS": 16, "QUERIES": 64, "KEYS": 64}
    constants |= {"COSINE": True, "MASKED": True, "PRECISION": "ieee"}
    names = kernel.forward.arg_names
    signature = {name: (values | numbers).get(name, "constexpr") for name in names}
    source = ASTSource(fn=kernel.forward, signature=signature, constexprs=constants)
    options = {"num_warps": 8, "num_stages": 1}
    built = compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    assert built.asm["cubin"]
    assert built.metadata.shared <= 101_376  # of every GPU since Ampere
