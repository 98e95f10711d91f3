"""Is an entry of a YAML file exactly what the pack expects?

Reads files, refuses keys that appear twice, and hands out values one by one with their type
checked. What the values mean belongs to the modules that ask for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from kalanso.definitions.faults import PackFault

LANGUAGES = ("fr", "en")


# The loader in C reads a pack ten times as fast, where the wheel has it: every process reads one before its first page.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _NoTwins(_Safe):
    """YAML in which a key may stand only once; otherwise the safe loader."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                mark = key_node.start_mark
                line = mark.line + 1
                raise PackFault(
                    file=Path(mark.name).name, key=f"{key} (line {line})", expected="each key once", found=key
                )
            seen.add(key)
        made: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return made


def read_yaml(path: Path) -> Any:
    """Return the content of a YAML file, refusing what is not YAML and keys that appear twice."""
    try:
        with path.open(encoding="utf-8") as stream:
            return yaml.load(stream, Loader=_NoTwins)  # noqa: S506
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise PackFault(
            file=path.name, key="(whole file)", expected="YAML in UTF-8", found=str(error)
        ) from error


class Entry:
    """One mapping of a file; every key must be asked for before `done`."""

    def __init__(self, value: Any, *, file: str, key: str) -> None:
        if not isinstance(value, Mapping):
            raise PackFault(file=file, key=key, expected="keys with values", found=value)
        self.values, self.file, self.key = value, file, key
        self.asked: set[str] = set()

    def fault(self, name: str, expected: str) -> PackFault:
        """Return the error that says what this key should have been."""
        found = self.values.get(name, "nothing")
        return PackFault(file=self.file, key=f"{self.key}.{name}", expected=expected, found=found)

    def has(self, name: str) -> bool:
        """Whether the key stands there."""
        return name in self.values

    def raw(self, name: str, expected: str) -> Any:
        """Return a value that must be there, of any type."""
        self.asked.add(name)
        if name not in self.values:
            raise self.fault(name, expected)
        return self.values[name]

    def text(self, name: str, *, one_of: Iterable[str] = (), default: str | None = None) -> str:
        """Return a text, from a closed list where one is given."""
        allowed = tuple(one_of)
        expected = f"one of {', '.join(allowed)}" if allowed else "a text"
        if default is not None and name not in self.values:
            self.asked.add(name)
            return default
        value = self.raw(name, expected)
        if not isinstance(value, str) or (allowed and value not in allowed):
            raise self.fault(name, expected)
        return value

    def both(self, name: str, *, default: Mapping[str, str] | None = None) -> Mapping[str, str]:
        """Return a text in French and in English."""
        expected = "a text in each of fr, en"
        if default is not None and name not in self.values:
            self.asked.add(name)
            return default
        value = self.raw(name, expected)
        complete = isinstance(value, Mapping) and set(value) == set(LANGUAGES)
        if not complete or not all(isinstance(text, str) and text for text in value.values()):
            raise self.fault(name, expected)
        return dict(value)

    def number(self, name: str) -> float:
        """Return a number."""
        value = self.raw(name, "a number")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.fault(name, "a number")
        return float(value)

    def days(self, name: str) -> int | None:
        """Return a whole number of days from 0, or None where empty."""
        value = self.raw(name, "whole days or null")
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise self.fault(name, "whole days or null")
        return value

    def day(self, name: str) -> date | None:
        """Return a day such as 2016-04-17, or None where empty."""
        value = self.raw(name, "a day such as 2016-04-17 or null")
        if value is not None and type(value) is not date:
            raise self.fault(name, "a day such as 2016-04-17 or null")
        return value

    def truth(self, name: str) -> bool:
        """Return true or false."""
        value = self.raw(name, "true or false")
        if not isinstance(value, bool):
            raise self.fault(name, "true or false")
        return value

    def texts(self, name: str, *, one_of: Iterable[str] = ()) -> tuple[str, ...]:
        """Return a list of texts, each from a closed list where one is given."""
        allowed = tuple(one_of)
        expected = f"a list of {', '.join(allowed)}" if allowed else "a list of texts"
        value = self.raw(name, expected)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise self.fault(name, expected)
        if not all(isinstance(text, str) and (not allowed or text in allowed) for text in value):
            raise self.fault(name, expected)
        return tuple(value)

    def done(self) -> None:
        """Refuse keys that nobody asked for: most are spelling mistakes."""
        if unknown := sorted(str(key) for key in set(self.values) - self.asked):
            raise PackFault(
                file=self.file,
                key=f"{self.key}.{unknown[0]}",
                expected=f"only {', '.join(sorted(self.asked))}",
                found=unknown[0],
            )


def rows_of(value: Any, *, file: str) -> list[Entry]:
    """Return the entries of a file that is a list."""
    if not isinstance(value, list):
        raise PackFault(
            file=file, key="(whole file)", expected="a list of entries", found=type(value).__name__
        )
    return [Entry(row, file=file, key=f"entry {number}") for number, row in enumerate(value, start=1)]
