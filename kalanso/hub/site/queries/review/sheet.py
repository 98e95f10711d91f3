"""What does a district take along on one sheet: children missed, lines with their state, obstacles, actions, money?

Organisations, never people: a sheet of paper is left on tables.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from kalanso.figures.reviews import Linked, Listing, Review, Section
from kalanso.hub.people.permissions import may
from kalanso.hub.site.queries import review
from kalanso.hub.site.queries.review import actions, cells, children, factors, money
from kalanso.hub.site.queries.review.asked import Asked, shortened

LINES = 40  # a sheet is shortened further until it has one page


def sheet(asked: Asked) -> Review:
    """Return the sheet of a district, in the language of the moment."""
    found = [_children(asked), _lines(asked), _factors(asked), _actions(asked)]
    if may(asked.person, "grants.read"):
        found.append(_money(asked))
    return review.told(
        asked, tuple(found), title=_("Fiche du district de %(place)s") % {"place": asked.place.name},
        page=reverse("district_sheet", args=[asked.place.code]),
    )  # fmt: skip


def _bare(one: Section, **changes: Any) -> Section:
    """Return a section as a sheet has room for it: without figures and explanations."""
    return replace(one, **({"drawings": (), "notes": ()} | changes))


def _children(asked: Asked) -> Section:
    one = children.section(asked)
    return _bare(one, notes=tuple(one.notes[:1]) if one.listings else one.notes)


def _lines(asked: Asked) -> Section:
    one, lines = cells.section(asked), cells.standings(asked)
    ordered = sorted(lines, key=lambda line: (not line.why, line.cell.state in cells.OVER, line.rank))
    rows = [
        (
            Linked(f"{line.cell.intervention.code} · {shortened(line.cell.intervention.title, 60)}", reverse("cell", args=[line.cell.pk])),
            Linked(str(line.cell.organisation)), Linked(line.state), Linked(cells.ends_of(line) or "–"),
            Linked(line.why or ""),
        )
        for line in ordered
    ]  # fmt: skip
    table = Listing(
        title="", headings=(_("Intervention"), _("Organisation"), _("État"), _("Fin"), _("À voir")), rows=rows, widths=(4, 2, 1.6, 1.1, 2.4)
    )  # fmt: skip
    return _bare(one, facts=(), listings=[table] if rows else (), notes=() if rows else one.notes)


def _factors(asked: Asked) -> Section:
    one = factors.section(asked)
    return _bare(one, facts=(), listings=factors.listings(asked, LINES), notes=one.notes)


def _actions(asked: Asked) -> Section:
    one = actions.section(asked)
    tables = [replace(table, title="") for table in actions.listings(asked, LINES)]
    return _bare(one, title=_("Qui fait quoi, pour quand ?"), facts=(), listings=tables, notes=one.notes)


def _money(asked: Asked) -> Section:
    one = money.section(asked)
    return _bare(one, listings=(), notes=tuple(one.notes[:2]))
