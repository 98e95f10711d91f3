"""What was said of a thing, by whom, and how are the words shown?

Text is kept as it was written and shown as paragraphs: everything is escaped, addresses become links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from kalanso.hub.people.models import Comment, Membership, Person, Subscription
from kalanso.hub.people.queries.access import access_of, path_of
from kalanso.hub.people.queries.notices import Notice
from kalanso.hub.people.queries.subjects import READERS, NoSubject, Subject, may_read, readers_among, subject

# How changes read in the trail, and how notices read.
VERBS = {
    "people.commented": _("%(who)s a écrit un commentaire sur %(what)s."),
    "people.comment_changed": _("%(who)s a modifié son commentaire sur %(what)s."),
    "people.comment_withdrawn": _("%(who)s a retiré un commentaire sur %(what)s."),
}
NOTICES = {
    "people.mentioned": Notice(
        says=_("%(by)s vous a nommé dans un commentaire sur %(about)s."), kind=_("Quand on me nomme")
    ),
    "people.commented": Notice(
        says=_("%(by)s a écrit un commentaire sur %(about)s, que vous suivez."),
        kind=_("Discussions que je suis"),
    ),
}
LINK = re.compile(r"https?://[^\s<>\"'`]{3,500}", re.IGNORECASE)
NAMED = re.compile(r"(?<![\w@.+/-])@([\w.+-]{1,150})")
MENTIONS_AT_MOST = 10
SHOWN_AT_MOST = 200
NAMES_OFFERED = 20


@dataclass(frozen=True)
class Thread:
    """A contribution with the answers to it, and what the reader may do with each."""

    comment: Comment
    answers: tuple[Thread, ...]
    may_change: bool
    may_withdraw: bool

    @property
    def mentioned(self) -> list[str]:
        """User names of those who were told."""
        return [mention.person.username for mention in self.comment.mentions.all()]


def threads(reader: Any, about: Subject, *, keeps_order: bool) -> tuple[Thread, ...]:
    """Return what was said of a thing, oldest first; nothing to somebody who may not read it.

    Of long discussions, the newest SHOWN_AT_MOST contributions. `keeps_order`: the reader may withdraw
    what others wrote here.
    """
    if not may_read(reader, about):
        return ()
    found = (
        Comment.objects.filter(object_type=about.object_type, object_id=about.object_id)
        .select_related("by")
        .prefetch_related("mentions__person")
        .order_by("-received", "-id")[:SHOWN_AT_MOST]
    )
    answers: dict[int | None, list[Thread]] = {}
    heads: list[Comment] = []
    shown = list(reversed(found))
    known = {comment.pk for comment in shown}
    for comment in shown:
        if comment.answers_id in known:
            answers.setdefault(comment.answers_id, []).append(_thread(reader, comment, (), keeps_order))
        else:
            heads.append(comment)
    return tuple(_thread(reader, head, tuple(answers.get(head.pk, ())), keeps_order) for head in heads)


def _thread(reader: Any, comment: Comment, answers: tuple[Thread, ...], keeps_order: bool) -> Thread:
    own, open_ = comment.by_id == reader.pk, comment.withdrawn is None
    return Thread(comment, answers, may_change=own and open_, may_withdraw=open_ and (own or keeps_order))


def comment_for(reader: Any, key: UUID) -> tuple[Comment, Subject]:
    """Return a comment with what it is about, or raise NoSubject: also where the reader may not know of it."""
    comment = Comment.objects.select_related("by").filter(key=key).first()
    if comment is None:
        raise NoSubject(f"{key}: no comment has this key")
    about = subject(comment.object_type, comment.object_id)
    if not may_read(reader, about):
        raise NoSubject(f"{key}: not for this reader")
    return comment, about


def numbers(reader: Any, object_type: str, keys: Iterable[str]) -> dict[str, int]:
    """Return how many contributions stand on each of some things of one type, asked at once; none to who reads no discussion.

    Of things at places under a flag, `keys` names those alone that the reader may see.
    """
    if not access_of(reader).roles & READERS:
        return {}
    rows = Comment.objects.filter(object_type=object_type, object_id__in=list(keys), withdrawn=None)
    return dict(rows.order_by().values_list("object_id").annotate(n=Count("pk")))


def address_of(comment: Comment) -> str:
    """Return where a comment is shown."""
    return f"{subject(comment.object_type, comment.object_id).address}#commentaire-{comment.pk}"


def follows(person: Any, about: Subject) -> bool:
    """Whether a person wants to be told what is said of a thing."""
    return Subscription.objects.filter(
        person_id=person.pk, object_type=about.object_type, object_id=about.object_id
    ).exists()


def followers(about: Subject) -> list[Person]:
    """Return the active people who follow a thing and may still read what is said of it."""
    return readers_among([row.person for row in _followed_by(about)], about)


def _followed_by(about: Subject) -> list[Subscription]:
    rows = Subscription.objects.filter(
        object_type=about.object_type, object_id=about.object_id, person__is_active=True
    )
    return list(rows.select_related("person"))


def to_name(reader: Any, about: Subject) -> list[Person]:
    """Return whom somebody may want to name: those who follow, then colleagues, the nearest to the place first.

    Colleagues are of an organisation of the reader; so nobody learns names of others than they work with.
    """
    access = access_of(reader)
    houses = {held.organisation_id for held in access.memberships}
    # From the place of the subject upwards: its own team, that of its district, of its region, of the country.
    upwards = [*reversed((path_of(about.place_code) or "").strip("/").split("/")), ""]
    rank = {code: at for at, code in enumerate(upwards)}
    rows = Membership.objects.filter(
        organisation_id__in=houses, place_code__in=upwards, person__is_active=True
    )
    near = sorted(rows.select_related("person"), key=lambda row: (rank[row.place_code], row.person.username))
    people = {row.person_id: row.person for row in (*_followed_by(about), *near)}
    people.pop(reader.pk, None)
    return readers_among(list(people.values()), about)[:NAMES_OFFERED]


def told_nobody(text: str, about: Subject) -> list[str]:
    """Return the names that a text calls with @ and that reach nobody, as they were written."""
    reached = {person.username.lower() for person in named_in(text, about)}
    return [
        name.rstrip(".-+") or name
        for name in dict.fromkeys(NAMED.findall(text))
        if not reached & {name.lower(), name.lower().rstrip(".-+")}
    ]


def named_in(text: str, about: Subject) -> list[Person]:
    """Return the people whom a text names with @ and who may read the discussion; others are passed over.

    A full stop after a name ends the sentence, not the name.
    """
    names: dict[str, None] = {}
    for found in NAMED.findall(text):
        names.setdefault(found.lower())
        names.setdefault(found.lower().rstrip(".-+"))
    people: list[Person] = []
    for name in list(names)[: 2 * MENTIONS_AT_MOST]:
        person = Person.objects.filter(username__iexact=name, is_active=True).first() if name else None
        if person is not None and person not in people:
            people.append(person)
    return readers_among(people, about)[:MENTIONS_AT_MOST]


def paragraphs(text: str, mentioned: list[str] | None = None) -> SafeString:
    """Return a text as paragraphs that are safe to show: no markup of the writer survives."""
    told = {name.lower() for name in mentioned or ()}
    parts = [part for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()) if part.strip()]
    return format_html_join("", "<p>{}</p>", ((_lines(part, told),) for part in parts))


def _lines(part: str, told: set[str]) -> SafeString:
    lines = [_inline(line, told) for line in part.split("\n")]
    return mark_safe("<br>".join(lines))  # noqa: S308 - each line is escaped


def _inline(line: str, told: set[str]) -> SafeString:
    shown, end = "", 0
    for match in LINK.finditer(line):
        address = match[0].rstrip(".,;:!?)]}»")
        shown += _names(line[end : match.start()], told) + format_html(
            '<a href="{0}" rel="nofollow noopener noreferrer ugc">{0}</a>', address
        )
        end = match.start() + len(address)
    return mark_safe(shown + _names(line[end:], told))  # noqa: S308 - both parts are escaped


def _names(text: str, told: set[str]) -> str:
    def strong(match: re.Match[str]) -> str:
        name, rest = match[1], ""
        while name and name.lower() not in told:
            if name[-1] not in ".-+":
                return match[0]
            name, rest = name[:-1], name[-1] + rest
        return f"<strong>@{name}</strong>{rest}" if name else match[0]

    return NAMED.sub(strong, escape(text))
