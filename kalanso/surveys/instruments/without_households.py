"""What do submissions of the forms for telephone, lots and informants say, as tables that ways without a household survey read?

Nothing is corrected here: a submission counts, or is set aside under a named rule and counted there. A caregiver who does not
know whether a dose was given counts as a child without it, as in VCQI, and is counted too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.answers import read_answers
from kalanso.surveys.instruments.loading import load

DOSES = {"dtp1": "penta1", "dtp3": "penta3", "mcv1": "mcv1"}
YES, NO, UNSURE = "1", "2", "99"
RULES = (
    "not_answered", "no_consent", "asked_again", "no_code", "no_day", "no_age", "other_age", "no_answer", "household_again", "does_not_know",
    "listed_twice", "check_open",
)  # fmt: skip
LISTED = "listed"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """The table of a way, settings that were counted (empty but for informants), and how many submissions or children fell under each of RULES."""

    table: pd.DataFrame
    settings: Mapping[str, int] = field(default_factory=dict)
    receipt: Mapping[str, int] = field(default_factory=dict)


@dataclass
class _Rows:
    """Submissions that are still in, and a count of those set aside."""

    rows: pd.DataFrame
    receipt: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RULES, 0))

    def keep(self, rule: str, kept: pd.Series) -> None:
        """Keep rows for which `kept` holds, count the others under a rule."""
        self.receipt[rule] += int((~kept).sum())
        self.rows = self.rows[kept].reset_index(drop=True)


def lot_table(answers: Mapping[str, pd.DataFrame], *, ages_months: tuple[int, int], indicator: str) -> Taken:
    """Return lots (round, place_code, indicator, children, vaccinated, first and last day) from submissions of the form `lqas`.

    A lot asks about one child of a household. Of several complete interviews (agreed, of the age, with an answer on the dose) of one
    household of a cluster the latest counts: it is the visit made to complete or mend the one before.
    """
    found = _asked(answers, "lqas", indicator)
    found.keep("no_consent", found.rows["consent"].eq("1"))
    found.keep("no_code", found.rows["lot"].ne(""))
    _aged(found, ages_months)
    found.keep("no_answer", found.rows[DOSES[indicator]].isin([YES, NO, UNSURE]))
    _once(found)
    rows = _vaccinated(found, indicator)
    lots = rows.groupby(["round", "lot"], sort=True).agg(
        children=("vaccinated", "size"), vaccinated=("vaccinated", "sum"), interviewed_from=("day", "min"), interviewed_to=("day", "max")
    ).reset_index().rename(columns={"lot": "place_code"})  # fmt: skip
    lots.insert(2, "indicator", indicator)
    for name in ("interviewed_from", "interviewed_to"):
        lots[name] = lots[name].astype(str)
    return Taken(table=lots, receipt=found.receipt)


def _once(found: _Rows) -> None:
    """Keep the latest interview of each household, by day and then by the hour at which it began; one without a number stays."""
    found.rows = found.rows.sort_values(["day", "start"], kind="stable", ignore_index=True)
    number = pd.to_numeric(found.rows["household"], errors="coerce")
    key = found.rows[["round", "lot", "cluster"]].assign(household=number)
    found.keep("household_again", number.isna() | ~key.duplicated(keep="last"))


def respondent_table(
    answers: Mapping[str, pd.DataFrame], *, ages_months: tuple[int, int], indicator: str
) -> Taken:
    """Return people called (respondent, vaccinated, numbers_held, health_area, mother_education, card_in_hand) from the form `phone`.

    Of several calls to a person the last that was answered counts.
    """
    found = _asked(answers, "phone", indicator)
    found.keep("not_answered", found.rows["call_outcome"].eq("answered"))
    found.keep("no_consent", found.rows["consent"].eq("1"))
    found.keep("no_code", found.rows["respondent"].ne(""))
    found.rows["attempt"] = pd.to_numeric(found.rows["attempt"], errors="coerce").fillna(1)
    found.rows = found.rows.sort_values(["day", "attempt"], na_position="first", kind="stable").reset_index(
        drop=True
    )
    found.keep("asked_again", ~found.rows.duplicated("respondent", keep="last"))
    _aged(found, ages_months)
    rows = _vaccinated(found, indicator)
    wanted = ["respondent", "vaccinated", "numbers_held", "health_area", "mother_education", "card_in_hand"]
    return Taken(table=rows[wanted].sort_values("respondent", ignore_index=True), receipt=found.receipt)


def listing(answers: Mapping[str, pd.DataFrame], *, ages_months: tuple[int, int], indicator: str) -> Taken:
    """Return how many children informants listed and what their check found, from the form `key_informant` and its repeat `listed`.

    A child that two informants list counts once, checked where one of both checked it. A check that could not tell counts as not made. The
    table has the listed children: listed_code, checked, truly_missed (1, 0, or nothing).
    """
    if LISTED not in answers:
        raise SurveyRefused("surveys.ways.no_repeat", form="key_informant", repeat=LISTED)
    if indicator != "dtp1":
        raise SurveyRefused(
            "surveys.ways.no_dose", form="key_informant", indicator=indicator, expected="dtp1"
        )
    main = _wide(answers, "key_informant", "")
    children = _wide(answers, "key_informant", LISTED)
    days = dict(zip(main.rows["submission"], main.rows["day"], strict=True))
    agreed = set(main.rows.loc[main.rows["consent"].eq("1"), "submission"])
    main.receipt["no_consent"] = len(main.rows) - len(agreed)
    found = _Rows(
        children.rows[children.rows["submission"].isin(agreed)].reset_index(drop=True), main.receipt
    )
    found.rows["day"] = pd.to_datetime(found.rows["submission"].map(days))
    found.keep("no_code", found.rows["listed_code"].ne(""))
    _aged(found, ages_months)
    rows = found.rows.assign(known=found.rows["checked"].eq("1") & found.rows["truly_missed"].isin([YES, NO]))
    found.receipt["check_open"] = int((rows["checked"].eq("1") & ~rows["known"]).sum())
    rows = rows.sort_values("known", ascending=False, kind="stable")
    twice = rows.duplicated("listed_code")
    found.receipt["listed_twice"] = int(twice.sum())
    rows = rows[~twice]
    missed = rows["truly_missed"].map({YES: 1, NO: 0}).where(rows["known"])
    table = pd.DataFrame(
        {"listed_code": rows["listed_code"], "checked": rows["known"].astype(int), "truly_missed": missed}
    )
    settings = {
        "listed": len(table),
        "checked": int(table["checked"].sum()),
        "checked_missed": int(missed.sum()),
    }
    return Taken(table=table.reset_index(drop=True), settings=settings, receipt=found.receipt)


def _wide(answers: Mapping[str, pd.DataFrame], form: str, repeat: str) -> _Rows:
    """Return a line for each submission, or row of a repeat, with every question of the form; texts, "" where nothing was said."""
    known = load(form)
    read = read_answers(answers, known).rows
    of = read[read["repeat"].eq(repeat)]
    names = ["today", "start", *(question.name for question, _ in known.questions())]
    wide = (
        of.pivot(index=["submission", "row"], columns="variable", values="value")
        .reindex(columns=names)
        .fillna("")
    )
    wide = wide.reset_index()
    wide["day"] = pd.to_datetime(
        wide["today"].where(wide["today"].ne(""), wide["start"]).str[:10], errors="coerce"
    )
    return _Rows(wide)


def _asked(answers: Mapping[str, pd.DataFrame], form: str, indicator: str) -> _Rows:
    found = _wide(answers, form, "")
    if DOSES.get(indicator) not in found.rows:
        doses = [name for name, question in DOSES.items() if question in found.rows]
        raise SurveyRefused("surveys.ways.no_dose", form=form, indicator=indicator, expected=", ".join(doses))
    return found


def _aged(found: _Rows, ages_months: tuple[int, int]) -> None:
    """Keep children of an age at interview (completed months, half open), by their birth date or the age that was told."""
    found.keep("no_day", found.rows["day"].notna())
    rows = found.rows
    born = pd.to_datetime(rows["dob_history"], errors="coerce", format="%Y-%m-%d")
    day = rows["day"]
    months = (day.dt.year - born.dt.year) * 12 + day.dt.month - born.dt.month - (day.dt.day < born.dt.day)
    found.rows = rows.assign(age=months.fillna(pd.to_numeric(rows["age_months"], errors="coerce")))
    found.keep("no_age", found.rows["age"].notna())
    found.keep("other_age", found.rows["age"].between(ages_months[0], ages_months[1], inclusive="left"))


def _vaccinated(found: _Rows, indicator: str) -> pd.DataFrame:
    """Return the rows with `vaccinated` (0 or 1)."""
    question = DOSES[indicator]
    found.keep("no_answer", found.rows[question].isin([YES, NO, UNSURE]))
    said = found.rows[question]
    found.receipt["does_not_know"] = int(said.eq(UNSURE).sum())
    return found.rows.assign(vaccinated=said.eq(YES).astype(int))


# Way, form that is read, reader.
FORMS: Mapping[str, tuple[str, Callable[..., Taken]]] = {
    "lots": ("lqas", lot_table), "phone": ("phone", respondent_table), "key_informants": ("key_informant", listing),
}  # fmt: skip
