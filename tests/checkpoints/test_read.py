"""Every bad file gives one clear error that names the file and what was expected."""

import io
import json
import os
import pickle
import re
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save as safetensors_bytes

from swinsr.checkpoints.read import read_tensors
from swinsr.errors import CheckpointError, CheckpointReadError, UnsafeCheckpointError

SWINSR = Path(__file__).parents[2] / "swinsr"
STATE = {"conv.weight": torch.arange(6.0).view(2, 3), "conv.bias": torch.ones(2)}


def torch_bytes(content: object, *, legacy: bool = False, protocol: int = 2) -> bytes:
    buffer = io.BytesIO()
    zipped = not legacy
    torch.save(content, buffer, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


FORMATS = {
    "zip": torch_bytes(STATE),
    "legacy": torch_bytes(STATE, legacy=True),
    "safetensors": safetensors_bytes(STATE),
}


def assert_refused(path: Path, *words: str) -> None:
    with pytest.raises(CheckpointReadError) as caught:
        read_tensors(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    for word in words:
        assert word in message, message


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".ckpt", ".bin", ".safetensors", ""])
@pytest.mark.parametrize("kind", FORMATS)
def test_content_decides_and_not_the_suffix(tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"gewichte-ü{suffix}"
    path.write_bytes(FORMATS[kind])
    tensors = read_tensors(path).tensors
    assert {k: v.tolist() for k, v in tensors.items()} == {k: v.tolist() for k, v in STATE.items()}


def test_reads_safetensors_metadata(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(safetensors_bytes(STATE, {"task": "été"}))
    assert read_tensors(path).metadata == {"task": "été"}


def test_reads_a_compressed_checkpoint_archive(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with (
        zipfile.ZipFile(io.BytesIO(FORMATS["zip"])) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    assert read_tensors(path).tensors["conv.weight"].tolist() == STATE["conv.weight"].tolist()


def test_rejects_missing_file(tmp_path: Path) -> None:
    assert_refused(tmp_path / "a.pth", "does not exist")


def test_rejects_folder(tmp_path: Path) -> None:
    assert_refused(tmp_path, "folder", "weights file is expected")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", ["web page", "download it again"]),
        (b"\xef\xbb\xbf  <html lang='en'>", ["web page"]),
        (b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>", ["web page"]),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 67277475\n",
            ["Git LFS pointer", "git lfs pull"],
        ),
        (b'{"error": "Entry not found"}', ["JSON"]),
        (b"GGUF\x03\x00\x00\x00", ["another program"]),
        (b"\x89HDF\r\n\x1a\n", ["another program"]),
        (b"\x89PNG\r\n\x1a\n", ["no weights file", "8 bytes"]),
        (b"PK", ["no weights file", "2 bytes"]),
        (b"PK\x03\x04" + b"\0" * 100, ["truncated or damaged PyTorch"]),
        (FORMATS["zip"][:-30], ["truncated or damaged PyTorch", "download"]),
        (FORMATS["zip"][: len(FORMATS["zip"]) // 2], ["truncated or damaged PyTorch"]),
        (FORMATS["legacy"][:-4], ["truncated or damaged PyTorch"]),
        (FORMATS["legacy"][:100], ["truncated or damaged PyTorch"]),
        (FORMATS["safetensors"][:-4], ["truncated or damaged safetensors"]),
        (FORMATS["safetensors"][:40], ["truncated or damaged safetensors"]),
        (safetensors_bytes({}), ["without tensors"]),
        (torch_bytes([1, 2]), ["no network's tensors", "type list", "state_dict is expected"]),
        (torch_bytes(torch.ones(2)), ["one tensor without a name"]),
        (torch_bytes({}), ["nothing"]),
        (torch_bytes({"epoch": 3, "optimizers": []}), ["'epoch', 'optimizers'"]),
        (torch_bytes({"w": torch.eye(2).to_sparse()}), ["no plain tensor"]),
        (torch_bytes({"w": torch.ones(1).expand(10**9)}), ["claims more than is stored"]),
        (torch_bytes({"w": torch.ones(1, device="meta")}), ["no plain tensor"]),
    ],
)
def test_rejects_bad_content(tmp_path: Path, content: bytes, words: list[str]) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    assert_refused(path, *words)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [0, 1, 4, 5])
def test_names_a_pickle_protocol_that_is_not_read(
    tmp_path: Path, protocol: int, legacy: bool
) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(torch_bytes({"params": STATE}, legacy=legacy, protocol=protocol))
    assert_refused(path, f"pickle's protocol {protocol}", "save it again with torch.save")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("protocol", [2, 3])
def test_reads_the_protocols_of_torch(tmp_path: Path, protocol: int, legacy: bool) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(torch_bytes({"params": STATE}, legacy=legacy, protocol=protocol))
    assert set(read_tensors(path).tensors) == set(STATE)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", range(6))
def test_says_what_a_plain_pickle_of_tensors_is(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(STATE, protocol=protocol))
    with pytest.raises(UnsafeCheckpointError, match=r"by pickle itself; .* with torch\.save"):
        read_tensors(path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_cut_pickle_of_another_protocol_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(torch_bytes(STATE, legacy=True, protocol=4)[:30])
    assert_refused(path, "truncated or damaged")


def test_rejects_zip_that_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("swinir/model.pth", FORMATS["zip"])
    assert_refused(path, "no PyTorch checkpoint", "unpack it")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_rejects_torchscript(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    torch.jit.trace(torch.nn.ReLU(), torch.ones(1)).save(str(path))
    assert_refused(path, "TorchScript", "state_dict")


def write_shards(folder: Path, **changes: str) -> Path:
    """A checkpoint in two files and its index."""
    for number, name in enumerate(STATE):
        (folder / f"model-{number}.safetensors").write_bytes(safetensors_bytes({name: STATE[name]}))
    where = {name: f"model-{number}.safetensors" for number, name in enumerate(STATE)} | changes
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": where}))
    return index


def test_reads_shards(tmp_path: Path) -> None:
    assert set(read_tensors(write_shards(tmp_path)).tensors) == set(STATE)


@pytest.mark.parametrize("name", ["../a.safetensors", "/etc/passwd", "sub/a.safetensors"])
def test_shards_lie_beside_their_index(tmp_path: Path, name: str) -> None:
    assert_refused(write_shards(tmp_path, more=name), name, "no weights file beside it")


def test_rejects_missing_shard(tmp_path: Path) -> None:
    index = write_shards(tmp_path)
    (tmp_path / "model-1.safetensors").unlink()
    with pytest.raises(CheckpointReadError, match=r"model-1\.safetensors does not exist"):
        read_tensors(index)


def test_rejects_shards_that_lack_a_tensor(tmp_path: Path) -> None:
    index = write_shards(tmp_path, **{"more.weight": "model-0.safetensors"})
    assert_refused(index, "more.weight", "do not hold")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("kind", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(fraction=st.floats(0, 1, exclude_max=True))
def test_any_prefix_of_a_file_is_a_checkpoint_error(
    tmp_path: Path, kind: str, fraction: float
) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(FORMATS[kind][: int(fraction * len(FORMATS[kind]))])
    with pytest.raises(CheckpointError):
        read_tensors(path)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_a_damaged_byte_is_a_checkpoint_error_or_unnoticed(
    tmp_path: Path, kind: str, place: float, value: int
) -> None:
    content = bytearray(FORMATS[kind])
    content[int(place * len(content))] = value
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    try:
        assert read_tensors(path).tensors
    except CheckpointError as error:
        assert str(error).startswith(str(path))


def test_only_one_module_unpickles() -> None:
    pattern = re.compile(r"torch\.load\(|\bpickle\.loads?\(|Unpickler\(|weights_only=False")
    users = [p for p in SWINSR.rglob("*.py") if pattern.search(p.read_text(encoding="utf-8"))]
    assert users == [SWINSR / "checkpoints" / "read.py"]
    assert "weights_only=True" in users[0].read_text(encoding="utf-8")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights.pth")
    with pytest.raises(CheckpointReadError, match="pipe"):
        read_tensors(tmp_path / "weights.pth")


@pytest.mark.parametrize("name", ["x" * 300 + ".safetensors", "a\0b.safetensors"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CheckpointReadError):
        read_tensors(tmp_path / name)
    with pytest.raises(CheckpointReadError):
        read_tensors(write_shards(tmp_path, more=name))
