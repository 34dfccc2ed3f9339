"""What a file is, by its content: suffixes of weights files are often wrong.

Nothing here runs what a pickle asks for; `requested_globals` only lists it.
"""

import json
import pickletools
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from swinsr.checkpoints.content.bounds import TABLE_BYTES, check_unpacked
from swinsr.checkpoints.content.foreign import foreign, foreign_archive
from swinsr.errors import CheckpointReadError

HEAD_BYTES = 4096
TORCH_MAGIC = 0x1950A86A20F9469CFC6C  # the first of four pickles in torch's older format
READ_PROTOCOLS = (2, 3)  # of pickle, by torch's safe reader; torch.save's own is 2
SCRIPT_MARKERS = ("constants.pkl", "code/")
STRINGS = ("SHORT_BINUNICODE", "BINUNICODE", "UNICODE", "BINSTRING", "SHORT_BINSTRING", "STRING")
# What zipfile raises on damaged bytes; RuntimeError where a flag says "encrypted".
ZIP_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    ValueError,
)
# What a pickle written by torch.save for tensors and plain containers may name.
TENSOR_GLOBALS = re.compile(
    r"collections\.(OrderedDict|defaultdict|Counter)|torch\._utils\.\w+|torch\._tensor\.\w+"
    r"|torch\.(storage\.)?\w*Storage|torch\.(Size|Tensor|device|nn\.parameter\.Parameter)"
    r"|torch\.(float|bfloat|int|uint|complex)\d+|torch\.bool"
)


def kind_of(path: Path) -> str:
    """Tell what a weights file is: "safetensors", "zip", "pickle" or "index" (of shards).

    Raises:
        CheckpointReadError: missing, a folder, unreadable, empty, or none of these; the message
            says what it is instead where that can be told.
    """
    try:
        if path.is_dir():
            raise CheckpointReadError(f"{path} is a folder; a weights file is expected")
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise CheckpointReadError(f"{path} is a pipe or a device; a weights file is expected")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise CheckpointReadError(f"{path} does not exist; check the path") from None
    except OSError as error:  # its name may be too long as well
        raise CheckpointReadError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise CheckpointReadError(f"{str(path)!r} is no name of a file ({error})") from None
    if not head:
        raise CheckpointReadError(f"{path} is empty (0 bytes); download or copy it again")
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 32:
        return "safetensors"
    if head.startswith(b"\x80"):
        return "pickle"
    if head.startswith(f"L{TORCH_MAGIC}L\n".encode()):  # protocols 0 and 1
        return "pickle"
    if head[:1] in (b"c", b"(", b"}", b"]") and any(requested_globals(head)):  # protocols 0 and 1
        return "pickle"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"{") and _is_index(path):
        return "index"
    raise CheckpointReadError(f"{path} {foreign(path, head)}")


def _is_index(path: Path) -> bool:
    """Whether a file is the JSON index of a checkpoint in shards."""
    try:
        with path.open("rb") as file:
            index = json.loads(file.read(TABLE_BYTES))
    except (ValueError, RecursionError):
        return False
    return isinstance(index, dict) and isinstance(index.get("weight_map"), dict)


