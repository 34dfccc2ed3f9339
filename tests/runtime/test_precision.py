"""What was asked for is computed, refused in a sentence, or emulated with a note."""

import sys

import pytest
import torch

from swinsr.errors import ConfigError, DeviceError
from swinsr.inference import Upscaler, prepare
from swinsr.models import RestorationNetwork, from_published
from swinsr.ops.native import library
from swinsr.runtime import emulation
from swinsr.runtime.modules import linear, windows
from swinsr.runtime.modules.linear import Linear
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
        # Another machine's numbers, but for the order of sums and what that rounds otherwise; SSE
        # has no multiplication that adds, and rounds twice.
        share = 0.8 if isa == "baseline" else 0.5
        assert spread(ready(image), best) < share * spread(ready(image), exact)


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


def test_a_network_that_emulates_in_part_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := library.unavailable():
        pytest.skip(reason)
    monkeypatch.setattr(emulation, "_onednn_has_bfloat16", lambda: True)
    monkeypatch.setenv("SWINSR_ISA", "baseline")
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    attends = prepare(network(), "bfloat16")  # its attention is by kernels that have no bfloat16
    assert not attends.native
    assert attends.emulated
    monkeypatch.setenv("SWINSR_ATTENTION", "sdpa")
    assert not prepare(network(), "bfloat16").emulated
    assert prepare(network(), "auto").dtype == torch.bfloat16


def test_a_head_that_pytorch_emulates_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    if library.unavailable() or not library.kernels().bfloat16():
        pytest.skip("the kernels do not multiply bfloat16 here")
    monkeypatch.setattr(emulation, "_onednn_has_bfloat16", lambda: False)
    assert not prepare(network(), "bfloat16").emulated
    changes = {"upscale": 4, "upsampler": "pixelshuffle_aux"}
    by_pytorch = from_published("swin2sr", NETWORK | changes)
    ready = prepare(by_pytorch, "bfloat16")
    assert ready.native
    assert ready.emulated
    assert prepare(by_pytorch, "auto").dtype == torch.float32


@pytest.mark.parametrize("limit", ["AVX2", "avx512_core", "AVX512_CORE_VNNI"])
def test_onednns_own_limit_counts(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    emulation._onednn_has_bfloat16.cache_clear()
    try:
        assert emulation.emulates(CPU, torch.bfloat16)
    finally:
        emulation._onednn_has_bfloat16.cache_clear()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SWINSR_ATTENTION", "x"),
        ("SWINSR_BLOCK", "x"),
        ("SWINSR_PROCESS", "x"),
        ("SWINSR_ISA", "x"),
        ("SWINSR_OFFLINE", "x"),
        ("SWINSR_TIMEOUT", "x"),
    ],
)
@pytest.mark.parametrize("model", ["bicubic", "swinsr-fast-x2"])
def test_a_variable_that_names_nothing_is_refused_whatever_runs(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, model: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=variable):
        Upscaler.from_pretrained(model)


def test_a_way_to_cut_windows_holds_for_large_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[int, ...]] = []
    real = windows.shift_partition
    monkeypatch.setattr(
        windows, "shift_partition", lambda x, *rest: calls.append(x.shape) or real(x, *rest)
    )
    image = torch.rand(1, 3, 80, 96)  # more than a chunk of windows
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    expected = prepare(network())(image)
    assert not calls
    monkeypatch.setenv("SWINSR_PROCESS", "reference")
    torch.testing.assert_close(prepare(network())(image), expected, atol=2e-6, rtol=0)
    assert len(calls) == 4
    monkeypatch.setenv("SWINSR_PROCESS", "triton")
    with pytest.raises(DeviceError, match="SWINSR_PROCESS=triton cannot run"):
        prepare(network())(image)
