"""The quality that a JPEG was saved with, from its quantisation table alone."""

import numpy as np

# ITU-T T.81, table K.1: luminance, which libjpeg scales by its quality.
_LUMINANCE = np.array(
    [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
     14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113,
     92, 49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99]
)  # fmt: skip
_DQT, _SOS, _EOI = 0xDB, 0xDA, 0xD9
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
BEGINNING = 1 << 20  # bytes of segments that are worth looking through


def jpeg_quality(data: bytes) -> int | None:
    """About which libjpeg quality, 1 to 100, a JPEG was saved with.

    Other encoders have tables of their own: the quality is the one whose luminance table is as
    coarse on average.

    Args:
        data: the file, or as much of its beginning as `BEGINNING`.

    Returns:
        None for what is no JPEG or has no table there.
    """
    table = _first_table(data)
    return None if table is None else _quality(table)


def _first_table(data: bytes) -> "np.ndarray[tuple[int], np.dtype[np.int64]] | None":
    """The table of number 0, which is luminance's in practice."""
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in (_SOS, _EOI):
            return None
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _DQT:
            segment = data[at + 4 : at + 2 + length]
            while segment:
                wide, number = segment[0] >> 4, segment[0] & 15
                size = 128 if wide else 64
                values = segment[1 : 1 + size]
                if len(values) < size:
                    return None
                if number == 0:
                    return np.frombuffer(values, ">u2" if wide else "u1").astype(np.int64)
                segment = segment[1 + size :]
        at += 2 + max(length, 2)
    return None


def _quality(table: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> int:
    """The quality for which libjpeg's scaled table has the nearest sum."""
    qualities = np.arange(1, 101)
    scales = np.where(qualities < 50, 5000 // qualities, 200 - 2 * qualities)
    sums = [int(np.clip((_LUMINANCE * scale + 50) // 100, 1, 255).sum()) for scale in scales]
    return int(qualities[np.abs(np.array(sums) - int(table.sum())).argmin()])
