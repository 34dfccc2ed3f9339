"""Pictures to packets of a video codec, a closed group of frames at a time."""

import dataclasses
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags

from swinsr.errors import ConfigError
from swinsr.image import Image, to_depth, to_rgb
from swinsr.video.colour import BT709, RGB, UNSPECIFIED, Coding, matrix_of
from swinsr.video.decode import Timed
from swinsr.video.layout import ENCODERS, GRAY, SampleLayout, stored_format
from swinsr.video.packets import Stored
from swinsr.video.probe import Clip
from swinsr.video.resample import Resampler, frame_of
from swinsr.video.settings import Codec, VideoSettings

_LIMITED, _FULL = 1, 2
_PRORES_HQ, _PRORES_4444 = "3", "4"


@dataclasses.dataclass(frozen=True)
class Encoding:
    """How a video is going to be encoded: all that a group of frames needs to know.

    Attributes:
        codec: one of `ENCODERS`.
        size: (height, width).
        format: the pixel format that is stored.
        coding: how its samples stand for colours.
        primaries, transfer, matrix, full_range: what the stream says of them.
        options: the encoder's own.
        time_base, rate: as the source's.
        aspect: of a pixel.
        tag: four letters by which the container calls it; "" for its usual ones.
        threads: of the encoder. Its result may depend on them, so they stay over a resume.
        notes: what is not as in the source.
    """

    codec: Codec
    size: tuple[int, int]
    format: str
    coding: Coding
    primaries: int
    transfer: int
    matrix: int
    full_range: int
    options: tuple[tuple[str, str], ...]
    time_base: Fraction
    rate: Fraction
    aspect: Fraction | None
    tag: str
    threads: int
    notes: tuple[str, ...] = ()

    @property
    def encoder(self) -> str:
        """FFmpeg's name of what encodes it."""
        return ENCODERS[self.codec]

    def apply(self, context: Any) -> None:
        """Set up an encoder that is not open yet."""
        context.height, context.width = self.size
        context.pix_fmt = self.format
        context.color_primaries, context.color_trc = self.primaries, self.transfer
        context.colorspace, context.color_range = self.matrix, self.full_range
        context.time_base, context.framerate = self.time_base, self.rate
        context.options = dict(self.options)
        context.thread_count = self.threads
        context.flags |= Flags.global_header
        if self.aspect is not None:
            context.sample_aspect_ratio = self.aspect
        if self.tag:
            context.codec_tag = self.tag


def plan_encoding(
    clip: Clip,
    size: tuple[int, int],
    output: Path,
    video: VideoSettings,
    threads: int,
) -> Encoding:
    """Decide, from what the source is and what is asked for.

    Args:
        clip: the source.
        size: (height, width) of the frames.
        output: its suffix tells the container.
        video: what is asked for.
        threads: of the encoder.

    Raises:
        ConfigError: codec, container and options do not go together.
    """
    codec, crf, preset = video.encoder(output)
    form = stored_format(codec, clip.layout, video.bits)
    layout = SampleLayout.of(form)
    notes = []
    even = (size[0] + size[0] % layout.steps[0], size[1] + size[1] % layout.steps[1])
    if even != size:
        notes.append(f"{layout.chroma} samples need even sides: {even[1]}x{even[0]}")
        size = even
    if video.bits is not None and layout.bits != video.bits:
        raise ConfigError(f"{codec} has no {video.bits} bits for this video; leave --bits out")
    bits = video.bits or clip.layout.bits
    if layout.bits < bits:
        notes.append(f"{codec} has {layout.bits} bits a sample at most, and the source {bits}")
    if layout.chroma != clip.layout.chroma and not clip.layout.rgb:
        notes.append(f"its {clip.layout.chroma} samples became {layout.chroma}, which {codec} has")
    if clip.layout.rgb and not layout.rgb:
        notes.append(f"its RGB samples became Y'CbCr {layout.chroma} (BT.709); FFV1 keeps them")
    coding, tags = _coding(clip, layout, size[0], limited=codec == "prores")
    options: dict[str, str] = {}
    if crf is not None:
        options["crf"] = f"{crf:g}"
    if preset is not None:
        options["preset"] = preset
    if codec == "prores":
        options["profile"] = _PRORES_4444 if layout.chroma == "444" else _PRORES_HQ
    elif codec == "ffv1":
        options |= {"level": "3", "g": "1", "slicecrc": "1", "context": "0"}
    elif codec == "hevc":
        options["x265-params"] = f"log-level=error:pools={threads}"
    elif codec == "av1":
        options["svtav1-params"] = f"lp={threads}"
    form_name = video.container(output)
    tag = "hvc1" if codec == "hevc" and form_name in ("mp4", "mov") else ""
    return Encoding(
        codec, size, form, coding, *tags, tuple(options.items()), clip.time_base, clip.rate,
        clip.aspect, tag, threads, tuple(notes),
    )  # fmt: skip


