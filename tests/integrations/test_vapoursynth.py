"""The VapourSynth function: with VapourSynth itself where it is, else against a stand-in for it."""

import importlib.util
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swinsr import Upscaler

FILE = Path(__file__).parents[2] / "integrations" / "vapoursynth" / "swinsr_vapoursynth.py"
HERE = importlib.util.find_spec("vapoursynth") is not None


class Frame:
    """A frame: planes as arrays, properties, copies that can be written to."""

    def __init__(self, planes: list[np.ndarray], props: dict[str, Any], writable: bool) -> None:
        self._planes, self.props = planes, props
        self.format = types.SimpleNamespace(num_planes=len(planes))
        for plane in planes:
            plane.flags.writeable = writable

    def __getitem__(self, plane: int) -> np.ndarray:
        return self._planes[plane]

    def copy(self) -> "Frame":
        return Frame([plane.copy() for plane in self._planes], dict(self.props), True)


class Clip:
    """A clip of frames, with the two functions that are asked of `std`."""

    def __init__(self, frames: list[Frame], kind: int) -> None:
        self._frames = frames
        self.format = types.SimpleNamespace(id=kind)
        self.height, self.width = frames[0][0].shape
        self.std = types.SimpleNamespace(BlankClip=self._blank, ModifyFrame=self._modify)

    def get_frame(self, number: int) -> Frame:
        return self._frames[number]

    def _blank(self, width: int, height: int, keep: bool) -> "Clip":
        one = self._frames[0]
        planes = [
            np.zeros((height, width), one[plane].dtype) for plane in range(one.format.num_planes)
        ]
        return Clip([Frame(planes, {}, False)] * len(self._frames), self.format.id)

    def _modify(self, clips: list["Clip"], selector: Any) -> "Clip":
        made = []
        for number in range(len(self._frames)):
            frame = selector(number, [clip.get_frame(number) for clip in clips])
            assert frame[0].shape == (self.height, self.width)  # as VapourSynth checks
            made.append(frame)
        return Clip(made, self.format.id)


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Any:
    if HERE:
        pytest.skip("VapourSynth itself is here; the stand-in is for where it is not")
    stub = types.ModuleType("vapoursynth")
    names = ("RGB24", "RGB48", "RGBS", "GRAY8", "GRAY16", "GRAYS")
    for number, name in enumerate(names):
        setattr(stub, name, number)
    stub.Error = type("Error", (Exception,), {})  # type: ignore[attr-defined]
    stub.VideoNode, stub.VideoFrame = Clip, Frame  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vapoursynth", stub)
    spec = importlib.util.spec_from_file_location("swinsr_vapoursynth", FILE)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize(
    ("kind", "dtype", "channels"),
    [(0, np.uint8, 3), (1, np.uint16, 3), (2, np.float32, 3), (3, np.uint8, 1)],
)
def test_frames_have_the_pixels_of_upscale(
    module: Any, kind: int, dtype: Any, channels: int
) -> None:
    rng = np.random.default_rng(0)
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    pictures = [(rng.random((12, 18, channels)) * top).astype(dtype) for _ in range(2)]
    frames = [
        Frame([np.ascontiguousarray(p[..., c]) for c in range(channels)], {"_Matrix": 0}, False)
        for p in pictures
    ]
    done = module.upscale(Clip(frames, kind), 1.5, "bicubic")
    upscaler = Upscaler.from_pretrained("bicubic")
    for number, picture in enumerate(pictures):
        frame = done.get_frame(number)
        found = np.stack([frame[c] for c in range(channels)], axis=2)
        assert np.array_equal(found, upscaler(picture, 1.5))
        assert frame.props == {"_Matrix": 0}


def test_other_formats_are_refused(module: Any) -> None:
    clip = Clip([Frame([np.zeros((4, 4), np.uint8)], {}, False)], 99)
    with pytest.raises(sys.modules["vapoursynth"].Error, match=r"convert it with core\.resize"):
        module.upscale(clip)


@pytest.mark.skipif(not HERE, reason="VapourSynth is not installed")
def test_runs_in_vapoursynth() -> None:
    import vapoursynth as vs

    sys.path.insert(0, str(FILE.parent))
    import swinsr_vapoursynth

    clip = vs.core.std.BlankClip(format=vs.RGB24, width=18, height=12, length=2, color=[9, 99, 250])
    done = swinsr_vapoursynth.upscale(clip, 1.5, "bicubic")
    assert (done.width, done.height, len(done)) == (27, 18, 2)
    planes = [np.asarray(done.get_frame(1)[plane]) for plane in range(3)]
    assert [int(plane.max()) for plane in planes] == [9, 99, 250]
