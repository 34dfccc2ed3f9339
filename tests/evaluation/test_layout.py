"""Layouts of datasets in folders."""

from pathlib import Path

import pytest

from swinsr.errors import ConfigError, ImageReadError
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.layout import has_pairs, list_items

X4 = Condition("sr", 4)


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


@pytest.mark.parametrize(
    ("truth", "source"),
    [
        ("HR/a.png", "LR_bicubic/X4/ax4.png"),
        ("HR/a.png", "LR_bicubic/x4/ax4.png"),
        ("HR/a.png", "LR/X4/a.png"),
        ("GT/a.png", "LR/a.png"),
        ("GT/a.png", "LQ/a.png"),
        ("hr/a.png", "lr/a_x4.jpg"),
        ("GTmod12/a.png", "LRbicx4/a.png"),
        ("DIV2K_valid_HR/0801.png", "DIV2K_valid_LR_bicubic/X4/0801x4.png"),
        ("image_SRF_4/img_001_SRF_4_HR.png", "image_SRF_4/img_001_SRF_4_LR.png"),
        ("HR/baby_HR.png", "LR/baby_LR.png"),
        ("HR/baby_HR.png", "LR/baby_LRx4.png"),
        ("HR/baby_HR.png", "LR/baby_x4.png"),
        ("HR/baby_HR.png", "LR/babyx4.png"),
        ("HR/baby_HR.png", "LR/baby.png"),
        ("HR/baby_HR.png", "LR_bicubic/X4/babyx4.png"),
        ("HR/baby.png", "LR/baby_LR.png"),
        ("HR/baby.png", "LR/baby_LRBI_x4.png"),
        ("GT/baby-gt.png", "LQ/baby-lq.png"),
        ("GT/baby_GT.bmp", "LQ/baby_LQ.png"),
        ("HR/HR_baby.png", "LR/LR_baby.png"),
        ("HR/Canon_001_HR.png", "LR/Canon_001_LR4.png"),
        ("HR/Baby.PNG", "LR/babyX4.png"),
        ("HR/u\u0308ber.png", "LR/\u00fcberx4.png"),
        ("HR/\u00fcber_HR.png", "LR/u\u0308ber_LR.png"),
        ("baby_HR.png", "baby_LR.png"),
        ("Canon_001_HR.png", "Canon_001_LR4.png"),
    ],
)
def test_finds_the_pair_in_the_usual_layouts(tmp_path: Path, truth: str, source: str) -> None:
    touch(tmp_path, truth, source)
    (item,) = list_items(tmp_path, X4).items
    assert (item.truth, item.source) == (tmp_path / truth, tmp_path / source)


@pytest.mark.parametrize("folder", [".", "HR", "GT", "original"])
def test_truth_alone_has_its_input_made_and_says_so(tmp_path: Path, folder: str) -> None:
    touch(tmp_path, f"{folder}/b.png", f"{folder}/a.tif")
    items = list_items(tmp_path, X4)
    assert [(i.name, i.source) for i in items.items] == [("a", None), ("b", None)]
    assert "no x4 pictures are given" in items.notes[0]


def test_another_scales_pictures_are_not_taken(tmp_path: Path) -> None:
    touch(tmp_path, "HR/a.png", "LR_bicubic/X2/ax2.png")
    assert list_items(tmp_path, X4).items[0].source is None


def test_pairs_of_one_size_have_such_names_too(tmp_path: Path) -> None:
    touch(tmp_path, "GT/a_GT.png", "LQ/a_LQ.png", "GT/b_GT.png", "LQ/b_noisy.png")
    items = list_items(tmp_path, Condition("pair")).items
    assert [item.source for item in items] == [
        tmp_path / "LQ/a_LQ.png",
        tmp_path / "LQ/b_noisy.png",
    ]


def test_a_name_that_only_ends_in_such_letters_is_whole(tmp_path: Path) -> None:
    touch(tmp_path, "HR/chart.png", "HR/THR.png", "LR/chartx4.png", "LR/THRx4.png", "LR/Tx4.png")
    items = list_items(tmp_path, X4).items
    assert [item.source.name for item in items if item.source] == ["THRx4.png", "chartx4.png"]


def test_an_exact_name_comes_before_one_in_another_case(tmp_path: Path) -> None:
    touch(tmp_path, "HR/a.png", "HR/A.png", "LR/ax4.png", "LR/Ax4.png")
    if len(list((tmp_path / "HR").iterdir())) < 2:
        pytest.skip("this file system takes upper and lower case for the same")
    items = list_items(tmp_path, X4).items
    assert [item.source.name for item in items if item.source] == ["Ax4.png", "ax4.png"]


def test_pictures_that_are_no_pairs_stay_single(tmp_path: Path) -> None:
    touch(tmp_path, "a_HR.png", "a_LR.png", "b.png")
    items = list_items(tmp_path, X4)
    assert [(i.truth.name, i.source) for i in items.items] == [
        ("a_HR.png", None), ("a_LR.png", None), ("b.png", None),
    ]  # fmt: skip


def test_a_missing_picture_is_looked_for_where_it_should_be(tmp_path: Path) -> None:
    touch(tmp_path, "HR/a.png", "HR/b.png", "LR_bicubic/X4/ax4.png")
    assert list_items(tmp_path, X4).items[1].source == tmp_path / "LR_bicubic/X4/bx4.png"


def test_two_pictures_of_one_stem_keep_their_whole_names(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "a.jpg", "b.png")
    assert [i.name for i in list_items(tmp_path, X4).items] == ["a.jpg", "a.png", "b"]


def test_other_files_are_named_and_hidden_ones_ignored(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", ".b.png", ".DS_Store", "readme.txt", "c.pgm")
    items = list_items(tmp_path, Condition("noise", level=25))
    assert [i.name for i in items.items] == ["a"]
    assert "2 files are no pictures by their suffix or kind (c.pgm, readme.txt)" in items.notes[0]


def test_refuses_a_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "HR").mkdir()
    with pytest.raises(ImageReadError, match=r"HR: there is no picture"):
        list_items(tmp_path, X4)


def test_pairs_of_one_size_need_a_second_folder(tmp_path: Path) -> None:
    touch(tmp_path, "GT/a.png")
    assert not has_pairs(tmp_path)
    with pytest.raises(ConfigError, match="--noise or --quality"):
        list_items(tmp_path, Condition("pair"))
    touch(tmp_path, "LQ/a.png")
    assert has_pairs(tmp_path)
    assert list_items(tmp_path, Condition("pair")).items[0].source == tmp_path / "LQ/a.png"
