"""What does the folder of a household survey say of its round, and may it be read at all?

`round.yaml` names the study, its days, cohorts, doses and rules, and the ethics on which it rests. Without an approval, a
data-protection filing, a consent text and dates for keeping and destroying, no answer is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from kalanso.surveys.rounds import Cohort, Round, RoundRefused
from kalanso.surveys.tables import POLICIES
from kalanso.surveys.validity import MODES
from kalanso.vocabulary import Refusal
from kalanso.vocabulary.messages import LOCALES

ROUND_FILE = "round.yaml"
ETHICS = ("approval", "data_protection", "consent_version", "kept_until", "destroyed_on")
_KEYS = frozenset(
    {"survey", "title", "country", "first_day", "last_day", "cohorts", "doses", "policy", "mode", "grace_days", "groups",
     "ethics", "swap_day_month", "fill_history", "demo", "chosen_places", "scopes", "margins"}
)  # fmt: skip


class CannotReadRound(Refusal, ValueError):
    """A round whose declaration lacks something, or says what cannot be."""


@dataclass(frozen=True, kw_only=True)
class StudyRound:
    """A declared round.

    `policy` says whether registers were sought, `mode` and `grace_days` by which rules doses are valid, `groups` by what
    children are compared, `ethics` on which approvals the data rest. `chosen_places` says that strata were chosen on
    purpose: results then describe these alone. `scopes` says which places (codes as in the sample) the schedule means where it
    offers a dose in some places only. `margins` are known shares of the population, to which weights are raked.
    """

    asked: Round
    title: Mapping[str, str]
    country: str
    policy: str
    mode: str
    grace_days: int
    groups: tuple[str, ...]
    ethics: Mapping[str, str]
    chosen_places: bool
    demo: bool
    scopes: Mapping[str, tuple[str, ...]]
    margins: Mapping[str, Mapping[str, float]]


def read_round(folder: Path, *, today: date) -> StudyRound:
    """Return the round that a folder declares. Raises CannotReadRound naming what lacks.

    `today` tells whether the day has come by which the data should have been destroyed: they are not read then.
    """
    path = Path(folder) / ROUND_FILE
    told = document(path)
    if unknown := sorted(set(told) - _KEYS):
        raise CannotReadRound(
            "pipeline.survey.unknown_setting",
            file=path.name,
            found=", ".join(unknown),
            expected=", ".join(sorted(_KEYS)),
        )
    ethics = ethics_of(told.get("ethics"), path, today)
    return StudyRound(
        asked=_asked(told, path), title=title_of(told, path),
        country=str(_one(told, "country", path)), policy=_choice(told, "policy", POLICIES, path),
        mode=_choice(told, "mode", MODES, path, default=MODES[0]), grace_days=_whole(told, "grace_days", path),
        groups=tuple(map(str, told.get("groups") or ())), ethics=ethics,
        chosen_places=bool(told.get("chosen_places", False)), demo=bool(told.get("demo", False)),
        scopes=_scopes(told.get("scopes"), path),
        margins=_margins(told.get("margins"), path),
    )  # fmt: skip


def document(path: Path) -> dict[str, Any]:
    """Return the settings of a YAML file. Raises CannotReadRound where it is absent or holds none."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise CannotReadRound("pipeline.survey.no_round", file=str(path)) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CannotReadRound("pipeline.survey.unreadable", file=path.name, reason=str(error)) from error
    if not isinstance(told, Mapping):
        raise CannotReadRound("pipeline.survey.unreadable", file=path.name, reason=repr(told)[:80])
    return {str(name): value for name, value in told.items()}


def title_of(told: Mapping[str, Any], path: Path) -> dict[str, str]:
    """Return the title of a round in every language. Raises CannotReadRound."""
    title = told.get("title")
    if not isinstance(title, Mapping) or any(not str(title.get(locale, "")).strip() for locale in LOCALES):
        raise CannotReadRound(
            "pipeline.survey.setting", file=path.name, setting="title", expected="{fr: …, en: …}"
        )
    return {locale: str(title[locale]) for locale in LOCALES}


