"""How large results become: every option alone and together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swinsr.errors import ConfigError
from swinsr.files.size import SizeOptions

SIDES = st.integers(1, 3000)


@pytest.mark.parametrize(
    ("options", "final", "mark"),
    [
        ({}, (400, 800), "_x4"),
        ({"scale": 2.5}, (250, 500), "_x2.5"),
        ({"width": 300}, (150, 300), "_w300"),
        ({"height": 300}, (300, 600), "_h300"),
        ({"width": 300, "height": 300}, (150, 300), "_300x300"),
        ({"width": 300, "height": 300, "fit": "cover"}, (300, 600), "_300x300"),
        ({"width": 300, "height": 300, "fit": "crop"}, (300, 300), "_300x300"),
        ({"width": 300, "height": 310, "fit": "stretch"}, (310, 300), "_300x310"),
        ({"max_side": 500}, (250, 500), "_max500"),
        ({"max_side": 100}, (50, 100), "_max100"),
        ({"scale": 4.0, "max_side": 500}, (250, 500), "_x4"),
        ({"scale": 2.0, "max_side": 500}, (200, 400), "_x2"),
        ({"height": 300, "max_side": 500}, (250, 500), "_h300"),
    ],
)
def test_size_of_a_picture_of_200_by_100(options, final, mark):
    target = SizeOptions(**options)
    assert target.size(100, 200, 4.0).final == final
    assert target.mark(4.0) == mark


@given(SIDES, SIDES, SIDES, SIDES)
def test_inside_fits_and_cover_covers_and_crop_is_exact(height, width, rows, columns):
    def size(fit):
        return SizeOptions(width=columns, height=rows, fit=fit).size(height, width, 4.0)

    if max(rows / height, columns / width) > 64:
        return
    inside, cover, crop = size("inside").final, size("cover").final, size("crop")
    assert inside[0] <= rows
    assert inside[1] <= columns
    assert rows in inside or columns in inside
    assert cover[0] >= rows
    assert cover[1] >= columns
    assert crop.final == (rows, columns)
    assert crop.height >= rows
    assert crop.width >= columns


@pytest.mark.parametrize(
    "options",
    [
        {"scale": 2.0, "width": 300},
        {"fit": "crop", "width": 300},
        {"fit": "stretch", "width": 3, "height": 3, "max_side": 9},
    ],
)
def test_options_that_contradict_each_other_are_refused(options):
    with pytest.raises(ConfigError):
        SizeOptions(**options)


def test_more_than_64_times_is_refused_with_the_factor():
    with pytest.raises(ConfigError, match="200 times"):
        SizeOptions(width=2000).size(10, 10, 4.0)
