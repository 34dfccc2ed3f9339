"""The finished groups and the source's other streams, put together into one file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer, OutputContainer

from swinsr.errors import ConfigError
from swinsr.video.encode import Encoding
from swinsr.video.frames import demuxed
from swinsr.video.packets import GroupFile, decode_times, durations
from swinsr.video.probe import Clip, opened
from swinsr.video.settings import CONTAINERS, VideoSettings

_WORDS = {"audio": "sound", "subtitle": "subtitles"}
# Metadata of the source's file that would be wrong of this one.
_OF_THE_FILE = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration"}


@dataclass(frozen=True)
class Carried:
    """The streams of a source that go along.

    Attributes:
        streams: their indices.
        notes: what is left out.
    """

    streams: tuple[int, ...]
    notes: tuple[str, ...]


def plan_carried(clip: Clip, output: Path, video: VideoSettings) -> Carried:
    """Which streams the output's container takes, before any work is done.

    Raises:
        ConfigError: it holds no such sound or subtitles.
    """
    wanted = {"audio": video.audio, "subtitle": video.subtitles}
    streams, notes = [], []
    with opened(clip.path) as source:
        known = _holds(video.container(output))
        for stream in source.streams:
            if stream.index == clip.index or wanted.get(stream.type) is False:
                continue
            name = stream.codec_context.name if stream.codec_context is not None else "unknown"
            if stream.type == "audio" and not getattr(stream.codec_context, "sample_rate", 0):
                # What a damaged packet began, which no container takes.
                notes.append(f"its stream {stream.index} holds no sound that plays and is left out")
            elif stream.type in wanted:
                if _name(name) not in known:
                    raise ConfigError(_unheld(output, stream.type, name))
                streams.append(stream.index)
            elif stream.type == "attachment" and output.suffix.lower() == ".mkv":
                streams.append(stream.index)
            elif stream.type != "data" or not source.chapters():  # MP4 has chapters in one
                notes.append(f"its stream {stream.index} ({stream.type}) is left out")
    return Carried(tuple(streams), tuple(notes))


def _unheld(output: Path, kind: str, name: str) -> str:
    """A sentence on sound or subtitles that a container does not take, and one that does."""
    others = (".mkv", ".mp4", ".mov")
    fits = next((end for end in others if _name(name) in _holds(CONTAINERS[end])), None)
    instead = f"use -o {output.with_suffix(fits).name}, or " if fits is not None else ""
    option = "--no-audio" if kind == "audio" else "--no-subtitles"
    return (
        f"{output}: {output.suffix[1:]} holds no {_WORDS[kind]} as {name}; {instead}leave them out "
        f"with {option}"
    )


def _holds(form: str) -> set[str]:
    """Names of the codecs that a container takes."""
    import io

    with av.open(io.BytesIO(), "w", format=form) as container:
        return {_name(name) for name in container.supported_codecs}


def _name(codec: str) -> str:
    """One name for a codec and its decoders: `mp3float` is MP3, `libdav1d` AV1."""
    try:
        return av.Codec(codec, "r").canonical_name
    except (av.FFmpegError, ValueError):
        return codec


def write_video(
    target: Path,
    form: str,
    groups: Sequence[GroupFile],
    encoding: Encoding,
    clip: Clip | None,
    carried: Carried,
    video: VideoSettings,
) -> None:
    """Write the file.

    Args:
        target: where; what is there is written over.
        form: the container.
        groups: of the pictures, in order.
        encoding: that made them.
        clip: the source; None for numbered pictures, which have nothing beside.
        carried: what of it goes along.
        video: which part of it.

    Raises:
        av.FFmpegError: the disk or the container does not take it.
    """
    start = video.first or Fraction(0)
    options = {"movflags": "+faststart"} if form in ("mp4", "mov") else {}
    with av.open(str(target), "w", format=form, options=options) as out:
        if clip is None:
            _mux(out, groups, encoding, None, {}, start)
            return
        with opened(clip.path) as source:
            shift = clip.origin + start if video.start is not None else Fraction(0)
            _mux(out, groups, encoding, (source, clip, video), _streams(source, carried), shift)


def _streams(source: InputContainer, carried: Carried) -> dict[int, Any]:
    return {index: source.streams[index] for index in carried.streams}


def _mux(
    out: OutputContainer,
    groups: Sequence[GroupFile],
    encoding: Encoding,
    given: tuple[InputContainer, Clip, VideoSettings] | None,
    carried: dict[int, Any],
    shift: Fraction,
) -> None:
    pictures: Any = out.add_stream(encoding.encoder, rate=encoding.rate)
    encoding.apply(pictures.codec_context)
    pictures.time_base = encoding.time_base
    beside: dict[int, Any] = {}
    if given is not None:
        source, clip, video = given
        stream = source.streams[clip.index]
        _describe(stream, pictures)
        if clip.rotation is not None:
            pictures.set_display_matrix(list(clip.rotation))
        for index, other in carried.items():
            if other.type == "attachment":
                out.add_attachment(other.name or "attachment", other.mimetype or "", other.data)
                continue
            beside[index] = out.add_stream_from_template(other)
            _describe(other, beside[index])
        out.metadata.update(
            {k: v for k, v in source.metadata.items() if k.lower() not in _OF_THE_FILE}
        )
        chapters = _chapters(source, clip, video, shift)
        if chapters:
            out.set_chapters(chapters)
    out.start_encoding()
    last = _last_duration(groups, given[1] if given is not None else None)
    video_packets = _picture_packets(groups, pictures, encoding, shift, last)
    other_packets: Iterator[Any] = iter(())
    if given is not None:
        other_packets = _other_packets(*given, carried, beside, shift)
    for packet in _by_time(video_packets, other_packets):
        out.mux_one(packet)


def _describe(before: Any, after: Any) -> None:
    """Language, title and what a stream is for."""
    after.metadata.update({k: v for k, v in before.metadata.items() if k != "encoder"})
    after.disposition = before.disposition


def _picture_packets(
    groups: Sequence[GroupFile], stream: Any, encoding: Encoding, shift: Fraction, last: int
) -> Iterator[Any]:
    times = [row[0] for group in groups for row in group.rows]
    decoded = iter(decode_times(times))
    shown = durations(sorted(times), last)
    moved = round(shift / encoding.time_base)
    for group in groups:
        for stored in group.packets():
            packet = av.Packet(stored.data)
            packet.stream = stream
            packet.time_base = encoding.time_base
            packet.pts, packet.dts = stored.time - moved, next(decoded) - moved
            packet.duration = shown[stored.time]
            packet.is_keyframe = stored.key
            yield packet


def _last_duration(groups: Sequence[GroupFile], clip: Clip | None) -> int:
    """How long the last frame is shown; 0 where nothing tells.

    By the stream's end where the file has one: durations of single frames in MP4 are those between
    packets as they are decoded, which are not those between frames.
    """
    time, duration = max(row[:2] for row in groups[-1].rows)
    if clip is not None and clip.end is not None:
        left = clip.end - time
        if 0 < left <= round(1 / clip.time_base):
            return left
    return duration


def _other_packets(
    source: InputContainer,
    clip: Clip,
    video: VideoSettings,
    carried: dict[int, Any],
    beside: dict[int, Any],
    shift: Fraction,
) -> Iterator[Any]:
    """Packets of sound and subtitles between `start` and `end`, with the source's bytes."""
    end = None if video.beyond is None else clip.origin + video.beyond
    streams = [stream for index, stream in carried.items() if index in beside]
    if not streams:
        return
    if video.start is not None:
        source.seek(int(shift * 1_000_000))
    done: set[int] = set()
    for packet in _readable(demuxed(source, *streams)):
        if packet.size == 0 or packet.stream.index not in beside:
            continue  # the mark of the end
        unit = packet.time_base
        if packet.pts is not None:
            time = packet.pts * unit
            if video.start is not None and time < shift:
                continue
            if end is not None and time >= end:
                done.add(packet.stream.index)
                if len(done) == len(streams):
                    return
                continue
        if shift:
            moved = round(shift / unit)
            packet.pts = None if packet.pts is None else packet.pts - moved
            packet.dts = None if packet.dts is None else packet.dts - moved
        packet.stream = beside[packet.stream.index]
        yield packet


