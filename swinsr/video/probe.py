"""What a video is, read once before any work: size, colours, timing; and what is refused."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
from av.container import InputContainer
from av.sidedata.sidedata import Type

from swinsr.errors import ConfigError, ImageReadError, ImageTooLargeError
from swinsr.image.source import open_source
from swinsr.video.colour import RGB, UNSPECIFIED, Coding, matrix_of
from swinsr.video.frames import decode
from swinsr.video.layout import GRAY, SampleLayout
from swinsr.video.settings import VideoSettings

# Nothing but the file itself: a playlist in it could name other files and addresses.
_FILE_ONLY = {"protocol_whitelist": "file"}
_LISTS = ("hls", "concat", "dash", "image2", "imf", "sdp", "rtsp", "tty", "lavfi")
_FULL_RANGE = 2
_DURATION = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_HDR = {16: "PQ", 18: "HLG"}
_PROGRESSIVE = (0, 1)  # unknown, and said to be
# Frames that are looked at for fields.
_LOOKED_AT = 4


@dataclass(frozen=True)
class Tags:
    """What a stream says of its colours, by H.273's numbers; carried over as they are."""

    primaries: int
    transfer: int
    matrix: int
    full_range: int


@dataclass(frozen=True)
class Clip:
    """A video's first picture stream.

    Attributes:
        path: the file.
        index: of the stream.
        size: (height, width) as stored.
        format: its pixel format.
        layout: what that holds.
        coding: how samples stand for colours.
        tags: as the file has them.
        time_base: of its times, in seconds.
        origin: the time at which the file begins, in seconds; 0 mostly.
        rate: frames a second, on average.
        frames: how many, where the file tells.
        end: the time at which the last frame ends, where the file tells.
        aspect: of a pixel, width by height; None where it is not told.
        rotation: the display matrix, nine numbers in 16.16; None for upright.
        interlaced: whether its frames are made of two fields.
        notes: what is not carried over.
    """

    path: Path
    index: int
    size: tuple[int, int]
    format: str
    layout: SampleLayout
    coding: Coding
    tags: Tags
    time_base: Fraction
    origin: Fraction
    rate: Fraction
    frames: int | None
    end: int | None
    aspect: Fraction | None
    rotation: tuple[int, ...] | None
    interlaced: bool
    notes: tuple[str, ...]


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """A video file, open.

    Raises:
        ImageReadError: not there, empty, or no video.
    """
    with open_source(path):
        pass  # which says what is wrong with the file as a file
    try:
        container = av.open(
            f"file:{path.resolve()}", "r", options=_FILE_ONLY, metadata_errors="replace"
        )  # fmt: skip
    except (av.FFmpegError, ValueError) as error:
        raise ImageReadError(unreadable(path, error)) from error
    with container:
        if any(name in _LISTS for name in container.format.name.split(",")):
            raise ImageReadError(f"{path}: this is a list of other files and no video; name those")
        yield container


def unreadable(path: Path, error: Exception) -> str:
    """One sentence on why a video cannot be read."""
    reason = getattr(error, "strerror", None) or str(error)
    return f"{path}: it cannot be read as a video ({reason}); check or convert the file"


def probe(path: Path, video: VideoSettings, max_pixels: int | None) -> Clip:
    """Look at a video.

    Raises:
        ImageReadError: it is damaged, or has no pictures.
        ImageTooLargeError: more pixels than allowed.
        ConfigError: HDR or interlaced without being asked for, or unknown colours.
    """
    with opened(path) as container:
        stream = _pictures(path, container)
        height, width = stream.codec_context.height, stream.codec_context.width
        if max_pixels is not None and height * width > max_pixels:
            raise ImageTooLargeError(
                f"{path}: {width}x{height} is {height * width:,} pixels, more than --max-pixels "
                f"{max_pixels:,}"
            )
        first = _first_frames(path, container, stream)
        context = stream.codec_context
        tags = Tags(
            context.color_primaries, context.color_trc, context.colorspace, context.color_range
        )
        layout = SampleLayout.of(first[0].format.name)
        full = tags.full_range == _FULL_RANGE or first[0].format.name.startswith("yuvj")
        matrix = RGB if layout.rgb else matrix_of(str(path), tags.matrix, height)
        clip = Clip(
            path,
            stream.index,
            (first[0].height, first[0].width),
            first[0].format.name,
            layout,
            Coding(matrix, full or layout.rgb, layout.depth, layout.chroma == GRAY),
            tags,
            Fraction(stream.time_base or Fraction(1, 90000)),
            Fraction(container.start_time or 0, 1_000_000),
            Fraction(stream.average_rate or stream.guessed_rate or video.rate),
            stream.frames or _estimated(container, stream),
            _end(container, stream),
            _aspect(stream),
            _rotation(first[0]),
            _is_interlaced(context, first),
            _notes(first[0], layout, tags),
        )
    _refuse(clip, video)
    return clip


