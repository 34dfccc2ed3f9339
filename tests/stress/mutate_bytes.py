"""Changes of bytes and numbers, whatever they mean."""

import random

from tests.stress.damaged_files import DAMAGES

Rng = random.Random
NUMBERS = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 32767, 65535, 1 << 31, (1 << 32) - 1)


def flat(data: bytes, rng: Rng) -> bytes:
    """Changed bytes, whatever they mean."""
    if len(data) < 200:
        data = data + bytes(200 - len(data)) if rng.random() < 0.1 else data
        at = rng.randrange(len(data) + 1)
        return data[:at] + rng.randbytes(rng.randrange(1, 5)) + data[at + rng.randrange(5) :]
    return rng.choice(DAMAGES)(data, rng)


def number(rng: Rng, width: int, order: str = "big") -> bytes:
    """An extreme or a random number."""
    value = rng.choice(NUMBERS) if rng.random() < 0.7 else rng.randrange(1 << 8 * width)
    return (value % (1 << 8 * width)).to_bytes(width, "big" if order in (">", "big") else "little")


def some_bytes(data: bytes, rng: Rng) -> bytes:
    """A part's data, changed a little."""
    if not data:
        return rng.randbytes(rng.choice((1, 4, 40)))
    roll = rng.random()
    if roll < 0.35:
        width = rng.choice((1, 2, 4))
        at = rng.randrange(len(data))
        return data[:at] + number(rng, width, rng.choice("<>")) + data[at + width :]
    if roll < 0.5:
        return data[: rng.randrange(len(data))]
    if roll < 0.6:
        return data + rng.choice((data, rng.randbytes(16), b"\0" * 64))
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 3, 12))):
        out[rng.randrange(len(out))] = rng.choice((0, 255, rng.randrange(256)))
    return bytes(out)