def _readable(packets: Iterator[Any]) -> Iterator[Any]:
    """Packets up to where the file breaks off, which was told when its pictures were read."""
    try:
        yield from packets
    except av.InvalidDataError:
        return


def _by_time(one: Iterator[Any], other: Iterator[Any]) -> Iterator[Any]:
    """Two rows of packets as one, the earlier first, so that the file plays as it is read."""
    first, second = next(one, None), next(other, None)
    while first is not None or second is not None:
        if second is None or (first is not None and _when(first) <= _when(second)):
            yield first
            first = next(one, None)
        else:
            yield second
            second = next(other, None)


def _when(packet: Any) -> Fraction:
    time = packet.pts if packet.dts is None else packet.dts
    return Fraction(0) if time is None else Fraction(time * packet.time_base)


def _chapters(
    source: InputContainer, clip: Clip, video: VideoSettings, shift: Fraction
) -> list[Any]:
    """The chapters that lie in what is taken, cut to it."""
    end = None if video.beyond is None else clip.origin + video.beyond
    kept = []
    for chapter in source.chapters():
        unit = Fraction(chapter["time_base"] or Fraction(1, 1000))
        first = max(chapter["start"] * unit, shift)
        last = chapter["end"] * unit if end is None else min(chapter["end"] * unit, end)
        if last > first:
            begin, finish = (round((time - shift) / unit) for time in (first, last))
            kept.append({**chapter, "start": begin, "end": finish})
    return kept
