"""A Swin2SR network from a trained SwinIR one: a start that is near, where there was none.

    python -m swinsr.training.weights.from_swinir SWINIR.safetensors SWIN2SR.safetensors FOLDER

The two differ in their blocks alone. SwinIR normalises what goes into attention and MLP, Swin2SR
what comes out; SwinIR's scores are scalar products with a table of position biases, Swin2SR's are
cosines with a small network's. Each part is translated by what it does on crops of the pictures in
FOLDER: the norm before is put into the weights with its usual deviation, the norm after is given
the scale and offset that are nearest to what SwinIR adds, cosines get the product of the vectors'
usual lengths, and the small network learns the table. What a block adds is so met but for 3 to 25%
of its variance; training does the rest in a fraction of what it takes from nothing.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from swinsr.checkpoints import load, save
from swinsr.errors import ConfigError
from swinsr.models import RestorationNetwork, Swin2SRConfig, SwinIRConfig, build
from swinsr.nn.attention import WindowAttention, WindowAttentionV2
from swinsr.training.data.pictures import list_pictures, read_pixels

CROPS, SIDE = 12, 192
_SHARED = (
    *("upscale", "in_chans", "img_size", "window_size", "img_range"),
    *("depths", "embed_dim", "num_heads", "mlp_ratio", "upsampler"),
)
_STEPS, _RATE = 250, 3e-3
_SMALLEST_LOGIT, _LARGEST_LOGIT = 0.05, 99.0
_EPSILON = 1e-5


@dataclass
class _Seen:
    """What went into and out of a module, as rows of channels."""

    before: list[Tensor] = field(default_factory=list)
    after: list[Tensor] = field(default_factory=list)

    def __call__(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.before.append(inputs[0].detach().flatten(0, -2))
        self.after.append(output.detach().flatten(0, -2))


def from_swinir(network: RestorationNetwork, pictures: Tensor) -> RestorationNetwork:
    """The Swin2SR network of a SwinIR network's shape that computes nearly the same.

    Args:
        network: SwinIR with "1conv" groups; its blocks are left to run module by module.
        pictures: (batch, channels, H, W) in 0..1 as the network takes them.

    Raises:
        ConfigError: a network of another kind, or a side that windows do not divide.
    """
    config = network.config
    if not isinstance(config, SwinIRConfig) or config.resi_connection != "1conv":
        raise ConfigError("only SwinIR networks with '1conv' groups can be translated")
    if pictures.shape[2] % config.window_size or pictures.shape[3] % config.window_size:
        raise ConfigError(f"the pictures' sides are multiples of {config.window_size}")
    seen = _watch(network.eval(), pictures)
    second = build(Swin2SRConfig(**{name: getattr(config, name) for name in _SHARED}))
    old, new = network.state_dict(), second.state_dict()
    with torch.no_grad():
        for name, tensor in new.items():
            if ".blocks." not in name and name in old and old[name].shape == tensor.shape:
                tensor.copy_(old[name])
        size = config.embed_dim
        new["patch_embed.proj.weight"].copy_(torch.eye(size).view(size, size, 1, 1))
        new["patch_embed.proj.bias"].zero_()
        for name in {key.partition(".attn.")[0] for key in old if ".attn." in key}:
            _translate(name, old, new, seen)
    second.load_state_dict(new)
    for name, module in second.named_modules():
        if isinstance(module, WindowAttentionV2):
            _learn_bias(module, old[f"{name}.relative_position_bias_table"])
    return second.eval()


def _watch(network: RestorationNetwork, pictures: Tensor) -> dict[str, _Seen]:
    seen, handles = {}, []
    for name, module in network.named_modules():
        if isinstance(module, WindowAttention):
            module.backend = "reference"  # compiled kernels run a block as a whole
        if name.endswith((".norm1", ".norm2", ".attn", ".mlp")):
            seen[name] = _Seen()
            handles.append(module.register_forward_hook(seen[name]))
    with torch.no_grad():
        for picture in pictures:
            network(picture[None])
    for handle in handles:
        handle.remove()
    return seen


def _translate(
    name: str, old: dict[str, Tensor], new: dict[str, Tensor], seen: dict[str, _Seen]
) -> None:
    """One block's weights."""
    attention, size = f"{name}.attn", len(old[f"{name}.norm1.weight"])
    weight, bias = _without_norm(old, f"{attention}.qkv", seen[f"{name}.norm1"], f"{name}.norm1")
    new[f"{attention}.qkv.weight"].copy_(weight)
    new[f"{attention}.q_bias"].copy_(bias[:size])  # a key's bias changes no row of scores
    new[f"{attention}.v_bias"].copy_(bias[2 * size :])
    heads = len(new[f"{attention}.logit_scale"])
    normed = torch.cat(seen[f"{name}.norm1"].after)
    rows = normed @ old[f"{attention}.qkv.weight"].T
    queries = rows[:, :size] + old[f"{attention}.qkv.bias"][:size]
    lengths = [
        part.reshape(len(part), heads, -1).norm(dim=2).mean(0)
        for part in (queries, rows[:, size : 2 * size])
    ]
    logits = lengths[0] * lengths[1] * (size // heads) ** -0.5
    logits = logits.clamp(_SMALLEST_LOGIT, _LARGEST_LOGIT)
    new[f"{attention}.logit_scale"].copy_(logits.log().view(heads, 1, 1))
    weight, bias = _without_norm(old, f"{name}.mlp.fc1", seen[f"{name}.norm2"], f"{name}.norm2")
    new[f"{name}.mlp.fc1.weight"].copy_(weight)
    new[f"{name}.mlp.fc1.bias"].copy_(bias)
    for layer in (f"{attention}.proj", f"{name}.mlp.fc2"):
        for kind in ("weight", "bias"):
            new[f"{layer}.{kind}"].copy_(old[f"{layer}.{kind}"])
    for norm, part in (("norm1", "attn"), ("norm2", "mlp")):
        scale, offset = _norm_after(torch.cat(seen[f"{name}.{part}"].after))
        new[f"{name}.{norm}.weight"].copy_(scale)
        new[f"{name}.{norm}.bias"].copy_(offset)


def _without_norm(
    old: dict[str, Tensor], layer: str, seen: _Seen, norm: str
) -> tuple[Tensor, Tensor]:
    """Weights of a layer that takes what its norm took, at the usual deviation of it."""
    deviation = (torch.cat(seen.before).var(1, unbiased=False) + _EPSILON).sqrt()
    weight = old[f"{layer}.weight"]
    scaled = weight * old[f"{norm}.weight"]
    centred = scaled - scaled.mean(1, keepdim=True)
    return centred * (1 / deviation).mean(), (old[f"{layer}.bias"] + weight @ old[f"{norm}.bias"])


def _norm_after(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and offset, by channel, that bring normalised rows nearest to the rows."""
    deviation = (rows.var(1, unbiased=False, keepdim=True) + _EPSILON).sqrt()
    normed = (rows - rows.mean(1, keepdim=True)) / deviation
    means = normed.mean(0), rows.mean(0)
    spread = (normed - means[0]).square().mean(0).clamp_min(1e-8)
    scale = ((normed - means[0]) * (rows - means[1])).mean(0) / spread
    return scale, means[1] - scale * means[0]


@torch.enable_grad()
def _learn_bias(attention: WindowAttentionV2, table: Tensor) -> None:
    """Have the small network give the table but for what is the same everywhere."""
    wanted = table - table.mean(0)
    coordinates = attention.relative_coords_table.reshape(-1, 2)
    network = attention.cpb_mlp
    optimizer = torch.optim.Adam(network.parameters(), lr=_RATE)
    for step in range(_STEPS):
        optimizer.param_groups[0]["lr"] = _RATE * (1 - step / _STEPS)
        given = 16 * torch.sigmoid(network(coordinates))
        loss = (given - given.mean(0) - wanted).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def crops(folder: Path, scale: int) -> Tensor:
    """The middles of some pictures of a folder, reduced by area to what a network takes."""
    paths = list_pictures(str(folder))
    found = []
    for path in paths[:: max(len(paths) // CROPS, 1)][:CROPS]:
        pixels = read_pixels(path, 3)
        if min(pixels.shape[:2]) < SIDE:
            continue
        top, left = ((length - SIDE) // 2 for length in pixels.shape[:2])
        part = pixels[top : top + SIDE, left : left + SIDE]
        found.append(torch.tensor(part).permute(2, 0, 1) / 255)
    if not found:
        raise ConfigError(f"{folder} has no picture of {SIDE} pixels and more on each side")
    return nn.functional.avg_pool2d(torch.stack(found), scale)


def main() -> None:
    """Translate a file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("swinir", type=Path)
    parser.add_argument("swin2sr", type=Path)
    parser.add_argument("folder", type=Path, help="of pictures")
    given = parser.parse_args()
    loaded = load(given.swinir)
    network = from_swinir(loaded.network, crops(given.folder, loaded.network.config.upscale))
    save(network, given.swin2sr, task=loaded.metadata["task"])


if __name__ == "__main__":
    main()
