"""Pictures to labels: preparation and probabilities held to transformers' own pipeline."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as PilImage
from typer.testing import CliRunner

from swinsr.checkpoints.classifier_save import save_classifier
from swinsr.classify.classifier import Classifier
from swinsr.classify.preprocess import Preprocessing
from swinsr.cli import app
from swinsr.errors import ConfigError
from swinsr.image import Image, from_pil
from tests.models.test_swin import tiny

LABELS = ["a cat", "a dog", "a bird", "a fish", "a fly"]


def photograph(height: int = 90, width: int = 140) -> PilImage.Image:
    from skimage import data

    return PilImage.fromarray(data.astronaut()[100 : 100 + height, 150 : 150 + width])


@pytest.fixture(params=["swin", "swinv2"])
def folder(request: Any, tmp_path: Path) -> Path:
    network = tiny(request.param)
    with torch.no_grad():
        network.head.weight.mul_(3.0)  # type: ignore[union-attr,operator]
    return save_classifier(network, tmp_path / "model", layout="huggingface", labels=LABELS)


PROCESSORS: dict[str, dict[str, Any]] = {
    "published": {"size": 32, "resample": 3, "image_mean": [0.485, 0.456, 0.406]},
    "oblong": {"size": {"height": 40, "width": 24}, "resample": 2},
    "as it is": {"do_resize": False, "do_normalize": False},
    "not rescaled": {"size": 32, "do_rescale": False, "image_std": [64, 64, 64]},
    "lanczos": {"size": {"height": 32, "width": 32}, "resample": 1, "rescale_factor": 1 / 127.5},
}


@pytest.mark.parametrize("kind", PROCESSORS)
def test_prepares_as_transformers_does(kind: str) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    processor = getattr(transformers, "ViTImageProcessorPil", None)
    if processor is None:
        pytest.skip("this transformers has no image processor that works without torchvision")
    settings = PROCESSORS[kind]
    theirs = processor(**settings)
    expected = theirs(photograph(), return_tensors="pt")["pixel_values"]
    ours = Preprocessing.from_settings(theirs.to_dict(), side=32)(from_pil(photograph()))
    assert ours.shape == expected.shape
    assert (ours - expected).abs().max() <= 2e-6 * max(1.0, float(expected.abs().max()))


LEFT_OUT = [
    (),
    ("resample",),
    ("image_mean",),
    ("image_std",),
    ("image_mean", "image_std"),
    ("size",),
    ("do_rescale", "rescale_factor"),
    ("do_normalize", "do_resize"),
    ("image_processor_type", "resample", "image_std"),
]


@pytest.mark.parametrize("names", LEFT_OUT, ids=["-".join(names) or "none" for names in LEFT_OUT])
def test_takes_for_what_is_left_out_what_transformers_takes(names: tuple[str, ...]) -> None:
    settings: dict[str, Any] = {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": 40, "width": 36},
        "resample": 3,
        "do_rescale": True,
        "rescale_factor": 1 / 127.5,
        "do_normalize": True,
        "image_mean": [0.1, 0.2, 0.3],
        "image_std": [0.7, 0.8, 0.9],
    }
    settings = {name: value for name, value in settings.items() if name not in names}
    ours = Preprocessing.from_settings(settings, side=32)
    right = {  # of transformers 5.24, and of every release since 4.25
        "resample": 2,
        "image_mean": (0.5, 0.5, 0.5),
        "image_std": (0.5, 0.5, 0.5),
        "size": (224, 224),
    }
    assert (ours.resample == right["resample"]) == ("resample" in names)
    assert (ours.mean == right["image_mean"]) == ("image_mean" in names)
    assert (ours.std == right["image_std"]) == ("image_std" in names)
    assert (ours.size == right["size"]) == ("size" in names)
    nulled = settings | {n: None for n in names if n in right}
    assert Preprocessing.from_settings(nulled, side=32) == ours
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    processor = getattr(transformers, "ViTImageProcessorPil", None)
    if processor is None:
        pytest.skip("this transformers has no image processor that works without torchvision")
    theirs = processor.from_dict(settings)(photograph(), return_tensors="pt")["pixel_values"]
    found = ours(from_pil(photograph()))
    assert (found - theirs).abs().max() <= 2e-6 * max(1.0, float(theirs.abs().max()))


def test_a_left_out_setting_of_an_unknown_processor_is_refused() -> None:
    with pytest.raises(ConfigError, match="leaves out resample, and BitImageProcessor's"):
        Preprocessing.from_settings(
            {"image_processor_type": "BitImageProcessor", "size": 32, "image_mean": [0.5] * 3}, 32
        )


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, {"shortest_edge": 36}),
        ({"crop_pct": 0.9}, {"shortest_edge": 35}),
        ({"crop_pct": 1.0, "crop_mode": "squash"}, {"height": 32, "width": 32}),
        ({"interpolation": "lanczos"}, {"shortest_edge": 36}),
    ],
)
def test_prepares_as_timm_does(timm: Any, changes: dict[str, Any], size: dict[str, int]) -> None:
    from swinsr.checkpoints.layouts.timm_config import timm_processor

    cfg = {"input_size": [3, 32, 32], "interpolation": "bicubic", **changes}
    processor = timm_processor({"architecture": "swin", "pretrained_cfg": cfg})
    assert processor["size"] == size
    resolved = timm.data.resolve_data_config({}, pretrained_cfg=cfg)
    resolved["crop_mode"] = resolved.get("crop_mode", "center")
    transform = timm.data.create_transform(**resolved, is_training=False)
    for height, width in ((90, 140), (91, 77), (64, 65)):
        expected = transform(photograph(height, width))[None]
        found = Preprocessing.from_settings(processor, side=32)(from_pil(photograph(height, width)))
        assert (found - expected).abs().max() <= 1e-5


def test_command_agrees_with_transformers_pipeline(folder: Path, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    picture = tmp_path / "picture.png"
    photograph().save(picture)
    try:
        processor = transformers.AutoImageProcessor.from_pretrained(folder)
    except ImportError as error:
        pytest.skip(f"transformers' image processor needs more: {error}")
    network = transformers.AutoModelForImageClassification.from_pretrained(folder)
    pipeline = transformers.pipeline(
        "image-classification", model=network, image_processor=processor
    )
    expected = pipeline(str(picture), top_k=5)
    done = CliRunner().invoke(app, ["classify", str(picture), "--model", str(folder)])
    assert done.exit_code == 0, done.output
    lines = [line.split("  ", 1) for line in done.stdout.splitlines()]
    assert [label for _, label in lines] == [entry["label"] for entry in expected]
    for (probability, _), entry in zip(lines, expected, strict=True):
        assert abs(float(probability) - entry["score"]) <= 1e-4


def test_best_come_first_and_sum_to_one(folder: Path) -> None:
    predictions = Classifier.from_pretrained(folder)(photograph())
    probabilities = [p.probability for p in predictions]
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1.0, abs=1e-5)
    assert {p.label for p in predictions} == set(LABELS)
    assert Classifier.from_pretrained(folder)(photograph(), count=2) == predictions[:2]


def test_gray_deep_and_transparent_pictures_are_taken(folder: Path) -> None:
    classifier = Classifier.from_pretrained(folder)
    pixels = np.asarray(photograph())
    expected = classifier(Image(pixels.copy()))
    deep = Image(pixels.astype(np.uint16) * 257, np.zeros(pixels.shape[:2], np.uint16))
    assert classifier(deep) == expected
    gray = pixels[..., :1].copy()
    assert classifier(Image(gray)) == classifier(Image(np.repeat(gray, 3, axis=2)))


def test_without_labels_classes_have_numbers(tmp_path: Path) -> None:
    path = save_classifier(tiny("swin"), tmp_path / "model.safetensors")
    assert Classifier.from_pretrained(path)(photograph(), count=1)[0].label.startswith("class ")


def test_shortest_edge_and_crop_take_the_middle() -> None:
    settings = {
        "size": {"shortest_edge": 40},
        "do_center_crop": True,
        "crop_size": {"height": 32, "width": 32},
        "do_normalize": False,
        "resample": 3,
    }
    preprocessing = Preprocessing.from_settings(settings, side=32)
    assert preprocessing.target_size(90, 140) == (40, 62)
    assert preprocessing.target_size(140, 90) == (62, 40)
    resized = photograph().resize((62, 40), PilImage.Resampling.BICUBIC).crop((15, 4, 47, 36))
    expected = torch.from_numpy(np.array(resized)).permute(2, 0, 1)[None] / 255
    assert torch.allclose(preprocessing(from_pil(photograph())), expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"size": "large"},
        {"size": {"height": 32}},
        {"size": 0},
        {"resample": 99},
        {"image_std": [0, 1, 1]},
        {"image_mean": [0.5]},
        {"rescale_factor": None},
    ],
)
def test_refuses_unusable_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"preprocessor_config\.json"):
        Preprocessing.from_settings(settings, side=32)


def test_refuses_networks_that_do_not_classify(tmp_path: Path) -> None:
    path = save_classifier(tiny("swin", num_classes=0), tmp_path / "model.safetensors")
    with pytest.raises(ConfigError, match="features"):
        Classifier.from_pretrained(path)


def test_a_bad_picture_does_not_stop_the_others(folder: Path, tmp_path: Path) -> None:
    photograph().save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_text("no picture")
    names = [str(tmp_path / name) for name in ("bad.png", "good.png")]
    done = CliRunner().invoke(app, ["classify", *names, "--model", str(folder), "--top", "1"])
    assert done.exit_code == 1
    assert "bad.png" in done.stderr and "good.png" in done.stdout


def test_processor_settings_in_the_folder_are_obeyed(folder: Path) -> None:
    before = Classifier.from_pretrained(folder)(photograph())
    file = folder / "preprocessor_config.json"
    settings = json.loads(file.read_text())
    file.write_text(json.dumps(settings | {"image_std": [0.05, 0.05, 0.05]}))
    assert Classifier.from_pretrained(folder)(photograph()) != before
