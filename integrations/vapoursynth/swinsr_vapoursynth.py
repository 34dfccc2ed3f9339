"""SwinSR in VapourSynth: `clip = swinsr_vapoursynth.upscale(clip, scale=2)`.

Put this file where the script finds it; docs/nodes.md tells how.
"""

from typing import Any

import numpy as np
import vapoursynth as vs

from swinsr import Upscaler
from swinsr.image import Image, to_depth
from swinsr.inference.passes import target_size

# How a format holds its samples.
_KINDS = {vs.RGB24: np.uint8, vs.RGB48: np.uint16, vs.RGBS: np.float32}
_GRAYS = {vs.GRAY8: np.uint8, vs.GRAY16: np.uint16, vs.GRAYS: np.float32}


def upscale(
    clip: "vs.VideoNode", scale: float | None = None, model: str | None = None, **options: Any
) -> "vs.VideoNode":
    """Upscale or restore every frame of a clip.

    Args:
        clip: RGB24, RGB48, RGBS, GRAY8, GRAY16 or GRAYS, of one size. Bring Y'CbCr to RGB with
            `core.resize.Bicubic(format=vs.RGB48, matrix_in_s="709")` first.
        scale: factor of enlargement; None for the model's own.
        model: a bundled model's name or a file; None for the one that suits the scale.
        options: of `swinsr.Upscaler.from_pretrained`: device, precision, tile, ...

    Returns:
        A clip of the same format, larger; frame properties are kept.

    Raises:
        vs.Error: another format, or sizes that vary.
        SwinsrError: the model cannot be had, or cannot make the scale.
    """
    kinds = {**_KINDS, **_GRAYS}
    if clip.format is None or clip.format.id not in kinds or not clip.width:
        raise vs.Error(
            "swinsr: the clip has to be RGB24, RGB48, RGBS or gray, of one size; convert it with "
            "core.resize.Bicubic(format=vs.RGB48)"
        )
    upscaler = Upscaler.from_pretrained(model, scale=scale, **options)
    factor = upscaler.scale if scale is None else scale
    upscaler.check_scale(factor)
    height, width = target_size(clip.height, clip.width, factor)
    dtype = kinds[clip.format.id]
    blank = clip.std.BlankClip(width=width, height=height, keep=True)

    def done(n: int, f: list["vs.VideoFrame"]) -> "vs.VideoFrame":
        given, canvas = f
        planes = [np.asarray(given[plane]) for plane in range(given.format.num_planes)]
        image = Image(np.ascontiguousarray(np.stack(planes, axis=2)))
        result = to_depth(upscaler.upscale(image, factor).pixels, dtype)
        out = canvas.copy()
        for plane in range(out.format.num_planes):
            np.copyto(np.asarray(out[plane]), result[..., plane])
        out.props.update(given.props)
        return out

    return blank.std.ModifyFrame(clips=[clip, blank], selector=done)
