"""A group's packets in a file of their own, until all groups are done.

    length of the header, 4 bytes; the header as JSON; then the packets' bytes one after the other

Containers would round the times; here they are whole numbers of the source's unit.
"""

import itertools
import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class Stored:
    """A packet.

    Attributes:
        time: of the frame it holds.
        duration: of the frame; 0 where it is not known.
        key: whether decoding can begin here.
        data: its bytes.
    """

    time: int
    duration: int
    key: bool
    data: bytes


def group_bytes(extradata: bytes, packets: Sequence[Stored]) -> bytes:
    """The content of a group's file, its packets in the order in which they are decoded."""
    rows = [(p.time, p.duration, p.key, len(p.data)) for p in packets]
    header = json.dumps({"extradata": extradata.hex(), "packets": rows}).encode()
    return b"".join([_LENGTH.pack(len(header)), header, *(p.data for p in packets)])


@dataclass(frozen=True)
class GroupFile:
    """A group's file, read as far as its header.

    Attributes:
        path: the file.
        extradata: of the encoder that made it.
        rows: time, duration, whether it is a key frame, and length of each packet.
        begin: where the first packet begins.
    """

    path: Path
    extradata: bytes
    rows: tuple[tuple[int, int, bool, int], ...]
    begin: int

    @classmethod
    def open(cls, path: Path) -> "GroupFile":
        """Read the header."""
        with path.open("rb") as stream:
            (length,) = _LENGTH.unpack(stream.read(_LENGTH.size))
            header = json.loads(stream.read(length))
        rows = tuple((int(t), int(d), bool(k), int(n)) for t, d, k, n in header["packets"])
        return cls(path, bytes.fromhex(header["extradata"]), rows, _LENGTH.size + length)

    def packets(self) -> Iterator[Stored]:
        """Each packet, read when its turn comes."""
        with self.path.open("rb") as stream:
            stream.seek(self.begin)
            for time, duration, key, length in self.rows:
                yield Stored(time, duration, key, stream.read(length))


def durations(ordered: Sequence[int], last: int) -> dict[int, int]:
    """How long each frame is shown, by its time.

    Args:
        ordered: the times of all frames, rising.
        last: of the last one; 0 for as long as the one before.
    """
    gaps = [after - before for before, after in itertools.pairwise(ordered)]
    return dict(zip(ordered, [*gaps, last or (gaps[-1] if gaps else 0)], strict=True))


def decode_times(times: Sequence[int]) -> list[int]:
    """When each packet is decoded, from when the frames of all are shown.

    As late as the order allows: the times in order, moved back by as many frames as the codec
    looks ahead. They rise strictly where the times differ.

    Args:
        times: of the frames, in the order in which the packets are decoded.
    """
    ordered = sorted(times)
    delay = 0
    for number, time in enumerate(times):
        while number >= delay and ordered[number - delay] > time:
            delay += 1
    step = max(ordered[1] - ordered[0], 1) if len(ordered) > 1 else 1
    before = [ordered[0] - (delay - i) * step for i in range(min(delay, len(ordered)))]
    return [*before, *ordered[: len(ordered) - len(before)]]
