"""A Swin2SR network from a SwinIR one: nearly the same pictures, where shapes alone give noise."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image
from skimage import data

from swinsr.checkpoints import load, save
from swinsr.errors import ConfigError
from swinsr.models import RestorationNetwork, Swin2SRConfig, SwinIRConfig, build
from swinsr.training.weights.from_swinir import crops, from_swinir
from swinsr.zoo import bundled_models, weights_folder


def pictures() -> torch.Tensor:
    pixels = torch.tensor(data.astronaut()[40:136:2, 180:276:2]).permute(2, 0, 1)[None]
    return pixels / 255


def small() -> RestorationNetwork:
    """The first group of a trained network: one that is not trained adds next to nothing."""
    entry = next(m for m in bundled_models() if m.name == "swinsr-fast-x4")
    trained = load(weights_folder() / entry.file).network
    config = SwinIRConfig(
        upscale=4,
        depths=(2,),
        num_heads=(4,),
        embed_dim=48,
        mlp_ratio=2.0,
        upsampler="pixelshuffledirect",
    )
    network = build(config)
    given = trained.state_dict()
    network.load_state_dict({name: given[name] for name in network.state_dict()})
    return network.eval()


def added(network: RestorationNetwork, number: int, x: torch.Tensor) -> torch.Tensor:
    block = network.get_submodule(f"layers.0.residual_group.blocks.{number}")
    return block(x) - x


@pytest.mark.parametrize("number", [0, 1])
def test_a_translated_block_adds_nearly_the_same(number: int) -> None:
    network = small()
    second = from_swinir(network, pictures())
    seen = []
    block = network.get_submodule(f"layers.0.residual_group.blocks.{number}")
    handle = block.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    with torch.no_grad():
        network(pictures())
        handle.remove()
        wanted = added(network, number, seen[0])
        found = added(second, number, seen[0])
        untranslated = added(build(second.config).eval(), number, seen[0])
    assert (found - wanted).var() < 0.15 * wanted.var()
    assert (untranslated - wanted).var() > 0.9 * wanted.var()


def test_the_rest_is_taken_as_it_is() -> None:
    network = small()
    second = from_swinir(network, pictures())
    assert isinstance(second.config, Swin2SRConfig)
    given = network.state_dict()
    for name, tensor in second.state_dict().items():
        if ".blocks." not in name and "patch_embed.proj" not in name:
            assert torch.equal(tensor, given[name])
    x = torch.rand(1, 16, 16, second.config.embed_dim)
    weight = second.state_dict()["patch_embed.proj.weight"][:, :, 0, 0]
    assert torch.equal(x @ weight.T, x)


def test_the_biases_are_learned() -> None:
    network = small()
    second = from_swinir(network, pictures())
    block = "layers.0.residual_group.blocks.1.attn"
    table = network.state_dict()[f"{block}.relative_position_bias_table"]
    attention = second.get_submodule(block)
    with torch.no_grad():
        given = 16 * torch.sigmoid(attention.cpb_mlp(attention.relative_coords_table.flatten(0, 1)))
    pairs = zip((given - given.mean(0)).T, (table - table.mean(0)).T, strict=True)
    alike = [torch.corrcoef(torch.stack(pair))[0, 1] for pair in pairs]
    assert min(alike) > 0.5


def test_other_networks_and_sides_are_refused() -> None:
    other = build(Swin2SRConfig(upscale=1, depths=(1,), num_heads=(2,), embed_dim=8, upsampler=""))
    with pytest.raises(ConfigError, match="only SwinIR"):
        from_swinir(other, pictures())
    with pytest.raises(ConfigError, match="multiples of 8"):
        from_swinir(small(), pictures()[..., :-1])


def test_the_command_writes_a_network(tmp_path: Path) -> None:
    save(small(), tmp_path / "one.safetensors", task="classical_sr")
    Image.fromarray(data.astronaut()).save(tmp_path / "picture.png")
    assert crops(tmp_path, 4).shape == (1, 3, 48, 48)
    words = [str(tmp_path / name) for name in ("one.safetensors", "two.safetensors")]
    command = [sys.executable, "-m", "swinsr.training.weights.from_swinir", *words, str(tmp_path)]
    subprocess.run(command, check=True)
    assert isinstance(load(tmp_path / "two.safetensors").network.config, Swin2SRConfig)
