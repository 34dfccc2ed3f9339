"""The manifest tells the truth about the files beside it, and names lead to files."""

import hashlib
from pathlib import Path

import pytest

from swinsr.checkpoints import load
from swinsr.errors import ModelNotFoundError
from swinsr.zoo import (
    bundled_models,
    default_model,
    find_weights,
    published_models,
    weights_folder,
)


@pytest.mark.parametrize("model", bundled_models(), ids=lambda m: m.name)
def test_manifest_matches_the_file(model: object) -> None:
    data = (weights_folder() / model.file).read_bytes()  # type: ignore[attr-defined]
    assert len(data) == model.bytes  # type: ignore[attr-defined]
    assert hashlib.sha256(data).hexdigest() == model.sha256  # type: ignore[attr-defined]
    loaded = load(find_weights(model.name))  # type: ignore[attr-defined]
    assert loaded.config.scale == model.scale  # type: ignore[attr-defined]
    assert loaded.metadata["task"] == model.task  # type: ignore[attr-defined]


def test_names_are_unique() -> None:
    names = [m.name for m in (*bundled_models(), *published_models())]
    assert len(names) == len(set(names))


def test_default_is_the_smallest_scale_that_reaches() -> None:
    scales = sorted(m.scale for m in bundled_models() if m.default)
    for asked in (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 8.0, 64.0):
        expected = next((s for s in scales if s >= asked), scales[-1])
        assert default_model(asked).scale == expected


def test_a_file_and_a_folder_stand_for_themselves(tmp_path: Path) -> None:
    file = tmp_path / "some.pth"
    file.touch()
    assert find_weights(file) == file
    assert find_weights(tmp_path) == tmp_path


def test_a_bundled_name_is_not_shadowed_by_a_file_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = bundled_models()[0].name
    (tmp_path / name).touch()
    assert find_weights(name).parent == weights_folder()


def test_unknown_name_says_where_names_are_listed() -> None:
    with pytest.raises(ModelNotFoundError, match="swinsr models"):
        find_weights("zzzz")
