"""Frames of a stream as players show them: decoding goes on behind what is damaged.

As with FFmpeg a frame that the decoder mended is taken, and one that it could not make is left
out, so that the one before it stands for as long. Some decoders give no frame and no error; so each
packet's time is waited for.
"""

import heapq
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import av
from av.container import InputContainer


class Watch(Protocol):
    """Who is told of damage; whatever it raises ends the decoding."""

    def mend(self, time: int) -> None:
        """A frame was mended by the decoder."""
        ...

    def lose(self, time: int) -> None:
        """A frame could not be decoded."""
        ...

    def stop(self, error: Exception) -> None:
        """The file cannot be read any further."""
        ...

    def finish(self) -> None:
        """All that there is was read."""
        ...


def decode(
    container: InputContainer, stream: Any, watch: Watch | None = None
) -> Iterator[av.VideoFrame]:
    """The frames of a stream, whatever is damaged between them.

    Args:
        container: from where it stands.
        stream: of pictures.
        watch: told of damage, by times in the stream's unit; None to go on in silence.

    Raises:
        av.FFmpegError, ValueError: the file cannot be read any further, and there is no `watch`.
    """
    # Threads by frames would make the outcome depend on how many there are.
    stream.thread_type = "SLICE"
    waited: list[int] = []
    first: int | None = None
    for packet in _packets(container, stream, watch):
        if packet is not None and packet.size and packet.pts is not None:
            if first is None and packet.is_keyframe:
                first = packet.pts
            # What is shown before the first key frame may need others that are not in the file.
            if first is not None and packet.pts >= first and not packet.is_discard:
                heapq.heappush(waited, packet.pts)
        try:
            frames = packet.decode() if packet is not None else stream.codec_context.decode(None)
        except (av.FFmpegError, ValueError) as error:
            if isinstance(error, MemoryError):
                raise
            continue  # its time is waited for
        for frame in frames:
            if watch is not None and frame.pts is not None:
                _arrived(waited, frame.pts, watch.lose)
                if frame.is_corrupt:
                    watch.mend(frame.pts)
            yield frame
    if watch is not None:
        for time in sorted(waited):
            watch.lose(time)
        watch.finish()


def _arrived(waited: list[int], time: int, lose: Callable[[int], None]) -> None:
    """A frame is there: those that were to be shown before it will not come."""
    while waited and waited[0] <= time:
        missing = heapq.heappop(waited)
        if missing < time:
            lose(missing)


def demuxed(container: InputContainer, *streams: Any) -> Iterator[Any]:
    """Packets of some streams, to the file's end."""
    try:
        yield from container.demux(*streams)
    except IndexError:
        # PyAV at the end of a file in which streams began that it does not know, by damage or late.
        return


def _packets(container: InputContainer, stream: Any, watch: Watch | None) -> Iterator[Any]:
    """Packets, and None to ask for what the decoder holds back where the file breaks off."""
    try:
        yield from demuxed(container, stream)
    except (av.FFmpegError, ValueError) as error:
        if watch is None or isinstance(error, MemoryError):
            raise
        watch.stop(error)
        yield None
