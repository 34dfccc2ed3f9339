"""Names that people give to a picture and to its poor copy, and which belong together.

baby.png with babyx4.png, baby_x4.png, baby_LR.png; baby_HR.png with baby_LR.png, baby_LRx4.png;
HR_baby.png with LR_baby.png. Names are compared in Unicode's composed form: macOS and some archives
store decomposed letters.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

_TRUTH = r"(?:hr|gt|original|orig|ref|target|clean|sharp)"
_POOR = ("LR", "LQ", "lr", "lq", "input", "noisy", "jpeg", "blur", "LRBI")
_ENDING = re.compile(rf"(?P<base>.+?)[_\-. ]{_TRUTH}|(?P<joined>.*[a-z0-9])(?:HR|GT)", re.I)
_JOINED = re.compile(r".*[a-z0-9](HR|GT)")  # babyHR, but no word that ends in these letters
_BEGINNING = re.compile(rf"{_TRUTH}[_\-. ](?P<base>.+)", re.I)


def composed(name: str) -> str:
    """A name in Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", name)


class NamedPictures:
    """Pictures of a folder, by the names that they are looked for under."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Among equal names an earlier path wins."""
        self._exact: dict[str, list[Path]] = {}
        self._folded: dict[str, list[Path]] = {}
        for path in paths:
            stem = composed(path.stem)
            self._exact.setdefault(stem, []).append(path)
            self._folded.setdefault(stem.casefold(), []).append(path)

    def find(self, stem: str, suffix: str) -> Path | None:
        """The picture of a stem, whatever its case; of several one with this suffix."""
        found = self._exact.get(stem) or self._folded.get(stem.casefold(), [])
        alike = (path for path in found if path.suffix.lower() == suffix.lower())
        return next(alike, found[0] if found else None)


def poor_names(truth: str, scale: int) -> list[str]:
    """Stems that the poor copy of a picture may have, the likeliest first.

    Args:
        truth: the stem of the good picture.
        scale: factor between them; 1 for the same size.
    """
    stem = composed(truth)
    names: list[str] = []
    for base in dict.fromkeys((stem, base_of(stem))):
        names += _variants(base, scale)
    begun = _BEGINNING.fullmatch(stem)
    if begun is not None:
        names += [f"{poor}_{begun['base']}" for poor in _POOR] + _variants(begun["base"], scale)
    return list(dict.fromkeys(names))


def base_of(stem: str) -> str:
    """A stem without its ending for good pictures: baby for baby_HR, babyHR and baby-gt."""
    match = _ENDING.fullmatch(stem)
    if match is None:
        return stem
    if match["base"] is not None:
        return match["base"]
    return stem[:-2] if _JOINED.fullmatch(stem) else stem


def _variants(base: str, scale: int) -> list[str]:
    endings = [""]
    if scale > 1:
        endings = [f"x{scale}", f"_x{scale}", "", "_LR", f"_LRBI_x{scale}"]
    for poor in _POOR:
        for between in ("_", "-", ""):
            endings.append(f"{between}{poor}")
            if scale > 1:
                sized = (f"x{scale}", f"_x{scale}", f"{scale}")
                endings += [f"{between}{poor}{size}" for size in sized]
                endings += [f"x{scale}{between}{poor}", f"_x{scale}{between}{poor}"]
    if scale > 1:
        endings += [f"-x{scale}", f"_X{scale}", f"_{scale}x", f"_bicubic_x{scale}", f"_BIx{scale}"]
    return [base + ending for ending in endings]
