"""The settings of Hugging Face's `Swin2SRConfig`, to and from the published keywords."""

from collections.abc import Mapping
from typing import Any

from swinsr.checkpoints.metadata import checked_config
from swinsr.errors import ConfigError, UnknownArchitectureError
from swinsr.models import RestorationConfig, Swin2SRConfig

ARCHITECTURE = "Swin2SRForImageSuperResolution"
# theirs -> ours, and their default
NAMES: dict[str, tuple[str, Any]] = {
    "image_size": ("img_size", 64),
    "num_channels": ("in_chans", 3),
    "embed_dim": ("embed_dim", 180),
    "depths": ("depths", [6] * 6),
    "num_heads": ("num_heads", [6] * 6),
    "window_size": ("window_size", 8),
    "mlp_ratio": ("mlp_ratio", 2.0),
    "qkv_bias": ("qkv_bias", True),
    "hidden_dropout_prob": ("drop_rate", 0.0),
    "attention_probs_dropout_prob": ("attn_drop_rate", 0.0),
    "drop_path_rate": ("drop_path_rate", 0.1),
    "upscale": ("upscale", 2),
    "img_range": ("img_range", 1.0),
    "resi_connection": ("resi_connection", "1conv"),
    "upsampler": ("upsampler", "pixelshuffle"),
}
# Settings that the published network does not have, with the only value that is the same.
FIXED: dict[str, Any] = {
    "patch_size": 1,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "use_absolute_embeddings": False,
}
HEADS = ("", "pixelshuffle", "pixelshuffledirect", "nearest+conv", "pixelshuffle_aux")


def config_from_huggingface(settings: Mapping[str, Any]) -> RestorationConfig:
    """The published keywords for the content of a config.json.

    Raises:
        UnknownArchitectureError: another model's settings.
        ConfigError: a network that the published code cannot express.
            Both messages are the end of a sentence that begins with the file's name.
    """
    model = settings.get("model_type")
    if model != "swin2sr":
        raise UnknownArchitectureError(
            f"holds settings of a model of type {model!r}; of Hugging Face's this program reads "
            "'swin2sr'"
        )
    for name, only in FIXED.items():
        if settings.get(name, only) not in (only, [only, only]):
            raise ConfigError(f"sets {name} {settings[name]!r}, but Swin2SR has {only!r}")
    values = {ours: settings.get(theirs, default) for theirs, (ours, default) in NAMES.items()}
    out = settings.get("num_channels_out")
    if out not in (None, values["in_chans"]):
        raise ConfigError(f"sets num_channels_out {out!r}, but Swin2SR returns what it takes")
    if values["resi_connection"] == "3conv":
        raise ConfigError(
            "sets resi_connection '3conv', which Hugging Face builds with one convolution after "
            "the body and Swin2SR with three"
        )
    return checked_config("swin2sr", values)


def otherwise_in_huggingface(config: RestorationConfig) -> str | None:
    """What Hugging Face's Swin2SR computes otherwise with these weights; None for nothing.

    Returns:
        The end of a sentence that begins with the network. `docs/checkpoints.md` tells more.
    """
    if config.upsampler == "pixelshuffle_aux":
        return (
            "gives slightly other pictures in transformers, which enlarges the picture without "
            "taking its mean off"
        )
    if not config.upsampler and (config.in_chans != 1 or config.img_range != 1.0):
        return (
            "gives no restored pictures in transformers, which divides the picture by img_range "
            "and adds the mean to it once more"
        )
    return None


def config_to_huggingface(config: RestorationConfig) -> dict[str, Any]:
    """The content of a config.json for a network.

    Raises:
        ConfigError: Hugging Face's Swin2SR cannot express the network.
    """
    if not isinstance(config, Swin2SRConfig):
        raise ConfigError("Hugging Face has Swin2SR but no SwinIR; save as safetensors instead")
    refused = {
        "upsampler": config.upsampler not in HEADS,
        "upscale": config.upsampler == "nearest+conv" and config.upscale != 4,
        "in_chans": config.upsampler == "pixelshuffle_aux" and config.in_chans != 3,
        "resi_connection": config.resi_connection != "1conv",
        "patch_norm": not config.patch_norm,
        "ape": config.ape,
        "pretrained_window_size": config.pretrained_window_size not in (0, config.window_size),
    }
    for name, is_refused in refused.items():
        if is_refused:
            raise ConfigError(
                f"Hugging Face's Swin2SR cannot be built with {name} {getattr(config, name)!r}; "
                "save as safetensors instead"
            )
    ours = config.to_dict()
    settings = {theirs: ours[name] for theirs, (name, _) in NAMES.items()}
    settings["num_channels_out"] = config.in_chans
    return {
        "architectures": [ARCHITECTURE],
        "model_type": "swin2sr",
        **FIXED,
        **settings,
        "num_layers": len(config.depths),
        "dtype": "float32",
        "torch_dtype": "float32",
    }
