"""Designs and models with fields that can be read and set."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, MutableMapping
from os import PathLike, fspath
from typing import Any

from . import _display, _native
from .errors import Problem, RequestError

__all__ = ["Design", "Model", "presets"]

Value = str | int | float | bool


def presets(kind: str | None = None) -> dict[str, str]:
    """Names of presets with a line about each: ``design``, ``node``, ``model``, ``economics``, ``masks``, ``against``, or all."""
    all = _native.all_presets()
    known = sorted({of for of, _, _ in all})
    if kind is not None and kind not in known:
        raise RequestError((Problem(f"there are no presets of kind `{kind}`", f"known here: {', '.join(known)}"),))
    return {name: summary for of, name, summary in all if kind in (None, of)}


class Design(MutableMapping[str, Any]):
    """A design with changes. Fields have the dotted paths of design files and of ``--set``.

    >>> design = Design("hnlpu")
    >>> design["chip.clock"] = "1.2 GHz"
    >>> design.chip.clock
    '1.2 GHz'

    A field that is set is checked at once; what is wrong is a :class:`DesignError`, and the design is unchanged.
    """

    reference: str
    """Preset name or path of the design."""
    texts: dict[str, str]

    def __init__(self, reference: str | PathLike[str] = "hnlpu", **changes: Value) -> None:
        object.__setattr__(self, "reference", fspath(reference))
        object.__setattr__(self, "texts", {})
        object.__setattr__(self, "_changes", {})
        object.__setattr__(self, "_lines", self._load({}))
        for path, value in changes.items():
            self[path.replace("__", ".")] = value

    @property
    def changes(self) -> list[str]:
        """The changes as ``--set`` takes them, in the order in which they were made."""
        return list(self._changes.values())

    def _load(self, changes: dict[str, str]) -> dict[str, dict[str, Any]]:
        lines = json.loads(_native.design_lines(self.reference, list(changes.values()), self.texts))
        return {line["path"]: line for line in lines}

    def __getitem__(self, path: str) -> Any:
        try:
            return self._lines[path]["value"]
        except KeyError:
            raise KeyError(f"{self.reference} has no field `{path}`") from None

    def __setitem__(self, path: str, value: Value) -> None:
        from ._request import change

        changes = {**self._changes, path: change(path, value)}
        object.__setattr__(self, "_lines", self._load(changes))
        object.__setattr__(self, "_changes", changes)

    def __delitem__(self, path: str) -> None:
        """Takes back a change."""
        if path not in self._changes:
            raise KeyError(f"`{path}` was not changed")
        changes = {other: change for other, change in self._changes.items() if other != path}
        object.__setattr__(self, "_lines", self._load(changes))
        object.__setattr__(self, "_changes", changes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return _Fields(self, name)._resolved()

    def __setattr__(self, name: str, value: Value) -> None:
        self[name] = value

    def origin(self, path: str) -> dict[str, Any] | None:
        """Source, grade and year of a field."""
        self[path]
        origin: dict[str, Any] | None = self._lines[path]["provenance"]
        return origin

    def doc(self, path: str) -> str:
        """What a field means."""
        self[path]
        return str(self._lines[path]["doc"])

    def to_dict(self) -> dict[str, Any]:
        """Every field with its value."""
        return dict(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Design) and (self.reference, self._changes) == (other.reference, other._changes)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.reference, dict(self._changes))

    def __repr__(self) -> str:
        changed = "".join(f", {change}" for change in self.changes)
        return f"Design({self.reference}{changed})"

    def _repr_html_(self) -> str:
        rows = []
        for path, line in self._lines.items():
            origin = line["provenance"] or {}
            rows.append([path, str(line["value"]), origin.get("grade", ""), line["doc"]])
        return _display.html_table([self.reference, "value", "grade", "meaning"], rows)


def _restored(reference: str, changes: dict[str, str]) -> Design:
    design = Design(reference)
    object.__setattr__(design, "_lines", design._load(changes))
    object.__setattr__(design, "_changes", changes)
    return design


class _Fields:
    """The fields of a design below a path."""

    def __init__(self, design: Design, path: str) -> None:
        object.__setattr__(self, "_at", (design, path))

    def _resolved(self) -> Any:
        design, path = self._at
        if path in design:
            return design[path]
        if any(known.startswith(f"{path}.") for known in design):
            return self
        raise AttributeError(f"{design.reference} has no field `{path}`")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        design, path = self._at
        return _Fields(design, f"{path}.{name}")._resolved()

    def __setattr__(self, name: str, value: Value) -> None:
        design, path = self._at
        design[f"{path}.{name}"] = value

    def __dir__(self) -> list[str]:
        design, path = self._at
        return sorted({known[len(path) + 1 :].split(".")[0] for known in design if known.startswith(f"{path}.")})

    def __repr__(self) -> str:
        design, path = self._at
        return "\n".join(f"{known} = {design[known]}" for known in design if known.startswith(f"{path}."))


class Model(MutableMapping[str, Any]):
    """A model: the keys of its Hugging Face ``config.json``, which can be read and set.

    >>> model = Model("qwq-32b")
    >>> model["num_hidden_layers"] = 32

    A change is checked at once; what is wrong is a :class:`DesignError`, and the model is unchanged.
    """

    def __init__(self, reference: str | PathLike[str] | dict[str, Any]) -> None:
        if isinstance(reference, dict):
            self._name = "config"
            self._take(reference)
            return
        self._name = fspath(reference)
        text, lines = _native.model_lines(self._name, {})
        self._config: dict[str, Any] = json.loads(text)
        self._lines = lines
        self._changed = False

    def _take(self, config: dict[str, Any]) -> None:
        text = json.dumps(config, allow_nan=False)
        name = self._named(text)
        self._lines = _native.model_lines(name, {name: text})[1]
        self._config = json.loads(text)
        self._changed = True

    def _named(self, text: str) -> str:
        """A path for messages that no other text has."""
        stem = self._name.removesuffix(".json").rsplit("/", 1)[-1]
        return f"{stem}-{hashlib.sha256(text.encode()).hexdigest()[:8]}.json"

    @property
    def reference(self) -> str:
        """Name of the preset or file, or of the changed text."""
        return self._named(json.dumps(self._config)) if self._changed else self._name

    @property
    def texts(self) -> dict[str, str]:
        """The changed text by its name; empty if it is unchanged."""
        return {self.reference: json.dumps(self._config)} if self._changed else {}

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._take({**self._config, key: value})

    def __delitem__(self, key: str) -> None:
        self._take({other: value for other, value in self._config.items() if other != key})

    def __iter__(self) -> Iterator[str]:
        return iter(self._config)

    def __len__(self) -> int:
        return len(self._config)

    def summary(self) -> dict[str, Any]:
        """What the config amounts to: parameters, layers, heads, experts, released format."""
        return {line["path"]: line["value"] for line in json.loads(self._lines)}

    def to_dict(self) -> dict[str, Any]:
        """The keys of the config."""
        copied: dict[str, Any] = json.loads(json.dumps(self._config))
        return copied

    def __repr__(self) -> str:
        return f"Model({self.reference})"

    def _repr_html_(self) -> str:
        return _display.html_table([self.reference, ""], [[key, str(value)] for key, value in self.summary().items()])
