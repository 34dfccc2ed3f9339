"""The settings of Hugging Face's `SwinConfig` and `Swinv2Config`, to and from the published."""

from collections.abc import Mapping, Sequence
from typing import Any

from swinsr.errors import ConfigError, UnknownArchitectureError
from swinsr.models import HierarchicalConfig, SwinConfig, SwinV2Config

ARCHITECTURES = {"swin": "SwinForImageClassification", "swinv2": "Swinv2ForImageClassification"}
CONFIGS: dict[str, type[HierarchicalConfig]] = {"swin": SwinConfig, "swinv2": SwinV2Config}
# theirs -> ours, and their default
NAMES: dict[str, tuple[str, Any]] = {
    "image_size": ("img_size", 224),
    "patch_size": ("patch_size", 4),
    "num_channels": ("in_chans", 3),
    "embed_dim": ("embed_dim", 96),
    "depths": ("depths", [2, 2, 6, 2]),
    "num_heads": ("num_heads", [3, 6, 12, 24]),
    "window_size": ("window_size", 7),
    "mlp_ratio": ("mlp_ratio", 4.0),
    "qkv_bias": ("qkv_bias", True),
    "hidden_dropout_prob": ("drop_rate", 0.0),
    "attention_probs_dropout_prob": ("attn_drop_rate", 0.0),
    "drop_path_rate": ("drop_path_rate", 0.1),
    "use_absolute_embeddings": ("ape", False),
}
# Settings that the published network does not have, with the only value that is the same.
FIXED: dict[str, Any] = {"hidden_act": "gelu", "layer_norm_eps": 1e-5}


def classifier_config_from_huggingface(
    settings: Mapping[str, Any], num_classes: int
) -> HierarchicalConfig:
    """The published keywords for the content of a config.json.

    Args:
        settings: of `SwinConfig` or `Swinv2Config`.
        num_classes: outputs of the head in the weights file; 0 where it has none.

    Raises:
        UnknownArchitectureError: another model's settings.
        ConfigError: a network that the published code cannot express.
            Both messages are the end of a sentence that begins with the file's name.
    """
    family = settings.get("model_type")
    if not isinstance(family, str) or family not in CONFIGS:
        raise UnknownArchitectureError(
            f"holds settings of a model of type {family!r}; as classifiers this program reads "
            "'swin' and 'swinv2'"
        )
    for name, only in FIXED.items():
        if settings.get(name, only) != only:
            raise ConfigError(f"sets {name} {settings[name]!r}, but Swin has {only!r}")
    values = {ours: settings.get(theirs, default) for theirs, (ours, default) in NAMES.items()}
    values["num_classes"] = num_classes
    if family == "swinv2":
        values["pretrained_window_sizes"] = settings.get("pretrained_window_sizes") or ()
        if values["ape"]:
            raise ConfigError(
                "sets use_absolute_embeddings, with which Hugging Face's Swin V2 adds one "
                "position more than there are patches and cannot run"
            )
    try:
        return CONFIGS[family].from_published(values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"has a setting of the wrong type ({error})") from None


def windows_divide(config: HierarchicalConfig) -> bool:
    """Whether whole windows cover every stage's map at `img_size`, so that nothing is padded."""
    sides = [config.grid(stage) for stage in range(len(config.depths))]
    whole = config.img_size % config.stride == 0
    return whole and all(side % min(config.window_size, side) == 0 for side in sides)


def labels_from_huggingface(settings: Mapping[str, Any], num_classes: int) -> tuple[str, ...]:
    """The classes' names, in order; empty where they are not all there."""
    names = settings.get("id2label")
    if not isinstance(names, Mapping):
        return ()
    labels = [names.get(str(i), names.get(i)) for i in range(num_classes)]
    return tuple(str(label) for label in labels) if None not in labels else ()


def classifier_config_to_huggingface(
    config: HierarchicalConfig, labels: Sequence[str] = ()
) -> dict[str, Any]:
    """The content of a config.json for a network.

    Args:
        config: the network's.
        labels: the classes' names; LABEL_0 and so on where there are none.

    Raises:
        ConfigError: Hugging Face's classes cannot express the network.
    """
    windows = getattr(config, "pretrained_window_sizes", ())
    refused = {
        "patch_norm": not config.patch_norm,
        "qk_scale": getattr(config, "qk_scale", None) is not None,
        "ape": config.ape and config.family == "swinv2",
        # Its V1 keeps whole bias tables where the published network clips the window.
        "window_size": config.family == "swin"
        and config.window(len(config.depths) - 1) != config.window_size,
        "roll_first": config.roll_first and not windows_divide(config),
    }
    for name, is_refused in refused.items():
        if is_refused:
            raise ConfigError(
                f"Hugging Face's {ARCHITECTURES[config.family]} cannot be built with {name} "
                f"{getattr(config, name)!r}; save in the layout 'microsoft' instead"
            )
    if labels and len(labels) != config.num_classes:
        raise ConfigError(f"{len(labels)} labels are given for {config.num_classes} classes")
    names = list(labels) or [f"LABEL_{i}" for i in range(config.num_classes)]
    ours = config.to_dict()
    settings: dict[str, Any] = {
        "architectures": [ARCHITECTURES[config.family]],
        "model_type": config.family,
        **FIXED,
        **{theirs: ours[name] for theirs, (name, _) in NAMES.items()},
        "num_layers": len(config.depths),
        "hidden_size": config.features,
        "id2label": {str(i): name for i, name in enumerate(names)},
        "label2id": {name: i for i, name in enumerate(names)},
        "dtype": "float32",
        "torch_dtype": "float32",
    }
    if config.family == "swinv2":
        settings["pretrained_window_sizes"] = list(windows)
    return settings
