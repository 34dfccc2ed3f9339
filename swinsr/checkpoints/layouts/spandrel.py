"""What spandrel (ComfyUI, chaiNNer) makes of a saved network: it sees names and shapes alone.

Seen in spandrel 0.4.2; `tests/export/test_spandrel.py` holds it to spandrel itself.
"""

from swinsr.models import RestorationConfig

JPEG_WINDOW, JPEG_RANGE = 7, 255.0  # what it takes the range from
USUAL_PATCH = 64  # of SwinIR, where the second block has no mask


def spandrel_obstacle(config: RestorationConfig) -> str | None:
    """Why spandrel cannot read a network, or would compute something else; None where it can.

    Args:
        config: of a network that is saved with its buffers.

    Returns:
        The end of a sentence that begins with the network.
    """
    v1 = config.family == "swinir"
    window = min(config.window_size, config.img_size)
    refused = {
        "qkv_bias False, which its SwinIR always has": v1 and not config.qkv_bias,
        "patch_norm False, which its SwinIR always has": v1 and not config.patch_norm,
        "ape True, which its SwinIR never has": v1 and config.ape,
        "ape True, with which its Swin2SR takes one size of picture alone": not v1 and config.ape,
        "a nearest+conv head for x2, which its Swin2SR has for x4 alone": (
            not v1 and config.upsampler == "nearest+conv" and config.upscale != 4
        ),
        f"pixelshuffle_aux with {config.in_chans} channels, where its Swin2SR has 3": (
            config.upsampler == "pixelshuffle_aux" and config.in_chans != 3
        ),
        f"mlp_ratio {config.mlp_ratio:g}, which it rounds to another width": _rounds(config),
        **_sizes(config, window, v1=v1),
    }
    for reason, holds in refused.items():
        if holds:
            return f"cannot be used in spandrel: it has {reason}"
    taken = JPEG_RANGE if window == JPEG_WINDOW else 1.0
    scale = getattr(config, "qk_scale", None)
    otherwise = {
        f"img_range {config.img_range:g}, and a window of {window} means {taken:g} to it": (
            config.img_range != taken
        ),
        f"qk_scale {scale}, and it takes the usual one": scale is not None
        and any(scale != (config.embed_dim // heads) ** -0.5 for heads in config.num_heads),
    }
    for reason, holds in otherwise.items():
        if holds:
            return f"would give other pictures in spandrel: it has {reason}"
    return None


def _sizes(config: RestorationConfig, window: int, *, v1: bool) -> dict[str, bool]:
    """What follows from img_size, which it takes from the first group's second block's mask."""
    shifts = max(config.depths) > 1 and window > 1 and config.img_size > config.window_size
    told = config.depths[0] > 1
    size = f"img_size {config.img_size}"
    never = max(config.depths) > 1 and window > 1 and not shifts
    return {
        f"{size}, no larger than its window, and its SwinIR always shifts": v1 and never,
        f"{size} and a first group of one block, by which it takes {USUAL_PATCH}": (
            v1 and shifts and not told and config.img_size != USUAL_PATCH
        ),
        f"{size} and a first group of one block, by which it leaves the shifts out": (
            not v1 and shifts and not told
        ),
    }


def _rounds(config: RestorationConfig) -> bool:
    hidden = int(config.embed_dim * config.mlp_ratio)
    return int(config.embed_dim * (hidden / config.embed_dim)) != hidden
