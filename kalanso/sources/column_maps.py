"""What does each column of a table mean?

The document that a person writes or corrects once and reuses for every file of the same shape:
loaded from YAML, JSON or a table of settings, checked, and saved. Reading a file with it belongs to
`mapped` and `streaming`; proposing one to `guesses`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from kalanso.indicators.tables import AGE_BANDS, PERIOD_TYPES, SECTORS, SEXES, STRATEGIES
from kalanso.sources.faults import BadFile
from kalanso.sources.workbooks import nearest

UNITS = ("count", "share", "percent")
QUALITIES = ("product", "age_band", "strategy", "sector", "sex")
REPORTS = ("reports_expected", "reports_received", "reports_on_time")
HEADING_ROLES = ("indicator", "period", "year", "month", *QUALITIES, "nothing")
CODES: Mapping[str, tuple[str, ...]] = {
    "age_band": AGE_BANDS, "strategy": STRATEGIES, "sector": SECTORS, "sex": SEXES,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class FileForm:
    """How the file is written; what is empty is found, or refused where it cannot be told.

    `headings` are the rows of headings from 1; `decimal` is `,` or `.`; `dates` is `dmy` or `mdy`.
    """

    sheet: str = ""
    headings: tuple[int, ...] = (1,)
    last_row: int | None = None
    encoding: str = ""
    separator: str = ""
    decimal: str = ""
    dates: str = ""


@dataclass(frozen=True, kw_only=True)
class PlaceColumns:
    """Headings of the columns that name the place, and the list in which the names stand."""

    code: str = ""
    name: str = ""
    parent: str = ""
    level: str = ""
    tree: str = "health"
    kind: str = ""
    system: str = "tables"
    vintage: str = ""


@dataclass(frozen=True, kw_only=True)
class PeriodColumns:
    """Where the period stands: one column, two columns, the headings, or one period for all.

    `year_is` completes months that stand alone. `type` is the length that every period must have.
    """

    column: str = ""
    year: str = ""
    month: str = ""
    constant: str = ""
    year_is: int | None = None
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What the numbers under one heading, or beside one name of an indicator, count."""

    indicator: str = ""
    unit: str = ""
    product: str = ""
    age_band: str = ""
    strategy: str = ""
    sector: str = ""
    sex: str = ""
    decimal: str = ""


@dataclass(frozen=True, kw_only=True)
class ColumnMap:
    """The meaning of every column of a table.

    `wide` gives the role of each row of headings where numbers stand in several columns; `indicator`
    and `value` are the two columns of a long table. `indicators` gives the meaning of headings or
    names; `labels` turns words of a quality into codes; `columns` names the columns of qualities and
    of reports; `constants` hold for all rows. `unit` holds where a Meaning names none.
    """

    version: int = 1
    file: FileForm = field(default_factory=FileForm)
    place: PlaceColumns = field(default_factory=PlaceColumns)
    period: PeriodColumns = field(default_factory=PeriodColumns)
    indicator: str = ""
    value: str = ""
    wide: tuple[str, ...] = ()
    indicators: Mapping[str, Meaning] = field(default_factory=dict)
    unit: str = "count"
    columns: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    fill_down: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    other_columns: str = "refuse"
    blanks: tuple[str, ...] = ()
    totals: tuple[str, ...] = ()
    licence: str = ""

    def as_document(self) -> dict[str, Any]:
        """Return the settings that differ from their defaults, as plain values."""
        document = _without_defaults(self)
        return {"version": self.version, **document}

    def to_yaml(self) -> str:
        """Return the document as YAML that a person can edit."""
        return str(yaml.safe_dump(self.as_document(), allow_unicode=True, sort_keys=False, width=110))

    def as_rows(self) -> list[dict[str, str]]:
        """Return the document as a table of settings: `section`, `name`, `attribute`, `value`."""
        rows: list[dict[str, str]] = []
        for section, content in self.as_document().items():
            for name, attribute, value in _flattened(content):
                rows.append({"section": section, "name": name, "attribute": attribute, "value": value})
        return rows

    def save(self, path: Path) -> Path:
        """Write the document as JSON, CSV or YAML, by the ending of the name."""
        if path.suffix == ".json":
            text = json.dumps(self.as_document(), ensure_ascii=False, indent=1) + "\n"
        elif path.suffix == ".csv":
            stream = io.StringIO()
            writer = csv.DictWriter(stream, ["section", "name", "attribute", "value"], lineterminator="\n")
            writer.writeheader()
            writer.writerows(self.as_rows())
            text = stream.getvalue()
        else:
            text = self.to_yaml()
        path.write_text(text, encoding="utf-8")
        return path

    def with_meaning(self, label: str, meaning: Meaning) -> ColumnMap:
        """Return the same map with the meaning of one more heading."""
        return replace(self, indicators={**self.indicators, label: meaning})


