"""What an untrusted file claims does not decide what it costs to read it."""

import io
import json
import struct
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save as safetensors_bytes

from swinsr.checkpoints import load
from swinsr.checkpoints.classifier import load_classifier
from swinsr.checkpoints.content.bounds import TABLE_BYTES
from swinsr.checkpoints.metadata import config_to_metadata
from swinsr.checkpoints.read import read_json, read_tensors
from swinsr.errors import CheckpointError, ConfigError
from tests.checkpoints.samples import tiny
from tests.models.test_swin import tiny as tiny_swin

SECONDS, MEGABYTES = 20.0, 300


def peak() -> int:
    """The largest memory of this process so far, in bytes; 0 where Linux does not tell it."""
    if sys.platform != "linux":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def assert_refused_cheaply(read: Callable[[], object], *words: str) -> None:
    before, start = peak(), time.perf_counter()
    with pytest.raises((CheckpointError, ConfigError)) as caught:
        read()
    assert time.perf_counter() - start < SECONDS
    assert peak() - before < MEGABYTES << 20
    message = str(caught.value)
    assert "\n" not in message and len(message) < 1000
    assert all(word in message for word in words), message


def zipped(content: object) -> zipfile.ZipFile:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return zipfile.ZipFile(io.BytesIO(buffer.getvalue()))


def test_a_decompression_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with (
        zipped({"w": torch.ones(4)}) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            if name.endswith("data/0"):
                with target.open(name, "w", force_zip64=True) as member:
                    for _ in range(400):
                        member.write(bytes(1 << 20))
            else:
                target.writestr(name, source.read(name))
    assert path.stat().st_size < 1 << 20
    assert_refused_cheaply(lambda: read_tensors(path), "unpacks to", "save it again")


def test_a_pickle_that_is_no_table_of_tensors_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with zipped({"w": torch.ones(4)}) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if name.endswith("data.pkl"):
                with target.open(name, "w") as member:
                    for _ in range((TABLE_BYTES >> 20) + 1):
                        member.write(b"N" * (1 << 20))
            else:
                target.writestr(name, source.read(name))
    assert_refused_cheaply(lambda: read_tensors(path), "pickle of", "state_dict")


def test_names_that_share_a_few_bytes_are_refused(tmp_path: Path) -> None:
    one = torch.ones(1 << 18)
    torch.save({f"layers.{i}.weight": one.view(-1) for i in range(4000)}, tmp_path / "a.pth")
    assert (tmp_path / "a.pth").stat().st_size < 3 << 20
    assert_refused_cheaply(lambda: load(tmp_path / "a.pth"), "claims", "4,000 tensors")


def test_tied_weights_are_read(tmp_path: Path) -> None:
    shared = torch.ones(1 << 22)
    torch.save({"a.weight": shared, "b.weight": shared}, tmp_path / "a.pth")
    assert set(read_tensors(tmp_path / "a.pth").tensors) == {"a.weight", "b.weight"}


def test_mappings_that_hold_each_other_are_looked_into_once(tmp_path: Path) -> None:
    inner: dict[str, Any] = {"no tensor": 1}
    for _ in range(12):
        inner = {str(i): inner for i in range(30)}
    torch.save({"params": inner, "model": inner}, tmp_path / "a.pth")
    assert_refused_cheaply(lambda: read_tensors(tmp_path / "a.pth"), "no network's tensors")


def safetensors_with(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


@pytest.mark.parametrize(
    "header",
    [
        {"w": {"dtype": "F32", "shape": [1 << 40, 1 << 20], "data_offsets": [0, 4]}},
        {"w": {"dtype": "F32", "shape": [1 << 62], "data_offsets": [0, 1 << 63]}},
        {"w": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}},
        {"w": {"dtype": "F32", "shape": [1] * 5000, "data_offsets": [0, 4]}},
        {"w": {"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}},
        {"w": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
        {"w": {"dtype": "F32", "shape": [0, 1 << 60], "data_offsets": [0, 0]}},
        {"w": {}, "__metadata__": {"a": 1}},
        b"{" * 100_000,
        b'{"w":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],'
        b'"data_offsets":[0,4]}}',
    ],
)
def test_absurd_safetensors_headers_are_refused(tmp_path: Path, header: Any) -> None:
    (tmp_path / "a.safetensors").write_bytes(safetensors_with(header, bytes(4)))
    assert_refused_cheaply(lambda: load(tmp_path / "a.safetensors"))


@pytest.mark.parametrize("length", [0, 1, 1 << 20, (1 << 32) - 1, 1 << 62, (1 << 64) - 1])
def test_a_header_that_lies_about_its_length_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", length) + safetensors_with({})[8:] + bytes(100))
    assert_refused_cheaply(lambda: read_tensors(path))


ABSURD = [
    {"depths": [10**9], "num_heads": [2]},
    {"depths": [1] * 100_000, "num_heads": [1] * 100_000},
    {"embed_dim": 10**12},
    {"window_size": 10**6},
    {"img_size": 10**15, "window_size": 64},
    {"mlp_ratio": 1e300},
    {"upscale": 10**9},
    {"depths": [10**400], "num_heads": [2]},
    {"upsampler": "x" * 100_000},
    {"y" * 100_000: 1},
]


@pytest.mark.parametrize("changes", ABSURD, ids=[str(list(c.items()))[:40] for c in ABSURD])
@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_absurd_metadata_is_refused(tmp_path: Path, family: str, changes: dict[str, Any]) -> None:
    network = tiny(family, depths=[1], num_heads=[2])
    metadata = config_to_metadata(network.config)
    metadata["config"] = json.dumps(network.config.to_dict() | changes)
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors_bytes(network.state_dict(), metadata))
    if set(changes) == {"img_size", "window_size"} and family == "swin2sr":
        return  # no tensor of V2 depends on either; windows of 64 are allowed
    assert_refused_cheaply(lambda: load(path), str(path))


SWIN_ABSURD = [
    {"depths": [10**9, 2]},
    {"depths": [1] * 100_000, "num_heads": [1] * 100_000},
    {"embed_dim": 10**12},
    {"window_size": 10**6, "img_size": 10**9},
    {"num_classes": 10**12},
    {"patch_size": 10**6, "img_size": 10**9},
    {"img_size": 10**9, "ape": True},
]


@pytest.mark.parametrize(
    "changes", SWIN_ABSURD, ids=[str(list(c.items()))[:40] for c in SWIN_ABSURD]
)
@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_absurd_metadata_of_a_classifier_is_refused(
    tmp_path: Path, family: str, changes: dict[str, Any]
) -> None:
    network = tiny_swin(family)
    config = json.dumps(network.config.to_dict() | changes)
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors_bytes(network.state_dict(), {"family": family, "config": config}))
    assert_refused_cheaply(lambda: load_classifier(path), str(path))


@pytest.mark.parametrize(
    "changes", [{"image_size": 10**9, "window_size": 10**6}, {"depths": [9] * 99}]
)
def test_absurd_settings_beside_the_weights_are_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    from swinsr.checkpoints.classifier_save import save_classifier

    folder = save_classifier(tiny_swin("swinv2"), tmp_path / "m", layout="huggingface")
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | changes))
    assert_refused_cheaply(lambda: load_classifier(folder))


def test_deep_and_large_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors.index.json"
    path.write_bytes(b'{"weight_map":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001)
    assert_refused_cheaply(lambda: read_tensors(path), "JSON")
    large = tmp_path / "config.json"
    with large.open("wb") as file:
        file.truncate(TABLE_BYTES + 10)
    assert_refused_cheaply(lambda: read_json(large), "more than")
