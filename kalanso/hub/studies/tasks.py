"""How does the worker count the fieldwork of a round, clean and analyse it? The only file of the app that calls the pipeline.

The study stands in a folder of its own while it is read, and goes with it. Why files could not be analysed is kept
as a sentence in both languages.
"""

from __future__ import annotations

import csv
import json
import logging
import shutil
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, InterfaceError
from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.figures.survey_words import PRIORITY
from kalanso.hub.jobs.actions import LeaseLost
from kalanso.hub.jobs.tasks import Refused, Work, store_of_hub
from kalanso.hub.people.queries.places import country_pack, names_of
from kalanso.hub.people.queries.sealing import CannotOpen, NoKey
from kalanso.hub.studies.actions import destruction, handing_on
from kalanso.hub.studies.actions.analyses import Found, both, note_analysed, note_refused
from kalanso.hub.studies.actions.field import note_counted, note_uncounted
from kalanso.hub.studies.actions.weights import note_unweighed, note_weighed
from kalanso.hub.studies.models import (
    ETHICS,
    Analysis,
    Correction,
    Draw,
    FieldCount,
    Replacement,
    Round,
    RoundFile,
    Weighting,
)
from kalanso.hub.studies.queries import draws
from kalanso.hub.studies.queries.destruction import with_raw_data
from kalanso.hub.studies.queries.field import expected_of
from kalanso.hub.studies.queries.frames import below
from kalanso.hub.studies.queries.results import COMPARED, SHOWN, VACCINATION
from kalanso.hub.studies.queries.salts import salt_of
from kalanso.hub.studies.queries.weights import of_sample
from kalanso.pipeline.household_surveys import REPORT_FORMATS, Analysed, analyse_survey
from kalanso.pipeline.progress import Cancelled
from kalanso.pipeline.publish_surveys import (
    EVIDENCE_FILE,
    publish_analysis,
    publish_answer,
    rounds_of,
    withdraw_survey,
)
from kalanso.pipeline.survey_reach import DRAW, REPLACED
from kalanso.pipeline.survey_ways import ANSWERS, DONE, POPULATIONS, WAY_FILE, answer_way
from kalanso.pipeline.survey_weights import FACTORS_FILE, HOMES, LISTED, SAMPLE
from kalanso.pipeline.survey_weights import weigh as weigh_study
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments import field_count
from kalanso.surveys.instruments.without_households import LISTED as LISTED_REPEAT
from kalanso.surveys.rounds import Cohort
from kalanso.surveys.ways import WAYS
from kalanso.vocabulary import Refusal

log = logging.getLogger(__name__)
# Of these the worker knows what to do; whatever else goes wrong ends the work with a sentence.
PASSING = (Cancelled, LeaseLost, Refused, DatabaseError, InterfaceError)
ALL = "all"
DECIDED_COLUMNS = ("table", "child", "dose", "source", "field", "before", "after", "why", "who")
FIELD_KINDS = ("answers", "homes", "second")
_NUMBERS = ("estimate", "low", "high")
# Files of a round without a household survey, as the pipeline names them; its table bears the name of its way.
HEARD_FILES = {"answers": ANSWERS, "listed": f"{LISTED_REPEAT}.csv", "larger": POPULATIONS}
TABLES_SHOWN = frozenset({"lots", "larger_places", "children", "operating_curve"})
DATES_OF_LOTS = ["interviewed_from", "interviewed_to"]  # where a place is protected, its days are too


def now() -> datetime:
    """Return the moment."""
    return datetime.now(UTC)


