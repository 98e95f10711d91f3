"""What does each number of a DHIS2 server count, as the machine proposes and as people decided, doubts first?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from kalanso.hub.evidence.models import Connection
from kalanso.hub.evidence.queries import published
from kalanso.hub.evidence.queries.uploads import language
from kalanso.sources.column_maps import CODES
from kalanso.sources.dhis2.meanings import ANY, ElementMeaning, Meanings, from_document
from kalanso.sources.dhis2.suggesting import SURE
from kalanso.vocabulary import Level

PAGE = 20
KINDS = frozenset({"count", "population", "observed"})  # of indicators that a server's number may be
SOUND = tuple(
    name for name in SURE if name != "likeness"
)  # ways of recognising that may be confirmed together
# How an entry was recognised, and what could not be known of it, in words.
METHODS: dict[str, Any] = {
    "package_uid": _("par l'identifiant du module vaccination de l'OMS"),
    "package_code": _("par le code du module vaccination de l'OMS"),
    "own_code": _("par un code de Kalanso"),
    "words": _("par les mots de son nom"),
    "likeness": _("par la ressemblance de son nom"),
    "": _("pas reconnu"),
}
DOUBTS: dict[str, Any] = {
    "package_unsure": _(
        "Le module de l'OMS laisse ouvert ce qu'il compte : doses ou flacons, ou quels âges."
    ),
    "likeness": _("Les noms se ressemblent seulement."),
    "option_unknown": _("Ce que veut dire sa catégorie n'est pas reconnu."),
    "twin": _("Un autre nombre aurait le même sens : confirmés tous deux, ils seraient additionnés."),
}
STATUSES: dict[str, Any] = {
    "proposed": _("à décider"),
    "confirmed": _("confirmé"),
    "rejected": _("écarté"),
}
# By which door values come.
FEED_NAMES: dict[str, Any] = {
    "values": _("valeurs saisies (dataValueSets)"),
    "analytics": _("analyses (analytics), faute de mieux"),
}
# Which entries a page shows, by the word in its address.
VIEWS: dict[str, Any] = {
    "a-decider": _("À décider"),
    "confirmes": _("Confirmés"),
    "ecartes": _("Écartés"),
    "inconnus": _("Non reconnus"),
}


@dataclass(frozen=True)
class Entry:
    """One number of the server as a page shows it."""

    meaning: ElementMeaning
    indicator: str
    qualities: tuple[str, ...]

    @property
    def key(self) -> str:
        """Its name in forms."""
        return key_of(self.meaning)

    @property
    def option(self) -> str:
        """Its category as an address writes it."""
        return "tout" if self.meaning.option == ANY else self.meaning.option

    @property
    def method(self) -> str:
        """How it was recognised."""
        return str(METHODS.get(self.meaning.method, self.meaning.method))

    @property
    def doubt(self) -> str:
        """What could not be known."""
        return str(DOUBTS.get(self.meaning.doubt, "")) if self.meaning.doubt else ""

    @property
    def ageless(self) -> bool:
        """Whether it counts doses of children whose age nobody says: coverage leaves them out."""
        return is_ageless(self.meaning)

    @property
    def on(self) -> date | None:
        """The day of its decision."""
        try:
            return date.fromisoformat(self.meaning.on)
        except ValueError:
            return None


@dataclass(frozen=True)
class Reading:
    """A reading plan: its entries that one view shows, and how many there are of each."""

    entries: tuple[Entry, ...]
    number: int
    pages: int
    total: int
    counts: Mapping[str, int]
    undecided: int
    doubtful: int
    ageless: int
    sound: tuple[tuple[str, str, int], ...]


def plan_of(connection: Connection) -> Meanings | None:
    """Return the reading plan of a connection; None before the first proposal."""
    return from_document(connection.plan, file="plan") if connection.plan else None


def plain_plan(plan: Meanings) -> dict[str, Any]:
    """Return a reading plan as plain values."""
    told = asdict(plan)
    levels = {str(number): level for number, level in plan.levels.items()}
    return {**told, "levels": levels, "data_sets": list(plan.data_sets), "elements": list(told["elements"])}


def is_ageless(entry: ElementMeaning) -> bool:
    """Whether an entry counts doses of children whose age nobody says."""
    return bool(entry.indicator) and not entry.age_band and entry.meaning.age_band == "unknown"


def key_of(entry: ElementMeaning) -> str:
    """Return the name of an entry in forms."""
    return f"{entry.element}:{entry.option}"


def view_of(entry: ElementMeaning) -> str:
    """Return in which view an entry stands."""
    if entry.status == "confirmed":
        return "confirmes"
    if entry.status == "rejected":
        return "ecartes"
    return "a-decider" if entry.indicator else "inconnus"


def reading(plan: Meanings, *, view: str, page: int) -> Reading:
    """Return one page of one view, entries with a doubt first."""
    chosen = sorted(
        (one for one in plan.elements if view_of(one) == view),
        key=lambda e: (not e.doubt, e.indicator, e.name.casefold(), e.option_name),
    )
    pages = max(1, -(-len(chosen) // PAGE))
    number = min(max(1, page), pages)
    ready = Counter(
        one.method for one in plan.open if one.indicator and not one.doubt and one.method in SOUND
    )
    counts = Counter(map(view_of, plan.elements))
    return Reading(
        entries=tuple(map(entry_of, chosen[(number - 1) * PAGE : number * PAGE])), number=number, pages=pages,
        total=len(chosen), counts={name: counts.get(name, 0) for name in VIEWS},
        undecided=counts.get("a-decider", 0), doubtful=sum(bool(one.doubt) and bool(one.indicator) for one in plan.open),
        ageless=sum(is_ageless(one) for one in plan.elements if one.status != "rejected"),
        sound=tuple((name, str(METHODS[name]), ready[name]) for name in SOUND if ready[name]),
    )  # fmt: skip


def entry_of(meaning: ElementMeaning) -> Entry:
    """Return an entry with the names that people use."""
    pack, told = published.pack(), language()
    known = pack.indicators.get(meaning.indicator)
    name = known.name[told] if known is not None else meaning.indicator
    qualities = [meaning.product] if meaning.product else []
    qualities += [
        pack.name(f"{kind}.{code}", told) for kind in CODES if (code := getattr(meaning, kind))
    ]  # fmt: skip
    if meaning.doses_each > 1:
        qualities.append(_("flacons de %(n)s doses") % {"n": meaning.doses_each})
    return Entry(meaning=meaning, indicator=name, qualities=tuple(qualities))


def found(plan: Meanings, element: str, option: str) -> ElementMeaning | None:
    """Return the entry of an element and a category (`tout`: all of them)."""
    wanted = ANY if option == "tout" else option
    return next((one for one in plan.elements if (one.element, one.option) == (element, wanted)), None)


def indicators() -> list[tuple[str, str]]:
    """Return the indicators that a number of a server may be, by code and name."""
    told = language()
    known = [(code, one.name[told]) for code, one in published.pack().indicators.items() if one.kind in KINDS]
    return sorted(known, key=lambda one: one[1].casefold())


def codes_of(kind: str) -> list[tuple[str, str]]:
    """Return the codes of a quality (age band, strategy, sector, sex), with their names."""
    pack, told = published.pack(), language()
    return [(code, pack.name(f"{kind}.{code}", told)) for code in CODES[kind]]


def levels() -> list[tuple[str, str]]:
    """Return our levels with their names, the widest first."""
    pack, told = published.pack(), language()
    return [(one.value, pack.name(f"level.{one.value}", told)) for one in Level]


def signed(before: Meanings | None, after: Meanings, *, by: str, on: date) -> Meanings:
    """Return a plan whose decisions that are new are signed by whoever brings it, whatever it says itself."""
    known = {(e.element, e.option): e for e in before.elements} if before else {}
    blank = {"by": "", "on": ""}
    entries = []
    for one in after.elements:
        held = known.get((one.element, one.option))
        if held is not None and replace(held, **blank) == replace(one, **blank):
            entries.append(held)
        elif one.status == "proposed":
            entries.append(replace(one, **blank))
        else:
            entries.append(replace(one, by=by, on=on.isoformat()))
    return replace(after, elements=tuple(entries))