def check_archive(path: Path) -> tuple[bool, int]:
    """Look at the table of contents of a zip file that should be a PyTorch checkpoint.

    Returns:
        Whether every member is stored uncompressed, so that the file can be mapped into memory;
        and the bytes of all members.

    Raises:
        CheckpointReadError: truncated or damaged, a TorchScript program, no checkpoint, or one
            that is far larger inside than outside.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except ZIP_DAMAGE as error:
        raise CheckpointReadError(
            f"{path} is a truncated or damaged PyTorch checkpoint; download or copy it again"
        ) from error
    names = [member.filename for member in members]
    inner = [name.partition("/")[2] for name in names]
    if any(name.startswith(SCRIPT_MARKERS) for name in inner):
        raise CheckpointReadError(
            f"{path} is a TorchScript program, not a checkpoint; save the network's state_dict "
            "with torch.save instead"
        )
    other = foreign_archive(names) if "data.pkl" not in inner else None
    if other is not None:
        raise CheckpointReadError(
            f"{path} holds {other}; a PyTorch or safetensors file is expected, such as the one "
            "that it was made from"
        )
    if "data.pkl" not in inner and "data.pkl" not in names:
        raise CheckpointReadError(
            f"{path} is a zip file but no PyTorch checkpoint: it holds no data.pkl; unpack it and "
            "give the weights file inside"
        )
    unpacked = sum(member.file_size for member in members)
    table = sum(m.file_size for m in members if m.filename.rpartition("/")[2] == "data.pkl")
    try:
        check_unpacked(path.stat().st_size, unpacked, table)
    except CheckpointReadError as error:
        raise CheckpointReadError(f"{path} {error}") from None
    return all(member.compress_type == zipfile.ZIP_STORED for member in members), unpacked


def requested_globals(pickle: bytes) -> Iterator[str]:
    """Every function or class that a pickle names, as "module.name"; nothing is imported or run.

    Reads through the several pickles of torch's older format and stops at the first damage.
    """
    stack: list[str] = []  # the strings pushed so far: the last two name a STACK_GLOBAL
    memo: dict[int, str] = {}
    position, end = 0, len(pickle)
    while position < end:
        try:
            for opcode, argument, at in pickletools.genops(pickle[position:]):
                if opcode.name in STRINGS:
                    stack.append(str(argument))
                elif opcode.name == "MEMOIZE":
                    memo[len(memo)] = stack[-1] if stack else ""
                elif opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
                    memo[int(argument or 0)] = stack[-1] if stack else ""
                elif opcode.name in ("GET", "BINGET", "LONG_BINGET"):
                    stack.append(memo.get(int(argument or 0), ""))
                elif opcode.name in ("GLOBAL", "INST"):
                    yield str(argument).replace(" ", ".")
                elif opcode.name == "STACK_GLOBAL":
                    yield ".".join(stack[-2:])
                if opcode.name == "STOP":
                    position += (at or 0) + 1
        except (ValueError, UnicodeError, IndexError, OverflowError):
            return


def unsafe_globals(path: Path, kind: str) -> list[str]:
    """Names in a checkpoint's pickle beyond those of tensors and plain containers."""
    found = dict.fromkeys(requested_globals(_pickle_of(path, kind)))
    return [name for name in found if not TENSOR_GLOBALS.fullmatch(name)]


def unread_protocol(path: Path, kind: str) -> int | None:
    """The protocol of a whole checkpoint's pickle where it is none of `READ_PROTOCOLS`."""
    pickle = _pickle_of(path, kind)
    protocol, position, left = 0, 0, 1
    try:
        while left:
            last = 0
            for opcode, argument, at in pickletools.genops(pickle[position:]):
                if position == 0 and argument == TORCH_MAGIC:
                    left = 4
                known = int(argument or 0) if opcode.name == "PROTO" else opcode.proto
                protocol, last = max(protocol, known), at or 0
            position, left = position + last + 1, left - 1
    except (ValueError, UnicodeError, IndexError, OverflowError):
        return None  # it is cut off or damaged
    return None if protocol in READ_PROTOCOLS else protocol


def _pickle_of(path: Path, kind: str) -> bytes:
    """The pickle that names a checkpoint's tensors; empty where it cannot be had."""
    try:
        if kind == "zip":
            with zipfile.ZipFile(path) as archive:
                names = [n for n in archive.namelist() if n.rpartition("/")[2] == "data.pkl"]
                with archive.open(names[0]) as member:
                    return member.read(TABLE_BYTES)
        with path.open("rb") as file:
            return file.read(TABLE_BYTES)
    except ZIP_DAMAGE:
        return b""
