"""The `swinsr` command: this module starts and ends it, `commands` is what there is to call."""

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    """Import `app`, and every command with it, only when it is asked for."""
    if name == "app":
        from swinsr.cli.commands import app

        return app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _left(output: str) -> str:
    """Where the unfinished work on an output lies, how large it is, and what to do about it."""
    import shlex
    from pathlib import Path

    from swinsr.files.kept.unfinished import of_folder, size_in_words
    from swinsr.files.signals import NOTHING_LEFT
    from swinsr.tiling import work_path

    folder = work_path(Path(output))
    if not folder.is_dir():
        return NOTHING_LEFT
    size = size_in_words(of_folder(folder).bytes)
    drop = f"swinsr clean {shlex.quote(str(folder.parent))}".removesuffix(" .")
    return (
        f"stopped; {size} of unfinished work on {output} lies in {folder}; the same command goes "
        f"on with it, and `{drop}` drops it"
    )


def main() -> None:
    """Run the command line; a user's error is one sentence and exit status 1.

    Nothing slow is imported before signals are taken: Ctrl-C is answered from the start.
    """
    from swinsr.errors import SwinsrError, is_out_of_memory
    from swinsr.files.signals import (
        NOTHING_LEFT,
        StoppedError,
        ignore_signals,
        loading,
        report,
        take_signals,
    )

    try:
        take_signals()
        with loading():
            from swinsr.cli.commands import app

        app(prog_name="swinsr")
    except SwinsrError as error:
        from swinsr.cli.views.console import report_error

        report_error(error)
        sys.exit(1)
    except (MemoryError, ImportError) as error:
        # Where memory is short, the libraries themselves may not load.
        if not is_out_of_memory(error):
            raise
        report("there is not enough memory to start; close other programs")
        sys.exit(1)
    except StoppedError as stopped:
        ignore_signals()
        if stopped.kept is None:
            report(NOTHING_LEFT)
        else:
            report(_left(stopped.kept))
        sys.exit(stopped.status)
