"""Where finished frames go: groups of packets in the work folder, or numbered pictures."""

import hashlib
from pathlib import Path
from typing import Protocol

import numpy as np

from swinsr.files.settings import Settings
from swinsr.image import Image, write_image
from swinsr.storage.atomic import write_whole
from swinsr.tiling.workspace import WorkFolder
from swinsr.video.decode import Timed
from swinsr.video.encode import Encoder, Encoding
from swinsr.video.numbered import name_at
from swinsr.video.packets import GroupFile, Stored, group_bytes
from swinsr.video.probe import Clip

# Frames of a group: what a kill costs at most. Intra codecs lose nothing by short ones, and their
# packets are large.
GROUP = {"h264": 48, "hevc": 48, "av1": 48, "prores": 8, "ffv1": 8}
_PICTURES = 8


class FrameSink(Protocol):
    """Takes frames in order."""

    done: int

    def write(self, timed: Timed) -> None:
        """Take one more."""
        ...

    def end(self) -> None:
        """There are no more."""
        ...


class Groups:
    """Groups of packets in a work folder, those of an earlier run first."""

    def __init__(self, work: WorkFolder, encoding: Encoding) -> None:
        """Find what an earlier run finished, each group by its checksum."""
        self._work, self._encoding = work, encoding
        self._encoder: Encoder | None = None
        self._packets: list[Stored] = []
        self._count = 0
        self.groups: list[GroupFile] = []
        self.done = 0
        self.complete = False
        for record in work.ledger.records:
            if record["kind"] == "segment":
                if not self._is_sound(record):
                    return
                self.groups.append(GroupFile.open(self._path(record["number"])))
                self.done += record["frames"]
            elif record["kind"] == "end":
                self.complete = True

    def write(self, timed: Timed) -> None:
        """Encode a frame; a group that is full goes to the disk."""
        if self._encoder is None:
            self._encoder = Encoder(self._encoding)
        self._packets += self._encoder.encode(timed)
        self._count += 1
        if self._count == GROUP[self._encoding.codec]:
            self._close()

    def end(self) -> None:
        """Close the last group, and record that there are no more."""
        self._close()
        if not self.complete:
            self._work.ledger.add(kind="end")

    def _close(self) -> None:
        if self._encoder is None:
            return
        data = group_bytes(self._encoder.extradata, [*self._packets, *self._encoder.finish()])
        number = len(self.groups)
        write_whole(self._path(number), data)
        self._work.ledger.add(kind="segment", number=number, frames=self._count, check=_check(data))
        self.groups.append(GroupFile.open(self._path(number)))
        self.done += self._count
        self._encoder, self._packets, self._count = None, [], 0

    def _path(self, number: int) -> Path:
        return self._work.path / f"segment-{number:06}"

    def _is_sound(self, record: dict[str, object]) -> bool:
        if record["number"] != len(self.groups):
            return False
        path = self._path(len(self.groups))
        return path.is_file() and _check(path.read_bytes()) == record["check"]


def _check(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


class PictureSequence:
    """Numbered pictures, each written whole or not at all."""

    complete = False

    def __init__(
        self, work: WorkFolder, pattern: Path, settings: Settings, clip: Clip, first: int | None
    ) -> None:
        """Find what an earlier run finished.

        Args:
            work: holds the ledger.
            pattern: of the names.
            settings: format, quality and depth of the files.
            clip: the source, by whose display matrix they are turned.
            first: the number of the source's first picture; None to count from 1.
        """
        self._work, self._pattern, self._settings, self._clip = work, pattern, settings, clip
        self._first = first
        self.notes: dict[str, None] = {}
        self.done = 0
        self._unrecorded: list[str] = []
        for record in work.ledger.records:
            if record["kind"] == "segment":
                if not all((pattern.parent / name).is_file() for name in record["names"]):
                    return
                self.done += len(record["names"])
        self._written = self.done

    def write(self, timed: Timed) -> None:
        """Write a picture."""
        settings = self._settings
        number = self._written + 1 if self._first is None else self._first + timed.time
        path = name_at(self._pattern, number)
        lost = write_image(
            path,
            upright(timed.image, self._clip.rotation),
            format_name=settings.format,
            quality=settings.encoder_quality,
            lossless=settings.lossless,
            overwrite=True,  # what was there was asked about before
        )
        self.notes.update(dict.fromkeys(lost))
        self._written += 1
        self._unrecorded.append(path.name)
        if len(self._unrecorded) == _PICTURES:
            self._record()

    def end(self) -> None:
        """Record the last pictures."""
        self._record()

    def _record(self) -> None:
        if self._unrecorded:
            self._work.ledger.add(kind="segment", names=self._unrecorded)
            self.done += len(self._unrecorded)
            self._unrecorded = []


def is_turned(rotation: tuple[int, ...] | None) -> bool:
    """Whether a display matrix exchanges height and width."""
    return rotation is not None and abs(rotation[0]) < abs(rotation[1])


def upright(image: Image, rotation: tuple[int, ...] | None) -> Image:
    """A picture as a display matrix has it shown; to the nearest quarter turn."""
    if rotation is None:
        return image
    across, down = rotation[0], rotation[4]
    pixels = image.pixels
    if is_turned(rotation):
        pixels, across, down = pixels.swapaxes(0, 1), rotation[3], rotation[1]
    pixels = pixels[:: -1 if down < 0 else 1, :: -1 if across < 0 else 1]
    return image.with_pixels(np.ascontiguousarray(pixels), None)
