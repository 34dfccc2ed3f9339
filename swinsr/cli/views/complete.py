"""What the shell offers behind an option, without anything slow."""

from collections.abc import Callable


def model_names(incomplete: str) -> list[tuple[str, str]]:
    """Models by name, each with its sentence; the shell adds files by itself."""
    from swinsr.zoo import bundled_models, published_models

    known = [(m.name, m.summary) for m in (*bundled_models(), *published_models())]
    known.append(("bicubic", "Interpolation, for comparison."))
    return [(name, text) for name, text in known if name.startswith(incomplete)]


def choices(*words: str) -> Callable[[str], list[str]]:
    """The words that an option takes."""

    def offered(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return offered