def analyse(work: Work) -> Mapping[str, Any]:
    """Analyse the files of a round; an attempt that was killed leaves nothing that counts, and is done again."""
    analysis = Analysis.objects.select_related("round", "answers", "sample").get(
        pk=work.arguments["analysis"]
    )
    address = {"address": reverse("round", args=[analysis.round_id])}
    if analysis.state != Analysis.State.ASKED:
        return address
    try:
        with tempfile.TemporaryDirectory(prefix="kalanso-study-") as folder:
            shutil.rmtree(analysis.folder, ignore_errors=True)
            analysis.folder.mkdir(parents=True, mode=0o700)
            if analysis.round.of_households:
                _lay(analysis, Path(folder))
                done = analyse_survey(
                    Path(folder), analysis.folder, salt=salt_of(analysis.round), reports=REPORT_FORMATS, pictures=True,
                    progress=work.progress, cancel=work.cancel, now=now(),
                )  # fmt: skip
                found = _found(done, Path(folder))
            else:
                found = answered(analysis, Path(folder), today=now().date())
    except Cancelled:
        shutil.rmtree(analysis.folder, ignore_errors=True)
        raise
    except (NoKey, CannotOpen) as error:
        raise _refused(analysis, both(_says_no_key)) from error
    except NotDrawn as error:
        raise _refused(analysis, both(_says_not_drawn)) from error
    except Refusal as error:
        shutil.rmtree(analysis.folder, ignore_errors=True)
        raise _refused(analysis, {locale: error.render(locale) for locale in ("fr", "en")}) from error
    except PASSING:
        raise
    except Exception as error:  # whatever it was: nothing half made stays
        log.exception("analysis failed")
        shutil.rmtree(analysis.folder, ignore_errors=True)
        raise _refused(analysis, both(_says_fault)) from error
    note_analysed(analysis=analysis, found=found, now=now())
    return address