def ready_maps() -> dict[str, Path]:
    """Return the maps that come with Kalanso, by name; a table with their headings needs no map of its own."""
    folder = Path(str(resources.files("kalanso.sources") / "maps"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_map(path: Path) -> ColumnMap:
    """Return the map that a YAML, JSON or CSV document holds, or raise BadFile saying what is wrong.

    A name without ending, such as `measles-cases`, is that of a map that comes with Kalanso, unless a
    file of this name exists.
    """
    if not path.suffix and not path.exists():
        path = ready_maps().get(str(path), path)
    file = path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise BadFile("sources.file.missing", file=file) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile("sources.map.unreadable", file=file, found=str(error)) from error
    if path.suffix == ".csv":
        return from_rows(list(csv.DictReader(io.StringIO(text))), file=file)
    try:
        document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except json.JSONDecodeError as error:
        raise BadFile("sources.map.unreadable", file=file, row=error.lineno, found=error.msg) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        row = mark.line + 1 if mark else None
        problem = getattr(error, "problem", None) or error
        raise BadFile("sources.map.unreadable", file=file, row=row, found=problem) from error
    return from_document(document, file=file)


def from_document(document: Any, *, file: str = "map") -> ColumnMap:
    """Return the map that plain values describe, or raise BadFile naming the setting that is wrong."""
    column_map = _build(ColumnMap, document, "", file)
    _check(column_map, file)
    return column_map


def from_rows(rows: Iterable[Mapping[str, str]], *, file: str = "map") -> ColumnMap:
    """Return the map that a table of settings describes (see `ColumnMap.as_rows`)."""
    document: dict[str, Any] = {}
    for number, row in enumerate(rows, 2):
        if not {"section", "value"} <= row.keys() or not row["section"]:
            raise BadFile("sources.map.unreadable", file=file, row=number, found=", ".join(map(str, row)))
        path = [part for part in (row["section"], row.get("name"), row.get("attribute")) if part]
        _put(document, path, row["value"] or "")
    return from_document(document, file=file)


def _put(document: dict[str, Any], path: list[str], value: str) -> None:
    if path[0] in {"wide", "fill_down", "ignore", "blanks", "totals"} or path == ["file", "headings"]:
        for step in path[:-1]:
            document = document.setdefault(step, {})
        document.setdefault(path[-1], []).append(value)
        return
    for step in path[:-1]:
        document = document.setdefault(step, {})
    document[path[-1]] = value


def _flattened(content: Any) -> Iterable[tuple[str, str, str]]:
    if isinstance(content, Mapping):
        for name, inner in content.items():
            if isinstance(inner, Mapping):
                for attribute, value in inner.items():
                    yield str(name), str(attribute), str(value)
            else:
                for item in inner if isinstance(inner, list) else [inner]:
                    yield str(name), "", str(item)
    else:
        for item in content if isinstance(content, list) else [content]:
            yield "", "", str(item)


def _without_defaults(item: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in asdict(item).items():
        default = asdict(type(item)())[name]
        if value == default:
            continue
        kept[name] = _plain_values(value, default)
    return kept


def _plain_values(value: Any, default: Any) -> Any:
    if isinstance(value, Mapping):
        known = default if isinstance(default, Mapping) else {}
        inner = {k: _plain_values(v, {}) for k, v in value.items() if k not in known or v != known[k]}
        return {k: v for k, v in inner.items() if v not in ("", None, [])}
    return list(value) if isinstance(value, tuple) else value


_PARTS: dict[str, type] = {"file": FileForm, "place": PlaceColumns, "period": PeriodColumns}


def _build(kind: type, document: Any, where: str, file: str) -> Any:
    if not isinstance(document, Mapping):
        raise BadFile("sources.map.not_settings", file=file, column=where, found=document)
    known = {item.name: item for item in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in document.items():
        name = str(key)
        path = f"{where}.{name}" if where else name
        if name not in known:
            near = ", ".join(nearest(name, known)) or ", ".join(known)
            raise BadFile("sources.map.unknown_setting", file=file, column=path, found=name, expected=near)
        values[name] = _setting(kind, name, value, path, file)
    return kind(**values)


def _setting(kind: type, name: str, value: Any, path: str, file: str) -> Any:
    if kind is ColumnMap and name in _PARTS:
        return _build(_PARTS[name], value, path, file)
    if kind is ColumnMap and name in {"indicators", "labels", "columns", "constants"}:
        if not isinstance(value, Mapping):
            raise BadFile("sources.map.not_settings", file=file, column=path, found=value)
        return {str(key): _inner(name, inner, f"{path}.{key}", file) for key, inner in value.items()}
    if name in {"wide", "fill_down", "ignore", "blanks", "totals", "headings"}:
        items = value if isinstance(value, (list, tuple)) else [value]
        return tuple(_whole(i, path, file) if name == "headings" else str(i) for i in items)
    if name in {"version", "last_row", "year_is"}:
        return None if value in (None, "") else _whole(value, path, file)
    return "" if value is None else str(value)


def _inner(name: str, value: Any, path: str, file: str) -> Any:
    if name == "indicators":
        return Meaning(indicator=value) if isinstance(value, str) else _build(Meaning, value, path, file)
    if name == "labels":
        if not isinstance(value, Mapping):
            raise BadFile("sources.map.not_settings", file=file, column=path, found=value)
        return {str(key): str(code) for key, code in value.items()}
    return str(value)


def _whole(value: Any, path: str, file: str) -> int:
    try:
        number = int(str(value))
    except ValueError as error:
        raise BadFile(
            "sources.map.bad_value", file=file, column=path, found=value, expected="1, 2, 3 …"
        ) from error
    if number < 1:
        raise BadFile("sources.map.bad_value", file=file, column=path, found=value, expected="1, 2, 3 …")
    return number


def _check(column_map: ColumnMap, file: str) -> None:
    """Raise BadFile where settings contradict each other or admit no value."""
    m = column_map
    _one_of(m.version, (1,), "version", file)
    _one_of(m.unit, UNITS, "unit", file)
    _one_of(m.other_columns, ("refuse", "keep", "ignore"), "other_columns", file)
    _one_of(m.file.decimal, ("", ",", "."), "file.decimal", file)
    _one_of(m.file.dates, ("", "dmy", "mdy"), "file.dates", file)
    _one_of(m.period.type, ("", *PERIOD_TYPES), "period.type", file)
    _one_of(m.place.tree, ("health", "administrative"), "place.tree", file)
    for role in m.wide:
        _one_of(role, HEADING_ROLES, "wide", file)
    for role in m.columns:
        _one_of(role, (*QUALITIES, *REPORTS), "columns", file)
    for role, words in m.labels.items():
        _one_of(role, tuple(CODES), "labels", file)
        for word, code in words.items():
            _one_of(code, CODES[role], f"labels.{role}.{word}", file)
    _check_qualities(m.constants, "constants", file)
    for label, meaning in m.indicators.items():
        _check_qualities(asdict(meaning), f"indicators.{label}", file)
        _one_of(meaning.unit, ("", *UNITS), f"indicators.{label}.unit", file)
        _one_of(meaning.decimal, ("", ",", "."), f"indicators.{label}.decimal", file)
    _check_layout(m, file)


def _check_qualities(values: Mapping[str, str], where: str, file: str) -> None:
    for role, allowed in CODES.items():
        if values.get(role):
            _one_of(values[role], allowed, f"{where}.{role}", file)


def _check_layout(m: ColumnMap, file: str) -> None:
    if not (m.place.code or m.place.name):
        raise BadFile("sources.map.no_place", file=file, column="place")
    if bool(m.wide) == bool(m.value):
        raise BadFile("sources.map.wide_or_long", file=file, column="wide")
    if m.wide and len(m.wide) != len(m.file.headings):
        raise BadFile(
            "sources.map.heading_roles",
            file=file,
            column="wide",
            found=len(m.wide),
            expected=len(m.file.headings),
        )
    if not m.wide and not m.indicator and "indicator" not in m.constants:
        raise BadFile("sources.map.no_indicator", file=file, column="indicator")
    if m.wide and "indicator" not in m.wide and not m.indicator and "indicator" not in m.constants:
        raise BadFile("sources.map.no_indicator", file=file, column="wide")
    period = m.period
    given = [
        bool(period.column),
        bool(period.month and (period.year or period.year_is or "year" in m.wide)),
        bool(period.constant),
        "period" in m.wide or ("month" in m.wide and bool(period.year or period.year_is or "year" in m.wide)),
    ]
    if sum(given) != 1:
        raise BadFile("sources.map.no_period", file=file, column="period")


def _one_of(value: Any, allowed: tuple[Any, ...], where: str, file: str) -> None:
    if value not in allowed:
        expected = ", ".join(str(item) for item in allowed if item != "")
        raise BadFile("sources.map.bad_value", file=file, column=where, found=value, expected=expected)
