"""Connections without a request, closed in time; uvicorn itself does so only after an answer."""

import weakref
from collections.abc import Callable
from typing import Any

from swinsr.demo.limits import IDLE_SECONDS


def hang_up_on_idle(config: Any, seconds: float = IDLE_SECONDS) -> None:
    """Let a server close connections that bring no whole request head for some time.

    Args:
        config: a `uvicorn.Config` that is loaded; connections made from now on are watched.
        seconds: without a request; a connection is closed after at most twice as long.
    """
    make: Callable[..., Any] = config.http_protocol_class

    def make_watched(**options: Any) -> Any:
        protocol = make(**options)
        # Weakly: closed connections shall not stay in memory until their time.
        protocol.loop.call_later(seconds, _look, weakref.ref(protocol), None, seconds)
        return protocol

    config.http_protocol_class = make_watched


def _look(watched: "weakref.ref[Any]", seen: Any, seconds: float) -> None:
    """Close the connection if its last request was answered already when it was `seen`."""
    protocol = watched()
    transport = None if protocol is None else protocol.transport
    if transport is None or transport.is_closing() or transport.get_protocol() is not protocol:
        return
    cycle = protocol.cycle
    if cycle is seen and (cycle is None or cycle.response_complete):
        transport.close()
        return
    protocol.loop.call_later(seconds, _look, watched, cycle, seconds)
