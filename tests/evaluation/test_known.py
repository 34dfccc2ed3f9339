"""Datasets by folder and by name."""

from pathlib import Path

import pytest

from swinsr.errors import ConfigError
from swinsr.evaluation.known import KNOWN, find_dataset, find_datasets


def test_a_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    found = find_dataset(str(tmp_path), None)
    assert (found.name, found.root, found.known) == (tmp_path.name, tmp_path, None)


def test_a_folder_with_a_known_name_is_that_dataset(tmp_path: Path) -> None:
    (tmp_path / "set5" / "HR").mkdir(parents=True)
    for folder in ("set5", "set5/HR"):
        found = find_dataset(str(tmp_path / folder), None)
        assert found.name == "Set5" and found.known is not None and found.known.pictures == 5


def test_a_known_name_may_end_in_the_slash_of_a_shell(tmp_path: Path) -> None:
    (tmp_path / "Set5").mkdir()
    assert find_dataset("Set5/", tmp_path).root == tmp_path / "Set5"


@pytest.mark.parametrize("folder", ["B100", "BSDS100", "bsd100"])
def test_finds_a_known_dataset_under_any_of_its_names(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    assert find_dataset("B100", tmp_path).root == tmp_path / folder


def test_finds_div2k_as_it_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "DIV2K_valid_HR").mkdir()
    assert find_dataset("DIV2K-valid", tmp_path).root == tmp_path


@pytest.mark.parametrize("known", KNOWN, ids=lambda k: k.name)
def test_a_missing_dataset_is_told_how_it_must_look(tmp_path: Path, known: object) -> None:
    name = known.name  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=name) as caught:
        find_dataset(name, tmp_path)
    message = str(caught.value)
    assert str(tmp_path / name) in message and "NAME.png" in message


def test_without_a_data_folder_the_option_is_named() -> None:
    with pytest.raises(ConfigError, match=r"--data DIR or the variable SWINSR_DATA.*DIR/Set14/HR"):
        find_dataset("Set14", None)


@pytest.mark.parametrize("name", ["no-such-set", "", "x" * 5000, "a\0b"])
def test_refuses_what_is_neither_folder_nor_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if name:  # the empty name is the folder one is in
        with pytest.raises(ConfigError):
            find_dataset(name, tmp_path)


def test_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(ConfigError, match=r"a\.png is a file"):
        find_dataset(str(tmp_path / "a.png"), None)


def test_two_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for parent in ("a", "b"):
        (tmp_path / parent / "Set5").mkdir(parents=True)
    both = [str(tmp_path / parent / "Set5") for parent in ("a", "b", "a")]
    names = [d.name for d in find_datasets(both, None)]
    assert len(names) == len(set(names)) == 2
