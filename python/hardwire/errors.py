"""Exceptions. Each has the problems that the command would print, with their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

__all__ = ["DesignError", "HardwireError", "Problem", "RequestError", "TextError"]

_Place = tuple[int, int]
_Raw = tuple[str, str | None, str | None, _Place | None, _Place | None]


@dataclass(frozen=True)
class Problem:
    """One mistake."""

    message: str
    """What is wrong."""
    help: str | None = None
    """What would be right, if that is known."""
    source: str | None = None
    """File, preset, change or text that it is in."""
    start: tuple[int, int] | None = None
    """Line and column of its first character, both from 1."""
    end: tuple[int, int] | None = None
    """Line and column behind its last character."""

    def __str__(self) -> str:
        place = ""
        if self.source is not None and self.start is not None:
            place = f"{self.source}:{self.start[0]}:{self.start[1]}: "
        help = f"\n  help: {self.help}" if self.help else ""
        return f"{place}{self.message}{help}"


class HardwireError(ValueError):
    """A request that has no answer. `problems` has every mistake that was found."""

    problems: tuple[Problem, ...]

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    @classmethod
    def of(cls, raw: list[_Raw]) -> Self:
        """From what the native half found."""
        return cls(tuple(Problem(*problem) for problem in raw))

    def __reduce__(self) -> tuple[type[Self], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)


class DesignError(HardwireError):
    """Problems of a design, model, price file, change or sweep file."""


class TextError(HardwireError):
    """Problems of an MLIR text."""


class RequestError(HardwireError):
    """A request that contradicts itself, or is out of range."""
