"""Streamed execution gives what one plain pass gives, however it is cut up."""

import copy
import pickle
import sys

import pytest
import torch

from swinsr.errors import ConfigError
from swinsr.inference import prepare
from swinsr.models import RestorationNetwork, Swin2SRConfig, SwinIRConfig, from_published
from swinsr.ops.native.library import unavailable
from swinsr.runtime import strips
from swinsr.runtime.modules import executor as modules_executor
from swinsr.runtime.modules import windows
from swinsr.runtime.native import chain
from swinsr.runtime.native import executor as native_executor

prepare_module = sys.modules["swinsr.runtime.network"]  # the function hides it
SIZES = [(1, 1), (7, 5), (8, 8), (9, 33), (40, 17), (3, 70), (64, 64), (31, 30), (72, 12), (57, 86)]
HEADS = [
    *(("swinir", head) for head in SwinIRConfig.upsamplers),
    *(("swin2sr", head) for head in Swin2SRConfig.upsamplers),
]


def network_of(family: str, head: str, connection: str = "1conv") -> RestorationNetwork:
    torch.manual_seed(0)
    scale = 4 if head else 1
    network = from_published(
        family,
        {
            "upscale": scale,
            "img_size": 16,
            "window_size": 8,
            "depths": [2, 2],
            "num_heads": [2, 2],
            "embed_dim": 16,
            "upsampler": head,
            "resi_connection": connection,
        },
    )
    for parameter in network.parameters():  # biases and norms must matter
        parameter.data.add_(0.05 * torch.randn_like(parameter))
    return network


@pytest.fixture(autouse=True, params=["modules", "native"])
def small_pieces(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut even small pictures into many chunks of windows and strips of rows."""
    if request.param == "native" and (reason := unavailable()):
        pytest.skip(reason)
    monkeypatch.setenv("SWINSR_BLOCK", request.param)
    monkeypatch.setattr(strips, "STRIP_VALUES", 1)
    monkeypatch.setattr(chain, "LEAST_ROWS", 3)
    monkeypatch.setattr(windows, "CHUNK_TOKENS", 3 * 64)


@pytest.mark.parametrize(("family", "head"), HEADS)
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_equals_one_plain_pass(family: str, head: str, size: tuple[int, int]) -> None:
    # Its bicubic branch depends on where the padding is done; callers pad beforehand.
    if head == "pixelshuffle_aux":
        size = (-(-size[0] // 8) * 8, -(-size[1] // 8) * 8)
    network = network_of(family, head)
    image = torch.rand(1, 3, *size)
    with torch.no_grad():
        plain = network.forward_head(image).image
    streamed = prepare(network)(image)
    bound = 2e-6 * float(plain.max() - plain.min()) + 1e-7
    assert float((streamed - plain).abs().max()) <= bound


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_equals_one_plain_pass_for_batches_and_3conv(family: str) -> None:
    network = network_of(family, "pixelshuffle", "3conv")
    images = torch.rand(3, 3, 37, 21)
    with torch.no_grad():
        plain = network.forward_head(images).image
    assert torch.allclose(prepare(network)(images), plain, atol=3e-6)


def test_input_is_left_alone_without_padding_and_norms() -> None:
    torch.manual_seed(0)
    network = network_of("swinir", "pixelshuffledirect")
    image = torch.rand(1, 3, 16, 16)
    kept = image.clone()
    first, second = prepare(network)(image), prepare(network)(image)
    assert torch.equal(image, kept)
    assert torch.equal(first, second)


def test_patch_norm_off_does_not_overwrite_the_residual() -> None:
    torch.manual_seed(0)
    config = network_of("swinir", "").config.to_dict() | {"patch_norm": False}
    network = from_published("swinir", config)
    image = torch.rand(1, 3, 16, 24)
    with torch.no_grad():
        plain = network.forward_head(image).image
    assert torch.allclose(prepare(network)(image), plain, atol=2e-6)


@pytest.mark.parametrize(("family", "head"), HEADS)
def test_progress_rises_to_one(family: str, head: str) -> None:
    shares: list[float] = []
    prepare(network_of(family, head))(torch.rand(1, 3, 24, 16), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)
    assert len(shares) >= 5


@pytest.mark.parametrize(("name", "words"), [("float12", "choose from"), ("float16", "overflows")])
def test_refuses_other_precisions_with_the_reason(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        prepare(network_of("swinir", ""), name)


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_float16_runs_where_it_is_forced(monkeypatch: pytest.MonkeyPatch, family: str) -> None:
    monkeypatch.setenv("SWINSR_BLOCK", "auto")  # the kernels have no float16
    network = network_of(family, "pixelshuffledirect")
    image = torch.rand(1, 3, 16, 24)
    forced = prepare(network, "float16", force_float16=True)
    assert forced.dtype == torch.float16
    out, exact = forced(image), prepare(network)(image)
    assert out.dtype == torch.float32
    assert 0 < (out - exact).abs().max() / (exact.max() - exact.min()) < 4e-3


def test_auto_takes_bfloat16_only_where_it_is_as_good(monkeypatch: pytest.MonkeyPatch) -> None:
    network = network_of("swinir", "pixelshuffle")
    asking = [prepare_module, native_executor, modules_executor]
    for module in asking:
        monkeypatch.setattr(module, "all_native", lambda *_, **__: True)
    rough_network = network_of("swinir", "pixelshuffle")
    for parameter in rough_network.conv_last.parameters():
        parameter.data.mul_(100.0)
    for parameter in network.conv_last.parameters():
        parameter.data.mul_(0.01)
    assert prepare(network, "auto").dtype == torch.bfloat16
    assert prepare(rough_network, "auto").dtype == torch.float32
    for module in asking:
        monkeypatch.setattr(module, "all_native", lambda *_, **__: False)
    assert prepare(network, "auto").dtype == torch.float32


@pytest.mark.parametrize(("family", "head"), HEADS)
def test_bfloat16_is_near_float32(family: str, head: str) -> None:
    network = network_of(family, head)
    image = torch.rand(1, 3, 24, 40)
    exact, rough = prepare(network)(image), prepare(network, "bfloat16")(image)
    assert rough.dtype == torch.float32
    difference = (rough - exact).abs().max() / (exact.max() - exact.min())
    assert 0 < difference < 0.02


def test_preparing_leaves_the_network_alone() -> None:
    network = network_of("swin2sr", "pixelshuffle")
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    prepare(network, "bfloat16")(torch.rand(1, 3, 8, 8))
    after = network.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_prepared_network_can_be_copied_and_pickled(precision: str) -> None:
    prepared = prepare(network_of("swinir", "pixelshuffledirect"), precision)
    if not prepared.native:
        pytest.skip("weights that oneDNN packed cannot be copied")
    image = torch.rand(1, 3, 17, 12)
    expected = prepared(image)
    assert copy.deepcopy(prepared)(image).equal(expected)
    assert pickle.loads(pickle.dumps(prepared))(image).equal(expected)


def test_pytorchs_default_type_does_not_matter() -> None:
    network, image = network_of("swinir", "pixelshuffle"), torch.rand(1, 3, 17, 12)
    expected = prepare(network)(image)
    torch.set_default_dtype(torch.bfloat16)
    try:
        found = prepare(network)(image)
    finally:
        torch.set_default_dtype(torch.float32)
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)
