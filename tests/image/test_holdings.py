"""What becomes of everything a file can hold: docs/pictures.md says it, and nothing goes unsaid."""

import io
from pathlib import Path

import numpy as np
import pytest

from swinsr.image import Image, Metadata, Text, encode_image, read_image, without_description
from swinsr.image.bands import open_bands
from swinsr.image.formats.heif import read as heif
from swinsr.image.formats.table import ALL
from tests.image.holding_files import COLOUR, IPTC, XMP
from tests.image.holdings import (
    CARRIED,
    CONVERTED,
    LEFT,
    PLACES,
    has_place,
    outcomes,
    places,
    table,
)
from tests.image.image_files import exif_bytes, rgb_profile

GUIDE = Path(__file__).parents[2] / "docs/pictures.md"
BOTH = pytest.mark.skipif(
    not (heif.can_avif() and heif.can_heic()),
    reason="needs the pillow-heif package and a Pillow with AVIF",
)
# All that is told of a picture that goes on: what encoding costs, and that of the thumbnail.
OF_PIXELS = ("colours were reduced", "16-bit samples were rounded", "approximate", "its thumbnail")


@BOTH
def test_nothing_leaves_without_a_note_and_nothing_else_is_noted():
    left, others = [], []
    for case, found in outcomes():
        if found.state == LEFT and not found.notes:
            left.append(f"{case.kind} of {case.form}")
        extra = [note for note in found.notes if not any(part in note for part in OF_PIXELS)]
        if found.state != LEFT and extra:
            others.append(f"{case.kind} of {case.form}: {extra}")
    assert not left
    assert not others


@BOTH
def test_each_case_holds_what_it_is_about():
    """Else that it is gone from the output would mean nothing."""
    size_matters = {"orientation", "sizes in XMP and EXIF"}
    for case, found in outcomes():
        if found.state == LEFT and case.kind not in size_matters:
            assert case.found(case.data), f"{case.kind} of {case.form}"


@BOTH
def test_the_guide_has_the_tables_that_the_program_gives():
    text = GUIDE.read_text(encoding="utf-8")
    assert places() in text, "python -m tests.image.holdings prints it"
    assert table() in text, "python -m tests.image.holdings prints it"


@pytest.mark.parametrize("form", ALL)
def test_what_a_format_has_no_place_for_is_named_in_a_note(form):
    if ALL[form].missing():
        pytest.skip(ALL[form].missing())
    metadata = Metadata(
        rgb_profile(),
        exif_bytes(),
        XMP % b"",
        (300, 150),
        ((b"cICP", bytes([9, 16, 0, 1])),),
        (Text("Copyright", "Anna"), Text("Comment", "Boats")),
        IPTC,
    )
    image = Image(COLOUR, metadata=metadata)
    notes = " | ".join(encode_image(io.BytesIO(), image, form))
    for kind, (_, named) in PLACES.items():
        if kind == "colour":
            continue  # a profile overrides it
        assert (named in notes) == (has_place(form, kind) != "yes"), (kind, notes)
    bare = Image(COLOUR, metadata=Metadata(png_colour=metadata.png_colour))
    notes = " | ".join(encode_image(io.BytesIO(), bare, form))
    assert ("gamma or cICP" in notes) == (has_place(form, "colour") != "yes")


@pytest.mark.parametrize("state", [CARRIED, CONVERTED, LEFT])
def test_the_table_has_cells_of_every_kind(state):
    assert state in GUIDE.read_text(encoding="utf-8")


def test_metadata_of_a_plain_picture_costs_no_note():
    for form in ALL:
        if not ALL[form].missing() and form != "GIF":
            assert encode_image(io.BytesIO(), Image(COLOUR), form) == ()
    gray = Image(np.ascontiguousarray(COLOUR[..., :1]))
    assert encode_image(io.BytesIO(), gray, "GIF") == ()


@BOTH
def test_bands_say_what_reading_as_a_whole_says(tmp_path):
    pytest.importorskip("pyvips")
    banded = 0
    for number, (case, _) in enumerate(outcomes()):
        path = tmp_path / f"{number}{ALL[case.form].suffixes[0]}"
        path.write_bytes(case.data)
        found = open_bands(path)
        if found is None:
            continue
        whole = read_image(path)
        assert found.metadata == whole.metadata, case.kind
        assert found.notes == whole.notes, case.kind
        banded += 1
    assert banded > 20


def test_stripping_leaves_only_what_colours_need():
    colour = ((b"gAMA", bytes(4)),)
    metadata = Metadata(
        rgb_profile(), exif_bytes(), b"<x/>", (1, 2), colour, (Text("a", "b"),), IPTC
    )
    stripped = without_description(Image(COLOUR, metadata=metadata)).metadata
    assert stripped == Metadata(icc=metadata.icc, png_colour=colour)
