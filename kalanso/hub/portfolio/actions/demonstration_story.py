"""What happened in the demonstration's portfolio, so that one can walk from a number to a decision and on to what changed?

Brought about once by the actions that people's pages call, each dated when it would have happened and signed by a
simulated person who may. One line of the home district has the whole chain; other lines report, other districts name
what holds them back.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction

from kalanso.hub.people.actions import cite
from kalanso.hub.people.models import Person, PlaceMirror
from kalanso.hub.people.permissions import may
from kalanso.hub.people.queries.citations import named
from kalanso.hub.portfolio.actions import cells, decisions, factors, follow_up, late_actions, reports
from kalanso.hub.portfolio.actions import demonstration_words as words
from kalanso.hub.portfolio.models import ActionPoint, Cell, Decision, Factor, Intervention, Meeting, Report
from kalanso.hub.portfolio.models.cells import OVER, State
from kalanso.hub.portfolio.queries.cells import quarter_of
from kalanso.hub.portfolio.queries.late_actions import ABOVE, OWNER
from kalanso.hub.portfolio.queries.reports import due_quarters
from kalanso.vocabulary import Period

SEED = 7
EACH = 6  # mobile clinics planned in a quarter
HELD = (5, 1, 6)  # in the three quarters that are over, the oldest first
REPORTED = 90  # lines that report besides
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Story:
    """Who takes part, when it is told, and where it happens."""

    team: Person
    region: Person
    centre: Person
    partner: Person
    now: datetime

    @property
    def home(self) -> str:
        """The district of the team."""
        return str(self.team.memberships.exclude(place_code="").values_list("place_code", flat=True)[0])

    @property
    def quarters(self) -> list[Period]:
        """The three quarters that are over, the oldest first."""
        running = Period.parse(quarter_of(self.now.date()))
        return [running + -step for step in (3, 2, 1)]

    def at(self, day: date) -> datetime:
        """Return the morning of a day; never later than now."""
        return min(datetime.combine(day, time(9), UTC), self.now)


@transaction.atomic
def tell(
    *, team: Person, region: Person, centre: Person, partner: Person, now: datetime, pockets: Iterable[str] = ()
) -> bool:  # fmt: skip
    """Bring the story about and return whether it was; not where it was told before. `pockets`: marks of those at home."""
    story = Story(team=team, region=region, centre=centre, partner=partner, now=now)
    if Meeting.objects.filter(title=words.MEETING).exists() or not Intervention.objects.exists():
        return False
    line = _line(story)
    bad = _before(story, line)
    barrier, answer = _barrier(story, line, bad, pockets)
    _decide(story, line, (barrier, bad, answer))
    _after(story, line, barrier)
    _at_home(story)
    _elsewhere(story)
    _others_report(story)
    return True


def _line(story: Story) -> Cell:
    """Return the mobile clinic of the home district, planned, begun and owned as the story needs it."""
    first, day = story.quarters[0], story.now.date()
    begun = story.at(first.start - 20 * DAY)
    what = Intervention.objects.filter(approach="mobile_clinic", closed=False).order_by("code").first()
    assert what is not None
    one = Cell.objects.filter(intervention=what, place_code=story.home).first()
    ends = date(day.year + 1, 12, 31)
    said = {"begins": first.start, "ends": ends, "owner": story.team, "target": EACH * len(first.until(Period.parse(quarter_of(ends)))), "sensitive": False}  # fmt: skip
    if one is None:
        told = {**said, "organisation": what.lead}
        one = cells.plan(
            by=story.centre,
            intervention=what,
            place_code=story.home,
            said=told,
            now=begun,
            state=State.ONGOING,
        )
    else:
        one = cells.correct_plan(by=story.centre, one=one, said=said, version=one.version, now=begun)
    for state in (State.PREPARING, State.ONGOING) if one.state in OVER else (State.ONGOING,):
        if one.state != state:
            one = cells.advance(
                by=story.centre, one=one, state=state, reason="", version=one.version, now=begun
            )
    each = dict.fromkeys((str(quarter) for quarter in first.until(story.quarters[-1] + 1)), EACH)
    one = cells.correct_plan(by=story.centre, one=one, said={}, version=one.version, now=begun, targets=each)
    for title, due, done in (
        (words.TRAINED, first.start, first.start + 5 * DAY), (words.REVIEWED, first.end, first.end + 3 * DAY), (words.BALANCE, day + 40 * DAY, None),
    ):  # fmt: skip
        point = cells.set_milestone(by=story.centre, one=one, title=title, due=due, now=begun)
        if done is not None:
            cells.milestone_done(by=story.team, one=point, day=done, now=story.at(done))
    return one


def _report(
    story: Story, line: Cell, quarter: Period, quantity: int, narrative: str, *, by: Person, send: bool = True
) -> Report:
    """Write the report of a quarter in the week after it; a running quarter is written of today."""
    known = (
        Report.objects.filter(cell=line, period=str(quarter)).values_list("version", flat=True).first() or 0
    )
    return reports.write(
        by=by, cell=line, period=str(quarter), said={"quantity": quantity, "narrative": narrative}, version=known,
        now=story.at(quarter.end + 6 * DAY), send=send,
    )  # fmt: skip


def _before(story: Story, line: Cell) -> Report:
    """Report a good quarter and a bad one, and return the bad one, approved."""
    good, bad, _next = story.quarters
    for quarter, quantity, narrative in ((good, HELD[0], words.GOOD), (bad, HELD[1], words.BAD)):
        sent = _report(story, line, quarter, quantity, narrative, by=story.team)
        sent = reports.approve(
            by=story.region, one=sent, version=sent.version, now=story.at(quarter.end + 10 * DAY)
        )
    return sent


def _barrier(story: Story, line: Cell, bad: Report, pockets: Iterable[str]) -> tuple[Factor, ActionPoint]:
    """Name what held the bad quarter back, resting on its report, the estimate and the pockets at home, and answer it."""
    at = story.at(story.quarters[1].end + 11 * DAY)
    one = _name(story, story.team, story.home, ("barrier", "access", "district", 4, words.BARRIER), at=at, cell=line, rests_on=_mark(bad))  # fmt: skip
    cite(by=story.team, thing=one, to_type="place_estimate", to_id=story.home, now=at)
    for mark in pockets:
        end = named(story.team, mark)
        if end is not None:
            cite(by=story.team, thing=one, to_type=end.object_type, to_id=end.object_id, now=at)
    made = _set(story, story.region, words.ANSWER, due=at.date() + 30 * DAY, at=at + 4 * DAY, rests_on=[_mark(one)])  # fmt: skip
    made = follow_up.close_action(by=story.team, one=made, closing=words.ANSWERED, version=made.version, now=at + 20 * DAY)  # fmt: skip
    made = follow_up.verify_action(by=story.region, one=made, version=made.version, now=at + 25 * DAY)
    return one, made


def _decide(story: Story, line: Cell, grounds: tuple[Factor | Report | ActionPoint, ...]) -> Decision:
    """Meet, write the minutes, decide on what was reported and estimated, and note the meeting to come."""
    at = story.at(story.quarters[1].end + 20 * DAY)
    houses = {line.organisation, *(one.memberships.all()[0].organisation for one in (story.centre, story.region, story.team, story.partner))}  # fmt: skip
    told = {"title": words.MEETING, "date": at.date(), "place_code": "", "minutes": words.MINUTES}
    meeting = decisions.note_meeting(by=story.centre, said=told, present=houses, now=at)
    root = PlaceMirror.objects.filter(level="country").first()
    one = decisions.decide(
        by=story.centre, rests_on=[*map(_mark, grounds), f"place_estimate:{story.home}"], number=words.DECISION_NUMBER, source=words.DECISION_SOURCE,
        said={"text": words.DECISION, "body": words.BODY, "date": at.date(), "place_code": story.home, "meeting": meeting}, cells=[line], now=at,
    )  # fmt: skip
    if root is not None:
        decisions.decide(
            by=story.centre, rests_on=[f"place_estimate:{root.code}"], now=at,
            said={"text": words.VISIT_FIRST, "body": words.BODY, "date": at.date(), "place_code": "", "meeting": meeting},
        )  # fmt: skip
    _set(story, story.centre, words.NEXT, due=story.now.date() + 20 * DAY, at=at, rests_on=[_mark(one)])
    coming = {
        "title": words.COMING,
        "date": story.now.date() + 14 * DAY,
        "place_code": "",
        "minutes": "",
    }
    decisions.note_meeting(by=story.centre, said=coming, present=houses, now=story.now)
    return one


def _after(story: Story, line: Cell, barrier: Factor) -> None:
    """Report the quarter after the decision, lift the obstacle, and begin the report of the quarter that runs."""
    last = story.quarters[-1]
    sent = _report(story, line, last, HELD[2], words.AFTER, by=story.team)
    reports.approve(by=story.region, one=sent, version=sent.version, now=story.at(last.end + 10 * DAY))
    barrier.refresh_from_db()
    factors.move_factor(
        by=story.region, one=barrier, after="lifted", reason=words.LIFTED, version=barrier.version, now=story.at(last.end - 15 * DAY)
    )  # fmt: skip
    _report(story, line, last + 1, 3, words.SO_FAR, by=story.team, send=False)


def _at_home(story: Story) -> None:
    """Have an answer wait for its verification, an action late and escalated, and something that helps."""
    at, day = story.now - 50 * DAY, story.now.date()
    supply = _name(story, story.team, story.home, ("barrier", "supply", "facility", 3, words.SUPPLY), at=at)
    made = _set(story, story.region, words.SUPPLY_ANSWER, due=day - 5 * DAY, at=at + DAY, rests_on=[_mark(supply)])  # fmt: skip
    follow_up.close_action(
        by=story.team, one=made, closing=words.SUPPLY_DONE, version=made.version, now=story.now - 8 * DAY
    )
    _name(story, story.team, story.home, ("facilitator", "demand", "community", 4, words.HELPS), at=at)
    late = _set(story, story.centre, words.LATE, due=day - 12 * DAY, at=at)
    for step, after in ((OWNER, 1), (ABOVE, 8)):
        late_actions.escalate(action=late, step=step, now=story.at(late.due + after * DAY))


def _elsewhere(story: Story) -> None:
    """Name obstacles in other districts; of protected ones one alone, by the centre, which is cleared."""
    others = PlaceMirror.objects.filter(level="district").exclude(code=story.home).order_by("code")
    open_ = [one.code for one in others if not one.flagged]
    for number, told in enumerate(words.ELSEWHERE):
        if open_:
            at = story.now - (60 - 5 * number) * DAY
            _name(story, story.partner, open_[number % len(open_)], told, at=at)
    kept = next((one.code for one in others if one.flagged), None)
    if kept is not None:
        _name(story, story.centre, kept, words.ELSEWHERE[5], at=story.now - 120 * DAY)


def _others_report(story: Story) -> None:
    """Report on other lines of the home region and of the partner: approved, sent, sent back, begun, or not at all."""
    chance = random.Random(SEED)  # noqa: S311
    *_before, earlier, last = story.quarters
    lines = Cell.objects.exclude(state__in=(State.DROPPED, State.PLANNED)).select_related("intervention")
    told = 0
    for line in lines.exclude(place_code=story.home, intervention__approach="mobile_clinic").order_by("pk"):
        by = next((one for one in (story.team, story.partner) if may(one, "portfolio.report", line)), None)
        due = due_quarters(line, last.end)
        if by is None or told >= REPORTED or str(last) not in due:
            continue
        told += 1
        judge = story.region if may(story.region, "portfolio.approve", line) else story.centre
        for quarter in (earlier, last):
            if str(quarter) in due:
                _one_report(story, line, quarter, by, judge, chance, settled=quarter == earlier)


def _one_report(
    story: Story, line: Cell, quarter: Period, by: Person, judge: Person, chance: random.Random, *, settled: bool
) -> None:  # fmt: skip
    """Bring one report to a state: those of the earlier quarter mostly approved, the last ones in every state."""
    fate = "approved" if settled else chance.choices(("approved", "sent", "back", "draft", "none"), (45, 25, 10, 10, 10))[0]  # fmt: skip
    if fate == "none":
        return
    most = max(1, (line.target or 4) // 4)
    sent = _report(story, line, quarter, chance.randint(most // 2, most), chance.choice(words.DONE), by=by, send=fate != "draft")  # fmt: skip
    at = story.at(quarter.end + 12 * DAY)
    if fate == "approved":
        reports.approve(by=judge, one=sent, version=sent.version, now=at)
    elif fate == "back":
        reports.send_back(by=judge, one=sent, note=words.BACK, version=sent.version, now=at)


def _name(
    story: Story, by: Person, place: str, told: tuple[str, str, str, int, str], *, at: datetime, cell: Cell | None = None, rests_on: str = ""
) -> Factor:  # fmt: skip
    kind, domain, level, severity, what = told
    said = {
        "kind": kind, "domain": domain, "level": level, "place_code": place, "severity": severity, "what": what, "cell": cell,
    }  # fmt: skip
    key = uuid5(NAMESPACE_URL, f"kalanso.demo/{place}/{what}")
    return factors.name_factor(by=by, key=key, said=said, rests_on=rests_on, written=at, now=at)


def _set(
    story: Story, by: Person, text: str, *, due: date, at: datetime, rests_on: Iterable[str] = ()
) -> ActionPoint:
    said: dict[str, Any] = {
        "text": text, "place_code": story.home, "owner": story.team, "organisation": story.team.memberships.all()[0].organisation,
        "due": due, "priority": "normal",
    }  # fmt: skip
    return follow_up.set_action(by=by, said=said, rests_on=list(rests_on), now=at)


def _mark(one: Factor | Report | ActionPoint | Decision) -> str:
    return f"{one._meta.label_lower}:{one.pk}"
