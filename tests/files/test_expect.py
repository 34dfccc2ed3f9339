"""What is said before long work: sizes and a time that holds."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from swinsr import Settings
from swinsr.files.choose import Way
from swinsr.files.expect import WORTH_SAYING, Expected, about, expect
from swinsr.files.run import PlannedRun
from swinsr.files.size import Size
from swinsr.inference.engine import BaselineEngine, Engine
from swinsr.inference.tiles import Choice


class Slow(Engine):
    """Takes so long for each pixel."""

    name, scale, task, tileable = "slow", 4, "classical_sr", True

    def run(self, planes, progress):
        time.sleep(2e-6 * planes.shape[0] * planes.shape[1])
        return planes.repeat(4, 0).repeat(4, 1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "about 1 s"), (42, "about 42 s"), (700, "about 12 min"), (12600, "about 3.5 h")],
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert about(seconds) == text


def test_sentence_has_sizes_megapixels_and_time() -> None:
    expected = Expected((4032, 3024), (16128, 12096), 720)
    assert expected.sentence == "4032x3024 to 16128x12096, 195 megapixels, about 12 min"


def test_time_is_measured_and_counts_overlaps() -> None:
    engine = Slow()
    size = Size(4.0, 4000, 8000)
    whole = expect(Way(size, engine, None), 1000, 2000)
    tiles = expect(Way(size, engine, Choice(96, 48, 0, 0)), 1000, 2000)
    assert whole is not None and tiles is not None
    assert 4 <= whole.seconds <= 12  # 2e6 pixels of 2e-6 s, on a machine that may be busy
    assert tiles.seconds == pytest.approx(4 * whole.seconds)
    assert whole.output_size == (8000, 4000)


def test_nothing_is_said_of_what_is_quick() -> None:
    side = int(WORTH_SAYING**0.5) - 1
    assert expect(Way(Size(4.0, side, side), Slow(), None), side // 4, side // 4) is None
    large = Size(2.0, 20000, 20000)
    assert expect(Way(large, BaselineEngine("bicubic"), None), 10000, 10000) is None
    assert expect(Way(large, None, None), 10000, 10000) is None


def test_a_run_announces_before_it_works(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((720, 720, 3), np.uint8)).save(tmp_path / "a.png")
    run = PlannedRun(Settings(model="swinsr-fast-x4"), [tmp_path / "a.png"], tmp_path / "b.png")
    heard: list[str] = []

    class Heard(Exception):
        pass

    def announce(name: str, expected: Expected) -> None:
        heard.append(f"{name}: {expected.sentence}")
        raise Heard

    with pytest.raises(Heard):
        next(run.records(announce=announce))
    assert heard[0].startswith(f"{tmp_path / 'a.png'}: 720x720 to 2880x2880, 8 megapixels, about ")
