"""Structure-aware damage: a file is taken apart by its format, changed, and put together again.

Lengths and checksums are put right, so that the change reaches what lies behind them; sometimes
they are left wrong. What has no known structure is changed byte by byte.
"""

import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.stress.mutate_bytes import NUMBERS, Rng, flat, number, some_bytes
from tests.stress.mutate_weights import archive, pickled, safetensors, text

Part = tuple[bytes, bytes]  # a kind and its data
PNG_KINDS = (
    b"IHDR PLTE IDAT IEND tRNS gAMA cHRM sRGB iCCP cICP mDCV cLLI sBIT bKGD pHYs tIME tEXt zTXt "
    b"iTXt eXIf acTL fcTL fdAT sPLT hIST oFFs"
).split()
TIFF_TAGS = (
    254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 282, 284, 296, 317, 320, 322, 323,
    324, 325, 330, 338, 339, 347, 513, 530, 700, 33723, 34377, 34665, 34675, 34853, 40965,
)  # fmt: skip
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8}


def mutate(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """A changed copy of a file.

    Args:
        data: the file.
        rng: decides everything.
        others: further files, whose parts may be mixed in.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if not data:
            return rng.randbytes(8)
        change = _change_for(data) if rng.random() < 0.85 else None
        if change is None:
            data = flat(data, rng)
            continue
        try:
            data = change(data, rng, others)
        except (struct.error, ValueError, IndexError, KeyError, OverflowError, EOFError):
            data = flat(data, rng)  # it is damaged so much that it has no structure left
        except (zipfile.BadZipFile, zlib.error, RecursionError, NotImplementedError):
            data = flat(data, rng)
    return data


Change = Callable[[bytes, Rng, tuple[bytes, ...]], bytes]


def _change_for(data: bytes) -> Change | None:
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return png
    if data.startswith(b"\xff\xd8"):
        return jpeg
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return tiff
    if data.startswith(b"RIFF"):
        return riff
    if data.startswith(b"GIF8"):
        return gif
    if data[4:8] == b"ftyp":
        return boxes
    if data.startswith(b"PK"):
        return archive
    if data.startswith(b"{"):
        return text
    if data[8:9] == b"{":
        return safetensors
    if data[:1] in (b"\x80", b"L"):
        return pickled
    return None


def rearranged(parts: list[Part], rng: Rng, kinds: tuple[bytes, ...], more: list[Part]) -> None:
    """Parts left out, doubled, moved, renamed, changed, or taken from another file; in place."""
    at = rng.randrange(len(parts)) if parts else 0
    roll = rng.random()
    if not parts or roll < 0.1:
        parts.insert(at, (rng.choice(kinds), rng.randbytes(rng.choice((0, 1, 4, 13, 26, 200)))))
    elif roll < 0.2 and more:
        parts.insert(at, rng.choice(more))
    elif roll < 0.27:
        del parts[at]
    elif roll < 0.35:
        parts.insert(at, parts[at])
    elif roll < 0.42:
        parts.insert(rng.randrange(len(parts)), parts.pop(at))
    elif roll < 0.5:
        parts[at] = (rng.choice(kinds), parts[at][1])
    else:
        parts[at] = (parts[at][0], some_bytes(parts[at][1], rng))


def png(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """Chunks; compressed ones are also opened, changed and compressed again."""
    chunks = _png_chunks(data)
    more = [c for other in others if other.startswith(b"\x89PNG") for c in _png_chunks(other)]
    at = rng.randrange(len(chunks))
    kind, body = chunks[at]
    if kind in (b"IDAT", b"zTXt", b"iCCP", b"fdAT") and rng.random() < 0.5:
        start = body.index(b"\0") + 2 if kind in (b"zTXt", b"iCCP") else 4 * (kind == b"fdAT")
        chunks[at] = (kind, body[:start] + zlib.compress(some_bytes(_inflated(body[start:]), rng)))
    else:
        rearranged(chunks, rng, tuple(PNG_KINDS), more)
    out = data[:8]
    for kind, body in chunks:
        checksum = zlib.crc32(kind + body) if rng.random() < 0.99 else rng.randrange(1 << 32)
        length = len(body) if rng.random() < 0.99 else rng.choice(NUMBERS) % (1 << 32)
        out += struct.pack(">I", length) + kind + body + struct.pack(">I", checksum)
    return out


def _inflated(data: bytes) -> bytes:
    return zlib.decompressobj().decompress(data, 1 << 20)


def _png_chunks(data: bytes) -> list[Part]:
    chunks, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return chunks


def jpeg(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """Segments before the first scan; EXIF inside APP1 as a TIFF."""
    parts, rest = _jpeg_parts(data)
    more = [p for other in others if other.startswith(b"\xff\xd8") for p in _jpeg_parts(other)[0]]
    exif = [i for i, (_, body) in enumerate(parts) if body.startswith(b"Exif\0\0")]
    if exif and rng.random() < 0.4:
        kind, body = parts[exif[0]]
        parts[exif[0]] = (kind, body[:6] + tiff(body[6:], rng))
    elif rng.random() < 0.8:
        kinds = tuple(bytes([marker]) for marker in (*range(0xC0, 0xE3), 0xED, 0xEE, 0xFE))
        rearranged(parts, rng, kinds, more)
    else:
        rest = some_bytes(rest, rng)
    out = b"\xff\xd8"
    for kind, body in parts:
        length = len(body) + 2 if rng.random() < 0.98 else rng.choice(NUMBERS)
        out += b"\xff" + kind + struct.pack(">H", min(length, 65535)) + body
    return out + rest


def _jpeg_parts(data: bytes) -> tuple[list[Part], bytes]:
    parts, at = [], 2
    while data[at] == 0xFF and data[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, at + 2)
        parts.append((data[at + 1 : at + 2], data[at + 4 : at + 2 + length]))
        at += 2 + length
    return parts, data[at:]


def tiff(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """An entry of a directory (tag, type, count, value), a count of entries, or a link."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    entry, count_of, offset_of = (20, "Q", "Q") if big else (12, "H", "I")
    out, directories = bytearray(data), []
    (at,) = struct.unpack_from(order + offset_of, data, 8 if big else 4)
    while at and at < len(data) and at not in directories and len(directories) < 64:
        directories.append(at)
        (count,) = struct.unpack_from(order + count_of, data, at)
        end = at + struct.calcsize(count_of) + count * entry
        (at,) = struct.unpack_from(order + offset_of, data, end)
    directory = rng.choice(directories)
    (count,) = struct.unpack_from(order + count_of, data, directory)
    first = directory + struct.calcsize(count_of)
    roll = rng.random()
    if roll < 0.1:  # where the next directory is: a circle, or somewhere
        link = rng.choice([*directories, 0, 8, len(data) - 4, rng.randrange(len(data))])
        struct.pack_into(order + offset_of, out, first + count * entry, link)
    elif roll < 0.15:
        struct.pack_into(order + count_of, out, directory, rng.choice(NUMBERS) % 65536)
    else:
        at = first + rng.randrange(max(count, 1)) * entry
        _tiff_entry(out, at, rng, order, big)
    return bytes(out) if rng.random() < 0.9 else some_bytes(bytes(out), rng)


def _tiff_entry(out: bytearray, at: int, rng: Rng, order: str, big: bool) -> None:
    width = 8 if big else 4
    roll = rng.random()
    if roll < 0.2:
        struct.pack_into(order + "H", out, at, rng.choice(TIFF_TAGS))
    elif roll < 0.35:
        struct.pack_into(order + "H", out, at + 2, rng.choice((*SIZES, 0, 13, 18, 255)))
    elif roll < 0.55:
        out[at + 4 : at + 4 + width] = number(rng, width, order)
    else:
        kind, value = struct.unpack_from(order + "H", out, at + 2)[0], at + 4 + width
        wide = min(SIZES.get(kind, 4), width) if rng.random() < 0.7 else width
        out[value : value + wide] = number(rng, wide, order)


def riff(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """Chunks of a WebP, their lengths and the file's put right."""
    chunks, at = [], 12
    while at + 8 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 4)
        chunks.append((data[at : at + 4], data[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    kinds = (b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"ICCP", b"EXIF", b"XMP ")
    rearranged(chunks, rng, kinds, [])
    body = b""
    for kind, content in chunks:
        length = len(content) if rng.random() < 0.98 else rng.choice(NUMBERS)
        body += kind + struct.pack("<I", length) + content + b"\0" * (len(content) % 2)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + data[8:12] + body


def gif(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """Blocks: extensions and frames."""
    colours = 3 * (2 << (data[10] & 7)) if data[10] & 128 else 0
    head, at = data[: 13 + colours], 13 + colours
    blocks: list[Part] = []
    while at < len(data) and data[at] in (0x21, 0x2C):
        start = at
        if data[at] == 0x21:
            at += 2
        else:
            flags = data[at + 9]
            at += 11 + (3 * (2 << (flags & 7)) if flags & 128 else 0)
        while data[at]:
            at += 1 + data[at]
        at += 1
        blocks.append((data[start : start + 1], data[start + 1 : at]))
    if rng.random() < 0.3:
        head = head[:6] + some_bytes(head[6:13], rng)[:7].ljust(7, b"\0") + head[13:]
    else:
        rearranged(blocks, rng, (b"\x21", b"\x2c"), [])
    return head + b"".join(kind + body for kind, body in blocks) + data[at:]


PROPERTIES = (
    *(b"ftyp", b"mdat", b"iloc", b"iinf", b"infe", b"ispe", b"pixi", b"colr"),
    *(b"av1C", b"hvcC", b"irot", b"imir", b"iref", b"auxC", b"pitm", b"ipma"),
)
CONTAINERS = (b"meta", b"iprp", b"ipco", b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf")


def boxes(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """Boxes of AVIF and HEIC, at any depth."""
    parts: list[Part] = []
    at = 0
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        length = length if length >= 8 else len(data) - at
        parts.append((data[at + 4 : at + 8], data[at + 8 : at + length]))
        at += length
    inner = [i for i, (kind, _) in enumerate(parts) if kind in CONTAINERS]
    if inner and rng.random() < 0.75:
        i = rng.choice(inner)
        kind, body = parts[i]
        skipped = 4 if kind == b"meta" else 0
        parts[i] = (kind, body[:skipped] + boxes(body[skipped:], rng))
    else:
        rearranged(parts, rng, (*CONTAINERS, *PROPERTIES), [])
    out = b""
    for kind, body in parts:
        length = len(body) + 8 if rng.random() < 0.98 else rng.choice(NUMBERS)
        out += struct.pack(">I", length) + kind + body
    return out