def _coding(
    clip: Clip, layout: SampleLayout, height: int, *, limited: bool
) -> tuple[Coding, tuple[int, int, int, int]]:
    """How samples are coded, and the stream's tags: primaries, transfer, matrix and range."""
    given, coding = clip.tags, clip.coding
    if layout.rgb:
        tags = (given.primaries, given.transfer, RGB, _FULL)
        return Coding(RGB, True, layout.bits), tags
    gray = layout.chroma == GRAY
    if coding.matrix == RGB:
        primaries = BT709 if given.primaries == UNSPECIFIED else given.primaries
        transfer = BT709 if given.transfer == UNSPECIFIED else given.transfer
        coded = Coding(BT709, False, layout.bits, gray)
        return coded, (primaries, transfer, BT709, _LIMITED)
    full = coding.full and not limited
    matrix, kind = given.matrix, given.full_range
    # What was guessed from the lines would be guessed otherwise from more of them.
    if matrix == UNSPECIFIED and matrix_of("", matrix, height) != coding.matrix and not gray:
        matrix = coding.matrix
    if full != coding.full or (full and kind != _FULL):
        kind = _FULL if full else _LIMITED
    coded = Coding(coding.matrix, full, layout.bits, gray)
    return coded, (given.primaries, given.transfer, matrix, kind)


class Encoder:
    """One group of frames: the first is a key frame, and none refers to others."""

    def __init__(self, encoding: Encoding) -> None:
        """Open the encoder.

        Raises:
            ConfigError: it does not take what is asked for.
        """
        self._encoding = encoding
        context: Any = av.CodecContext.create(encoding.encoder, "w")
        encoding.apply(context)
        os.environ.setdefault("SVT_LOG", "1")  # errors alone: it tells of itself otherwise
        try:
            context.open()
        except (av.FFmpegError, ValueError) as error:
            raise ConfigError(
                f"the encoder for {encoding.codec} refuses {encoding.size[1]}x{encoding.size[0]} "
                f"{encoding.format} ({error}); choose another --codec or size"
            ) from error
        self._context = context
        # The planes' own format, from which libswscale makes the one that is stored.
        coding, form = encoding.coding, SampleLayout.of(encoding.format)
        self._planar = form.planes
        self._sampler = None
        if self._planar != encoding.format:
            self._sampler = Resampler(
                encoding.size, self._planar, encoding.format, full=coding.full
            )

    @property
    def extradata(self) -> bytes:
        """What a decoder needs before the first packet."""
        return bytes(self._context.extradata or b"")

    def encode(self, timed: Timed) -> list[Stored]:
        """The packets that are ready after one more frame."""
        frame = frame_of(self._samples(timed.image), self._planar)
        if self._sampler is not None:
            (frame,) = self._sampler.push(frame)
        encoding = self._encoding
        frame.pts, frame.time_base = timed.time, encoding.time_base
        if timed.duration:
            frame.duration = timed.duration
        frame.colorspace, frame.color_range = encoding.matrix, encoding.full_range
        frame.color_primaries, frame.color_trc = encoding.primaries, encoding.transfer
        return [_stored(packet) for packet in self._context.encode(frame)]

    def finish(self) -> list[Stored]:
        """The packets that are left; nothing is taken afterwards."""
        return [_stored(packet) for packet in self._context.encode(None)]

    def _samples(self, image: Image) -> tuple[Any, ...]:
        coding = self._encoding.coding
        pixels = to_depth(image.pixels, "uint8" if coding.bits == 8 else "uint16")
        if coding.gray:
            return coding.from_rgb(pixels)
        return coding.from_rgb(to_rgb(pixels))


def _stored(packet: Any) -> Stored:
    return Stored(int(packet.pts), packet.duration or 0, packet.is_keyframe, bytes(packet))