def answered(analysis: Analysis, folder: Path, *, today: date) -> Found:
    """Answer a round without a household survey and return what pages show of it.

    Chance comes from the number of the round: the same files give the same answer. Few children are hidden as they are everywhere.
    """
    one = analysis.round
    for file in RoundFile.objects.filter(pk__in=analysis.reads):
        shutil.copyfile(file.path, folder / HEARD_FILES.get(str(file.kind), WAYS[one.way].table))
    (folder / WAY_FILE).write_text(
        yaml.safe_dump(_way_told(one), allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    done = answer_way(folder, analysis.folder, rng=np.random.default_rng(one.pk), today=today, names=names_of, demo=_demo())  # fmt: skip
    told = json.loads((analysis.folder / DONE).read_text(encoding="utf-8"))
    if few := done.answer.few:
        told = {name: told[name] for name in ("direction", "assumptions")} | {"few": True}
        (analysis.folder / EVIDENCE_FILE).unlink(missing_ok=True)
    if (lots := done.tables.get("lots")) is not None:
        told["newest"] = str(lots.sort_values("interviewed_from", kind="stable")["round"].iloc[-1])
    tables = {
        name: json.loads(table.drop(columns=DATES_OF_LOTS, errors="ignore").to_json(orient="records"))
        for name, table in done.tables.items()
        if name in TABLES_SHOWN and not few
    }
    counted = [{"part": "heard", "what": rule, "n": n} for rule, n in done.receipt.items() if n]
    places = sorted(
        {str(code) for rows in tables.values() for row in rows if (code := row.get("place_code"))}
        | {one.place_code} - {""}
    )
    return Found(
        children=done.answer.children, receipt=counted, results=[told | {"tables": tables, "evidence": not few and len(done.answer.evidence) > 0}],
        strata={code: {"name": "", "places": [code]} for code in places}, outputs=done.files,
    )  # fmt: skip


def _way_told(one: Round) -> dict[str, Any]:
    """Return what was declared of a round of a way, as `way.yaml` says it, with what the study heard there in interviews."""
    heard = list(one.voices.filter(place_code=one.place_code)) if one.place_code else []
    return {
        "way": one.way, "survey": one.survey, "title": {"fr": one.title_fr, "en": one.title_en}, "first_day": one.first_day,
        "last_day": one.last_day, "ages_months": one.terms["ages_months"], "indicator": one.terms["indicator"],
        "ethics": {name: getattr(one, name) for name in ETHICS}, **({"place_code": one.place_code} if WAYS[one.way].one_place else {}),
        **({"interviews": heard[0].interviews, "groups": heard[0].focus_groups} if heard else {}), **one.terms["settings"],
    }  # fmt: skip


def count_field(work: Work) -> Mapping[str, Any]:
    """Count how far the fieldwork is by the files that had come when it was asked."""
    count = FieldCount.objects.select_related("round", "draw").get(pk=work.arguments["count"])
    address = {"address": reverse("round_field", args=[count.round_id])}
    if count.state != FieldCount.State.ASKED:
        return address
    tables: dict[str, pd.DataFrame] = {}
    for file in RoundFile.objects.filter(
        pk__in=[count.files[kind] for kind in FIELD_KINDS if kind in count.files]
    ):
        tables[str(file.kind)] = pd.read_csv(
            file.path, dtype=str, keep_default_na=False, encoding="utf-8-sig"
        )
    try:
        found = field_count(expected_of(count.draw), **tables)
    except SurveyRefused as error:
        fault = {locale: error.render(locale) for locale in ("fr", "en")}
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, KeyError):
        fault = both(lambda: _("Un des fichiers ne se lit pas comme l'export d'un formulaire."))
    except PASSING:
        raise
    except Exception:  # whatever it was: the page says that nothing was counted
        log.exception("count failed")
        fault = both(_says_fault)
    else:
        note_counted(count=count, found=found, now=now())
        return address
    note_uncounted(count=count, fault=fault, now=now())
    raise Refused(fault["fr"])


def weigh(work: Work) -> Mapping[str, Any]:
    """Compute the weights of a round out of its draw, and keep the sample that they make."""
    asked = Weighting.objects.select_related("round", "draw", "homes", "answers", "members").get(
        pk=work.arguments["weighting"]
    )
    address = {"address": reverse("round_weights", args=[asked.round_id])}
    if asked.state != Weighting.State.ASKED:
        return address
    try:
        with tempfile.TemporaryDirectory(prefix="kalanso-study-") as name:
            folder = Path(name)
            for file in filter(None, (asked.homes, asked.answers, asked.members)):
                shutil.copyfile(file.path, folder / f"{file.kind}.csv")
            pd.DataFrame(asked.draw.clusters).to_csv(folder / DRAW, index=False)
            draws.log_of(list(asked.draw.replacements.select_related("by"))).to_csv(
                folder / REPLACED, index=False
            )
            listed = pd.DataFrame(asked.listed.items(), columns=["cluster", "households_listed"])
            listed.to_csv(folder / LISTED, index=False)
            found = weigh_study(folder, cohorts=[Cohort(**one) for one in asked.round.cohorts])
            rates = {name: None if pd.isna(rate) else float(rate) for name, rate in found.rates.items()}
            note_weighed(
                weighting=asked, sample=folder / SAMPLE, factors=json.loads(found.factors.to_json(orient="records")), rates=rates, now=now()
            )  # fmt: skip
    except Refusal as error:
        fault = {locale: error.render(locale) for locale in ("fr", "en")}
    except ValidationError as error:
        fault = dict.fromkeys(("fr", "en"), " ".join(error.messages))
    except PASSING:
        raise
    except Exception:  # whatever it was: no sample stands that was half made
        log.exception("weighing failed")
        fault = both(_says_fault)
    else:
        return address
    note_unweighed(weighting=asked, fault=fault, now=now())
    raise Refused(fault["fr"])


def _refused(analysis: Analysis, fault: dict[str, str]) -> Refused:
    note_refused(analysis=analysis, fault=fault, now=now())
    return Refused(fault["fr"])


def _says_no_key() -> str:
    return _(
        "Le secret de l'étude ne peut pas être ouvert : la clé qui l'a scellé n'est plus réglée (KALANSO_CREDENTIAL_KEYS)."
    )


def _says_not_drawn() -> str:
    return _(
        "Des grappes de l'échantillon ne sont d'aucun tirage de cette étude, et des grappes non visitées y sont notées : personne ne peut dire de qui l'étude parle. Apportez l'échantillon de ce tirage."
    )


def _says_fault() -> str:
    return _(
        "Une faute imprévue a arrêté ce travail. Rien n'en est gardé ; vos fichiers et ce qui était montré restent. Relancez-le ; si la faute revient, dites-le à la personne qui tient Kalanso."
    )


class NotDrawn(Exception):
    """Clusters were replaced, and the sample holds clusters that no draw of the round drew."""


def _drawn(analysis: Analysis) -> Draw | None:
    """Return the draw from which the interviews come; None where the sample was drawn elsewhere. Raises NotDrawn."""
    with analysis.sample.path.open(encoding="utf-8-sig", newline="") as stream:
        clusters = {str(row.get("cluster")): row.get("place_code") or "" for row in csv.DictReader(stream)}
    found = draws.drawn_for(analysis.round, clusters)
    if found is None and Replacement.objects.filter(draw__round=analysis.round).exists():
        raise NotDrawn
    return found


def _lay(analysis: Analysis, folder: Path) -> None:
    """Write the study as the pipeline reads one: its declaration, answers, sample, and the factors of weights that were computed here."""
    for file in (analysis.answers, analysis.sample):
        shutil.copyfile(file.path, folder / f"{file.kind}.csv")
    for file in analysis.round.files.filter(kind=RoundFile.Kind.HOUSEHOLDS, replaced__isnull=True):
        shutil.copyfile(file.path, folder / HOMES)
    if analysis.decided:
        rows = Correction.objects.filter(pk__in=analysis.decided).select_related("by").order_by("pk")
        with (folder / "corrections.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, DECIDED_COLUMNS)
            writer.writeheader()
            writer.writerows(
                {name: getattr(one, name, "") for name in DECIDED_COLUMNS} | {"who": f"person {one.by_id}"}
                for one in rows
            )
    drawn = _drawn(analysis)
    if drawn is not None and (lines := list(drawn.replacements.select_related("by"))):
        pd.DataFrame(drawn.clusters).to_csv(folder / DRAW, index=False)
        draws.log_of(lines).to_csv(folder / REPLACED, index=False)
    made = of_sample(analysis.sample)
    if made is not None:
        pd.DataFrame(made.factors).to_csv(folder / FACTORS_FILE, index=False)
    said = declaration(analysis.round) | {"margins": made.margins if made is not None else {}}
    told = yaml.safe_dump(said, allow_unicode=True, sort_keys=False)
    (folder / "round.yaml").write_text(told, encoding="utf-8")


def _demo() -> bool:
    return settings.KALANSO_STORE is not None and store_of_hub().demo


def declaration(one: Round) -> dict[str, Any]:
    """Return what was declared of a round, as `round.yaml` says it."""
    return {
        "survey": one.survey, "title": {"fr": one.title_fr, "en": one.title_en}, "country": country_pack().country.code, "demo": _demo(),
        "chosen_places": one.chosen_places, "first_day": one.first_day, "last_day": one.last_day, "cohorts": one.cohorts,
        "doses": one.doses, "policy": one.policy, "mode": one.mode, "grace_days": one.grace_days, "groups": one.groups,
        "scopes": {scope: below(codes) for scope, codes in one.scopes.items()},
        "swap_day_month": one.swap_day_month, "ethics": {name: getattr(one, name) for name in ETHICS},
    }  # fmt: skip


def _found(done: Analysed, folder: Path) -> Found:
    """Return what pages show of an analysis; small cells were hidden by the library already."""
    named = {indicator for indicator, _detail in (*SHOWN, *COMPARED)}
    own = done.estimates[done.estimates["indicator"].isin(named)]
    rows = [_row(row) for row in own.to_dict("records") if _kept(row)]
    rows += [_driver(row) for row in done.beside.drivers.to_dict("records") if row["item"] in PRIORITY]
    received = [
        {"part": "received", "what": "submissions", "n": done.submissions},
        {"part": "received", "what": "without_consent", "n": done.received.without_consent},
        {"part": "received", "what": "children", "n": done.children},
    ]
    cleaned = [
        {"part": "cleaned", "what": str(rule), "n": int(n)}
        for rule, n in done.cleaned.receipt[["rule", "rows"]].itertuples(index=False)
    ]
    read = [{"part": "read", "what": what, "n": n} for what, n in done.received.read.items()]
    unoffered = [
        {"part": "left_out", "what": dose, "scope": scope, "n": n} for dose, scope, n in done.left_out
    ]
    reached = [
        {"part": "reached", "what": row["stratum"], "n": row["unreachable"]} | {name: row[name] for name in ("drawn", "share")}
        for row in done.reached.drop_duplicates("stratum").to_dict("records")
    ]  # fmt: skip
    return Found(
        children=done.children, receipt=read + reached + unoffered + received + cleaned + _broken(done), results=rows, strata=_strata(folder / "sample.csv"), outputs=done.files
    )  # fmt: skip


def _broken(done: Analysed) -> list[dict[str, Any]]:
    """Return for how many rows of the sample the factors that are kept do not give the weight, where there are such."""
    origin = done.beside.origin
    if not (origin.differing or origin.lacking):
        return []
    return [
        {"part": "weights", "what": name, "n": getattr(origin, name)}
        for name in ("rows", "differing", "lacking")
    ]


def _kept(row: Mapping[Any, Any]) -> bool:
    """Say whether pages show a line: indicators of all children, a few by groups of children over all strata."""
    if row["domain_kind"] != ALL:
        return row["stratum"] == ALL and (row["indicator"], row["detail"]) in COMPARED
    return any(row["indicator"] == name and detail in (None, row["detail"]) for name, detail in SHOWN)


def _row(row: Mapping[Any, Any]) -> dict[str, Any]:
    told = {
        name: str(row[name])
        for name in ("indicator", "detail", "cohort", "stratum", "domain_kind", "domain", "status")
    }
    numbers = {name: None if pd.isna(row[name]) else float(row[name]) for name in _NUMBERS}
    return {**told, **numbers, "children": int(row["children"])}


def _driver(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return answers to a question of children of one vaccination status, with the test of whether statuses answer alike."""
    told = _row(
        {**row, "indicator": "besd_positive", "detail": row["item"], "stratum": ALL, "domain_kind": VACCINATION, "domain": row["status"], "status": row["shown"]}
    )  # fmt: skip
    return told | {"p_value": None if pd.isna(row["p_value"]) else float(row["p_value"])}


def _strata(sample: Path) -> dict[str, Any]:
    """Return what people call each stratum, and the places that it holds."""
    found: dict[str, Any] = {}
    with sample.open(encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream):
            one = found.setdefault(row["stratum"], {"name": row.get("stratum_name") or "", "places": []})
            if row["place_code"] not in one["places"]:
                one["places"].append(row["place_code"])
    return found


def hand_on(work: Work) -> Mapping[str, Any]:
    """Bring the country's evidence to what a round says now: its rows while it is published, none otherwise."""
    one, store = Round.objects.select_related("shown").get(pk=work.arguments["round"]), store_of_hub()
    found = None
    if one.state == Round.State.PUBLISHED and one.shown is not None:
        told = {"by": str(one.published_by), "note": str(one), "now": now()}
        if not one.of_households:
            found = publish_answer(store, one.shown.folder, one.survey, **told)
        elif not (one.shown.folder / EVIDENCE_FILE).is_file():
            raise Refused(
                _(
                    "Cette analyse n'a pas gardé ce que l'estimation entend : retirez l'étude, analysez-la de nouveau, puis publiez-la."
                )
            )
        else:
            found = publish_analysis(store, one.shown.folder, **told)
    else:
        reason = one.reason or _("L'étude n'est plus publiée.")
        for name in sorted(rounds_of(store, one.survey)) if not one.of_households else [one.survey]:
            withdraw_survey(store, name, reason=reason, by=str(one.published_by or "kalanso"), now=now())
    handing_on.note_handed_on(one=one, snapshot=found.id if found is not None else "", now=now())
    return {"address": reverse("round", args=[one.pk]), "snapshot": found.id if found is not None else ""}


def destroy_due(work: Work) -> Mapping[str, Any]:
    """Destroy the raw data of studies whose day has come, and tell of those whose day comes soon."""
    told: dict[str, Any] = {"destroyed": [], "waiting": [], "told": 0}
    for one, day in list(with_raw_data()):
        if work.cancel():
            raise Cancelled
        if day <= now().date():
            told["destroyed" if destruction.destroy(one=one, now=now()) else "waiting"].append(one.survey)
        elif day <= now().date() + destruction.WARNED_BEFORE:
            told["told"] += destruction.warn(one=one, day=day, now=now())
        work.progress(one.survey, 0.5)
    return told
