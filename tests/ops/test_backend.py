"""Backends are chosen by what is there, forced by name, and explained."""

import pytest
import torch

from swinsr.errors import ConfigError, DeviceError
from swinsr.ops import backend
from swinsr.ops.backend import (
    ATTENTION_VARIABLE,
    BLOCK_VARIABLE,
    attention_backend,
    explain_attention,
    explain_block,
)
from swinsr.ops.native import library

CPU = torch.device("cpu")
built = pytest.mark.skipif(bool(library.unavailable()), reason=library.unavailable())


@pytest.fixture(autouse=True)
def _nothing_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ATTENTION_VARIABLE, raising=False)
    monkeypatch.delenv(library.ISA_VARIABLE, raising=False)


def without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SWINSR_ISA", raising=False)
    monkeypatch.setattr(backend, "unavailable", lambda: "the kernels were left out")


@built
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("trains", [False, True])
def test_auto_takes_the_kernels(dtype: torch.dtype, trains: bool) -> None:
    assert attention_backend("auto", CPU, dtype, dropout=0.0, trains=trains) == "native"


def test_auto_without_kernels_takes_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    without_kernels(monkeypatch)
    assert attention_backend("auto", CPU, torch.float32, dropout=0.0, trains=False) == "sdpa"
    assert attention_backend("auto", CPU, torch.float32, dropout=0.0, trains=True) == "reference"
    assert explain_attention().backend == "sdpa"
    assert "left out" in explain_attention().reason


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_auto_takes_pytorch_for_other_types(dtype: torch.dtype) -> None:
    assert attention_backend("auto", CPU, dtype, dropout=0.0, trains=False) == "sdpa"


def test_auto_takes_the_reference_for_dropout() -> None:
    assert attention_backend("auto", CPU, torch.float32, dropout=0.1, trains=True) == "reference"


def test_kernels_asked_for_by_name_never_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    without_kernels(monkeypatch)
    with pytest.raises(DeviceError, match="left out"):
        attention_backend("native", CPU, torch.float32, dropout=0.0, trains=False)


def test_kernels_asked_for_refuse_float16() -> None:
    with pytest.raises(DeviceError, match="float32 and bfloat16, not float16"):
        attention_backend("native", CPU, torch.float16, dropout=0.0, trains=False)


@pytest.mark.parametrize("name", ["native", "sdpa"])
def test_dropout_refuses_backends_without_it(name: str) -> None:
    with pytest.raises(ConfigError, match="dropout"):
        attention_backend(name, CPU, torch.float32, dropout=0.1, trains=True)


@pytest.mark.parametrize("name", ["reference", "sdpa"])
def test_variable_forces_a_backend(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ATTENTION_VARIABLE, name)
    assert attention_backend("auto", CPU, torch.float32, dropout=0.0, trains=False) == name
    assert explain_attention().backend == name
    assert "forced" in explain_attention().reason


def test_name_in_the_call_goes_before_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ATTENTION_VARIABLE, "sdpa")
    chosen = attention_backend("reference", CPU, torch.float32, dropout=0.0, trains=False)
    assert chosen == "reference"


def test_unknown_backend_is_refused_with_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ATTENTION_VARIABLE, "quick")
    with pytest.raises(ConfigError, match=r"SWINSR_ATTENTION=quick.*reference, sdpa, native"):
        attention_backend("auto", CPU, torch.float32, dropout=0.0, trains=False)


def test_triton_is_taken_on_a_gpu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = torch.device("cuda")
    monkeypatch.setattr(backend, "triton_lacks", lambda device: "")
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        for trains in (False, True):
            assert attention_backend("auto", gpu, dtype, dropout=0.0, trains=trains) == "triton"
    assert attention_backend("auto", gpu, torch.float64, dropout=0.0, trains=True) == "reference"
    assert attention_backend("auto", gpu, torch.float32, dropout=0.1, trains=True) == "reference"
    assert attention_backend("auto", CPU, torch.float16, dropout=0.0, trains=False) == "sdpa"
    monkeypatch.setattr(backend, "triton_lacks", lambda device: "triton is not installed")
    assert attention_backend("auto", gpu, torch.float32, dropout=0.0, trains=False) == "sdpa"
    with pytest.raises(DeviceError, match="triton is not installed"):
        attention_backend("triton", gpu, torch.float32, dropout=0.0, trains=False)
    with pytest.raises(DeviceError, match="not float64"):
        attention_backend("triton", gpu, torch.float64, dropout=0.0, trains=False)


def test_triton_by_name_is_refused_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRITON_INTERPRET", raising=False)
    with pytest.raises(DeviceError, match=r"on a GPU and the tensors are on cpu|not installed"):
        attention_backend("triton", CPU, torch.float32, dropout=0.0, trains=False)


@built
def test_explanation_names_the_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(library.ISA_VARIABLE, "baseline")
    assert explain_attention().backend == "native"
    assert "for baseline" in explain_attention().reason


@built
def test_blocks_explain_what_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    assert explain_block().backend == "native"
    assert "Winograd" in explain_block().reason
    monkeypatch.setenv(ATTENTION_VARIABLE, "sdpa")
    assert explain_block().backend == "modules"
    assert "SWINSR_ATTENTION=sdpa names another way" in explain_block().reason
    monkeypatch.setenv(BLOCK_VARIABLE, "modules")
    assert explain_block().reason.startswith("forced by SWINSR_BLOCK")


def test_blocks_explain_why_kernels_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    without_kernels(monkeypatch)
    assert explain_block().backend == "modules"
    assert "left out" in explain_block().reason
