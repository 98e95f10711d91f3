"""How do tests declare a round, bring its files, and have one that is analysed without the analysis?"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile

from kalanso.simulation.household_settings import Catchment, Fieldwork
from kalanso.simulation.household_survey import household_survey

NOW = datetime(2025, 3, 1, 8, 0, tzinfo=UTC)
KEY = Fernet.generate_key().decode()
PAGE = "/preuves/etudes/"
ETHICS = {
    "approval": "CE 2025/7", "data_protection": "APDP 12", "consent_version": "2, français et bambara",
    "kept_until": date(2035, 1, 31), "destroyed_on": date(2035, 2, 28),
}  # fmt: skip
COHORTS = [
    {"name": "18w-11m", "from_days": 126, "to_days": 364},
    {"name": "12-23m", "from_days": 365, "to_days": 730},
]
DOSES = ["bcg", "opv0", "dtp1", "dtp2", "dtp3", "opv1", "opv2", "opv3", "pcv1", "pcv2", "pcv3", "mcv1"]


def house(code: str = "house") -> Any:
    """Return an organisation."""
    from kalanso.hub.people.models import Organisation

    return Organisation.objects.get_or_create(
        code=code, defaults={"name": code.title(), "kind": "government"}
    )[0]


def said(**changes: Any) -> dict[str, Any]:
    """Return what is declared of a round."""
    told = {
        "survey": "menages-2025", "title_fr": "Enquête dans trois aires", "title_en": "Survey in three areas",
        "organisation": house(), "place_code": "", "first_day": date(2025, 1, 13), "last_day": date(2025, 2, 12),
        "cohorts": COHORTS, "doses": DOSES, "policy": "SOUGHT_FOR_ALL", "mode": "vcqi", "grace_days": 0, "groups": ["sex"],
        "swap_day_month": True, "chosen_places": True, "second_look": False, **ETHICS,
    }  # fmt: skip
    return told | changes


def form(client: Any, **changes: Any) -> dict[str, Any]:
    """Return the form of a new round as somebody fills it in, the rest as it is preset."""
    shown = client.get(f"{PAGE}nouvelle/").context["form"]
    preset = {field.html_name: field.value() for field in shown}
    told = {
        "survey": "menages-2025", "title_fr": "Enquête dans trois aires", "title_en": "Survey in three areas",
        "organisation": house().pk, "place": "-", "first_day": "2025-01-13", "last_day": "2025-02-12", "policy": "SOUGHT_FOR_ALL",
        "chosen_places": "on", "swap_day_month": "on", **{name: str(value) for name, value in ETHICS.items()},
    }  # fmt: skip
    found = {**preset, **told, **changes}
    return {name: value for name, value in found.items() if value is not None and value is not False}


def declared(by: Any, **changes: Any) -> Any:
    """Return a round that somebody declared."""
    from kalanso.hub.studies.actions import rounds

    return rounds.declare(by=by, said=said(**changes), now=NOW)


@lru_cache
def csv_files() -> tuple[bytes, bytes]:
    """Return answers and sample of a small made-up survey."""
    areas = tuple(
        Catchment(place_code=f"ML-H{number}", dtp1_coverage=share, dtp3_given_dtp1=0.8)
        for number, share in enumerate((0.9, 0.7, 0.5), 1)
    )
    found = household_survey(areas, Fieldwork(children=570), np.random.default_rng(5))
    names = {"ML-H1": "Ndébougou", "ML-H2": "Kalawèrè", "ML-H3": "Karangana"}
    sample = found.sample.assign(stratum_name=found.sample["stratum"].map(names))
    return found.submissions.to_csv(index=False).encode(), sample.to_csv(index=False).encode()


def bring(client: Any, one: Any, kind: str, data: bytes | None = None, name: str = "") -> Any:
    """Send a file and return the answer."""
    usual = dict(zip(("answers", "sample"), csv_files(), strict=True))
    file = SimpleUploadedFile(name or f"{kind}.csv", usual[kind] if data is None else data)
    return client.post(f"{PAGE}{one.pk}/fichiers/", {"kind": kind, "file": file})


def taken(by: Any, one: Any, folder: Path) -> dict[str, Any]:
    """Bring both files by the action and return them."""
    from kalanso.hub.studies.actions.files import take

    found = {}
    for kind, text in (("answers", "a,b\n1,2\n"), ("sample", "cluster,stratum\n1,2\n")):
        draft = folder / f"{kind}.draft"
        draft.write_text(text, encoding="utf-8")
        found[kind] = take(
            by=by, one=one, kind=kind, draft=draft, file_name=f"{kind}.csv", sha256=kind.ljust(64, "0"), now=NOW
        )  # fmt: skip
    return found


def row(
    indicator: str, detail: str, cohort: str, stratum: str = "all", share: float | None = 0.5, **more: Any
) -> dict[str, Any]:
    """Return one result as an analysis keeps it."""
    numbers = {"estimate": share, "low": share and share - 0.1, "high": share and share + 0.1}
    told = {"indicator": indicator, "detail": detail, "cohort": cohort, "stratum": stratum, "status": "shown"}
    return {**told, **numbers, "children": 120} | more


def results(strata: tuple[str, ...] = ("ML-H1", "ML-H2")) -> list[dict[str, Any]]:
    """Return results of two cohorts, a small and a smaller cell among them."""
    found = []
    for cohort in ("18w-11m", "12-23m"):
        for stratum in ("all", *strata):
            found += [row("crude_coverage", dose, cohort, stratum, 0.7) for dose in ("dtp1", "dtp3", "mcv1")]
            found += [
                row(name, "dtp1", cohort, stratum, 0.3) for name in ("zero_dose", "zero_dose_no_vaccine_at_all", "zero_dose_had_bcg_or_opv")
            ]  # fmt: skip
            found.append(row("fully_vaccinated_crude", "bcg dtp1", cohort, stratum, 0.4))
        found.append(row("besd_positive", "intention", cohort, share=0.8))
    return found


def analysed(
    by: Any,
    folder: Path,
    *,
    rows: list[dict[str, Any]] | None = None,
    places: tuple[str, ...] = ("ML-H1", "ML-H2"),
    **changes: Any,
) -> Any:
    """Return a round that is analysed, its report a few bytes."""
    from kalanso.hub.studies.actions.analyses import Found, note_analysed
    from kalanso.hub.studies.models import Analysis

    one = declared(by, **changes)
    files = taken(by, one, folder)
    analysis = Analysis.objects.create(round=one, number=1, asked_by=by, asked=NOW, **files)
    (analysis.folder / "private").mkdir(parents=True)
    for name in ("report-fr.pdf", "report-en.docx", "private/survey_children.csv"):
        (analysis.folder / name).write_bytes(b"%PDF-1.7")
    pictures = drawings(analysis.folder)
    receipt = [
        {"part": "received", "what": "submissions", "n": 600},
        {"part": "received", "what": "without_consent", "n": 20},
        {"part": "received", "what": "children", "n": 570},
        {"part": "cleaned", "what": "date_partial", "n": 12},
        {"part": "cleaned", "what": "dose_twice", "n": 0},
    ]
    found = Found(
        children=570, receipt=receipt, results=rows or results(), outputs=["report-fr.pdf", "report-en.docx", "private/survey_children.csv", *pictures],
        strata={code: {"name": f"Aire {code}", "places": [place]} for code, place in zip(("ML-H1", "ML-H2"), places, strict=True)},
    )  # fmt: skip
    note_analysed(analysis=analysis, found=found, now=NOW)
    one.refresh_from_db()
    return one


def received(analysis: Any, *, child: str = "c0ffee00c0ffee00c0ff") -> None:
    """Leave the lines of one child where an analysis keeps them, and what a rule found among them."""
    import pandas as pd

    folder = analysis.folder / "private"
    folder.mkdir(parents=True, exist_ok=True)
    children = {
        "survey": "m",
        "row": [1],
        "child": child,
        "cluster": "T-001",
        "interview_date": "2025-01-20",
        "birth_card": "2024-02-31",
        "sex": "female",
    }
    doses = {
        "survey": "m",
        "row": [1, 2],
        "child": child,
        "dose": "dtp1",
        "source": ["card", "history"],
        "answer": "yes",
        "date": ["2024-13-05", None],
    }
    found = {
        "rule": ["date_partial"],
        "table": "survey_doses",
        "row": [1],
        "child": child,
        "field": "date",
        "before": "2024-13-05",
        "after": None,
    }
    for name, table in (
        ("survey_children", children),
        ("survey_doses", doses),
        ("survey_corrections", found),
    ):
        pd.DataFrame(table).to_parquet(folder / f"{name}.parquet")


CORRECTION = {
    "table": "survey_doses", "child": "c0ffee00c0ffee00c0ff", "dose": "dtp1", "source": "card", "field": "date", "before": "2024-13-05",
    "after": "2024-05-13", "why": "photo de la carte",
}  # fmt: skip


def frame(place: str = "", units: int = 12) -> list[dict[str, Any]]:
    """Return a frame of villages in two strata."""
    return [
        {"unit_code": f"V{number:02d}", "name": f"Village {number}", "place_code": place, "stratum": f"S{number % 2}",
         "stratum_name": f"Strate {number % 2}", "children": 50.0 + number}
        for number in range(units)
    ]  # fmt: skip


ASKED = {
    "frame": "file", "file_name": "villages.csv", "strata": "", "clusters": 3, "reserves": 1, "households": 20, "teams": 2,
    "segment_above": 0, "segment_size": 0,
}  # fmt: skip


def drawn(by: Any, one: Any, place: str = "", seed: int = 7, **more: Any) -> Any:
    """Return a draw of a round."""
    from kalanso.hub.studies.actions.draws import draw

    told = {
        "frame": frame(place),
        "outside": [{"unit_code": "V99", "name": "Vide"}],
        "asked": ASKED,
        "reason": "",
    }
    return draw(by=by, one=one, seed=seed, now=NOW, **(told | more))


def counted(one: Any, **more: Any) -> Any:
    """Return a count of the fieldwork that ended, of two clusters."""
    from kalanso.hub.studies.models import FieldCount
    from kalanso.surveys.instruments import field_count

    draw = one.draws.first()
    plan = [
        {"cluster": row["cluster"], "team": str(row["team"]), "households": row["households"]}
        for row in draw.clusters[:2]
    ]
    import pandas as pd

    homes = pd.DataFrame(
        {
            "KEY": ["a", "b"],
            "cluster": plan[0]["cluster"],
            "household": ["1", "2"],
            "outcome": ["completed", "absent"],
        }
    )
    found = field_count(plan, homes=homes.assign(today="2025-01-15", attempt="1", interviewer="E1"))
    told = {
        "number": 1,
        "files": {"homes": 1},
        "draw": draw,
        "asked": NOW,
        "state": "done",
        "counted": NOW,
        "found": found,
    }
    return FieldCount.objects.create(round=one, **(told | more))


def weighted(by: Any, one: Any, draw: Any) -> Any:
    """Return weights of an analysed round as the worker leaves them."""
    from kalanso.hub.studies.models import RoundFile, Weighting
    from kalanso.surveys.drawn_weights import FACTOR_COLUMNS

    answers = RoundFile.objects.get(pk=one.shown.answers_id)
    factors = [
        dict.fromkeys(FACTOR_COLUMNS, 1.25)
        | {"cluster": row["cluster"], "stratum": row["stratum"], "place_code": "ML-1"}
        for row in draw.clusters[:2]
    ]
    return Weighting.objects.create(
        round=one, number=1, draw=draw, homes=answers, answers=answers, listed={"a": 1}, by=by, asked=NOW, state="done", ended=NOW,
        factors=factors, rates={"households": 0.9, "children": 0.95, "lost": 0.0}, sample=RoundFile.objects.get(pk=one.shown.sample_id),
    )  # fmt: skip


def laid_out(by: Any, one: Any, place: str = "") -> Any:
    """Give an analysed round a size, a form, a draw with a replacement, a count, and a correction, which is returned."""
    from kalanso.hub.studies.actions import corrections, draws, layouts

    asked = {
        "cohorts": [{"name": each["name"], "expected": 0.8, "half_width": 0.1, "children_per_household": 0.25} for each in one.cohorts],
        "icc": 1 / 6, "households": 20, "response": 0.95, "weight_cv": 0.2,
    }  # fmt: skip
    layouts.keep_size(by=by, one=one, asked=asked, now=NOW)
    kept = drawn(by, one, place)
    layouts.choose_form(by=by, one=one, name="child", language="fr", now=NOW)
    first = next(row["cluster"] for row in kept.clusters if row["role"] == "main")
    draws.replace(
        by=by,
        one=one,
        cluster=first,
        reason="insecurity",
        told="piste fermée",
        decided_on=NOW.date(),
        now=NOW,
    )
    counted(one)
    weighted(by, one, kept)
    received(one.shown)
    return corrections.propose(by=by, one=one, said=[CORRECTION], now=NOW)[0]


def drawings(folder: Path) -> list[str]:
    """Write two drawings as the worker leaves them, the second by stratum, and return the names of the files."""
    told = {
        locale: [
            {"number": number, "title": title, "alt": f"{title}: 70 %", "by_stratum": number == 2, "headings": ["Dose", "%"], "rows": [["DTC1", "70"]]}
            for number, title in enumerate(("Doses à temps", "Par strate"), 1)
        ]
        for locale in ("fr", "en")
    }  # fmt: skip
    (folder / "pictures.json").write_text(json.dumps(told), encoding="utf-8")
    names = [
        f"picture-{number}-{locale}-{width}.svg"
        for number in (1, 2)
        for locale in told
        for width in (328, 640)
    ]
    for name in names:
        (folder / name).write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" width="328" height="20"></svg>', encoding="utf-8"
        )
    return [*names, "pictures.json"]


def in_every_state(by: Any, work: Callable[[], None]) -> dict[str, str]:
    """Return by names for addresses rounds in each state: declared, with files, refused by the worker, analysed, published, withdrawn."""
    from django.conf import settings
    from django.test import override_settings

    from kalanso.hub.studies.actions import analyses, rounds
    from tests.hub import ways_desk

    folder, own = Path(mkdtemp()), {"organisation": house("cni")}
    made = {"bare": declared(by, survey="nue", approval="", **own)}
    for name in ("ready", "refused"):
        made[name] = declared(by, survey=name, **own)
        taken(by, made[name], folder)
    for name in ("analysed", "published", "withdrawn"):
        made[name] = analysed(by, folder, survey=name, **own)
    with override_settings(KALANSO_CREDENTIAL_KEYS=settings.KALANSO_CREDENTIAL_KEYS or [KEY]):
        analyses.ask_analysis(by=by, one=made["refused"], now=NOW)
        work()
    for name in ("published", "withdrawn"):
        rounds.let_out(by=by, one=made[name], now=NOW)
    made["laid"] = analysed(by, folder, survey="tracee", **own)
    laid_out(by, made["laid"])
    rounds.withdraw(by=by, one=made["withdrawn"], reason="poids faux", now=NOW)
    made |= ways_desk.both(by, work, folder, **own)
    return {f"round_{name}": str(one.pk) for name, one in made.items()}
