"""Files that are there whole or not at all."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from swinsr.errors import ImageWriteError, OutputExistsError
from swinsr.storage.temporary import temporary_beside

_NO_HARD_LINKS = (
    errno.EPERM,
    errno.EACCES,
    errno.ENOSYS,
    errno.EOPNOTSUPP,
    errno.ENOTSUP,
    errno.EMLINK,
    errno.EXDEV,
    errno.EINVAL,
)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its place at `path`, whatever is there, only when the block ends well.

    As `atomic_output`, for the program's own files: errors are the system's.

    Raises:
        OSError: the folder or the disk does not take it.
    """
    with _placing(path, overwrite=True) as stream:
        yield stream


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, in place of what is there.

    Raises:
        OSError: the folder or the disk does not take it.
    """
    with replacing(path) as stream:
        stream.write(content)


@contextmanager
def atomic_output(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file to write to that takes its place at `path` only when the block ends well.

    It is written under a temporary name in the same folder, flushed to the disk, and moved; on any
    exception, an interrupt among them, it is removed and what stood at `path` is untouched. Without
    `overwrite` a file that appears meanwhile is not replaced either. A symbolic link is written
    through: the link stays. A replaced file's permissions are kept.

    Args:
        path: the output.
        overwrite: replace what is there.

    Yields:
        A binary stream, readable and seekable too.

    Raises:
        OutputExistsError: something is there and `overwrite` is false.
        ImageWriteError: the folder or the disk does not take it.
    """
    _refuse_existing(path, overwrite)
    try:
        with _placing(path, overwrite=overwrite) as stream:
            yield stream
    except OSError as error:
        raise ImageWriteError(write_problem(path, error)) from error


def publish(finished: Path, path: Path, *, overwrite: bool) -> None:
    """Move a finished file of the same file system to its place, as `atomic_output` ends.

    Args:
        finished: the file, written and closed.
        path: the output.
        overwrite: replace what is there.

    Raises:
        OutputExistsError: something is there and `overwrite` is false.
        ImageWriteError: the place does not take it.
    """
    _refuse_existing(path, overwrite)
    try:
        with finished.open("rb+") as stream:
            os.fsync(stream.fileno())
        target = path.resolve() if path.is_symlink() else path
        _publish(finished, target, overwrite)
        flush_folder(target.parent)
    except OSError as error:
        raise ImageWriteError(write_problem(path, error)) from error


@contextmanager
def _placing(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    target = path.resolve() if path.is_symlink() else path
    with temporary_beside(target) as (temporary, stream):
        yield stream
        stream.flush()
        os.fsync(stream.fileno())
        if os.name == "nt":
            stream.close()  # an open file cannot be moved there
        _publish(temporary, target, overwrite)
    flush_folder(target.parent)


def write_problem(path: Path, error: OSError) -> str:
    """One sentence on why a file could not be written."""
    if isinstance(error, FileNotFoundError):
        return f"{path}: the folder does not exist; create it first"
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return f"{path}: writing there is not permitted; choose another folder with -o"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path}: the disk is full; free some space or choose another folder with -o"
    if error.errno == errno.EFBIG:
        return f"{path}: the file grows larger than is allowed there; choose another folder"
    if error.errno == errno.ENAMETOOLONG:
        return f"{path}: the name is too long; choose a shorter one with -o"
    reason = error.strerror or str(error) or type(error).__name__
    return f"{path}: it could not be written ({reason}); check the folder and the disk"


def exists_problem(path: Path) -> str:
    """One sentence on an output that is already there."""
    return f"{path}: it is already there; choose another name, or replace it with --overwrite"


def _refuse_existing(path: Path, overwrite: bool) -> None:
    try:
        kind = path.lstat().st_mode
        if stat.S_ISLNK(kind) and overwrite:
            kind = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return  # what else is wrong with the place shows when the file is created
    except (OSError, ValueError) as error:
        problem = error if isinstance(error, OSError) else OSError(str(error))
        raise ImageWriteError(write_problem(path, problem)) from error
    if stat.S_ISDIR(kind):
        raise ImageWriteError(f"{path}: a folder of that name is there; choose another name")
    if not overwrite:
        raise OutputExistsError(exists_problem(path))
    if not stat.S_ISREG(kind):
        raise ImageWriteError(f"{path}: it is a device and not a file; choose another name")


def _publish(temporary: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        with suppress(FileNotFoundError):
            temporary.chmod(stat.S_IMODE(target.stat().st_mode))
        temporary.replace(target)
    else:
        _publish_new(temporary, target)


def _publish_new(temporary: Path, target: Path) -> None:
    """Move without replacing: as a hard link, which fails where the name is taken."""
    try:
        os.link(temporary, target)
        return
    except FileExistsError as error:
        raise OutputExistsError(exists_problem(target)) from error
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
    # FAT and some network disks have no hard links: claim the name with an empty file instead.
    try:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except FileExistsError as error:
        raise OutputExistsError(exists_problem(target)) from error
    try:
        temporary.replace(target)
    except BaseException:
        target.unlink()
        raise


def flush_folder(folder: Path) -> None:
    """Make the new name itself survive a power loss, where the system lets folders be opened."""
    if os.name == "nt":
        return
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
