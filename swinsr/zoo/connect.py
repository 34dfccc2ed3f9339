"""A connection that is there within seconds, or an error: the network may be away altogether."""

import socket
import threading
import time
from typing import Any

# For the name and the connection together; what is sent afterwards has a limit of its own.
SECONDS = 4.0


def connect(
    address: tuple[str, int], timeout: float = SECONDS, source_address: Any = None
) -> socket.socket:
    """As `socket.create_connection`, with one limit for the name and all its addresses.

    Raises:
        OSError: there is no such host, or none of its addresses answers.
    """
    end = time.monotonic() + min(timeout, SECONDS)
    failure: OSError = TimeoutError("timed out")
    for family, kind, protocol, _, place in _addresses(address, end):
        left = end - time.monotonic()
        if left <= 0:
            break
        made = socket.socket(family, kind, protocol)
        try:
            made.settimeout(left)
            if source_address:
                made.bind(source_address)
            made.connect(place)
        except OSError as error:
            made.close()
            failure = error
            continue
        return made
    raise failure


def _addresses(address: tuple[str, int], end: float) -> list[Any]:
    """Of a name: the system's own look-up knows no limit."""
    found: list[Any] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(*address, 0, socket.SOCK_STREAM))
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(end - time.monotonic(), 0))
    if not found:
        raise TimeoutError("timed out")
    if isinstance(found[0], OSError):
        raise found[0]
    return list(found[0])
