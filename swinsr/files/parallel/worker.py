"""A worker process: a line of JSON with the options, then a line a picture; a line in answer.

Started by `swinsr.files.parallel.workers`, and of no use by hand.
"""

import json
import os
import queue
import signal
import sys
import threading


def main() -> None:
    """Answer until standard input ends. Where it ends amid a picture, that is given up."""
    from swinsr.files.signals import StoppedError, take_signals

    take_signals()
    try:
        _serve()
    except StoppedError as stopped:
        sys.exit(stopped.status)


def _serve() -> None:
    from swinsr.files.convert import attempt_apart
    from swinsr.files.engines import Engines
    from swinsr.files.plan import Job
    from swinsr.files.settings import Settings

    # What libraries print must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="surrogateescape")
    os.dup2(2, 1)
    settings = Settings(**json.loads(sys.stdin.readline()))
    engines = Engines(settings)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    busy = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            lines.put(line)
        lines.put("")
        if busy.is_set():  # who asked is gone
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=listen, daemon=True).start()
    while line := lines.get():
        busy.set()
        job = Job.from_plain(json.loads(line))
        record = attempt_apart(engines, job, settings, "use fewer --jobs or a smaller picture")
        answers.write(record.to_json() + "\n")
        answers.flush()
        busy.clear()


if __name__ == "__main__":
    main()
