"""The example pictures that travel with the program, in a wheel and in a source tree alike."""

from pathlib import Path

from swinsr.image import FORMATS

_PACKAGE = Path(__file__).resolve().parents[1]


def example_pictures() -> tuple[Path, ...]:
    """Their files by name; none where the installation has none."""
    for folder in (_PACKAGE / "apps" / "examples", _PACKAGE.parent / "apps" / "examples"):
        if folder.is_dir():
            return tuple(sorted(f for f in folder.iterdir() if f.suffix.lower() in FORMATS))
    return ()
