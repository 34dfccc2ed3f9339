"""Which implementation of an operation runs, and why; the choice can be forced and is explained.

SWINSR_ATTENTION=reference|sdpa|native|triton   forces window attention
SWINSR_BLOCK=modules|native|triton   forces how a block runs
SWINSR_PROCESS=reference|strided|triton   forces the shift and cut into windows
SWINSR_ISA=baseline|avx2|avx512|avx512bf16   forces the kernels' instruction set
"""

import os
from dataclasses import dataclass

import torch

from swinsr.errors import ConfigError, DeviceError
from swinsr.ops.gpu import triton_lacks
from swinsr.ops.native.library import ISA_VARIABLE, instruction_sets, kernels, unavailable

ATTENTION_VARIABLE = "SWINSR_ATTENTION"
BLOCK_VARIABLE = "SWINSR_BLOCK"
BLOCK_BACKENDS = ("auto", "modules", "native", "triton")
PROCESS_VARIABLE = "SWINSR_PROCESS"
ATTENTION_BACKENDS = ("auto", "reference", "sdpa", "native", "triton")
PROCESS_BACKENDS = ("auto", "reference", "strided", "triton")
NATIVE_DTYPES = (torch.float32, torch.bfloat16)
TRITON_DTYPES = (torch.float32, torch.bfloat16, torch.float16)


@dataclass(frozen=True)
class Explanation:
    """One operation's backend on this machine, for people.

    Attributes:
        operation: what it computes.
        backend: the name that "auto" stands for.
        reason: one sentence.
    """

    operation: str
    backend: str
    reason: str


def _asked(
    requested: str, variable: str, backends: tuple[str, ...], operation: str
) -> tuple[str, str]:
    """The backend that is asked for, by the caller or by a variable, and by which of them.

    Raises:
        ConfigError: an unknown backend.
    """
    asked, by = requested, f"backend={requested!r}"
    if requested == "auto" and (named := os.environ.get(variable)):
        asked, by = named, f"{variable}={named}"
    if asked not in backends:
        raise ConfigError(f"{by}: unknown {operation} backend; choose from {', '.join(backends)}")
    return asked, by


def attention_backend(
    requested: str, device: torch.device, dtype: torch.dtype, *, dropout: float, trains: bool
) -> str:
    """The backend of one call of window attention.

    Args:
        requested: one of `ATTENTION_BACKENDS`; "auto" leaves it to SWINSR_ATTENTION, and without
            that takes the quickest that computes what is asked.
        device: where the tensors are.
        dtype: type of queries, keys and values.
        dropout: share of attention weights dropped.
        trains: whether a gradient will be asked for.

    Raises:
        ConfigError: an unknown backend, or one without attention dropout where there is some.
        DeviceError: a backend asked for by name that cannot run here.
    """
    asked, by = _asked(requested, ATTENTION_VARIABLE, ATTENTION_BACKENDS, "attention")
    if asked == "auto":
        if not dropout and not _native_lacks(device, dtype):
            return "native"
        if not dropout and device.type == "cuda" and not _triton_lacks(device, dtype):
            return "triton"
        # The fused CPU path of scaled_dot_product_attention has no gradient for the bias.
        return "reference" if trains or dropout else "sdpa"
    if dropout and asked != "reference":
        raise ConfigError(f"{by} has no attention dropout; take backend='reference'")
    lacks = {"native": _native_lacks, "triton": _triton_lacks}
    if asked in lacks and (reason := lacks[asked](device, dtype)):
        raise DeviceError(f"{by} cannot run: {reason}")
    return asked


def block_backend(requested: str, device: torch.device, obstacle: str) -> str:
    """Whether a block runs module by module or as one kernel.

    Args:
        requested: one of `BLOCK_BACKENDS`; "auto" leaves it to SWINSR_BLOCK, and without that takes
            the kernel where it can run and no part of a block is forced to another backend.
        device: where the tensors are.
        obstacle: what in the block the kernel cannot compute; empty for nothing.

    Returns:
        "modules", "native", or "triton", which is two kernels, of a network made ready alone, and
        taken only by name.

    Raises:
        ConfigError: an unknown backend, or variables that contradict each other.
        DeviceError: a kernel was asked for by name and cannot run.
    """
    asked, by = _asked(requested, BLOCK_VARIABLE, BLOCK_BACKENDS, "block")
    other = _forces_modules()
    if asked == "modules":
        return "modules"
    triton = asked == "triton"
    lacks = obstacle or (triton_lacks(device) if triton else _native_lacks(device, torch.float32))
    if asked != "auto":
        if lacks:
            raise DeviceError(f"{by} cannot run: {lacks}")
        if other:
            raise ConfigError(f"{by} and {other} contradict each other; leave one of them out")
        return asked
    return "modules" if lacks or other else "native"


def _forces_modules() -> str:
    """The variable that names a part of a block which the block's own kernel has not; or empty.

    Raises:
        ConfigError: it names something unknown.
    """
    attention, by = _asked("auto", ATTENTION_VARIABLE, ATTENTION_BACKENDS, "attention")
    if attention not in ("auto", "native"):
        return by
    process, by = _asked("auto", PROCESS_VARIABLE, PROCESS_BACKENDS, "window process")
    return "" if process == "auto" else by


