"""What was asked for is computed, refused in a sentence, or emulated with a note."""

import sys

import pytest
import torch

from swinsr.errors import ConfigError, DeviceError
from swinsr.inference import prepare
from swinsr.models import RestorationNetwork, from_published
from swinsr.ops.native import library
from swinsr.runtime import emulation, linear
from swinsr.runtime.linear import Linear
from swinsr.runtime.precision import exact_float32
from tests.ops.isa import ISAS, force

CPU = torch.device("cpu")
NETWORK = {
    "upscale": 2,
    "img_size": 16,
    "window_size": 8,
    "depths": [2, 2],
    "num_heads": [2, 2],
    "embed_dim": 16,
    "upsampler": "pixelshuffle",
}


def network(family: str = "swinir") -> RestorationNetwork:
    torch.manual_seed(0)
    return from_published(family, NETWORK)


def spread(a: torch.Tensor, b: torch.Tensor) -> float:
    return float((a - b).square().mean().sqrt() / b.std())


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_every_instruction_set_rounds_to_bfloat16(
    monkeypatch: pytest.MonkeyPatch, isa: str, family: str
) -> None:
    if reason := library.unavailable():
        pytest.skip(reason)
    force(isa, monkeypatch)
    image = torch.rand(1, 3, 24, 40)
    exact = prepare(network(family), "float32")(image)
    ready = prepare(network(family), "bfloat16")
    assert ready.native
    assert ready.dtype == torch.bfloat16
    native = isa == "avx512bf16"
    assert ready.emulated is not native
    assert ready.precision == ("bfloat16" if native else "bfloat16 (emulated)")
    assert bool(ready.notes) is not native
    assert 1e-5 < spread(ready(image), exact) < 1e-2
    if library.instruction_sets()[-1] != isa:
        monkeypatch.delenv(library.ISA_VARIABLE)
        best = prepare(network(family), "bfloat16")(image)
        # Another machine's numbers, but for the order of sums and what that rounds otherwise.
        assert spread(ready(image), best) < 0.6 * spread(ready(image), exact)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_emulated_layers_round_as_the_type_does(
    monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(linear, "emulates", lambda *_: True)
    torch.manual_seed(0)
    weight, bias, x = torch.randn(24, 40), torch.randn(24), torch.randn(7, 40, dtype=dtype)
    layer = Linear(weight, bias, dtype)
    with torch.inference_mode():
        exact = x.double() @ weight.to(dtype).double().T + bias.to(dtype).double()
        out = layer(x)
        assert out.dtype == dtype
        torch.testing.assert_close(out, exact.to(dtype), rtol=2.0**-7, atol=1e-3)
        gelu = torch.nn.functional.gelu(exact)
        torch.testing.assert_close(layer.gelu(x), gelu.to(dtype), rtol=2.0**-7, atol=1e-3)


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_modules_emulate_what_the_processor_has_not(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    image = torch.rand(1, 3, 24, 40)
    exact = prepare(network())(image)
    forced = name == "float16"
    plain = prepare(network(), name, force_float16=forced)(image)
    monkeypatch.setattr(emulation, "_onednn_has_bfloat16", lambda: False)
    ready = prepare(network(), name, force_float16=forced)
    assert ready.emulated
    assert "emulated" in ready.notes[0]
    assert 1e-6 < spread(ready(image), exact) < 1e-2
    assert spread(ready(image), plain) <= spread(plain, exact)


def test_auto_takes_float32_where_bfloat16_is_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    monkeypatch.setattr(emulation, "_onednn_has_bfloat16", lambda: False)
    ready = prepare(network(), "auto")
    assert (ready.dtype, ready.precision, ready.notes) == (torch.float32, "float32", ())


def test_an_operator_that_is_there_and_refuses_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Refusing:
        def _reorder_linear_weight(self, *_: object) -> None:
            raise RuntimeError("bf16 path needs another processor\nand a trace")

    monkeypatch.setattr(torch.ops, "mkldnn", Refusing())
    linear._packed_fails.cache_clear()
    try:
        assert linear.packed_lacks(CPU, torch.bfloat16).endswith(
            "bf16 path needs another processor"
        )
        out = Linear(torch.eye(4), None, torch.float32)(torch.ones(2, 4))
        assert out.equal(torch.ones(2, 4))
    finally:
        linear._packed_fails.cache_clear()


def test_kernels_by_name_refuse_float16(monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := library.unavailable():
        pytest.skip(reason)
    monkeypatch.setenv("SWINSR_BLOCK", "native")
    with pytest.raises(DeviceError, match="SWINSR_BLOCK=native cannot run: the kernels"):
        prepare(network(), "float16", force_float16=True)


def test_variables_that_contradict_each_other_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := library.unavailable():
        pytest.skip(reason)
    monkeypatch.setenv("SWINSR_BLOCK", "native")
    monkeypatch.setenv("SWINSR_ATTENTION", "reference")
    with pytest.raises(ConfigError, match="SWINSR_BLOCK=native and SWINSR_ATTENTION=reference"):
        prepare(network())
    monkeypatch.delenv("SWINSR_ATTENTION")
    monkeypatch.setenv("SWINSR_PROCESS", "strided")
    with pytest.raises(ConfigError, match="SWINSR_PROCESS=strided"):
        prepare(network())
    monkeypatch.delenv("SWINSR_BLOCK")
    assert not prepare(network()).native  # it is honoured, by modules


def test_an_instruction_set_without_kernels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = sys.modules["swinsr.ops.backend"]
    monkeypatch.setattr(backend, "unavailable", lambda: "they were not compiled")
    monkeypatch.delenv("SWINSR_ISA", raising=False)
    assert not prepare(network()).native
    monkeypatch.setenv("SWINSR_ISA", "avx2")
    with pytest.raises(ConfigError, match="SWINSR_ISA=avx2 is of kernels that cannot run"):
        prepare(network())


def test_float32_is_not_lowered_by_a_programs_own_settings() -> None:
    before = torch.get_float32_matmul_precision()
    image = torch.rand(1, 3, 24, 40)
    expected = prepare(network())(image)
    torch.set_float32_matmul_precision("medium")
    try:
        ready = prepare(network())
        assert ready(image).equal(expected)
        with exact_float32, exact_float32:
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
