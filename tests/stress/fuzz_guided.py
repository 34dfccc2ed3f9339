"""The fuzzer guided by coverage: Atheris and libFuzzer choose what is damaged on."""

import argparse
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.stress.fuzz import Findings

LONGEST = 1 << 16  # bytes of a file


def is_there() -> bool:
    """Whether Atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def run(files: dict[str, bytes], options: argparse.Namespace, findings: "Findings") -> int:
    """Fuzz for a time; how many files were read.

    libFuzzer ends at a hang and where a process dies; it is begun again with what it has learnt.
    """
    until = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory() as place:
        corpus, faults = Path(place) / "corpus", Path(place) / "faults"
        corpus.mkdir()
        faults.mkdir()
        for name, data in files.items():
            (corpus / name).write_bytes(data)
        count = 0
        seed = options.seed
        while (left := until - time.monotonic()) > 1:
            found = Path(place) / f"found{seed}"
            options_of_libfuzzer = {
                "max_total_time": int(left),
                "seed": seed + 1,
                "timeout": int(options.seconds),
                "artifact_prefix": f"{faults}/",
                "max_len": LONGEST,
                "rss_limit_mb": 8 * options.megabytes,
                "verbosity": 0,
                "print_final_stats": 1,
            }
            command = [sys.executable, "-m", "tests.stress.fuzz_guided", str(found)]
            command += [str(options.megabytes), str(corpus)]
            command += [f"-{name}={value}" for name, value in options_of_libfuzzer.items()]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            count += _executed(done.stderr)
            for path in sorted(found.glob("*.kind")) if found.is_dir() else []:
                kind, _, details = path.read_text(encoding="utf-8").partition("\n")
                findings.add(kind, "guided", path.with_suffix(".data").read_bytes(), details)
            for path in sorted(faults.iterdir()):
                if path.name.startswith("slow-unit"):  # within the limit
                    continue
                kind = f"{path.name.partition('-')[0]} of the process"
                findings.add(kind, "guided", path.read_bytes(), done.stderr[-4000:])
            for path in faults.iterdir():
                path.unlink()
            seed += 1000
    return count


def _executed(log: str) -> int:
    for line in log.splitlines():
        if line.startswith("stat::number_of_executed_units:"):
            return int(line.split()[-1])
    return 0


def main() -> None:
    """One run of libFuzzer: the folder for findings, the megabytes, and libFuzzer's own words."""
    import atheris

    folder, megabytes = Path(sys.argv[1]), int(sys.argv[2])
    with atheris.instrument_imports(include=["swinsr", "PIL", "tifffile"]):
        from tests.stress.fuzz import check
        from tests.stress.mutate import mutate
    known: set[str] = set()

    def once(data: bytes) -> None:
        found = check(data, megabytes)
        if found is None or found[0] in known:
            return
        known.add(found[0])
        folder.mkdir(exist_ok=True)
        name = folder / f"{len(known):04}"
        name.with_suffix(".data").write_bytes(data)
        name.with_suffix(".kind").write_text("\n".join(found), encoding="utf-8")

    def change(data: bytes, most: int, seed: int) -> bytes:
        return mutate(bytes(data), random.Random(seed))[:most]

    for path in Path(sys.argv[3]).iterdir():  # what is imported late is no file's time or memory
        check(path.read_bytes(), megabytes)
    atheris.Setup(sys.argv[:1] + sys.argv[3:], once, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
