"""Ray, started or found, and kept from speaking where records go."""

import contextlib
import logging
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from swinsr.cluster.settings import LOCAL, ClusterSettings
from swinsr.errors import ConfigError, DeviceError
from swinsr.image.formats.quiet import quiet_descriptor
from swinsr.install import install_extra

# Rows and records are small; pixels do not go through it.
OBJECT_STORE_BYTES = 128 << 20
_PATIENCE_SECONDS = 5.0
_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_DATA_LOG_LEVEL": "ERROR",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


def need_ray() -> Any:
    """Import Ray and Ray Data.

    Raises:
        ConfigError: one of them is not installed.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigError(
            f"to run on a cluster, Ray has to be installed: {install_extra('ray')}"
        ) from error
    return ray


@contextmanager
def session(settings: ClusterSettings) -> Iterator[Any]:
    """Ray, connected: a session of the caller's, the cluster that is named, or one that ends here.

    Raises:
        ConfigError: Ray is not installed.
        DeviceError: no cluster is at the address, or none can be started.
    """
    ray = need_ray()
    with ExitStack() as stack:
        stack.enter_context(_quietly())
        if not ray.is_initialized():
            _connect(ray, settings)
            stack.callback(ray.shutdown)
        yield ray


def _connect(ray: Any, settings: ClusterSettings) -> None:
    address = settings.address
    options: dict[str, Any] = {
        "address": address,
        "log_to_driver": False,
        "logging_level": logging.CRITICAL,
    }
    if address == LOCAL:
        options |= {"include_dashboard": False, "object_store_memory": OBJECT_STORE_BYTES}
        if settings.workers is not None:
            # Fewer processors than asked for would leave workers waiting for ever.
            needed = settings.workers[1] * settings.threads
            options["num_cpus"] = max(os.cpu_count() or 1, needed)
    _check_port(address)
    try:
        with _signals_kept(), quiet_descriptor():
            ray.init(**options)
    except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
        if address == LOCAL:
            raise DeviceError(
                f"Ray could not be started on this machine ({_first(error)})"
            ) from error
        raise _none_there(address) from error


def _none_there(address: str) -> DeviceError:
    return DeviceError(
        f"there is no Ray cluster at {address}; start one with `ray start --head`, give its "
        "address, or leave the address out to start one on this machine"
    )


def _check_port(address: str) -> None:
    """Whether anything listens there: Ray itself would try for a long time, and then end us."""
    match = re.fullmatch(r"(?:ray://)?(.+):(\d+)", address)
    if match is None:
        return
    try:
        place = (match[1].strip("[]"), int(match[2]))
        socket.create_connection(place, timeout=_PATIENCE_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _none_there(address) from error


def _first(error: BaseException) -> str:
    return str(error).strip().split("\n")[0].removesuffix(".") or type(error).__name__


@contextmanager
def _signals_kept() -> Iterator[None]:
    """Ray takes SIGTERM for itself; who called has already said what a signal means."""
    before = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None:
            before[number] = signal.getsignal(number)
    try:
        yield
    finally:
        with contextlib.suppress(
            ValueError
        ):  # in another thread than the main one nothing is taken
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep Ray's news off standard output: of a worker that is lost, we tell what follows of it."""
    from ray._private import worker

    loggers = [logging.getLogger(name) for name in ("ray", "ray.data")]
    levels = [logger.level for logger in loggers]
    print_news = getattr(worker, "print_to_stdstream", None)
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    if print_news is not None:
        worker.print_to_stdstream = lambda *given, **named: None
    try:
        yield
    finally:
        if print_news is not None:
            worker.print_to_stdstream = print_news
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
