"""What a file is that is no weights file of PyTorch, told by its first bytes or its name."""

import re
from pathlib import Path

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
OURS = "a PyTorch or safetensors file is expected"
# Weights of other programs, by how they begin. Protocol buffers, ONNX's among them, have no
# signature: their first field is a small version number, and another field follows.
BEGINNINGS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), what)
    for pattern, what in (
        (rb"GGUF|tjgg|lmgg|fmgg", "GGUF, of llama.cpp and stable-diffusion.cpp"),
        (rb"\x89HDF\r\n", "HDF5, of Keras and MATLAB"),
        (rb"7767517\s", "the .param of NCNN"),
        (rb"....TFL3", "TensorFlow Lite"),
        (rb"....ORTM", "ONNX Runtime"),
        (rb"....ET1\d", "ExecuTorch"),
        (rb"(ptrt|ftrt)", "a TensorRT engine"),
        (rb"model_checkpoint_path:", "a TensorFlow checkpoint's index"),
        (rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<net\s[^>]*name=", "the .xml of OpenVINO"),
        (rb"\x93NUMPY", "a NumPy array"),
        (rb"MATLAB 5\.0 MAT-file", "MATLAB"),
    )
)
ONNX = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]")
NCNN_TAGS = (b"\x47\x6b\x30\x01", b"\x38\x4b\x0d\x00", b"\x56\xc0\x02\x00")  # halves, 8 bits, bytes
# Formats without a signature that are told by their names.
SUFFIXES = {
    ".onnx": "ONNX",
    ".pb": "TensorFlow",
    ".tflite": "TensorFlow Lite",
    ".h5": "Keras",
    ".mlmodel": "Core ML",
    ".engine": "a TensorRT engine",
    ".trt": "a TensorRT engine",
    ".mnn": "MNN",
    ".caffemodel": "Caffe",
    ".prototxt": "Caffe",
    ".msgpack": "Flax",
    ".pdparams": "PaddlePaddle",
    ".mat": "MATLAB",
}
TENSORFLOW = re.compile(r"(?i).*\.(data-\d{5}-of-\d{5}|ckpt\.meta|index)|saved_model\.pb")
ARCHIVES = (
    (rb"\x1f\x8b", "gzip"),
    (rb"7z\xbc\xaf\x27\x1c", "7z"),
    (rb"Rar!\x1a", "RAR"),
    (rb"\xfd7zXZ\x00", "xz"),
    (rb"\x28\xb5\x2f\xfd", "zstd"),
    (rb"BZh[1-9]", "bzip2"),
    (rb".{257}ustar", "tar"),
)
PICTURES = (
    (rb"\x89PNG\r\n", "a PNG picture"),
    (rb"\xff\xd8\xff", "a JPEG picture"),
    (rb"GIF8[79]a", "a GIF picture"),
    (rb"RIFF....WEBP", "a WebP picture"),
    (rb"(II[*+]\x00|MM\x00[*+])", "a TIFF picture"),
    (rb"BM....\x00\x00\x00\x00", "a BMP picture"),
    (rb"....ftyp(avif|avis|hei[cfxs]|mif1|msf1)", "an AVIF or HEIF picture"),
    (rb"%PDF-", "a PDF document"),
)


def foreign(path: Path, head: bytes) -> str:
    """What a file is, as the end of a sentence that begins with its name.

    Args:
        path: of a file that begins like no weights file of PyTorch.
        head: its first bytes.
    """
    size = path.stat().st_size
    if head.startswith(LFS_POINTER):
        return (
            "is a Git LFS pointer, not the weights themselves; run `git lfs pull` or download "
            "the file from its web page"
        )
    other = other_program(path, head)
    if other is not None:
        return (
            f"is a weights file of another program ({other}); {OURS}, such as the one that it was "
            "made from"
        )
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<")):
        return "is a web page, not a weights file; download it again from the direct link"
    if text.startswith((b"{", b"[")):
        return "is JSON text, not a weights file; give the .safetensors or .pth file itself"
    for pattern, what in ARCHIVES:
        if re.match(pattern, head, re.DOTALL):
            return f"is a {what} archive; unpack it and give the weights file inside"
    for pattern, what in PICTURES:
        if re.match(pattern, head, re.DOTALL):
            return (
                f"is no weights file: its {size} bytes are {what}; give a model's name or its "
                "weights file"
            )
    if path.suffix.lower() in (".yml", ".yaml", ".toml", ".txt", ".md", ".py") and _is_text(head):
        return f"is a text, not a weights file; {OURS}"
    return (
        f"is no weights file: its {size} bytes begin like neither a PyTorch checkpoint nor "
        "safetensors; it may be truncated, so download or copy it again"
    )


def other_program(path: Path, head: bytes) -> str | None:
    """The program whose weights a file holds, where it can be told."""
    for pattern, what in BEGINNINGS:
        if pattern.match(head):
            return what
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if TENSORFLOW.fullmatch(path.name):
        return "TensorFlow"
    if head.startswith(NCNN_TAGS) or (suffix == ".bin" and path.with_suffix(".param").is_file()):
        return "the .bin of NCNN"
    if suffix == ".bin" and path.with_suffix(".xml").is_file():
        return "the .bin of OpenVINO"
    return "ONNX" if ONNX.match(head) else None


def foreign_archive(names: list[str]) -> str | None:
    """What a zip file without a pickle is, by the names in it."""
    inner = [name.rpartition("/")[2] for name in names]
    if "archive_format" in inner or "serialized_exported_program.json" in inner:
        return "a program of torch.export (.pt2)"
    if "model.weights.h5" in names:
        return "a Keras model"
    if names and all(name.endswith(".npy") for name in names):
        return "NumPy arrays (.npz)"
    if any(name.endswith(".mlmodel") for name in names):
        return "a Core ML package"
    return None


def _is_text(head: bytes) -> bool:
    return b"\0" not in head
