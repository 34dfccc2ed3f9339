"""What the stored numbers of a picture mean as colours, and the way to sRGB's numbers and back.

Networks are trained on sRGB. A picture in Adobe RGB, ProPhoto, a linear space, or a gray scale with
another curve is given to them in sRGB's numbers, and what they return is brought back, so that the
profile in the output stays right. Colours beyond sRGB's gamut are numbers below 0 or above 1
meanwhile: nothing is clipped.

Source: ICC.1:2022, sections 8.3 (matrix profiles), 10.6 (curves) and 10.18 (parametric curves);
IEC 61966-2-1 for sRGB's curve.
"""

import functools
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from swinsr.image.colour.chunks import USUAL_GAMMA
from swinsr.image.colour.icc import colour_space, srgb_profile
from swinsr.image.picture import Array, Metadata

Table = npt.NDArray[np.float64]
_PLAIN = (1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0)  # their numbers where a kind has none
_STEPS = 1 << 16  # of a curve's table; between them a straight line
_PARAMETERS = (1, 3, 4, 5, 7)  # of the five kinds of parametric curves
# Below this nothing is converted: half a level of 8 bits.
_SAME = 0.5 / 255
_PROBES = np.linspace(0, 1, 9)


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """A space that differs from sRGB.

    Attributes:
        curves: for each channel, (_STEPS + 1,) linear light at equal steps of the stored number.
        to_linear_srgb: (3, 3), from linear light to that of sRGB; None for gray.
    """

    curves: tuple[Table, ...]
    to_linear_srgb: Table | None

    def to_srgb(self, pixels: Array) -> npt.NDArray[np.float32]:
        """(H, W, 1 or 3) float32 in the space's numbers as sRGB's; beyond 0..1 where it must be."""
        linear = np.stack(
            [_curve(pixels[..., i], curve) for i, curve in enumerate(self.curves)], axis=2
        )
        if self.to_linear_srgb is not None:
            linear = linear @ self.to_linear_srgb.T.astype(np.float32)
        return _encode(linear)

    def from_srgb(self, pixels: Array) -> npt.NDArray[np.float32]:
        """The way back; not clipped."""
        linear = _decode(pixels)
        if self.to_linear_srgb is not None:
            linear = linear @ np.linalg.inv(self.to_linear_srgb).T.astype(np.float32)
        channels = [_inverse(linear[..., i], curve) for i, curve in enumerate(self.curves)]
        return np.stack(channels, axis=2)


def space_of(metadata: Metadata, channels: int) -> ColourSpace | None:
    """The space of a picture's numbers; None where they are sRGB's, or nearly, or not known.

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
            return _if_different((curve,) * channels, None)
    return None


@functools.lru_cache(maxsize=16)
def _of_profile(profile: bytes, channels: int) -> ColourSpace | None:
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
    if channels == 1:
        return _if_different(found, None)
    matrix, srgb = _matrix(tags), _matrix(_tags(srgb_profile()))
    if matrix is None or srgb is None:
        return None
    return _if_different(found, np.linalg.inv(srgb) @ matrix)


def _if_different(curves: tuple[Table, ...], matrix: Table | None) -> ColourSpace | None:
    """The space, unless it is sRGB to within half a level, or has no way back."""
    if any((np.diff(curve) < 0).any() or curve[-1] <= curve[0] for curve in curves):
        return None
    if matrix is not None and abs(np.linalg.det(matrix)) < 1e-6:
        return None
    space = ColourSpace(curves, matrix)
    axes = np.meshgrid(*[_PROBES] * len(curves), indexing="ij")
    probes = np.stack([axis.ravel() for axis in axes], axis=1)[None].astype(np.float32)
    return None if np.abs(space.to_srgb(probes) - probes).max() <= _SAME else space


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


def _matrix(tags: dict[bytes, bytes]) -> Table | None:
    """Columns are the primaries, for the white of the profile connection space."""
    columns = []
    for name in (b"rXYZ", b"gXYZ", b"bXYZ"):
        data = tags.get(name, b"")
        if len(data) < 20 or data[:4] != b"XYZ ":
            return None
        columns.append([value / 65536 for value in struct.unpack_from(">iii", data, 8)])
    return np.array(columns).T


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