def explain_block() -> Explanation:
    """What "auto" means for whole blocks and the convolutions between them, on this machine's CPU.

    Raises:
        ConfigError: SWINSR_BLOCK names something unknown.
        DeviceError: SWINSR_BLOCK names what cannot run here.
    """
    name = block_backend("auto", torch.device("cpu"), "")
    reason = "one compiled kernel a block; convolutions after Winograd, 16 products for 36"
    if name == "modules":
        reason = unavailable() or "module by module; convolutions are PyTorch's"
    if os.environ.get(BLOCK_VARIABLE, "auto") != "auto":
        reason = f"forced by {BLOCK_VARIABLE}; {reason}"
    elif name == "modules" and (forced := _forces_modules()):
        reason = f"{forced} names another way for a part of them; {reason}"
    return Explanation("blocks", name, reason)


def process_backend(requested: str, device: torch.device, shift: int) -> str:
    """The backend of one shift and cut into windows, or of the way back.

    Args:
        requested: one of `PROCESS_BACKENDS`; "auto" leaves it to SWINSR_PROCESS, and without that
            takes the quickest that is there.
        device: where the tensor is.
        shift: the cyclic shift. Without one PyTorch's operators make one pass already.

    Raises:
        ConfigError: an unknown backend.
        DeviceError: a backend asked for by name that cannot run here.
    """
    asked, by = _asked(requested, PROCESS_VARIABLE, PROCESS_BACKENDS, "window process")
    if asked == "auto":
        # PyTorch's compiler makes its operators part of the norm before or the addition after.
        if not shift or torch.compiler.is_compiling():
            return "reference"
        return "triton" if device.type == "cuda" and not triton_lacks(device) else "strided"
    if asked == "triton" and (reason := triton_lacks(device)):
        raise DeviceError(f"{by} cannot run: {reason}")
    return asked


def process_is_forced() -> bool:
    """Whether SWINSR_PROCESS names a way.

    Raises:
        ConfigError: an unknown one.
    """
    return _asked("auto", PROCESS_VARIABLE, PROCESS_BACKENDS, "window process")[0] != "auto"


def check_variables() -> None:
    """Refuse a variable that names what is not there, before any work.

    Raises:
        ConfigError: an unknown backend or instruction set, or variables that contradict each other.
        DeviceError: blocks are to run as kernels, which cannot run.
    """
    _asked("auto", ATTENTION_VARIABLE, ATTENTION_BACKENDS, "attention")
    process_is_forced()
    block_backend("auto", torch.device("cpu"), "")
    if os.environ.get(ISA_VARIABLE) and not _native_lacks(torch.device("cpu"), torch.float32):
        kernels()


def explain_process() -> Explanation:
    """What "auto" means for shifted windows on this machine's CPU.

    Raises:
        ConfigError: SWINSR_PROCESS names something unknown.
        DeviceError: SWINSR_PROCESS names what cannot run here.
    """
    name = process_backend("auto", torch.device("cpu"), 1)
    reasons = {
        "reference": "PyTorch's roll and rearrange",
        "strided": "each pixel is read and written once, by PyTorch's strided copies",
        "triton": "Triton's interpreter",
    }
    forced = os.environ.get(PROCESS_VARIABLE, "auto") != "auto"
    reason = f"forced by {PROCESS_VARIABLE}; {reasons[name]}" if forced else reasons[name]
    return Explanation("window process", name, reason)


def _triton_lacks(device: torch.device, dtype: torch.dtype) -> str:
    """Why the Triton kernels cannot take such tensors; empty where they can."""
    if dtype not in TRITON_DTYPES:
        name = str(dtype).removeprefix("torch.")
        return f"the Triton kernels take float32, bfloat16 and float16, not {name}"
    return triton_lacks(device)


def _native_lacks(device: torch.device, dtype: torch.dtype) -> str:
    """Why the compiled kernels cannot take such tensors; empty where they can."""
    if device.type != "cpu":
        return f"the kernels run on the CPU and the tensors are on {device.type}"
    if dtype not in NATIVE_DTYPES:
        return f"the kernels take float32 and bfloat16, not {str(dtype).removeprefix('torch.')}"
    reason = unavailable()
    if reason and (isa := os.environ.get(ISA_VARIABLE)):
        raise ConfigError(f"{ISA_VARIABLE}={isa} is of kernels that cannot run: {reason}")
    return reason


def explain_attention() -> Explanation:
    """What "auto" means for window attention on this machine's CPU.

    Raises:
        ConfigError: SWINSR_ATTENTION or SWINSR_ISA names something unknown.
        DeviceError: SWINSR_ATTENTION names what cannot run here.
    """
    name = attention_backend("auto", torch.device("cpu"), torch.float32, dropout=0.0, trains=False)
    forced = os.environ.get(ATTENTION_VARIABLE)
    if name == "native":
        sets = ", ".join(instruction_sets())
        reason = f"compiled kernels for {kernels().isa}; this processor runs {sets}"
    elif missing := unavailable():
        reason = missing
    else:
        reason = "PyTorch's own operators"
    if forced and forced != "auto":
        reason = f"forced by {ATTENTION_VARIABLE}; {reason}"
    return Explanation("window attention", name, reason)
