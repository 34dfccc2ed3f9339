"""The window process gives the bits of roll and rearrange, on every type, layout and size."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from swinsr.errors import ConfigError, DeviceError, ShapeMismatchError
from swinsr.models import SwinTransformer
from swinsr.ops import backend
from swinsr.ops.backend import PROCESS_VARIABLE, explain_process, process_backend
from swinsr.ops.window import window_partition
from swinsr.ops.window_process import merge_unshift, shift_partition
from swinsr.ops.window_process.operators import merge_unshift_fused, shift_partition_fused
from tests.ops import window_process_cases as cases

CPU = torch.device("cpu")


@pytest.mark.parametrize("layout", cases.LAYOUTS)
@pytest.mark.parametrize("dtype", cases.DTYPES, ids=str)
@pytest.mark.parametrize("shape", cases.SHAPES, ids=str)
def test_strided_gives_the_reference_bits(
    shape: tuple[int, ...], dtype: torch.dtype, layout: str
) -> None:
    cases.check(shape, dtype, layout, "strided", "cpu")


@pytest.mark.parametrize("shape", cases.SHAPES, ids=str)
def test_strided_gives_the_reference_gradients(shape: tuple[int, ...]) -> None:
    cases.check_gradients(shape, "strided", "cpu")


@given(rows=st.integers(1, 4), columns=st.integers(1, 4), window=st.integers(1, 6), data=st.data())
def test_merge_undoes_partition(rows: int, columns: int, window: int, data: st.DataObject) -> None:
    shift = data.draw(st.integers(0, window - 1))
    x = torch.rand(2, rows * window, columns * window, 3)
    windows = shift_partition(x, window, shift, backend="strided")
    assert torch.equal(windows, window_partition(x, window, shift))
    size = (x.shape[1], x.shape[2])
    assert torch.equal(merge_unshift(windows, window, size, shift, backend="strided"), x)


def test_registered_operators_keep_pytorchs_rules() -> None:
    x = torch.randn(2, 8, 12, 3, requires_grad=True)
    torch.library.opcheck(shift_partition_fused, (x, 4, 1, "strided"))
    windows = torch.randn(2, 6, 16, 3, requires_grad=True)
    torch.library.opcheck(merge_unshift_fused, (windows, 4, 8, 12, 1, "strided"))


def test_gradients_of_gradients() -> None:
    x = torch.randn(1, 4, 6, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(
        lambda t: shift_partition(t, 2, 1, backend="strided").square(), (x,)
    )


def test_empty_batch() -> None:
    out = shift_partition(torch.empty(0, 8, 4, 3), 4, 1, backend="strided")
    assert out.shape == (0, 2, 16, 3)
    assert merge_unshift(out, 4, (8, 4), 1, backend="strided").shape == (0, 8, 4, 3)


def test_refuses_what_is_no_map_of_whole_windows() -> None:
    with pytest.raises(ShapeMismatchError, match="10x8 map cannot be cut"):
        shift_partition(torch.zeros(1, 10, 8, 1), 4)
    with pytest.raises(ShapeMismatchError, match="below the window 4, not 4"):
        shift_partition(torch.zeros(1, 8, 8, 1), 4, 4)
    with pytest.raises(ShapeMismatchError, match=r"not of shape \(8, 8, 1\)"):
        shift_partition(torch.zeros(8, 8, 1), 4)
    with pytest.raises(ShapeMismatchError, match=r"8x8 map has windows \(batch, 4, 16"):
        merge_unshift(torch.zeros(1, 2, 16, 1), 4, (8, 8))


def test_auto_fuses_only_where_there_is_a_shift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROCESS_VARIABLE, raising=False)
    assert process_backend("auto", CPU, 0) == "reference"
    assert process_backend("auto", CPU, 4) == "strided"
    monkeypatch.setattr(backend, "triton_lacks", lambda device: "")
    assert process_backend("auto", torch.device("cuda"), 4) == "triton"


def test_backend_by_name_is_taken_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROCESS_VARIABLE, "reference")
    assert process_backend("auto", CPU, 4) == "reference"
    assert process_backend("strided", CPU, 4) == "strided"
    monkeypatch.setenv(PROCESS_VARIABLE, "quick")
    with pytest.raises(ConfigError, match=r"SWINSR_PROCESS=quick.*reference, strided, triton"):
        process_backend("auto", CPU, 4)
    monkeypatch.setattr(backend, "triton_lacks", lambda device: "the tensors are on cpu")
    with pytest.raises(DeviceError, match="on cpu"):
        process_backend("triton", CPU, 4)


def test_choice_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PROCESS_VARIABLE, raising=False)
    assert explain_process().backend == "strided" and "once" in explain_process().reason
    monkeypatch.setenv(PROCESS_VARIABLE, "reference")
    assert explain_process().backend == "reference" and "forced" in explain_process().reason


@pytest.mark.parametrize("fused", [False, True])
def test_classifiers_option_decides_who_cuts_windows(
    fused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swinsr.ops.window_process import process

    used: list[str] = []
    real = process.process_backend

    def noted(requested: str, device: torch.device, shift: int) -> str:
        used.append(real(requested, device, shift) if shift else "no shift")
        return used[-1] if shift else "reference"

    monkeypatch.setattr(process, "process_backend", noted)
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    torch.manual_seed(0)
    settings = {"img_size": 32, "embed_dim": 8, "depths": [2], "num_heads": [2], "window_size": 4}
    network = SwinTransformer(**settings, num_classes=3, fused_window_process=fused).eval()
    network(torch.rand(1, 3, 32, 32))
    assert set(used) == {"no shift", "strided" if fused else "reference"}


def test_fused_window_process_does_not_change_the_network() -> None:
    settings = {"img_size": 32, "embed_dim": 8, "depths": [2], "num_heads": [2], "window_size": 4}
    plain = SwinTransformer(**settings, num_classes=3).eval()
    fused = SwinTransformer(**settings, num_classes=3, fused_window_process=True).eval()
    fused.load_state_dict(plain.state_dict())
    picture = torch.rand(1, 3, 40, 24)
    assert torch.equal(plain(picture), fused(picture))