def _pictures(path: Path, container: InputContainer) -> Any:
    pictures = [
        stream
        for stream in container.streams.video
        if not stream.disposition & av.stream.Disposition.attached_pic
    ]
    if not pictures:
        raise ImageReadError(
            f"{path}: there is no video in this file; it holds sound alone, or is cut off"
        )
    return pictures[0]


def _first_frames(path: Path, container: InputContainer, stream: Any) -> list[av.VideoFrame]:
    frames: list[av.VideoFrame] = []
    try:
        for frame in decode(container, stream):
            frames.append(frame)
            if len(frames) == _LOOKED_AT:
                break
    except (av.FFmpegError, ValueError) as error:
        if not frames:
            raise ImageReadError(unreadable(path, error)) from error
    if not frames:
        raise ImageReadError(f"{path}: there is no frame in this video; check the file")
    return frames


def _is_interlaced(context: Any, first: list[av.VideoFrame]) -> bool:
    # PyAV 17 does not tell the stream's field order; its frames say the same.
    order = getattr(context, "field_order", _PROGRESSIVE[0])
    return order not in _PROGRESSIVE or any(frame.interlaced_frame for frame in first)


def _refuse(clip: Clip, video: VideoSettings) -> None:
    hdr = _HDR.get(clip.tags.transfer)
    if hdr is not None and not video.keep_hdr:
        raise ConfigError(
            f"{clip.path}: it is HDR ({hdr}), and networks know pictures of ordinary range; bring "
            "it to that first, or enlarge its samples as they are with --keep-hdr"
        )
    if clip.interlaced and not video.deinterlace:
        raise ConfigError(
            f"{clip.path}: it is interlaced, and two fields enlarged as one picture give combs; "
            "use --deinterlace"
        )


def _estimated(container: InputContainer, stream: Any) -> int | None:
    """Frames by duration and rate, where the file does not count them."""
    rate = stream.average_rate or stream.guessed_rate
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration:
        seconds = container.duration / 1_000_000
    else:
        return None
    return max(round(seconds * float(rate)), 1) if rate else None


def _end(container: InputContainer, stream: Any) -> int | None:
    """By the stream's duration; Matroska has it in a tag, or of the whole file alone."""
    if stream.duration:
        return int(stream.start_time + stream.duration)
    match = _DURATION.fullmatch(stream.metadata.get("DURATION", ""))
    if match is not None:
        hours, minutes, seconds = map(Fraction, match.groups())
        return int((3600 * hours + 60 * minutes + seconds) / stream.time_base)
    if "matroska" in container.format.name and container.duration and len(container.streams) == 1:
        seconds = Fraction(container.duration + (container.start_time or 0), 1_000_000)
        return int(seconds / stream.time_base)
    return None


def _aspect(stream: Any) -> Fraction | None:
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    return Fraction(aspect) if aspect else None


def _rotation(frame: av.VideoFrame) -> tuple[int, ...] | None:
    for data in frame.side_data:
        if getattr(data, "type", None) == Type.DISPLAYMATRIX:
            raw = bytes(cast(Any, data))
            return tuple(
                int.from_bytes(raw[i : i + 4], sys.byteorder, signed=True) for i in range(0, 36, 4)
            )
    return None


def _notes(frame: av.VideoFrame, layout: SampleLayout, tags: Tags) -> tuple[str, ...]:
    notes = []
    if layout.alpha:
        notes.append("its transparency is left out")
    if tags.transfer in _HDR:
        notes.append("its mastering display and light levels, if any, are not carried over")
    if tags.matrix == UNSPECIFIED and not layout.rgb and layout.chroma != GRAY:
        guess = "BT.709" if frame.height >= 720 else "BT.601"
        notes.append(f"it does not say how its colours are coded; {guess} is taken")
    return tuple(notes)
