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


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The function, with VapourSynth itself."""
    pytest.importorskip("vapoursynth", reason="VapourSynth is not installed (Python 3.12 or later)")
    monkeypatch.syspath_prepend(str(FILE.parent))
    import swinsr_vapoursynth

    return swinsr_vapoursynth


def clip_of(pictures: list[np.ndarray], kind: str) -> Any:
    """A clip of VapourSynth's own whose frames are the pictures."""
    import vapoursynth as vs

    height, width, channels = pictures[0].shape
    blank = vs.core.std.BlankClip(
        format=getattr(vs, kind), width=width, height=height, length=len(pictures)
    )

    def filled(n: int, f: Any) -> Any:
        out = f.copy()
        for plane in range(channels):
            np.copyto(np.asarray(out[plane]), pictures[n][..., plane])
        out.props["Number"] = n
        return out

    return blank.std.ModifyFrame(clips=[blank], selector=filled)


@pytest.mark.parametrize(
    ("kind", "dtype", "channels"),
    [
        ("RGB24", np.uint8, 3), ("RGB48", np.uint16, 3), ("RGBS", np.float32, 3),
        ("GRAY8", np.uint8, 1), ("GRAY16", np.uint16, 1), ("GRAYS", np.float32, 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("model", "scale"), [("bicubic", 1.5), ("swinsr-fast-x2", None)])
def test_vapoursynth_itself_gives_the_pixels_of_upscale(
    real: Any, kind: str, dtype: Any, channels: int, model: str, scale: float | None
) -> None:
    rng = np.random.default_rng(0)
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    # An odd width: rows of frames are padded.
    pictures = [(rng.random((12, 19, channels)) * top).astype(dtype) for _ in range(3)]
    done = real.upscale(clip_of(pictures, kind), scale, model)
    upscaler = Upscaler.from_pretrained(model)
    assert len(done) == 3
    # Several frames at a time, as VapourSynth asks for them.
    for number, frame in enumerate(done.frames()):
        found = np.stack([np.asarray(frame[c]) for c in range(channels)], axis=2)
        assert np.array_equal(found, upscaler(pictures[number], scale))
        assert frame.props["Number"] == number


def test_vapoursynth_itself_is_told_what_a_clip_has_to_be(real: Any) -> None:
    import vapoursynth as vs

    clip = vs.core.std.BlankClip(format=vs.YUV420P8, width=32, height=16, length=1)
    with pytest.raises(vs.Error, match=r"convert it with core\.resize"):
        real.upscale(clip)
