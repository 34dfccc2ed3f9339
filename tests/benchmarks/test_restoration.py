"""The comparison for damaged pictures: its peers take noise out, and its status tells the bound."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import skimage.data
from PIL import Image

from benchmarks import restoration
from swinsr.metrics import psnr_y


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[100:196, 180:276])


@pytest.mark.parametrize("name", restoration.peers("denoise"))
def test_every_peer_takes_noise_out_at_some_strength(name: str, truth: np.ndarray) -> None:
    before = psnr_y(restoration.DAMAGE["denoise"](truth), truth, border=0)
    ways = restoration.peers("denoise")[name]
    after = [restoration.score(way, "denoise", [truth])[0] for way in ways]
    assert max(after) > before + 2
    # More strengths would not help: the best is none of the outermost, or all are alike.
    assert max(after) - max(after[1:-1]) < 0.5


def test_inputs_are_as_damaged_as_they_say(truth: np.ndarray) -> None:
    noise = restoration.DAMAGE["denoise"](truth).astype(float) - truth
    assert 20 < noise.std() < 26  # a little is lost where values end
    assert restoration.DAMAGE["real"](truth).shape == (24, 24, 3)


def test_colours_are_scored_where_there_are_some(truth: np.ndarray) -> None:
    gray = np.repeat(truth[..., 1:2], 3, axis=2)
    one, two = (restoration.score(lambda x: x, "jpeg 15", t) for t in ([truth], [truth, gray]))
    assert one[1] == two[1]
    picture = Image.fromarray(restoration.DAMAGE["jpeg 15"](truth)), Image.fromarray(truth)
    planes = [np.asarray(p.convert("YCbCr"))[..., 1:].astype(float) for p in picture]
    exact = 10 * np.log10(255**2 / np.square(planes[0] - planes[1]).mean())
    assert one[1] == pytest.approx(exact, abs=0.2)  # Pillow rounds


def test_every_task_has_a_network() -> None:
    names = [restoration.ours(task) for task in restoration.TASKS]
    assert names == ["swinsr-real-x4", "swinsr-denoise", "swinsr-jpeg", "swinsr-jpeg"]


@pytest.mark.parametrize(("gain", "status"), [(1.05, 0), (0.95, 1)])
def test_status_tells_whether_the_bound_holds(
    gain: float, status: int, truth: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(truth).save(tmp_path / "one.png")
    monkeypatch.setattr(
        "sys.argv", ["program", str(tmp_path), "--tasks", "jpeg", "-o", str(tmp_path)]
    )
    entry = SimpleNamespace(name="ours", task="color_jpeg", scale=1, damage="none")
    monkeypatch.setattr(restoration, "bundled_models", lambda: [entry])
    monkeypatch.setattr(restoration.Upscaler, "from_pretrained", lambda name: name)

    def score(restore: object, task: str, truths: list[np.ndarray]) -> restoration.Scores:
        np.testing.assert_array_equal(truths[0], truth)
        return (30 + gain, 33.0, 29.0) if restore == "ours" else (30.0, 32.0, 28.0)

    monkeypatch.setattr(restoration, "score", score)
    assert restoration.main() == status
    found = json.loads((tmp_path / "restoration.json").read_text())
    assert found["jpeg"]["ours"][0] == pytest.approx(30 + gain)
    monkeypatch.setattr(restoration, "bundled_models", list)
    assert restoration.main() == 1
