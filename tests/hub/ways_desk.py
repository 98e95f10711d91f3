"""How do tests declare a round without a household survey, bring its files and have it answered?"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.hub import desk
from tests.hub.study_desk import ETHICS, NOW, PAGE, house

LOTS = {
    "children": 19,
    "lower": 0.5,
    "upper": 0.8,
    "alpha": 0.1,
    "beta": 0.1,
    "children_per_cluster": 1,
    "icc": 0.0,
}
TERMS = {
    "lots": LOTS, "phone": {"phoneless_share": 0.35}, "respondent_driven": {}, "time_location": {},
    "capture_recapture": {"target": 812, "target_low": 690, "target_high": 950},
    "key_informants": {"listed": 140, "checked": 40, "checked_missed": 31, "found_missed": 25, "found_listed": 17, "target": 812, "target_low": 690, "target_high": 950},
    "settlements": {
        "inhabited": {"value": 0.8, "low": 0.7, "high": 0.9, "source": "visite"},
        "people_per_building": {"value": 6.1, "low": 5.4, "high": 6.9, "source": "visite"},
        "child_share": {"value": 0.04, "low": 0.035, "high": 0.045, "source": "recensement"},
    },
}  # fmt: skip


def said(way: str, place: str, **changes: Any) -> dict[str, Any]:
    """Return what is declared of a round of a way."""
    told = {
        "survey": f"{way.replace('_', '-')}-2025", "title_fr": f"Sans ménages : {way}", "title_en": f"Without households: {way}",
        "organisation": house(), "place_code": place, "first_day": date(2025, 1, 13), "last_day": date(2025, 2, 12), "way": way,
        "terms": {"ages_months": [12, 24], "indicator": "dtp1", "settings": TERMS[way]}, **ETHICS,
    }  # fmt: skip
    return told | changes


def declared(by: Any, way: str, place: str = "", **changes: Any) -> Any:
    """Return a round of a way that somebody declared."""
    from kalanso.hub.studies.actions import rounds

    return rounds.declare(by=by, said=said(way, place, **changes), now=NOW)


def lots(*rows: tuple[str, str, int]) -> str:
    """Return a table of lots of 19 children: round, place, vaccinated."""
    lines = [
        f"{name},{place},dtp1,19,{n},2025-01-{14 + at},2025-01-20" for at, (name, place, n) in enumerate(rows)
    ]
    return "\n".join(["round,place_code,indicator,children,vaccinated,interviewed_from,interviewed_to", *lines, ""])  # fmt: skip


def respondents(children: int = 120, vaccinated: int = 66) -> str:
    """Return people called."""
    lines = [f"r{at},{int(at < vaccinated)},1" for at in range(children)]
    return "\n".join(["respondent,vaccinated,numbers_held", *lines, ""])


def bring(client: Any, one: Any, text: str) -> Any:
    """Send a file and return the answer."""
    return client.post(
        f"{PAGE}{one.pk}/fichiers/", {"file": SimpleUploadedFile("fichier.csv", text.encode())}
    )


def keep(by: Any, one: Any, folder: Path, text: str, kind: str = "table") -> Any:
    """Bring a file by the action."""
    import hashlib

    from kalanso.hub.studies.actions.files import take

    draft = folder / f"{one.pk}-{kind}.draft"
    draft.write_text(text, encoding="utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return take(by=by, one=one, kind=kind, draft=draft, file_name="fichier.csv", sha256=digest, now=NOW)


def answered(by: Any, one: Any, folder: Path, text: str = "") -> Any:
    """Return a round that was answered from a table by the worker."""
    from kalanso.hub.studies.actions.analyses import ask_analysis

    if text:
        keep(by, one, folder, text)
    ask_analysis(by=by, one=one, now=NOW)
    job = desk.work()
    assert (job.kind, job.state) == ("studies.analyse", "done"), job.error
    one.refresh_from_db()
    return one


def told(by: Any, place: str, folder: Path, **changes: Any) -> Any:
    """Return a round of lots as the worker leaves it, without the worker."""
    from kalanso.hub.studies.actions.analyses import Found, note_analysed
    from kalanso.hub.studies.models import Analysis

    one = declared(by, "lots", place, **changes)
    file = keep(by, one, folder, lots(("v1", place, 9)))
    analysis = Analysis.objects.create(round=one, number=1, asked_by=by, asked=NOW, reads=[file.pk])
    lot = {
        "place_code": place,
        "round": "v1",
        "decision": "fail",
        "change": "first",
        "children": 19,
        "vaccinated": 9,
        "fails_in_a_row": 1,
    }
    result = {
        "direction": "unknown",
        "assumptions": {"fr": ["Au hasard."], "en": ["At random."]},
        "sentences": {"fr": ["Règle."], "en": ["Rule."]},
        "tables": {"lots": [lot]},
        "evidence": True,
    }
    found = Found(
        children=19,
        receipt=[],
        results=[result],
        strata={place: {"name": "", "places": [place]}},
        outputs=["lots.csv"],
    )
    note_analysed(analysis=analysis, found=found, now=NOW)
    one.refresh_from_db()
    return one  # fmt: skip


def both(by: Any, work: Callable[[], None], folder: Path, **changes: Any) -> dict[str, Any]:
    """Return rounds answered by lots and by telephone in a district."""
    from kalanso.hub.people.models import PlaceMirror
    from kalanso.hub.studies.actions.analyses import ask_analysis

    here, there = PlaceMirror.objects.filter(level="district", flagged=False).order_by("code")[:2]
    made = {"lots": declared(by, "lots", **changes), "phone": declared(by, "phone", here.code, **changes)}
    table = lots(
        ("2025-1", here.code, 9),
        ("2025-1", there.code, 17),
        ("2025-2", here.code, 8),
        ("2025-2", there.code, 12),
    )
    for name, text in (("lots", table), ("phone", respondents())):
        keep(by, made[name], folder, text)
        ask_analysis(by=by, one=made[name], now=NOW)
        work()
    return made  # fmt: skip
