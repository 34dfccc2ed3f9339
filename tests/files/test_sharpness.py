"""Crispness by degrees."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage
from skimage import data

from swinsr import Settings, Upscaler, upscale_file
from swinsr.demo.catalogue import Catalogue
from swinsr.demo.jobs import Submission
from swinsr.errors import ConfigError
from swinsr.zoo import crisp_model
from tests.helpers.command import run_python

SMALL = data.astronaut()[40:72, 180:220]


def result(folder: Path, **settings: object) -> np.ndarray:
    source, output = folder / "in.png", folder / "out.png"
    PilImage.fromarray(SMALL).save(source)
    options = {"scale": 4, "device": "cpu", "precision": "float32", "overwrite": True}
    upscale_file(source, output, Settings(**{**options, **settings}))  # type: ignore[arg-type]
    return np.asarray(PilImage.open(output)).astype(int)


def test_the_ends_are_the_two_networks_and_between_is_between(tmp_path: Path) -> None:
    crisp = crisp_model()
    assert crisp.faithful is not None
    faithful_end = result(tmp_path, sharpness=0.0)
    crisp_end = result(tmp_path, sharpness=1.0)
    # Rounded once more where the weights are added up.
    assert np.abs(faithful_end - result(tmp_path, model=crisp.faithful)).max() <= 1
    assert np.array_equal(crisp_end, result(tmp_path, model=crisp.name))
    named = result(tmp_path, model=crisp.name, sharpness=0.0)
    assert np.array_equal(named, faithful_end)
    contrast = [
        float(np.abs(np.diff(result(tmp_path, sharpness=share), axis=1)).mean())
        for share in (0.0, 0.5, 1.0)
    ]
    assert contrast[0] < contrast[1] < contrast[2]


def test_other_scales_are_reached_too(tmp_path: Path) -> None:
    assert result(tmp_path, sharpness=0.5, scale=2).shape == (64, 80, 3)


@pytest.mark.parametrize(
    "settings",
    [
        {"sharpness": 1.5},
        {"sharpness": -0.1},
        {"sharpness": float("nan")},
        {"sharpness": 0.5, "model": "bicubic"},
        {"sharpness": 0.5, "fast": True},
        {"sharpness": 0.5, "task": "jpeg"},
    ],
)
def test_what_contradicts_it_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="sharpness"):
        Settings(**settings)  # type: ignore[arg-type]


def test_the_library_refuses_it_for_a_model_that_has_none() -> None:
    with pytest.raises(ConfigError, match="swinsr-light-x4 has no sharpness"):
        Upscaler.from_pretrained("swinsr-light-x4", sharpness=0.5)
    with pytest.raises(ConfigError, match="bicubic has no sharpness"):
        Upscaler.from_pretrained("bicubic", sharpness=0.5)
    assert Upscaler.from_pretrained(sharpness=1).engine.name == crisp_model().name
    with pytest.raises(ConfigError, match="between 0 and 1"):
        Upscaler.from_pretrained("swinsr-sharp-x4", sharpness=2)


@pytest.mark.parametrize("scale", [None, 2, 16])
def test_the_library_takes_the_crisp_model_where_none_is_named(scale: float | None) -> None:
    crisp = Upscaler.from_pretrained(scale=scale, sharpness=0.5)
    assert crisp.engine.name == crisp_model().name


@pytest.mark.parametrize("model", ["bicubic", "missing.onnx", "missing.safetensors"])
def test_no_model_without_sharpness_takes_one_in_silence(model: str) -> None:
    with pytest.raises(ConfigError, match="has no sharpness"):
        Upscaler.from_pretrained(model, sharpness=0.5)


def test_a_number_beyond_those_that_can_be_computed_with_is_refused() -> None:
    with pytest.raises(ConfigError, match="sharpness"):
        Settings(sharpness=10**400)


def test_degrees_that_differ_little_are_two_models_of_a_server() -> None:
    catalogue, job = Catalogue(device="cpu"), Submission(60)
    name = crisp_model().name
    first, second = (catalogue.get(name, job, share) for share in (0.5, 0.5 + 1e-9))
    assert first is not second and first is catalogue.get(name, job, 0.5)


def test_command_tells_the_model_and_the_degree(tmp_path: Path) -> None:
    PilImage.fromarray(SMALL).save(tmp_path / "in.png")
    done = run_python(
        "-m", "swinsr", "upscale", "in.png", "--sharpness", "0.5", "--json", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["model"], record["reason"]) == ("swinsr-sharp-x4", "sharpness 0.5")
