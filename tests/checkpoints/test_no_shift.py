"""Position indices without shift masks: the network was trained on patches of one window."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from swinsr import Upscaler
from swinsr.checkpoints import load, save
from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.models import RestorationNetwork
from swinsr.nn.block import SwinBlock, SwinBlockV2
from swinsr.runtime.network import prepare
from tests.checkpoints.samples import same_output, tiny

FAMILIES = ["swinir", "swin2sr"]
WINDOW = 4
UNSHIFTED = {"window_size": WINDOW, "img_size": WINDOW, "depths": [2, 3]}


def unshifted(family: str, **changes: Any) -> RestorationNetwork:
    return tiny(family, **UNSHIFTED | changes)


def as_published(path: Path, network: RestorationNetwork) -> Path:
    """A state_dict of the published class: no configuration, its buffers there."""
    torch.save({"params": network.state_dict() | official_buffers(network)}, path)
    return path


def by_definition(network: RestorationNetwork, picture: Tensor) -> Tensor:
    """The network with every block's attention written out, window by window, without a shift."""

    def block(module: SwinBlock, x: Tensor) -> Tensor:
        y = torch.empty_like(x)
        norm_last = isinstance(module, SwinBlockV2)
        inside = x if norm_last else module.norm1(x)
        for top in range(0, x.shape[1], WINDOW):
            for left in range(0, x.shape[2], WINDOW):
                part = inside[:, top : top + WINDOW, left : left + WINDOW]
                flat = part.reshape(1, 1, WINDOW**2, -1)
                out = module.attn(flat, (1, 1), None)
                y[:, top : top + WINDOW, left : left + WINDOW] = out.view(part.shape)
        if norm_last:
            x = x + module.norm1(y)
            return x + module.norm2(module.mlp(x))
        x = x + y
        return x + module.mlp(module.norm2(x))

    saved = SwinBlock.transform
    SwinBlock.transform = block  # type: ignore[method-assign]
    try:
        return network.forward_head(picture).image
    finally:
        SwinBlock.transform = saved  # type: ignore[method-assign]


@pytest.mark.parametrize("family", FAMILIES)
def test_position_indices_without_masks_mean_no_shift(tmp_path: Path, family: str) -> None:
    network = unshifted(family)
    model = load(as_published(tmp_path / "a.pth", network))
    assert model.config.img_size == WINDOW
    assert "no window is shifted" in model.inferred["img_size"]
    assert all(m.shift == 0 for m in model.network.modules() if isinstance(m, SwinBlock))
    assert same_output(model.network, network)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_way_of_running_it_leaves_the_shift_out(tmp_path: Path, family: str) -> None:
    model = load(as_published(tmp_path / "a.pth", unshifted(family)))
    picture = torch.rand(1, 3, 12, 20, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = by_definition(model.network, picture)
        shifted = tiny(family, window_size=WINDOW, img_size=8, depths=[2, 3])
        shifted.load_state_dict(model.network.state_dict())
        assert (shifted.forward_head(picture).image - expected).abs().max() > 1e-3
        ways = {
            "modules": model.network.forward_head(picture).image,
            "streamed": prepare(model.network, "float32")(picture),
        }
    upscaler = Upscaler.from_pretrained(tmp_path / "a.pth", precision="float32")
    ways["upscaler"] = torch.from_numpy(
        upscaler.engine.run(picture[0].permute(1, 2, 0).numpy(), lambda share: None)
    ).permute(2, 0, 1)[None]
    for way, out in ways.items():
        assert (out - expected).abs().max() <= 2e-6, way


@pytest.mark.parametrize("family", FAMILIES)
def test_an_export_leaves_the_shift_out(tmp_path: Path, family: str) -> None:
    from swinsr.export import export_torchscript, largest_difference

    model = load(as_published(tmp_path / "a.pth", unshifted(family)))
    export_torchscript(model.network, tmp_path / "a.pt", size=(12, 20))
    assert largest_difference(model.network, tmp_path / "a.pt", (12, 20)) <= 2e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_kept_buffers_tell_it_again(tmp_path: Path, family: str) -> None:
    first = load(as_published(tmp_path / "a.pth", unshifted(family)))
    path = save(first.network, tmp_path / "b.safetensors", task="x", keep_buffers=True)
    assert load(path).config.img_size == WINDOW
    tensors = first.network.state_dict() | official_buffers(first.network)
    save_file({k: v.clone() for k, v in tensors.items()}, tmp_path / "c.safetensors")
    assert load(tmp_path / "c.safetensors").config.img_size == WINDOW


@pytest.mark.parametrize("family", FAMILIES)
def test_patches_smaller_than_the_window_are_their_own_window(tmp_path: Path, family: str) -> None:
    network = tiny(family, window_size=8, img_size=4, depths=[2, 2])
    model = load(as_published(tmp_path / "a.pth", network))
    assert model.network.window == 4 and model.network.shift == 0
    picture = torch.rand(1, 3, 8, 16, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        ours, theirs = model.network.forward_head(picture), network.forward_head(picture)
    assert torch.equal(ours.image, theirs.image)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("removed", ["relative_position_index", "both", "nothing"])
def test_the_shift_stays_where_nothing_tells_against_it(
    tmp_path: Path, family: str, removed: str
) -> None:
    network = tiny(family, window_size=WINDOW, img_size=12, depths=[2, 3])
    state = network.state_dict() | official_buffers(network)
    endings = {"both": ("index", "mask"), "nothing": (), "relative_position_index": ("index",)}
    kept = {k: v for k, v in state.items() if not k.endswith(endings[removed] or "?")}
    torch.save(kept, tmp_path / "a.pth")
    model = load(tmp_path / "a.pth")
    assert model.config.img_size > WINDOW
    if removed == "both":
        assert "shifted" in model.inferred["img_size"]
        return
    assert model.config.img_size == 12


@pytest.mark.parametrize("family", FAMILIES)
def test_blocks_that_never_shift_need_no_masks(tmp_path: Path, family: str) -> None:
    network = tiny(family, window_size=WINDOW, img_size=8, depths=[1, 1])
    model = load(as_published(tmp_path / "a.pth", network))
    assert "pictures of any size" in model.inferred["img_size"]
    assert same_output(model.network, network)


def test_spandrel_gives_the_same_without_a_shift(spandrel: Any, tmp_path: Path) -> None:
    network = unshifted("swin2sr", upscale=2, upsampler="pixelshuffle")
    path = tmp_path / "a.safetensors"
    tensors = network.state_dict() | official_buffers(network)
    save_file({k: v.clone() for k, v in tensors.items()}, path)
    theirs: nn.Module = spandrel.ModelLoader().load_from_file(path).model.eval()
    picture = torch.rand(1, 3, 16, 24)
    with torch.inference_mode():
        expected, ours = theirs(picture), load(path).network(picture)
    assert (ours - expected).abs().max() <= 2e-6 * expected.abs().max()
