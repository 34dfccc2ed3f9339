"""Frames of a video, one after the other, as pictures with their times."""

import dataclasses
from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import Any

import av
from numpy.typing import NDArray

from swinsr.errors import ImageReadError
from swinsr.image import Image
from swinsr.video.damage import Damage
from swinsr.video.frames import decode
from swinsr.video.probe import Clip, opened, unreadable
from swinsr.video.resample import Resampler, planes_of
from swinsr.video.settings import VideoSettings

Array = NDArray[Any]
# A seek goes this far before the wanted time: frames there may need others before them.
_SEEK_SECONDS = 5


@dataclasses.dataclass(frozen=True)
class Timed:
    """A picture and when it is shown.

    Attributes:
        image: it.
        time: in units of the clip's time base.
        duration: in the same; 0 where it is not known.
    """

    image: Image
    time: int
    duration: int


def damage_of(clip: Clip, video: VideoSettings) -> Damage:
    """Where what `read_frames` meets is counted."""
    start, end = _bounds(clip, video)
    return Damage(clip, start, end, video.strict)


def read_frames(
    clip: Clip, video: VideoSettings, damage: Damage, skip: int = 0
) -> Generator[Timed, None, None]:
    """The frames between `start` and `end`, in order, no two at one time.

    Args:
        clip: the video.
        video: `start`, `end` and what to do with fields.
        damage: notified of what is damaged.
        skip: so many of them are done already; they are decoded and thrown away.

    Raises:
        ImageReadError: the file cannot be read, or its frames change their size.
    """
    first = "bwdif=mode=send_frame:deint=all" if clip.interlaced and video.deinterlace else None
    frames = _decoded(clip, video, damage)
    if first is not None:
        frames = _deinterlaced(clip, frames, first)
    layout, sampler = clip.layout, None
    if clip.format != layout.planes:
        sampler = Resampler(clip.size, clip.format, layout.planes, full=clip.coding.full)
    start, end = _bounds(clip, video)
    last: int | None = None
    step = max(round(1 / (clip.rate * clip.time_base)), 1)
    for frame in frames:
        time = frame.pts
        if time is None:
            time = 0 if last is None else last + step
        if last is not None and time <= last:
            time = last + 1  # containers with coarse times, and files joined badly
        last = time
        if time < start:
            continue
        if end is not None and time >= end:
            return
        if (frame.height, frame.width) != clip.size or frame.format.name != clip.format:
            raise ImageReadError(
                f"{clip.path}: from {float(time * clip.time_base):.2f} s on its frames are "
                f"{frame.width}x{frame.height} {frame.format.name} and no longer "
                f"{clip.size[1]}x{clip.size[0]} {clip.format}; cut it there with --end"
            )
        duration = frame.duration or 0
        damage.show(time, duration)
        if skip > 0:
            skip -= 1
            continue
        if sampler is not None:
            (frame,) = sampler.push(frame)
        yield Timed(Image(clip.coding.to_rgb(planes_of(frame))), time, duration)


def _bounds(clip: Clip, video: VideoSettings) -> tuple[float, int | None]:
    """The first time that is taken, and the first that no longer is."""
    start = float("-inf") if video.first is None else ticks(clip, video.first)
    return start, None if video.beyond is None else ticks(clip, video.beyond)


def ticks(clip: Clip, seconds: Fraction) -> int:
    """The first time at or after so many seconds from the file's beginning."""
    return -int(-((clip.origin + seconds) / clip.time_base) // 1)


def _decoded(clip: Clip, video: VideoSettings, damage: Damage) -> Iterator[av.VideoFrame]:
    """Frames from the beginning, or from some time before `start`."""
    start = video.first or Fraction(0)
    if start > _SEEK_SECONDS:
        wanted = ticks(clip, start)
        frames = _from(clip, ticks(clip, start - _SEEK_SECONDS), damage)
        first = next(frames, None)
        if first is not None and first.pts is not None and first.pts <= wanted:
            yield first
            yield from frames
            return
    yield from _from(clip, None, damage)


def _from(clip: Clip, place: int | None, damage: Damage) -> Iterator[av.VideoFrame]:
    with opened(clip.path) as container:
        stream = container.streams[clip.index]
        if place is not None:
            try:
                container.seek(place, stream=stream)
            except (av.FFmpegError, ValueError) as error:
                raise ImageReadError(unreadable(clip.path, error)) from error
        yield from decode(container, stream, damage)


def _deinterlaced(
    clip: Clip, frames: Iterator[av.VideoFrame], first: str
) -> Iterator[av.VideoFrame]:
    sampler = Resampler(
        clip.size, clip.format, clip.format, full=clip.coding.full, first=first,
        time_base=clip.time_base,
    )  # fmt: skip

    def timed(done: av.VideoFrame) -> av.VideoFrame:
        # The filter counts in half units.
        unit = (done.time_base or clip.time_base) / clip.time_base
        done.duration = round((done.duration or 0) * unit)
        done.pts, done.time_base = round((done.pts or 0) * unit), clip.time_base
        return done

    for frame in frames:
        yield from map(timed, sampler.push(frame))
    yield from map(timed, sampler.push(None))
