"""transformers' and timm's Swin and Swin V2 on random weights, through their own files."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from swinsr.checkpoints.classifier import load_classifier
from swinsr.checkpoints.classifier_save import save_classifier
from swinsr.checkpoints.layouts.huggingface_swin_config import FIXED, NAMES
from swinsr.checkpoints.layouts.timm_swin import swin_to_timm
from tests.models.test_swin import tiny

BOUND = 2e-5
SETTINGS: dict[str, Any] = {
    "image_size": 32,
    "patch_size": 2,
    "embed_dim": 8,
    "depths": [2, 2],
    "num_heads": [2, 4],
    "window_size": 4,
    "num_labels": 5,
    "id2label": {i: f"kind {i}" for i in range(5)},
}


def classes(family: str) -> tuple[Any, Any]:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    name = {"swin": "Swin", "swinv2": "Swinv2"}[family]
    return getattr(transformers, f"{name}Config"), getattr(
        transformers, f"{name}ForImageClassification"
    )


def theirs(family: str, **changes: Any) -> Any:
    config, network = classes(family)
    torch.manual_seed(0)
    built = network(config(**SETTINGS | changes)).eval()
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.normal_(std=0.2)
    return built


def picture(height: int, width: int) -> Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(1))


# In sizes that nothing divides the padding is seen to be theirs as well. The maps stay larger than
# the window, for below it their V1 changes itself and their V2 keeps its shift.
@pytest.mark.parametrize("size", [(32, 32), (48, 32), (31, 45), (50, 33)])
@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_equals_transformers_at_any_size(
    tmp_path: Path, family: str, size: tuple[int, int]
) -> None:
    network = theirs(family)
    network.save_pretrained(tmp_path)
    loaded = load_classifier(tmp_path)
    with torch.inference_mode():
        expected = network(picture(*size), output_hidden_states=True)
        stages = loaded.network.forward_stages(picture(*size))
        assert (loaded.network(picture(*size)) - expected.logits).abs().max() <= BOUND
    last = expected.reshaped_hidden_states[-1]
    assert (stages[-1] - last).abs().max() <= BOUND
    assert loaded.labels == tuple(f"kind {i}" for i in range(5))


@pytest.mark.parametrize(
    ("family", "changes"),
    [
        ("swin", {"use_absolute_embeddings": True}),
        ("swin", {"qkv_bias": False}),
        ("swinv2", {"qkv_bias": False, "mlp_ratio": 3.0}),
        ("swinv2", {"pretrained_window_sizes": [6, 8], "image_size": 64, "window_size": 8}),
        ("swinv2", {"window_size": 12}),
    ],
)
def test_equals_transformers_with_other_options(
    tmp_path: Path, family: str, changes: dict[str, Any]
) -> None:
    network = theirs(family, **changes)
    network.save_pretrained(tmp_path)
    side = changes.get("image_size", 32)
    with torch.inference_mode():
        expected = network(picture(side, side)).logits
        ours = load_classifier(tmp_path).network(picture(side, side))
    assert (ours - expected).abs().max() <= BOUND


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_a_setting_that_is_left_out_is_what_transformers_takes(family: str) -> None:
    settings = classes(family)[0]()
    for name, (_, default) in NAMES.items():
        told = getattr(settings, name)
        assert default == (list(told) if isinstance(told, tuple) else told), name
    for name, only in FIXED.items():
        assert only == getattr(settings, name), name


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_saved_folder_loads_in_transformers(tmp_path: Path, family: str) -> None:
    network = tiny(family)
    save_classifier(network, tmp_path, layout="huggingface")
    loaded, info = classes(family)[1].from_pretrained(tmp_path, output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    with torch.inference_mode():
        difference = loaded.eval()(picture(32, 32)).logits - network(picture(32, 32))
    assert difference.abs().max() <= BOUND


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_transformers_model_without_a_head_gives_features(tmp_path: Path, family: str) -> None:
    network = theirs(family)
    base = getattr(network, family)
    base.save_pretrained(tmp_path)
    loaded = load_classifier(tmp_path).network
    assert loaded.config.num_classes == 0
    with torch.inference_mode():
        expected = base(picture(32, 32)).pooler_output
        assert (loaded(picture(32, 32)) - expected).abs().max() <= BOUND


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_equals_timm_on_random_weights(timm: Any, family: str) -> None:
    network = tiny(family)
    kind = {"swin": "SwinTransformer", "swinv2": "SwinTransformerV2"}[family]
    built = getattr(timm.models, kind)(
        img_size=32, patch_size=2, embed_dim=8, depths=(2, 2), num_heads=(2, 4), window_size=4,
        num_classes=5,
    ).eval()  # fmt: skip
    built.load_state_dict(swin_to_timm(network.state_dict()))
    with torch.inference_mode():
        difference = built(picture(32, 32)) - network(picture(32, 32))
    assert difference.abs().max() <= BOUND
