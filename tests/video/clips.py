"""Videos made by FFmpeg for the tests: moving colours, a silent and a spoken track, chapters."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

UNIT = Fraction(1, 600)
BT709 = (1, 1, 1, 1)  # primaries, transfer, matrix, limited range


def pictures(count: int, height: int = 48, width: int = 64) -> list[NDArray[np.uint8]]:
    """A smooth texture that moves; of five in a row the last two stand still."""
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (height // 8, width // 4, 3), np.uint8)
    wide = cv2.resize(coarse, (4 * width, height), interpolation=cv2.INTER_CUBIC)
    places = [i - (i % 5 == 4) for i in range(count)]
    return [np.ascontiguousarray(wide[:, p : p + width]) for p in places]


def times(count: int) -> list[int]:
    """Times of a variable frame rate, in `UNIT`."""
    steps = [20 if i % 3 else 33 for i in range(count)]
    return [sum(steps[:i]) for i in range(count)]


def make_clip(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    *,
    codec: str = "libx264",
    form: str = "yuv420p",
    tags: tuple[int, int, int, int] = BT709,
    rotation: float | None = None,
    aspect: Fraction | None = None,
    options: dict[str, str] | None = None,
    sound: bool = True,
) -> Path:
    """Write a clip of RGB frames with two sound tracks and two chapters."""
    height, width = frames[0].shape[:2]
    options = {"crf": "10"} if options is None and codec == "libx264" else options or {}
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream(codec, rate=30, options=options)
        video.width, video.height, video.pix_fmt = width, height, form
        context = video.codec_context
        context.time_base = video.time_base = UNIT
        context.color_primaries, context.color_trc = tags[:2]
        context.colorspace, context.color_range = tags[2:]
        if aspect is not None:
            context.sample_aspect_ratio = aspect
        if rotation is not None:
            video.set_display_rotation(rotation)
        packets = []
        if sound:
            tracks = [out.add_stream("aac", rate=48000) for _ in range(2)]
            out.set_chapters(
                [
                    {
                        "id": i, "start": 500 * i, "end": 500 * i + 500,
                        "time_base": Fraction(1, 1000), "metadata": {"title": f"part {i}"},
                    }
                    for i in range(2)
                ]
            )  # fmt: skip
            for loud, track in enumerate(tracks):
                track.layout = "mono"
                track.metadata["language"] = ("deu", "eng")[loud]
                packets += _sound(track, loud)
        out.metadata["title"] = "A test"
        for time, pixels in zip(times(len(frames)), frames, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            matrix = 5 if tags[2] in (2, 5, 6) else tags[2]
            if form != "gray":
                frame = frame.reformat(
                    format=form, dst_colorspace=matrix, src_color_range=2,
                    dst_color_range=2 if tags[3] == 2 else 1,
                )  # fmt: skip
            frame.pts, frame.time_base = time, UNIT
            packets += video.encode(frame)
        packets += video.encode(None)
        for packet in sorted(packets, key=lambda p: (p.dts or 0) * p.time_base):
            out.mux(packet)
    return path


def _sound(track: Any, loud: int) -> list[Any]:
    packets = []
    wave = 0.3 * loud * np.sin(np.arange(48000) * 2 * np.pi * 440 / 48000, dtype=np.float32)
    for at in range(0, 48000, 1024):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(wave[None, at : at + 1024], np.float32), "fltp", "mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48000, at, Fraction(1, 48000)
        packets += track.encode(frame)
    return [*packets, *track.encode(None)]


def decoded(path: Path) -> list[av.VideoFrame]:
    """All frames."""
    with av.open(str(path)) as container:
        return list(container.decode(container.streams.video[0]))


def shown(path: Path) -> list[Fraction]:
    """When each frame is shown, in seconds."""
    return [Fraction(frame.pts * frame.time_base) for frame in decoded(path)]


def sound_packets(path: Path) -> dict[int, list[tuple[Fraction, bytes]]]:
    """Time and bytes of every packet of sound, by stream."""
    found: dict[int, list[tuple[Fraction, bytes]]] = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.stream.type == "audio" and packet.size:
                assert packet.pts is not None
                one = (Fraction(packet.pts * packet.time_base), bytes(packet))
                found.setdefault(packet.stream.index, []).append(one)
    return found


def planes(frame: av.VideoFrame) -> list[NDArray[Any]]:
    """The samples of a frame, plane by plane."""
    deep = frame.format.components[0].bits > 8
    return [
        np.frombuffer(bytes(plane), "<u2" if deep else "u1").reshape(plane.height, -1)[
            :, : plane.width
        ]
        for plane in frame.planes
    ]
