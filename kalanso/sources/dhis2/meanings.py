"""What does each number of a server count, as a person confirmed it?

The document that the wizard proposes and a person confirms once: which data element, with which
option combination, is which indicator, of which age, product, strategy; which level of the server is
which of ours; which forms are read, and by which feed. Only what is confirmed is ever stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from kalanso.sources.column_maps import CODES, Meaning
from kalanso.sources.faults import BadFile
from kalanso.sources.judging import completed
from kalanso.sources.stock_lots import INDICATORS
from kalanso.sources.workbooks import nearest
from kalanso.vocabulary import Level

STATUSES = ("proposed", "confirmed", "rejected")
ATTRIBUTES = ("one", "sum")
FEEDS = ("values", "analytics")
ANY = "*"
MOST_DOSES = 100  # no vial of vaccine holds more
STOCK = frozenset({*INDICATORS.values(), "stock_expired_doses", "stock_expiring_doses"})


@dataclass(frozen=True, kw_only=True)
class ElementMeaning:
    """What one data element counts under one option combination (`*`: under every one).

    Two entries with the same meaning are added up: that they may be is what the person confirms.
    `attributes` says what to do where a value comes under several attribute combinations (`one`:
    refuse, `sum`: add). `doses_each` is how many doses one of what is counted holds, where a stock is
    counted in vials. `method` and `score` (0 to 1) say how it was found; `doubt` names what the wizard
    could not know.
    """

    element: str
    option: str = ANY
    name: str = ""
    option_name: str = ""
    indicator: str = ""
    product: str = ""
    age_band: str = ""
    strategy: str = ""
    sector: str = ""
    sex: str = ""
    attributes: str = "one"
    doses_each: int = 1
    status: str = "proposed"
    score: float = 0.0
    method: str = ""
    doubt: str = ""
    by: str = ""
    on: str = ""

    @property
    def meaning(self) -> Meaning:
        """The meaning without blanks, as it stands in observations."""
        return completed(
            Meaning(
                indicator=self.indicator, product=self.product, age_band=self.age_band,
                strategy=self.strategy, sector=self.sector, sex=self.sex,
            )
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Meanings:
    """The whole document; `levels` leads from the server's numbers to our names.

    `feed` says by which door values come: raw (`values`), or `analytics` where raw ones may not be read.
    """

    version: int = 1
    server: str = ""
    source: str = ""
    levels: Mapping[int, str] = field(default_factory=dict)
    data_sets: tuple[str, ...] = ()
    feed: str = "values"
    elements: tuple[ElementMeaning, ...] = ()

    @property
    def confirmed(self) -> tuple[ElementMeaning, ...]:
        """The entries that a pull reads."""
        return tuple(entry for entry in self.elements if entry.status == "confirmed")

    @property
    def open(self) -> tuple[ElementMeaning, ...]:
        """The entries that nobody decided yet."""
        return tuple(entry for entry in self.elements if entry.status == "proposed")

    def decided(
        self, status: str, *, by: str, on: date, methods: Collection[str] = (), at_least: float = 0.0
    ) -> Meanings:
        """Return the document with the open entries of these methods confirmed or rejected by a person.

        Entries with a doubt stay open: those are decided one by one, in the document itself.
        """
        entries = [
            replace(entry, status=status, by=by, on=on.isoformat())
            if entry.status == "proposed" and not entry.doubt and entry.score >= at_least
            and (not methods or entry.method in methods)
            else entry
            for entry in self.elements
        ]  # fmt: skip
        return replace(self, elements=tuple(entries))

    def kept_from(self, earlier: Meanings) -> Meanings:
        """Return the document with what a person decided in an earlier one."""
        decisions = {(e.element, e.option): e for e in earlier.elements if e.status != "proposed"}
        merged = [decisions.pop((e.element, e.option), e) for e in self.elements]
        return replace(
            self, elements=(*merged, *decisions.values()), levels=earlier.levels or self.levels,
            data_sets=earlier.data_sets or self.data_sets, source=earlier.source or self.source,
            feed=earlier.feed,
        )  # fmt: skip

    def to_yaml(self) -> str:
        """Return the document as YAML that a person can edit, one entry per line."""
        head = {
            "version": self.version, "server": self.server, "source": self.source,
            "levels": dict(self.levels), "data_sets": list(self.data_sets), "feed": self.feed,
        }  # fmt: skip
        text = str(yaml.safe_dump(head, allow_unicode=True, sort_keys=False, width=110))
        lines = [_one_line(entry) for entry in self.elements]
        return text + "elements:" + ("\n" + "\n".join(lines) if lines else " []") + "\n"

    def save(self, path: Path) -> Path:
        """Write the document."""
        draft = path.with_name(f".{path.name}.tmp")
        draft.write_text(self.to_yaml(), encoding="utf-8")
        return draft.replace(path)


def _one_line(entry: ElementMeaning) -> str:
    blank = ElementMeaning(element="")
    told = {
        name: value for name, value in asdict(entry).items()
        if name in {"element", "option", "status"} or value != getattr(blank, name)
    }  # fmt: skip
    text = yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=10_000, default_flow_style=True)
    return f"  - {text.strip()}"


def load_meanings(path: Path) -> Meanings:
    """Return the document in a YAML file, or raise BadFile saying where it is wrong."""
    file = path.name
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise BadFile("sources.file.missing", file=file) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile("sources.map.unreadable", file=file, found=str(error)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or error
        raise BadFile(
            "sources.map.unreadable", file=file, row=mark.line + 1 if mark else None, found=problem
        ) from error
    return from_document(document, file=file)


def from_document(document: Any, *, file: str = "map") -> Meanings:
    """Return the document that plain values describe, or raise BadFile naming the setting that is wrong."""
    values = _known(document, Meanings, "", file)
    if values.get("version", 1) != 1:
        raise BadFile(
            "sources.map.bad_value", file=file, column="version", found=values["version"], expected="1"
        )
    feed = str(values.get("feed") or "values")
    if feed not in FEEDS:
        raise BadFile(
            "sources.map.bad_value", file=file, column="feed", found=feed, expected=", ".join(FEEDS)
        )
    elements = values.get("elements") or []
    if not isinstance(elements, list):
        raise BadFile("sources.map.not_settings", file=file, column="elements", found=elements)
    found = Meanings(
        server=str(values.get("server") or ""), source=str(values.get("source") or ""),
        levels=_levels(values.get("levels") or {}, file), data_sets=_texts(values.get("data_sets"), file),
        feed=feed,
        elements=tuple(_entry(entry, f"elements[{n}]", file) for n, entry in enumerate(elements, 1)),
    )  # fmt: skip
    seen: dict[tuple[str, str], int] = {}
    for number, entry in enumerate(found.elements, 1):
        key = (entry.element, entry.option)
        if key in seen:
            raise BadFile(
                "sources.dhis2.map.twice",
                file=file,
                column=f"elements[{number}]",
                found=entry.element,
                expected=seen[key],
            )
        seen[key] = number
    _refuse_both_kinds(found.elements, file)
    return found


def _refuse_both_kinds(entries: Sequence[ElementMeaning], file: str) -> None:
    """Refuse an element that is confirmed as a whole and by option: values would count twice."""
    kinds: dict[str, set[bool]] = {}
    for entry in entries:
        if entry.status == "confirmed":
            kinds.setdefault(entry.element, set()).add(entry.option == ANY)
    for element, both in kinds.items():
        if len(both) > 1:
            raise BadFile("sources.dhis2.map.whole_and_parts", file=file, column="elements", found=element)


def _refuse_vials(doses_each: Any, indicator: str, column: str, file: str) -> None:
    """Refuse doses per vial that no vial holds, or of what is no stock: children would be counted twenty times."""
    whole = isinstance(doses_each, int) and not isinstance(doses_each, bool)
    if not whole or not 1 <= doses_each <= MOST_DOSES:
        raise BadFile(
            "sources.map.bad_value", file=file, column=column, found=doses_each, expected=f"1–{MOST_DOSES}"
        )
    if doses_each > 1 and indicator not in STOCK:
        raise BadFile(
            "sources.dhis2.map.vials",
            file=file,
            column=column,
            found=indicator,
            expected=", ".join(sorted(STOCK)),
        )


def _known(document: Any, kind: type, where: str, file: str) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise BadFile("sources.map.not_settings", file=file, column=where, found=document)
    known = [item.name for item in fields(kind)]
    for key in document:
        if str(key) not in known:
            near = ", ".join(nearest(str(key), known)) or ", ".join(known)
            column = f"{where}.{key}" if where else str(key)
            raise BadFile("sources.map.unknown_setting", file=file, column=column, found=key, expected=near)
    return {str(key): value for key, value in document.items()}


def _levels(value: Any, file: str) -> dict[int, str]:
    if not isinstance(value, Mapping):
        raise BadFile("sources.map.not_settings", file=file, column="levels", found=value)
    allowed = [level.value for level in Level]
    found: dict[int, str] = {}
    for number, level in value.items():
        column = f"levels.{number}"
        if not str(number).isdigit() or level not in allowed or level in found.values():
            raise BadFile(
                "sources.map.bad_value", file=file, column=column, found=level, expected=", ".join(allowed)
            )
        found[int(number)] = str(level)
    return found


def _texts(value: Any, file: str) -> tuple[str, ...]:
    if value is not None and not isinstance(value, list):
        raise BadFile("sources.map.not_settings", file=file, column="data_sets", found=value)
    return tuple(str(item) for item in value or ())


def _entry(value: Any, where: str, file: str) -> ElementMeaning:
    told = _known(value, ElementMeaning, where, file)
    score, doses_each = told.pop("score", 0.0), told.pop("doses_each", 1)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise BadFile(
            "sources.map.bad_value", file=file, column=f"{where}.score", found=score, expected="0–1"
        )
    texts = {name: "" if text is None else str(text) for name, text in told.items()}
    if not texts.get("element"):
        raise BadFile("sources.map.bad_value", file=file, column=f"{where}.element", found="", expected="uid")
    _refuse_vials(doses_each, texts.get("indicator", ""), f"{where}.doses_each", file)
    entry = ElementMeaning(**texts, score=float(score), doses_each=doses_each)
    for name, allowed in (("status", STATUSES), ("attributes", ATTRIBUTES), *CODES.items()):
        found = getattr(entry, name)
        if found not in allowed and not (name in CODES and not found):
            raise BadFile(
                "sources.map.bad_value",
                file=file,
                column=f"{where}.{name}",
                found=found,
                expected=", ".join(allowed),
            )
    if entry.status == "confirmed" and not entry.indicator:
        raise BadFile(
            "sources.map.bad_value", file=file, column=f"{where}.indicator", found="", expected="dtp1_doses …"
        )
    return entry
