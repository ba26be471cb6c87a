"""Text and HTML for notebooks and the prompt."""

from __future__ import annotations

import html as _html
from collections.abc import Sequence
from typing import Any

MOST_ROWS = 60


def number(value: Any) -> str:
    """Four significant digits, with separators; other values as they are."""
    if isinstance(value, tuple) and len(value) == 2:
        return f"{number(value[0])} to {number(value[1])}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if isinstance(value, int) or abs(value) >= 1e4:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def scalars(values: dict[str, Any]) -> list[tuple[str, str]]:
    """The values that fit on a line: numbers, words, and ranges."""
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        if isinstance(value, dict) and set(value) == {"low", "high"}:
            rows.append((key, f"{number(value['low'])} to {number(value['high'])}"))
        elif isinstance(value, dict) and set(value) == {"p10", "p50", "p90"}:
            rows.append((key, f"{number(value['p50'])} ({number(value['p10'])} to {number(value['p90'])})"))
        elif isinstance(value, dict) and set(value) == {"rows", "columns"}:
            rows.append((key, f"{value['rows']} x {value['columns']}"))
        elif isinstance(value, dict | list):
            if value:
                rows.append((key, f"[{len(value)} entries]"))
        elif value is not None:
            rows.append((key, number(value)))
    return rows


def text(name: str, values: dict[str, Any]) -> str:
    rows = scalars(values)
    width = max((len(key) for key, _ in rows), default=0)
    return "\n".join([name, *(f"  {key:<{width}}  {shown}" for key, shown in rows)])


def html(name: str, values: dict[str, Any]) -> str:
    return html_table([name, ""], scalars(values))


def html_table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    def cell(tag: str, value: Any) -> str:
        align = "right" if isinstance(value, int | float | tuple) else "left"
        return f'<{tag} style="text-align:{align}">{_html.escape(number(value))}</{tag}>'

    head = "".join(cell("th", name) for name in heads)
    body = "".join(f"<tr>{''.join(cell('td', value) for value in row)}</tr>" for row in rows[:MOST_ROWS])
    more = f"<p>{len(rows) - MOST_ROWS} more rows</p>" if len(rows) > MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
