"""What becomes of everything a file can hold, by trying: the tables of docs/pictures.md.

python -m tests.image.holdings
"""

import functools
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from swinsr.image import encode_frames, encode_image, read_frames
from swinsr.image.formats.form import COLOUR as COLOUR_CHUNKS
from swinsr.image.formats.form import DPI, EXIF, ICC, ONE_COMMENT, TEXTS
from swinsr.image.formats.form import IPTC as IPTC_BLOCK
from swinsr.image.formats.form import XMP as XMP_PACKET
from swinsr.image.formats.table import ALL
from tests.image.holding_files import WEBP, Case
from tests.image.holding_pixels import colour_cases, pixel_cases
from tests.image.holding_texts import description_cases, other_cases

CARRIED, CONVERTED, LEFT = "carried", "converted", "left out"


@dataclass(frozen=True)
class Outcome:
    """What became of it."""

    state: str
    notes: tuple[str, ...]
    written: bytes


def outcome(case: Case) -> Outcome:
    """Read a file, double it, write it in its own format, and look."""
    frames = read_frames(case.data)
    stream = io.BytesIO()
    notes: dict[str, None] = dict.fromkeys(frames.notes)

    def doubled() -> Iterator[Any]:
        for frame in frames:
            image = frame.image
            notes.update(dict.fromkeys(image.notes))
            twice = [
                None if a is None else a.repeat(2, 0).repeat(2, 1)
                for a in (image.pixels, image.alpha)
            ]
            yield type(frame)(image.with_pixels(twice[0], twice[1]), frame.seconds)

    options = {"quality": 100, "lossless": case.form == WEBP}
    if frames.count > 1:
        lost = encode_frames(stream, doubled(), frames, case.form, **options)
    else:
        lost = encode_image(stream, next(doubled()).image, case.form, **options)
    notes.update(dict.fromkeys(lost))
    there = case.found(stream.getvalue())
    state = {True: CARRIED, None: CONVERTED, False: LEFT}[there]
    return Outcome(state, tuple(notes), stream.getvalue())


def cases() -> Iterator[Case]:
    """Every one."""
    yield from pixel_cases()
    yield from colour_cases()
    yield from description_cases()
    yield from other_cases()


# Pieces of a picture's metadata, as a table's row and in the notes of formats without a place.
PLACES = {
    ICC: ("colour profile", "profile"),
    EXIF: ("EXIF, GPS", "EXIF"),
    XMP_PACKET: ("XMP", "XMP"),
    IPTC_BLOCK: ("IPTC", "IPTC"),
    DPI: ("resolution", "the resolution"),
    COLOUR_CHUNKS: ("PNG's gamma and cICP", "gamma or cICP"),
    TEXTS: ("texts", "its texts"),
}


def has_place(form: str, kind: str) -> str:
    """A cell: yes, no, or one comment alone."""
    holds = ALL[form].holds
    if kind == TEXTS and ONE_COMMENT in holds:
        return "one comment"
    return "yes" if kind in holds else "a note"


def places() -> str:
    """Which output format has a place for what, in Markdown."""
    lines = ["| | " + " | ".join(ALL) + " |", "|---" * (len(ALL) + 1) + "|"]
    for kind, (name, _) in PLACES.items():
        lines.append(f"| {name} | " + " | ".join(has_place(form, kind) for form in ALL) + " |")
    return "\n".join(lines) + "\n"


@functools.cache
def outcomes() -> tuple[tuple[Case, Outcome], ...]:
    """Every case with what became of it."""
    return tuple((case, outcome(case)) for case in cases())


def table() -> str:
    """The table in Markdown, with the notes below it."""
    states: dict[str, dict[str, str]] = {}
    notes: list[str] = []
    for case, found in outcomes():
        cell = found.state
        for note in found.notes:
            if note not in notes:
                notes.append(note)
        if found.notes:
            cell += " " + " ".join(f"[{notes.index(note) + 1}]" for note in found.notes)
        row = states.setdefault(case.kind, {})
        row.setdefault(case.form, cell)
    lines = ["| | " + " | ".join(ALL) + " |", "|---" * (len(ALL) + 1) + "|"]
    for kind, row in states.items():
        lines.append(f"| {kind} | " + " | ".join(row.get(form, "") for form in ALL) + " |")
    lines.append("")
    lines += [f"{number}. {note}" for number, note in enumerate(notes, 1)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(places())
    print(table(), end="")
