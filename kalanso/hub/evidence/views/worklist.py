"""How does somebody read whom to ask what this month, answer with a tap, and take the list along?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pandas as pd
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from kalanso.hub.evidence.actions import findings as actions
from kalanso.hub.evidence.models import FindingStatus
from kalanso.hub.evidence.queries import asked_lines, calls, findings, published, worklist
from kalanso.hub.evidence.queries.sources import distinct_titles
from kalanso.hub.evidence.queries.uploads import language
from kalanso.hub.people.models import PlaceMirror
from kalanso.pipeline.worklist_files import Worklist, to_csv, to_xlsx
from kalanso.quality.tables import CLOSED_STATUSES, QUALITY_FINDINGS
from kalanso.quality.worklist import SECTIONS, question
from kalanso.vocabulary import NotAPeriod, Period, PeriodType

LONGEST_WRONG = 40
AT_ONCE = 200  # lines on the page that is printed
FILES = {
    "csv": (to_csv, "text/csv; charset=utf-8"),
    "xlsx": (to_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


class _Asked:
    """Which place and month the address asks for, and what it asked in vain."""

    def __init__(self, request: HttpRequest) -> None:
        code = request.GET.get("lieu", "").strip()
        self.place: PlaceMirror | None = worklist.place_of(request.user, code)
        self.wrong_place = (
            code[:LONGEST_WRONG] if code and (not self.place or self.place.code != code) else ""
        )
        self.months = worklist.months(self.place, datetime.now(UTC).date())
        wanted = request.GET.get("periode", "").strip()
        self.month = _month(wanted) or self.months[0]
        self.wrong_month = wanted[:LONGEST_WRONG] if wanted and self.month.code != wanted else ""

    def codes(self) -> list[str]:
        """Return the months to choose from, the newest first, with the one that is shown."""
        return sorted({one.code for one in self.months} | {self.month.code}, reverse=True)

    def early(self) -> list[str]:
        """Return the months newer than the usual one, in which few places have reported yet."""
        return sorted(one.code for one in self.months if one.code > self.months[0].code)

    def before(self) -> list[str]:
        """Return the three months before the usual one, and it, without the one that is shown; the newest first."""
        offered = sorted({one.code for one in self.months if one.code <= self.months[0].code}, reverse=True)
        return [code for code in offered[:4] if code != self.month.code]

    def query(self, **more: str) -> str:
        """Return the query of an address that leads to the same list."""
        told = {"lieu": self.place.code if self.place else "", "periode": self.month.code} | more
        return urlencode({name: value for name, value in told.items() if value})


def _month(code: str) -> Period | None:
    try:
        found = Period.parse(code) if code else None
    except NotAPeriod:
        return None
    return found if found is not None and found.type is PeriodType.MONTH else None


@login_required
def listing(request: HttpRequest) -> HttpResponse:
    """Show the questions of a month by whom to ask; a form sent here answers one of them."""
    asked = _Asked(request)
    if request.method != "POST":
        return _page(request, asked, {})
    finding = findings.one(request.POST.get("key", "")[:64])
    if finding is None:
        raise Http404(_("Cette alerte n'existe plus, ou elle n'est pas pour vous."))
    told = request.POST.get("version", "0")
    try:
        actions.set_status(
            by=request.user, finding=finding, status=request.POST.get("status", ""),
            comment=request.POST.get("comment", "")[: actions.LONGEST_COMMENT], now=datetime.now(UTC),
            version=int(told) if told.isdigit() and len(told) < 9 else -1,
        )  # fmt: skip
    except ValidationError as error:
        wrong = {"key": finding["key"], "status": request.POST.get("status", ""), "says": " ".join(error.messages),
                 "comment": request.POST.get("comment", "")[: actions.LONGEST_COMMENT]}  # fmt: skip
        return _page(request, asked, wrong)
    return redirect(worklist.list_again(request.POST.get("back", ""), finding["key"]))


def _telling(request: HttpRequest, finding: Mapping[str, Any]) -> int:
    """Return how many people are told of a question that was passed on to the post that it asks."""
    post = calls.post_asked(finding)
    return len(calls.told(request.user, {post}, today=datetime.now(UTC).date())[post])


def _passed_on(telling: int) -> str:
    """Return what became of passing a question on."""
    if not telling:
        return _("Notée comme transmise. Personne n'a de compte à ce poste : Kalanso n'a prévenu personne.")
    return ngettext(
        "Transmise : %(n)s personne est prévenue dans Kalanso.",
        "Transmise : %(n)s personnes sont prévenues dans Kalanso.",
        telling,
    ) % {"n": telling}


def _page(request: HttpRequest, asked: _Asked, wrong: Mapping[str, str]) -> HttpResponse:
    rows, basis = worklist.questions(asked.place, asked.month)
    pack, locale, root = published.pack(), language(), request.build_absolute_uri("/")
    open_ones, waiting, answered = (rows[rows["section"] == name] for name in SECTIONS)
    everything = request.GET.get("tout") == "1"
    wanted = request.GET.get("page", "1")
    number = int(wanted) if wanted.isdigit() and len(wanted) < 8 else 1
    shown, number, pages = asked_lines.page(
        open_ones, 1 if everything else number, AT_ONCE if everything else asked_lines.SHOWN
    )
    groups = asked_lines.grouped(shown, basis, request.user, pack, locale, asked.place, root, open_ones)
    waits = waiting if everything else waiting.head(asked_lines.SHOWN)
    if wrong and wrong["key"] not in {*shown["key"], *waits["key"]}:
        messages.error(request, wrong["says"])
    done, away = _done(request, rows), [group for group in groups if group.away]
    opened = {wrong.get("key", "")[: worklist.KEY_SHOWN], done.get("then", "")} - {""}
    context: dict[str, Any] = {
        "near": [group for group in groups if not group.away], "away": away, "unreachable": asked_lines.unreachable(groups), "away_total": sum(g.total for g in away),
        "away_open": any(line.key[: worklist.KEY_SHOWN] in opened for group in away for line in group.lines),
        "place": asked.place, "month": asked.month.code, "when": asked.month.code,
        "periods": asked.codes(), "early": asked.early(), "usual": asked.months[0].code, "before": asked.before(),
        "share": worklist.reported_share(), "handed_on": bool(away),
        "wrong_place": asked.wrong_place, "wrong_month": asked.wrong_month,
        "total": len(open_ones), "serious": int((open_ones["severity"] == "serious").sum()),
        "children": asked_lines.by_child(open_ones, asked.place), "wrong": wrong,
        "waiting": asked_lines.grouped(waits, basis, request.user, pack, locale, asked.place, root, waiting),
        "waiting_total": len(waiting), "more_waiting": len(waiting) - len(waits),
        "waiting_open": bool(wrong) and wrong["key"] in set(waits["key"]),
        "answered": asked_lines.grouped(answered.head(asked_lines.SHOWN), basis, request.user, pack, locale),
        "answered_total": len(answered), "checks": worklist.checks_under_way(),
        "done": done, "back": asked.query(page=str(number) if number > 1 else ""),
        "more_answered": max(0, len(answered) - asked_lines.SHOWN), "everything": everything,
        "left_out": max(0, len(open_ones) - AT_ONCE) if everything else 0,
        "pager": {"number": number, "pages": 1 if everything else pages}, "query": asked.query(),
        "checked": published.latest(QUALITY_FINDINGS),
    }  # fmt: skip
    return render(request, "evidence/worklist.html", context, status=422 if wrong else 200)


def _done(request: HttpRequest, rows: pd.DataFrame) -> dict[str, Any]:
    """Return what was answered just now and how many of the list are; nothing where nothing was."""
    told = request.GET.get("repondu", "")
    answered = rows[rows["section"] == "answered"]
    found = answered[answered["key"].str[: worklist.KEY_SHOWN] == told] if told else answered.head(0)
    then = request.GET.get("puis", "")
    if found.empty:
        return _left(request, told, then, rows)
    return {"key": found["key"].iloc[0], "what": _asked_of(found), "n": len(answered), "total": len(rows), "then": then,
            "shown": then in set(rows.loc[rows["section"] == "open", "key"].str[: worklist.KEY_SHOWN])}  # fmt: skip


def _asked_of(found: pd.DataFrame) -> str:
    """Return the question of the first line in words, so that nobody takes the answer for that of the next question."""
    row = {str(name): value for name, value in found.iloc[0].to_dict().items()}
    return question(row, published.pack(), language(), distinct_titles())


def _left(request: HttpRequest, told: str, then: str, rows: pd.DataFrame) -> dict[str, Any]:
    """Return what was answered just now where its answer stands in no list of this month, such as that of a year long ago."""
    said = worklist.said_just_now(told)
    finding = findings.one(said.key) if said is not None else None
    if said is None or finding is None:
        return {}
    shown = then in set(rows.loc[rows["section"] == "open", "key"].str[: worklist.KEY_SHOWN])
    waits = said.status not in CLOSED_STATUSES
    own = rows[rows["key"] == said.key]
    return {
        "key": said.key,
        "what": _asked_of(own) if len(own) else "",
        "n": 0,
        "then": then,
        "shown": shown,
        "waits": waits,
        "passed": _passed_on(_telling(request, finding))
        if said.status == FindingStatus.Status.HANDED_ON
        else "",
    }


@login_required
@require_GET
def download(request: HttpRequest, form: str) -> HttpResponse:
    """Send the list as the command line writes it."""
    asked = _Asked(request)
    rows, basis = worklist.questions(asked.place, asked.month)
    code = asked.place.code if asked.place else ""
    listed = Worklist(
        month=asked.month,
        place=code,
        rows=rows,
        names=basis.names,
        pack=published.pack(),
        titles=distinct_titles(),
    )
    make, kind = FILES[form]
    response = HttpResponse(make(listed, language()), content_type=kind)
    name = "-".join(part for part in (_("questions"), code, asked.month.code) if part)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response
