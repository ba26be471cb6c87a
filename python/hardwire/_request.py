"""Requests as the native half takes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from os import PathLike, fspath
from typing import Any

from .design import Design, Model
from .errors import Problem, RequestError

DesignLike = str | PathLike[str] | Design
ModelLike = str | PathLike[str] | Model
Value = str | int | float | bool


def refuse(message: str, help: str | None = None) -> RequestError:
    return RequestError((Problem(message, help),))


class Request:
    """Design, changes, options and texts of one call."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.changes: list[str] = []
        self._options: dict[str, Any] = {}

    def design(self, design: DesignLike) -> str:
        """Takes a design with its changes; returns its name."""
        if isinstance(design, Design):
            self.changes.extend(design.changes)
            self.texts.update(design.texts)
            return design.reference
        if isinstance(design, str | PathLike):
            return fspath(design)
        raise TypeError(f"a design is a name, a path or a Design, not {type(design).__name__}")

    def set(self, changes: Mapping[str, Value] | None) -> None:
        for path, value in (changes or {}).items():
            self.changes.append(change(path, value))

    def model(self, model: ModelLike | None) -> None:
        if isinstance(model, Model):
            self.texts.update(model.texts)
            self._options["model"] = model.reference
        elif isinstance(model, str | PathLike):
            self._options["model"] = fspath(model)
        elif model is not None:
            raise TypeError(f"a model is a name, a path or a Model, not {type(model).__name__}")

    def option(self, **options: Any) -> None:
        """Takes the options that are not ``None``."""
        for name, value in options.items():
            if value is None:
                continue
            if isinstance(value, PathLike):
                value = fspath(value)
            if isinstance(value, float) and not math.isfinite(value):
                raise refuse(f"{name} is {value}; it must be a finite number")
            self._options[name] = value

    def options(self) -> str:
        try:
            return json.dumps(self._options, allow_nan=False)
        except TypeError as error:
            raise TypeError(f"an option has a value of an unknown type: {error}") from None


def change(path: str, value: Value) -> str:
    """``path=value`` as ``--set`` takes it."""
    if not isinstance(path, str):
        raise TypeError(f"a path is text, not {type(path).__name__}")
    if isinstance(value, bool):
        return f"{path}={'true' if value else 'false'}"
    if isinstance(value, float) and not math.isfinite(value):
        raise refuse(f"{path} is {value}; it must be a finite number")
    if isinstance(value, str | int | float):
        return f"{path}={value}"
    raise TypeError(f"{path} is text, a number or a truth value, not {type(value).__name__}")
