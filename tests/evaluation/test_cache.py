"""Measurements kept by content."""

import json
from pathlib import Path
from typing import Any

import pytest

from swinsr.evaluation.cache import Cache, default_cache_folder, key_of
from swinsr.storage.digest import sha256_of

ENTRY: dict[str, Any] = {
    "scores": {"psnr": 30.5, "ssim": None},
    "seconds": 0.5,
    "height": 4,
    "width": 5,
    "notes": ["a note"],
    "crop": "abc",
}
KEY = key_of({"a": 1})


def test_gives_back_what_was_kept(tmp_path: Path) -> None:
    Cache(tmp_path / "new").put(KEY, ENTRY)
    assert Cache(tmp_path / "new").get(KEY) == ENTRY
    assert Cache(tmp_path / "new").get(key_of({"a": 2})) is None
    assert not list(tmp_path.rglob("*.tmp"))


def test_without_a_folder_nothing_is_kept() -> None:
    cache = Cache(None)
    cache.put(KEY, ENTRY)
    assert cache.get(KEY) is None and cache.problem is None


def damaged() -> list[bytes]:
    whole = json.dumps(ENTRY).encode()
    return [
        *(b"", whole[:40], b"\xff\xfe", b"[]", b"null", b"{}"),
        *(
            json.dumps({**ENTRY, **change}).encode()
            for change in (
                {"scores": None},
                {"scores": {"psnr": "x"}},
                {"seconds": None},
                {"notes": "text"},
                {"notes": [1]},
                {"crop": None},
                {"more": 1},
            )
        ),
    ]


@pytest.mark.parametrize("content", damaged())
def test_a_damaged_entry_is_none(tmp_path: Path, content: bytes) -> None:
    cache = Cache(tmp_path)
    cache.put(KEY, ENTRY)
    (path,) = tmp_path.rglob("*.json")
    path.write_bytes(content)
    assert cache.get(KEY) is None


def test_a_place_that_takes_nothing_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file")
    cache.put(KEY, ENTRY)
    cache.put(KEY, ENTRY)
    assert cache.problem is not None and "--cache" in cache.problem and "file" in cache.problem
    assert cache.get(KEY) is None


def test_the_key_does_not_depend_on_the_order() -> None:
    assert key_of({"a": 1, "b": [2]}) == key_of({"b": [2], "a": 1}) != key_of({"a": 1, "b": [3]})


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256_of(tmp_path / "a").startswith("ba7816bf8f01cfea")


def test_the_folder_follows_the_desktop_specification(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache_folder() == tmp_path / "swinsr" / "evaluation"
    for relative in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", relative)
        assert default_cache_folder() == Path.home() / ".cache" / "swinsr" / "evaluation"
