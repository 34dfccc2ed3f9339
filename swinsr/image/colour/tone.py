"""The tone curve of a picture's numbers, and the way to sRGB's curve and back.

Networks are trained on numbers along sRGB's curve, which are about as far apart as they look. A
picture whose curve is far from it, in linear light above all, is given to them along sRGB's curve,
and what they return is brought back, so that the profile in the output stays right. The curve alone
is changed, channel by channel: numbers stay within 0..1, which is all that a network knows, and the
primaries make no difference to it. (Brought to sRGB's primaries, a saturated colour of a wide gamut
is below 0, and on the way back the curve's slope makes much of a network's least error.)

Source: ICC.1:2022, sections 10.6 (curves) and 10.18 (parametric curves); IEC 61966-2-1 for sRGB's
curve.
"""

import functools
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swinsr.image.colour.chunks import USUAL_GAMMA
from swinsr.image.colour.icc import colour_space
from swinsr.image.picture import Array, Metadata

Table = npt.NDArray[np.float64]
_PLAIN = (1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # their numbers where a kind has none
_STEPS = 1 << 16  # of a curve's table; between them a straight line
_PARAMETERS = (1, 3, 4, 5, 7)  # of the five kinds of parametric curves
# A curve no further from sRGB's is as good to a network: gammas of 1.8 to 2.6 are, 1 is not.
_NEAR = 0.1


@dataclass(frozen=True, eq=False)
class ToneCurve:
    """A curve far from sRGB's.

    Attributes:
        curves: for each channel, (_STEPS + 1,) linear light at equal steps of the stored number.
    """

    curves: tuple[Table, ...]

    def to_srgb(self, pixels: Array) -> npt.NDArray[np.float32]:
        """(H, W, 1 or 3) float32 along sRGB's curve; beyond 0..1 where the numbers were."""
        channels = [_curve(pixels[..., i], curve) for i, curve in enumerate(self.curves)]
        return _encode(np.stack(channels, axis=2))

    def from_srgb(self, pixels: Array) -> npt.NDArray[np.float32]:
        """The way back; not clipped."""
        linear = _decode(pixels)
        channels = [_inverse(linear[..., i], curve) for i, curve in enumerate(self.curves)]
        return np.stack(channels, axis=2)


def tone_of(metadata: Metadata, channels: int) -> ToneCurve | None:
    """The curve of a picture's numbers; None where it is near sRGB's, or not known.

    A profile comes first, then PNG's gamma. Profiles made of tables, which printers and some
    scanners have, cannot be gone through backwards: their numbers are taken as they are.

    Args:
        metadata: of the picture.
        channels: 1 or 3.
    """
    if metadata.icc is not None:
        return _of_profile(metadata.icc, channels)
    colour = dict(metadata.png_colour)
    if b"gAMA" in colour and not (b"sRGB" in colour or b"cICP" in colour):
        gamma = int.from_bytes(colour[b"gAMA"], "big")
        if gamma not in USUAL_GAMMA and 10_000 <= gamma <= 1_000_000:
            steps = np.linspace(0, 1, _STEPS + 1)
            curve: Table = steps ** (100_000 / gamma)
            return _if_far((curve,) * channels)
    return None


@functools.lru_cache(maxsize=16)
def _of_profile(profile: bytes, channels: int) -> ToneCurve | None:
    wanted = "GRAY" if channels == 1 else "RGB"
    if colour_space(profile) != wanted:
        return None
    tags = _tags(profile)
    if any(name.startswith((b"A2B", b"D2B")) for name in tags):
        return None
    names = (b"kTRC",) if channels == 1 else (b"rTRC", b"gTRC", b"bTRC")
    curves = [_read_curve(tags.get(name, b"")) for name in names]
    found = tuple(curve for curve in curves if curve is not None)
    if len(found) != channels:
        return None
    return _if_far(found)


def _if_far(curves: tuple[Table, ...]) -> ToneCurve | None:
    """The curve, unless it is near sRGB's or has no way back."""
    if any((np.diff(curve) < 0).any() or curve[-1] <= curve[0] for curve in curves):
        return None
    stored = np.linspace(0, 1, _STEPS + 1)
    far = max(float(np.abs(_encode(curve) - stored).max()) for curve in curves)
    return ToneCurve(curves) if far > _NEAR else None


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """The profile's fields by name; those that lie outside it are left out."""
    if len(profile) < 132:
        return {}
    (count,) = struct.unpack_from(">I", profile, 128)
    found: dict[bytes, bytes] = {}
    for number in range(min(count, 100)):
        at = 132 + 12 * number
        if at + 12 > len(profile):
            break
        name, offset, size = struct.unpack_from(">4sII", profile, at)
        if offset + size <= len(profile):
            found[name] = profile[offset : offset + size]
    return found


def _read_curve(data: bytes) -> Table | None:
    """A curve as a table, or None for one that is damaged."""
    steps = np.linspace(0, 1, _STEPS + 1)
    if data[:4] == b"curv" and len(data) >= 12:
        (count,) = struct.unpack_from(">I", data, 8)
        if len(data) < 12 + 2 * count:
            return None
        values = np.frombuffer(data, ">u2", count, 12).astype(np.float64)
        if count == 0:
            return steps
        if count == 1:
            power: Table = steps ** (values[0] / 256)
            return power
        # Rounded to nothing near black, the curve would have no way back there.
        first = int(np.argmax(values > 0))
        values[: first + 1] = np.linspace(values[0], values[first], first + 1)
        return np.interp(steps, np.linspace(0, 1, count), values / 65535)
    if data[:4] == b"para" and len(data) >= 12:
        (kind,) = struct.unpack_from(">H", data, 8)
        if kind >= len(_PARAMETERS) or len(data) < 12 + 4 * _PARAMETERS[kind]:
            return None
        numbers = struct.unpack_from(f">{_PARAMETERS[kind]}i", data, 12)
        return _parametric(kind, [number / 65536 for number in numbers], steps)
    return None


def _parametric(kind: int, numbers: list[float], x: Table) -> Table | None:
    """Y = (aX + b)^g + e above d and cX + f below; the shorter kinds leave some of them out."""
    g, a, b, c, d, e, f = [*numbers, *_PLAIN[len(numbers) :]]
    if kind in (1, 2):
        # Their third number is added on both sides, and the limit is where aX + b is 0.
        e = f = c if kind == 2 else 0.0
        c, d = 0.0, -b / a if a else 0.0
    if not 0.05 < g < 20:
        return None
    upper = np.maximum(a * x + b, 0) ** g + e
    return np.clip(np.where(x >= d, upper, c * x + f), 0, 1)


def _curve(plane: Array, curve: Table) -> npt.NDArray[np.float32]:
    """Linear light; beyond both ends as a mirror image and a straight line."""
    return _odd(plane, np.linspace(0, 1, len(curve)), curve)


def _inverse(plane: Array, curve: Table) -> npt.NDArray[np.float32]:
    steps = np.linspace(0, 1, len(curve))
    # A curve that rests at its ends has no way back there; the inner end of the rest is taken.
    kept = np.concatenate([[True], np.diff(curve) > 0])
    return _odd(plane, curve[kept], steps[kept])


def _odd(plane: Array, x: Table, y: Table) -> npt.NDArray[np.float32]:
    size = np.abs(plane)
    inner = np.interp(size, x, y)
    slope = (y[-1] - y[-2]) / (x[-1] - x[-2])
    beyond = y[-1] + (size - x[-1]) * slope
    out = np.where(size > x[-1], beyond, inner)
    return np.copysign(out, plane).astype(np.float32)


def _encode(linear: Array) -> npt.NDArray[np.float32]:
    size = np.abs(linear)
    upper = 1.055 * np.maximum(size, 0.0031308) ** (1 / 2.4) - 0.055
    out = np.where(size <= 0.0031308, 12.92 * size, upper)
    return np.copysign(out, linear).astype(np.float32)


def _decode(stored: Array) -> npt.NDArray[np.float32]:
    size = np.abs(stored)
    out = np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)
    return np.copysign(out, stored).astype(np.float32)
