"""Texts of the page: styles, scripts, the mark."""

from importlib import resources


def asset(name: str) -> str:
    """One of them, by its file's name."""
    return (resources.files(__name__) / name).read_text(encoding="utf-8")
