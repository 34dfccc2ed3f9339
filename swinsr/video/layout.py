"""Pixel formats: what a source's holds, and which one a codec takes for it."""

from dataclasses import dataclass

import av
from av.codec import Codec

from swinsr.video.settings import Codec as CodecName

ENCODERS: dict[CodecName, str] = {
    "h264": "libx264",
    "hevc": "libx265",
    "av1": "libsvtav1",
    "prores": "prores_ks",
    "ffv1": "ffv1",
}
GRAY, FULL_COLOUR, USUAL = "gray", "444", "420"
_SUBSAMPLINGS = {(2, 2): "420", (2, 1): "422", (1, 1): "444", (1, 2): "440", (4, 1): "411"}
# What is taken where a codec has not got a source's subsampling: the next finer one first.
_INSTEAD = {
    "420": ("420", "422", "444"),
    "422": ("422", "444", "420"),
    "440": ("440", "444", "422", "420"),
    "411": ("411", "422", "444", "420"),
    "444": ("444", "422", "420"),
    GRAY: (GRAY, "420", "422", "444"),
}


@dataclass(frozen=True)
class SampleLayout:
    """What the samples of a frame are.

    Attributes:
        chroma: "420", "422", "444", "440", "411" or "gray".
        bits: per sample.
        rgb: red, green and blue instead of Y'CbCr.
        alpha: whether there is transparency.
    """

    chroma: str
    bits: int
    rgb: bool = False
    alpha: bool = False

    @classmethod
    def of(cls, name: str) -> "SampleLayout":
        """Of one of FFmpeg's pixel formats."""
        form = av.VideoFormat(name, 16, 16)
        bits = max((part.bits for part in form.components), default=8)
        alpha = any(part.is_alpha for part in form.components)
        colours = len(form.components) - alpha
        if form.is_rgb or form.has_palette:
            return cls(FULL_COLOUR, max(bits, 8), True, alpha)
        if colours == 1:
            return cls(GRAY, max(bits, 8), False, alpha)
        steps = (16 // form.chroma_width(16), 16 // form.chroma_height(16))
        return cls(_SUBSAMPLINGS.get(steps, USUAL), max(bits, 8), False, alpha)

    @property
    def steps(self) -> tuple[int, int]:
        """Rows and columns of luma that share one sample of chroma."""
        found = {name: steps for steps, name in _SUBSAMPLINGS.items()}.get(self.chroma, (1, 1))
        return found[1], found[0]

    @property
    def planes(self) -> str:
        """FFmpeg's planar format of all samples, chroma as large as luma, without alpha.

        Depths of 9 to 16 bits that have none are brought to the next one up.
        """
        stem = "gbrp" if self.rgb else GRAY if self.chroma == GRAY else "yuv444p"
        return stem if self.depth == 8 else f"{stem}{self.depth}le"

    @property
    def depth(self) -> int:
        """Bits of `planes`."""
        return next(depth for depth in (8, 10, 12, 14, 16) if depth >= self.bits)


def stored_format(codec: CodecName, layout: SampleLayout, bits: int | None) -> str:
    """The pixel format that a codec writes for a source's layout, as near to it as there is.

    RGB, which only FFV1 writes here, becomes the format that everything plays; of ProRes 4:4:4.

    Args:
        codec: of the output.
        layout: of the source.
        bits: asked for; None for the source's.
    """
    encoder = Codec(ENCODERS[codec], "w")
    names = [form.name for form in encoder.video_formats or ()]
    known = {
        name: SampleLayout.of(name) for name in names if name.endswith("le") or name[-1] != "e"
    }
    wanted = bits or layout.bits
    if layout.rgb and codec == "ffv1":
        return "bgr0" if wanted == 8 else f"gbrp{SampleLayout('444', wanted, True).depth}le"
    chroma = USUAL if layout.rgb and codec != "prores" else layout.chroma
    for kind in _INSTEAD[chroma]:
        stem = GRAY if kind == GRAY else f"yuv{kind}p"
        depths = sorted(
            (found.bits, name)
            for name, found in known.items()
            if name in (stem, f"{stem}{found.bits}le") and found.bits in (8, 10, 12, 14, 16)
        )
        if depths:
            enough = [name for depth, name in depths if depth >= wanted]
            return enough[0] if enough else depths[-1][1]
    raise ValueError(f"{codec} takes none of {names}")
