"""A file of another kind that is given as a model is named for what it is."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from swinsr.checkpoints import load
from swinsr.checkpoints.read import read_tensors
from swinsr.errors import CheckpointReadError
from tests.checkpoints.samples import tiny


def refusal(path: Path) -> str:
    with pytest.raises(CheckpointReadError) as caught:
        read_tensors(path)
    message = str(caught.value)
    assert message.startswith(str(path)) and "\n" not in message
    assert "truncated" not in message
    return message


PARAM = b"7767517\n3 3\nInput            data             0 1 data 0=224 1=224 2=3\n"
# Field 1 of ONNX's ModelProto is its version; 7 the graph, 8 the operator sets.
ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.6.0:\x06\x0a\x04\x0a\x00\x12\x00B\x02\x10\x11"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.onnx", ONNX, ["ONNX", "another program"]),
        ("a.pth", ONNX, ["ONNX", "another program"]),
        ("a.param", PARAM, [".param of NCNN"]),
        ("a.bin", b"\x47\x6b\x30\x01" + bytes(600), [".bin of NCNN"]),
        ("a.pb", b"\x0a\x10\x0a\x05input\x12\x07Const" + bytes(60), ["TensorFlow"]),
        ("saved_model.pb", b"\x08\x01\x12\xf0\x01" + bytes(60), ["TensorFlow"]),
        ("model.ckpt.data-00000-of-00001", bytes(400), ["TensorFlow"]),
        ("checkpoint", b'model_checkpoint_path: "model.ckpt-5"\n', ["TensorFlow"]),
        ("a.tflite", b"\x1c\x00\x00\x00TFL3" + bytes(60), ["TensorFlow Lite"]),
        ("a.h5", b"\x89HDF\r\n\x1a\n" + bytes(60), ["HDF5", "Keras"]),
        ("a.gguf", b"GGUF\x03\x00\x00\x00" + bytes(60), ["GGUF"]),
        ("a.ort", b"\x18\x00\x00\x00ORTM" + bytes(60), ["ONNX Runtime"]),
        ("a.pte", b"\x18\x00\x00\x00ET12" + bytes(60), ["ExecuTorch"]),
        ("a.engine", b"ptrt" + bytes(60), ["TensorRT"]),
        ("a.mlmodel", b"\x08\x05\x12\x10" + bytes(60), ["Core ML"]),
        ("a.xml", b'<?xml version="1.0"?>\n<net name="torch_jit" version="11">', ["OpenVINO"]),
        ("a.npy", b"\x93NUMPY\x01\x00", ["NumPy array"]),
        ("a.msgpack", b"\xde\x00\x10" + bytes(60), ["Flax"]),
        ("a.tar.gz", gzip.compress(b"weights", mtime=0), ["gzip archive", "unpack"]),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(60), ["7z archive", "unpack"]),
        ("a.rar", b"Rar!\x1a\x07\x00" + bytes(60), ["RAR archive", "unpack"]),
        ("a.pdf", b"%PDF-1.7\n", ["PDF", "no weights file"]),
        ("a.yml", b"network_g:\n  type: SwinIR\n", ["is a text"]),
    ],
)
def test_names_what_a_file_is(tmp_path: Path, name: str, content: bytes, words: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    message = refusal(tmp_path / name)
    assert all(word in message for word in words), message


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP"])
def test_names_a_picture(tmp_path: Path, form: str) -> None:
    Image.new("RGB", (9, 7)).save(tmp_path / "a.pth", form)
    assert "picture" in refusal(tmp_path / "a.pth")


@pytest.mark.parametrize(("suffix", "program"), [(".param", "NCNN"), (".xml", "OpenVINO")])
def test_raw_weights_are_told_by_the_graph_beside_them(
    tmp_path: Path, suffix: str, program: str
) -> None:
    (tmp_path / "a.bin").write_bytes(np.ones(300, np.float32).tobytes())
    (tmp_path / "a").with_suffix(suffix).write_bytes(PARAM)
    assert f".bin of {program}" in refusal(tmp_path / "a.bin")


def test_names_a_tar_archive(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.pth.tar", "w") as archive:
        info = tarfile.TarInfo("weights.pth")
        info.size = 4
        archive.addfile(info, io.BytesIO(b"abcd"))
    assert "tar archive" in refusal(tmp_path / "a.pth.tar")


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (["arr_0.npy", "conv_first.weight.npy"], "NumPy arrays (.npz)"),
        (["metadata.json", "config.json", "model.weights.h5"], "a Keras model"),
        (["a.mlpackage/Data/com.apple.CoreML/model.mlmodel"], "a Core ML package"),
    ],
)
def test_names_an_archive_by_what_is_in_it(tmp_path: Path, members: list[str], words: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        for name in members:
            archive.writestr(name, b"x")
    assert words in refusal(tmp_path / "a.pth")


def test_names_what_this_program_exports_itself(tmp_path: Path) -> None:
    from swinsr.export import export_program, export_torchscript

    network = tiny(depths=[1, 1])
    export_program(network, tmp_path / "a.pt2", size=(8, 8))
    assert "torch.export" in refusal(tmp_path / "a.pt2")
    export_torchscript(network, tmp_path / "a.pt", size=(8, 8))
    with pytest.raises(CheckpointReadError, match="TorchScript"):
        load(tmp_path / "a.pt")
    pytest.importorskip("onnxscript", reason="onnxscript is not installed")
    from swinsr.export import export_onnx

    export_onnx(network, tmp_path / "a.onnx", size=(8, 8))
    (tmp_path / "b.pth").write_bytes((tmp_path / "a.onnx").read_bytes())
    for name in ("a.onnx", "b.pth"):
        assert "ONNX" in refusal(tmp_path / name)


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("name", ["a.onnx", "a.pb", "a.bin", "a.h5", "a.index"])
def test_the_content_still_decides(tmp_path: Path, name: str, legacy: bool) -> None:
    state: dict[str, Any] = tiny().state_dict()
    zipped = not legacy
    torch.save(state, tmp_path / name, _use_new_zipfile_serialization=zipped)
    (tmp_path / "a.param").write_bytes(PARAM)
    assert set(read_tensors(tmp_path / name).tensors) == set(state)
