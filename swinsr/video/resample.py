"""Frames to planes of one size and back: libswscale, with the range and the chroma's place given.

Chroma is taken to lie where H.264, HEVC and AV1 put it where they do not say: at the left.
"""

from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from swinsr.video.layout import SampleLayout

Array = NDArray[Any]
# One matrix on both sides, whatever the frames say: else some would be converted on the way.
_SAME = ":in_color_matrix=bt709:out_color_matrix=bt709"
_FLAGS = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"


class Resampler:
    """From one pixel format to another at the same size, with the same matrix and range."""

    def __init__(
        self,
        size: tuple[int, int],
        before: str,
        after: str,
        *,
        full: bool,
        first: str | None = None,
        time_base: Fraction = Fraction(1, 1000),
    ) -> None:
        """A chain of FFmpeg's filters.

        Args:
            size: (height, width).
            before, after: pixel formats.
            full: the range of both, where they are Y'CbCr.
            first: a filter that comes first, with its options.
            time_base: of the frames' times.
        """
        height, width = size
        kind = "full" if full else "limited"
        place = ":in_chroma_loc=left" if "420" in before or "422" in before else ""
        place += ":out_chroma_loc=left" if "420" in after or "422" in after else ""
        graph = Graph()
        last: Any = graph.add_buffer(
            width=width, height=height, format=av.VideoFormat(before), time_base=time_base
        )
        steps = [
            *([first.partition("=")[::2]] if first is not None else []),
            ("scale", f"{_FLAGS}:in_range={kind}:out_range={kind}{_SAME}{place}"),
            ("format", f"pix_fmts={after}"),
            ("buffersink", ""),
        ]
        for name, options in steps:
            step = graph.add(name, options or None)
            last.link_to(step)
            last = step
        graph.configure()
        self._graph = graph

    def push(self, frame: av.VideoFrame | None) -> list[av.VideoFrame]:
        """What comes out for a frame, or for the end of all frames."""
        self._graph.push(frame)
        out: list[av.VideoFrame] = []
        while True:
            try:
                done = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return out
            assert isinstance(done, av.VideoFrame)
            out.append(done)


def planes_of(frame: av.VideoFrame) -> tuple[Array, ...]:
    """The samples of a frame in one of `SampleLayout.planes`; red first, of RGB."""
    layout = SampleLayout.of(frame.format.name)
    dtype = np.dtype(np.uint8 if layout.bits == 8 else np.dtype("<u2"))
    planes = [
        np.frombuffer(plane, dtype).reshape(plane.height, -1)[:, : plane.width]
        for plane in cast(Any, frame.planes)
    ]
    return tuple(planes[i] for i in (2, 0, 1)) if layout.rgb else tuple(planes)


def frame_of(planes: tuple[Array, ...], form: str) -> av.VideoFrame:
    """A frame in one of `SampleLayout.planes`."""
    height, width = planes[0].shape
    frame = av.VideoFrame(width, height, form)
    ordered = (planes[1], planes[2], planes[0]) if SampleLayout.of(form).rgb else planes
    for plane, samples in zip(frame.planes, ordered, strict=True):
        row = plane.line_size // samples.dtype.itemsize
        padded = np.zeros((height, row), samples.dtype)
        padded[:, :width] = samples
        cast(Any, plane).update(padded)
    return frame
