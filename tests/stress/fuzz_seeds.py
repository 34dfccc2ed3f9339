"""Valid files that the fuzzer begins with, made by the tests' own writers."""

import io
import json
import warnings
import zipfile

import numpy as np
import torch
from PIL import Image, features
from safetensors.torch import save as safetensors_bytes

from swinsr.checkpoints.layouts.microsoft import published_buffers
from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.checkpoints.layouts.timm_swin import swin_to_timm
from swinsr.checkpoints.metadata import config_to_metadata
from tests.checkpoints.samples import tiny
from tests.image.image_files import (
    cmyk_profile,
    exif_bytes,
    gray_profile,
    pillow_bytes,
    png_bytes,
    png_chunk,
    rgb_profile,
    smooth_samples,
    tiff_bytes,
)
from tests.models.test_swin import tiny as tiny_swin
from tests.stress.damaged_files import samples


def picture_seeds() -> dict[str, bytes]:
    """Pictures of every format, depth and layout, with the metadata that they hold."""
    colour = smooth_samples(20, 24, 3)
    gray = colour[..., :1]
    text = png_chunk(b"tEXt", b"Title\0x") + png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x/>")
    profile = png_chunk(b"iCCP", b"p\0\0" + _deflated(rgb_profile()))
    chunks = (
        text + profile + png_chunk(b"gAMA", (45455).to_bytes(4, "big"))
        + png_chunk(b"cHRM", b"".join(n.to_bytes(4, "big") for n in range(31000, 39000, 1000)))
        + png_chunk(b"cICP", bytes((9, 16, 0, 1))) + png_chunk(b"eXIf", exif_bytes(6)[6:])
        + png_chunk(b"pHYs", bytes((0, 0, 11, 19, 0, 0, 11, 19, 1)))
        + png_chunk(b"zTXt", b"Comment\0\0" + _deflated(b"x" * 200))
    )  # fmt: skip
    more = {
        "chunks.png": png_bytes(colour, 8, 2, chunks=chunks),
        "deep.png": png_bytes(colour.astype(np.uint16) * 257, 16, 2, chunks=profile),
        "interlaced.png": png_bytes(gray >> 4, 4, 0, interlaced=True),
        "bit.png": png_bytes(gray >> 7, 1, 0, chunks=png_chunk(b"tRNS", b"\0\1")),
        "profile.jpg": pillow_bytes(colour, "JPEG", icc_profile=rgb_profile(), exif=exif_bytes(3)),
        "gray_profile.jpg": pillow_bytes(gray, "JPEG", icc_profile=gray_profile()),
        "inks.tif": tiff_bytes(np.dstack([colour, gray]), photometric="separated"),
        "inks.jpg": pillow_bytes(colour, "JPEG", "CMYK", icc_profile=cmyk_profile()),
        "meta.webp": pillow_bytes(colour, "WEBP", icc_profile=rgb_profile(), exif=exif_bytes(6)),
        "tiled.tif": tiff_bytes(colour, tile=(16, 16), compression="zlib", predictor=True),
        "alpha.tif": tiff_bytes(np.dstack([colour, gray]), photometric="rgb", extrasamples=[2]),
        "disposed.gif": _animation("GIF", disposal=[1, 2, 3], loop=0),
        "blended.png": _animation("PNG", disposal=[0, 1, 2], blend=[0, 1, 1]),
    }
    if features.check("avif"):
        more["meta.avif"] = pillow_bytes(colour, "AVIF", icc_profile=rgb_profile())
        more["animated.avif"] = _animation("AVIF")
    heic = _heic(colour)
    if heic is not None:
        more["x.heic"] = heic
    return samples() | more


def _deflated(data: bytes) -> bytes:
    import zlib

    return zlib.compress(data)


def _animation(form: str, **options: object) -> bytes:
    frames = [Image.fromarray(np.roll(smooth_samples(16, 20, 3), 5 * i, 1)) for i in range(3)]
    clear = [frame.convert("RGBA") for frame in frames] if form == "PNG" else frames
    stream = io.BytesIO()
    clear[0].save(stream, form, save_all=True, append_images=clear[1:], duration=40, **options)
    return stream.getvalue()


def _heic(colour: np.ndarray) -> bytes | None:
    try:
        import pillow_heif
    except ImportError:
        return None
    stream = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(colour)).save(stream, quality=80)
    return stream.getvalue()


def weights_seeds() -> dict[str, bytes]:
    """Checkpoints of every kind and layout, and the settings beside them."""
    found: dict[str, bytes] = {}
    for family in ("swinir", "swin2sr"):
        network = tiny(family, depths=[2], num_heads=[2])
        state = network.state_dict()
        buffers = {k: v.clone() for k, v in official_buffers(network).items()}
        metadata = config_to_metadata(network.config) | {"task": "x", "licence": "MIT"}
        found |= {
            f"{family}.safetensors": safetensors_bytes(state, metadata),
            f"{family}_buffers.safetensors": safetensors_bytes(state | buffers),
            f"{family}.pth": _saved({"params": state, "params_ema": state, "iter": 5}),
            f"{family}_legacy.pth": _saved({"state_dict": state}, legacy=True),
            f"{family}_protocol4.pth": _saved(state, protocol=4),
        }
    for family in ("swin", "swinv2"):
        classifier = tiny_swin(family)
        state = classifier.state_dict()
        tensors = state | {k: v.clone() for k, v in published_buffers(classifier).items()}
        found[f"{family}.safetensors"] = safetensors_bytes(tensors)
        found[f"{family}_timm.pth"] = _saved(swin_to_timm(state))
    found["numbers.npz"] = _npz()
    found |= {name: json.dumps(content).encode() for name, content in SETTINGS.items()}
    return found


SETTINGS = {
    "swin2sr.json": {
        "model_type": "swin2sr", "image_size": 64, "embed_dim": 60, "depths": [6, 6],
        "num_heads": [6, 6], "window_size": 8, "mlp_ratio": 2.0, "upscale": 2, "img_range": 1.0,
        "resi_connection": "1conv", "upsampler": "pixelshuffledirect", "num_channels_out": 3,
    },
    "swinv2.json": {
        "model_type": "swinv2", "image_size": 32, "depths": [2, 2], "num_heads": [2, 4],
        "embed_dim": 8, "pretrained_window_sizes": [0, 0], "window_size": 4, "patch_size": 2,
        "id2label": {"0": "a", "1": "b"}, "hidden_act": "gelu", "layer_norm_eps": 1e-5,
    },
    "preprocessor.json": {
        "do_resize": True, "size": {"height": 32, "width": 32}, "resample": 3, "do_rescale": True,
        "rescale_factor": 0.00392, "do_normalize": True, "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5], "do_center_crop": True, "crop_size": 24,
    },
    "timm.json": {
        "architecture": "swin_tiny_patch4_window7_224",
        "model_args": {"img_size": 32, "window_size": 4},
        "pretrained_cfg": {
            "input_size": [3, 32, 32], "crop_pct": 0.9, "mean": [0.5] * 3, "std": [0.5] * 3,
            "interpolation": "bicubic", "crop_mode": "center",
        },
    },
    "index.json": {"metadata": {}, "weight_map": {"a": "x.safetensors"}},
}  # fmt: skip


def _saved(content: object, *, legacy: bool = False, protocol: int = 2) -> bytes:
    stream, zipped = io.BytesIO(), not legacy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.save(content, stream, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    return stream.getvalue()


def _npz() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        head = io.BytesIO()
        np.save(head, np.ones(3, np.float32))
        archive.writestr("arr_0.npy", head.getvalue())
    return stream.getvalue()
