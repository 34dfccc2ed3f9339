"""Checks that recipes' sections share."""

from swinsr.errors import ConfigError


def require(holds: bool, sentence: str) -> None:
    """Raise a `ConfigError` with the sentence where a condition does not hold."""
    if not holds:
        raise ConfigError(sentence)


def one_of(section: str, key: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is not among the choices."""
    require(
        value in choices,
        f"{section}.{key} is {value!r}; choose from {', '.join(map(repr, choices))}",
    )
