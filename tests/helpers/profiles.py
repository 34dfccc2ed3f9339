"""Colour profiles made by hand: matrix profiles of known primaries and curves."""

import struct

SRGB = [(0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)]
ADOBE = [(0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)]
PROPHOTO = [(0.79767, 0.28804, 0.0), (0.13519, 0.71188, 0.0), (0.03134, 0.00008, 0.82491)]
DISPLAY_P3 = [
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
]


def xyz(values):
    """An XYZ tag."""
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(v * 65536) for v in values))


def gamma(power):
    """A curve tag of one power."""
    return b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(power * 256))


def srgb_curve():
    """sRGB's curve as a parametric tag."""
    numbers = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0" + struct.pack(">Hxx5i", 3, *(round(v * 65536) for v in numbers))


def matrix_profile(primaries, curve):
    """A display profile of three primaries (D50 XYZ) and one curve."""
    tags = [(b"wtpt", xyz((0.9642, 1, 0.8249)))]
    tags += [(bytes([n]) + b"XYZ", xyz(p)) for n, p in zip(b"rgb", primaries, strict=True)]
    return profile(b"mntr", b"RGB ", b"XYZ ", tags + [(bytes([n]) + b"TRC", curve) for n in b"rgb"])


def profile(kind: bytes, space: bytes, pcs: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """An ICC profile, version 2.4, of the tags."""
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        data += b"\0" * (-len(data) % 4)
        table += name + struct.pack(">II", offset + len(body), len(data))
        body += data
    size = offset + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"test", 0x02400000, kind, space, pcs)
    head += struct.pack(">6H", 2020, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    head += struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + body
