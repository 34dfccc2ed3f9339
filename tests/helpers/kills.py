"""A run that is killed at random moments and goes on, over and over."""

import argparse
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path


def kill_options(text: str, kills: int) -> argparse.ArgumentParser:
    """What the programs that kill share."""
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--kills", type=int, default=kills)
    parser.add_argument("--signal", default="KILL", choices=("KILL", "TERM", "INT"))
    parser.add_argument("--seed", type=int, default=0)
    return parser


def kill_and_resume(
    options: argparse.Namespace,
    names: tuple[str, str],
    make: Callable[[Path], None],
    command: Callable[[Path, Path], Sequence[str]],
    digest: Callable[[Path], str],
    share: tuple[float, float],
) -> int:
    """Kill until it is enough; each result must be the uninterrupted one's, and nothing be left.

    Args:
        options: of `kill_options`.
        names: of input and output.
        make: writes the input.
        command: from input to output.
        digest: of what counts in the output.
        share: earliest and latest moment, of the time that the whole run takes.

    Returns:
        An exit status: 0 if all went on to the same result.
    """
    number = signal.Signals[f"SIG{options.signal}"]
    rng = random.Random(options.seed)
    failures = killed = resumed = 0
    with tempfile.TemporaryDirectory() as folder:
        source, output = (Path(folder, name) for name in names)
        make(source)
        words = list(command(source, output))
        start = time.monotonic()
        subprocess.run(words, check=True, capture_output=True)
        whole = time.monotonic() - start
        wanted = digest(output)
        output.unlink()
        while killed < options.kills:
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            delay = rng.uniform(*share) * whole
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, number)
                killed += 1
            _, said = process.communicate()
            if process.returncode not in (0, -number, 128 + number):
                print(f"exit status {process.returncode}: {said.decode()}")
                failures += 1
            again = b""
            # What was killed after its last byte is finished already.
            if not output.exists():
                run = subprocess.run(words, capture_output=True, check=False)
                again = run.stderr
                if run.returncode:
                    print(f"the resumed run failed: {again.decode()}")
                    failures += 1
                    continue
            went_on = b"of an earlier run" in again
            resumed += went_on
            same = digest(output) == wanted
            clean = {path.name for path in Path(folder).iterdir()} == set(names)
            failures += not (same and clean)
            print(
                f"{killed:3} after {delay:5.2f} of {whole:.2f} s: "
                f"{'the same' if same else 'DIFFERENT'}{'' if clean else ', NOT CLEAN'}"
                f"{', went on' if went_on else ''}",
                flush=True,
            )
            output.unlink()
    print(f"{killed} kills, {resumed} runs went on, {failures} failures")
    return 1 if failures or not killed else 0