def ethics_of(told: Any, path: Path, today: date) -> dict[str, str]:
    """Return approvals and dates; every one of them must be there before an answer is opened. Raises CannotReadRound."""
    given = told if isinstance(told, Mapping) else {}
    missing = [name for name in ETHICS if not str(given.get(name) or "").strip()]
    if missing:
        raise CannotReadRound("pipeline.survey.no_ethics", file=path.name, missing=", ".join(missing))
    for name in ("kept_until", "destroyed_on"):
        if not isinstance(given[name], date):
            raise CannotReadRound(
                "pipeline.survey.setting", file=path.name, setting=f"ethics.{name}", expected="2030-12-31"
            )
    if given["destroyed_on"] < today:
        raise CannotReadRound("pipeline.survey.destroyed", file=path.name, day=given["destroyed_on"])
    return {name: str(given[name]) for name in ETHICS}


def _asked(told: Mapping[str, Any], path: Path) -> Round:
    days = {name: _one(told, name, path) for name in ("first_day", "last_day")}
    for name, day in days.items():
        if not isinstance(day, date):
            raise CannotReadRound(
                "pipeline.survey.setting", file=path.name, setting=name, expected="2025-01-13"
            )
    survey, doses, told_cohorts = (_one(told, name, path) for name in ("survey", "doses", "cohorts"))
    try:
        cohorts = tuple(
            Cohort(name=str(one["name"]), from_days=int(one["from_days"]), to_days=int(one["to_days"]))
            for one in told_cohorts
        )
        return Round(
            survey=str(survey), first_day=days["first_day"], last_day=days["last_day"], cohorts=cohorts,
            doses=tuple(map(str, doses)), swap_day_month=bool(told.get("swap_day_month", False)),
            fill_history=bool(told.get("fill_history", False)),
        )  # fmt: skip
    except RoundRefused as error:
        raise CannotReadRound("pipeline.survey.refused", file=path.name, reason=str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise CannotReadRound(
            "pipeline.survey.setting", file=path.name, setting="cohorts", expected="[{name: 12-23m, from_days: 365, to_days: 730}]"
        ) from error  # fmt: skip


def _scopes(told: Any, path: Path) -> dict[str, tuple[str, ...]]:
    given = {} if told is None else told
    if not isinstance(given, Mapping) or not all(
        isinstance(codes, list) and codes for codes in given.values()
    ):
        raise CannotReadRound(
            "pipeline.survey.setting",
            file=path.name,
            setting="scopes",
            expected='{"19 districts of …": [ML-…, ML-…]}',
        )
    return {str(scope): tuple(map(str, codes)) for scope, codes in given.items()}


def _margins(told: Any, path: Path) -> dict[str, dict[str, float]]:
    given = {} if told is None else told
    try:
        return {
            str(name): {str(category): float(share) for category, share in shares.items()}
            for name, shares in given.items()
        }
    except (AttributeError, TypeError, ValueError) as error:
        raise CannotReadRound(
            "pipeline.survey.setting",
            file=path.name,
            setting="margins",
            expected="{sex: {female: 0.49, male: 0.51}}",
        ) from error


def _one(told: Mapping[str, Any], name: str, path: Path) -> Any:
    if not told.get(name):
        raise CannotReadRound("pipeline.survey.setting", file=path.name, setting=name, expected="…")
    return told[name]


def _choice(
    told: Mapping[str, Any], name: str, known: tuple[str, ...], path: Path, *, default: str = ""
) -> str:
    found = str(told.get(name) or default)
    if found not in known:
        raise CannotReadRound(
            "pipeline.survey.setting", file=path.name, setting=name, expected=" | ".join(known)
        )
    return found


def _whole(told: Mapping[str, Any], name: str, path: Path) -> int:
    found = told.get(name, 0)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise CannotReadRound("pipeline.survey.setting", file=path.name, setting=name, expected="0, 4, 5")
    return found
