"""Structure-aware damage to weights files: safetensors, zips, pickles and JSON."""

import io
import json
import pickletools
import warnings
import zipfile
from typing import Any

from tests.stress.mutate_bytes import NUMBERS, Rng, number, some_bytes


def safetensors(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """The header's JSON, its length and the numbers behind it."""
    length = int.from_bytes(data[:8], "little")
    head, body = data[8 : 8 + length], data[8 + length :]
    roll = rng.random()
    if roll < 0.7:
        head = text(head, rng)
    elif roll < 0.85:
        body = some_bytes(body, rng)
    else:
        return rng.choice((number(rng, 4) + data[4:], number(rng, 8, "<") + data[8:]))
    return len(head).to_bytes(8, "little") + head + body


def text(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """A JSON object with a value, a name or a level changed."""
    content: Any = json.loads(data)
    place: Any = content
    while isinstance(place, dict) and place:
        key = rng.choice(sorted(place))
        inner = place[key]
        if isinstance(inner, (dict, list)) and inner and rng.random() < 0.75:
            place = inner if isinstance(inner, dict) else {"": inner}
            continue
        if isinstance(inner, str) and inner.startswith("{") and rng.random() < 0.7:
            place[key] = text(inner.encode(), rng).decode()
            break
        roll = rng.random()
        if roll < 0.15:
            del place[key]
        elif roll < 0.25:
            place[rng.choice((key + "x", "", "__metadata__", "\0", key * 50))] = inner
        else:
            place[key] = _json_value(inner, rng)
        break
    return json.dumps(content).encode()


def _json_value(value: Any, rng: Rng) -> Any:
    odd: list[Any] = [None, True, -1, 0, 1, 1 << 31, 1 << 63, 1e308, 0.5, "", "x", [], {}, [0] * 9]
    if isinstance(value, list) and value and rng.random() < 0.7:
        out = list(value)
        out[rng.randrange(len(out))] = rng.choice([*NUMBERS, *odd])
        return rng.choice((out, out[:-1], out + out))
    if isinstance(value, int) and rng.random() < 0.7:
        return rng.choice((value + 1, value * 2, -value, *NUMBERS))
    deep: Any = 0
    for _ in range(rng.choice((1, 1, 200))):
        deep = [deep]
    return rng.choice([*odd, deep, [value], {"x": value}])


def archive(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """Members of a zip, a pickle among them opcode by opcode."""
    with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(data)) as source:
        warnings.simplefilter("ignore")
        members = [(m.filename, source.read(m)[: 1 << 20]) for m in source.infolist()]
    at = rng.randrange(len(members))
    named = [i for i, (name, _) in enumerate(members) if name.endswith("data.pkl")]
    roll = rng.random()
    if named and roll < 0.65:
        name, body = members[named[0]]
        members[named[0]] = (name, pickled(body, rng))
    elif roll < 0.72:
        del members[at]
    elif roll < 0.8:
        name = rng.choice(("a/data.pkl", "data.pkl", "a/code/x", members[at][0] + "x", "../x", "é"))
        members[at] = (name, members[at][1])
    else:
        members[at] = (members[at][0], some_bytes(members[at][1], rng))
    stream = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(stream, "w") as target:
        warnings.simplefilter("ignore")
        for name, body in members:
            packed = zipfile.ZIP_DEFLATED if rng.random() < 0.05 else zipfile.ZIP_STORED
            target.writestr(name, body, packed)
    return stream.getvalue()


def pickled(data: bytes, rng: Rng, others: tuple[bytes, ...] = ()) -> bytes:
    """Opcodes of a pickle left out, doubled, moved or with another argument."""
    starts = [at for _, _, at in pickletools.genops(data) if at is not None]
    end = starts[-1] + 1
    codes = [data[a:b] for a, b in zip(starts, [*starts[1:], end], strict=True)]
    at = rng.randrange(len(codes))
    roll = rng.random()
    if roll < 0.15:
        del codes[at]
    elif roll < 0.3:
        codes.insert(at, codes[rng.randrange(len(codes))])
    elif roll < 0.4:
        codes.insert(rng.randrange(len(codes)), codes.pop(at))
    elif roll < 0.5:
        codes.insert(at, rng.choice((b"N", b"]", b"}", b"(", b"0", b"2", b"R", b"b", b"s", b"u")))
    elif len(codes[at]) > 1:
        codes[at] = codes[at][:1] + some_bytes(codes[at][1:], rng)
    return b"".join(codes) + data[end:]
