"""How much a file may claim: what it costs to read follows from its size, not from its numbers."""

from collections.abc import Mapping

from torch import Tensor

from swinsr.errors import CheckpointReadError

TABLE_BYTES = 64 << 20  # a shard index, a config.json or a pickle of names; real ones take a few MB
EXPANSION = 20  # weights hardly compress; zeros alone do
SLACK = 16 << 20  # bytes; small files may be anything
SHARED = 4  # how often weights may stand for the same bytes; tied layers do twice


def check_unpacked(packed: int, unpacked: int, table: int) -> None:
    """Refuse an archive that is far larger inside than outside.

    Args:
        packed: bytes of the file.
        unpacked: bytes of all its members.
        table: bytes of its pickle.

    Raises:
        CheckpointReadError: the message is the end of a sentence that begins with its name.
    """
    if unpacked > EXPANSION * packed + SLACK:
        raise CheckpointReadError(
            f"unpacks to {unpacked:,} bytes from {packed:,}, which no weights do; save it again "
            "with torch.save, which does not compress"
        )
    if table > TABLE_BYTES:
        raise CheckpointReadError(
            f"has a pickle of {table:,} bytes beside its tensors; save the network's state_dict "
            "alone"
        )


def check_claims(tensors: Mapping[str, Tensor], held: int) -> None:
    """Refuse tensors that stand for the same few bytes again and again.

    Args:
        tensors: by name.
        held: bytes of the file, unpacked.

    Raises:
        CheckpointReadError: the message is the end of a sentence that begins with the file's name.
    """
    claimed = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    if claimed > SHARED * held + SLACK:
        raise CheckpointReadError(
            f"claims {claimed:,} bytes of numbers in {len(tensors):,} tensors, but holds {held:,}; "
            "it is damaged or made to exhaust the memory"
        )
