"""Who may do what: one table of verbs, roles and places, from which every check and every test is made.

An app declares its rules (`declare`), views and actions ask (`may`, `refuse_unless`). A rule says which
roles hold a verb and whether only for their own places or their own organisation's records. Nothing else
grants anything: no flag of a person, no group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import rules
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from kalanso.hub.people.models import Role
from kalanso.hub.people.queries.access import PLACED, Access, Reach, access_of, reach_of
from kalanso.hub.people.queries.subjects import READERS

EVERY_ROLE = frozenset(Role.values)
# Those who answer for the whole country.
COUNTRY = frozenset({Role.NATIONAL, Role.ADMINISTRATOR})
# Those who work for the programme: what they see stays inside it.
PROGRAMME = frozenset(
    {
        Role.DISTRICT,
        Role.FACILITY,
        Role.COACH,
        Role.REGION,
        Role.NATIONAL,
        Role.RESEARCHER,
        Role.ADMINISTRATOR,
    }
)
# Roles whose mistakes or stolen passwords would reach far: they log in with a second proof.
SECOND_PROOF = frozenset({Role.REGION, Role.NATIONAL, Role.RESEARCHER, Role.ADMINISTRATOR})


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Roles that hold a verb; `at_home`: only for objects in their own places; `own`: only of their organisation.

    An object tells its place by `place_code` ("" is the whole country) and its organisation by
    `organisation_id`. `widely` holds roles that are free of both limits where they are held for the whole country,
    `own_roles` those that are held to their organisation's records where the others are not.
    """

    verb: str
    roles: frozenset[str]
    at_home: bool = True
    own: bool = False
    widely: frozenset[str] = COUNTRY
    own_roles: frozenset[str] = frozenset()

    def grants(self, access: Access, thing: Any = None) -> bool:
        """Whether somebody may do it, to a thing where one is given; without one, to any thing at all."""
        for membership in access.memberships:
            if membership.role not in self.roles:
                continue
            if thing is None or (membership.role in self.widely and not membership.place_code):
                return True
            near = not self.at_home or access.reaches(membership, place_of(thing))
            held = self.own or membership.role in self.own_roles
            mine = not held or membership.organisation_id == getattr(thing, "organisation_id", None)
            if near and mine:
                return True
        return False


@dataclass(frozen=True)
class Somewhere:
    """What a right is asked about where no record stands for it yet: a place, and an organisation's affairs there."""

    place_code: str
    organisation_id: int | None = None


# What belongs to no single place: only a role of the whole country reaches it.
WHOLE_COUNTRY = Somewhere("")


def place_of(thing: Any) -> str:
    """Return the code of the place to which a thing belongs; "" is the whole country."""
    return str(getattr(thing, "place_code", None) or getattr(thing, "code", "") or "")


RULES = (
    Rule(verb="people.invite", roles=frozenset({Role.REGION, Role.NATIONAL, Role.ADMINISTRATOR})),
    Rule(
        verb="people.reset_password",
        roles=frozenset({Role.DISTRICT, Role.REGION, Role.NATIONAL, Role.ADMINISTRATOR}),
    ),
    Rule(verb="people.end_membership", roles=frozenset({Role.REGION, Role.NATIONAL, Role.ADMINISTRATOR})),
    Rule(verb="people.list", roles=frozenset({Role.DISTRICT, Role.REGION, Role.NATIONAL, Role.ADMINISTRATOR})),
    Rule(verb="people.close_account", roles=frozenset({Role.REGION, Role.NATIONAL, Role.ADMINISTRATOR})),
    Rule(verb="people.add_organisation", roles=COUNTRY),
    Rule(verb="people.read_trail", roles=PROGRAMME),
    Rule(verb="people.comment", roles=EVERY_ROLE - {Role.READER, Role.DONOR}, widely=COUNTRY | {Role.RESEARCHER, Role.EDITOR}),
    Rule(verb="people.read_discussion", roles=READERS, at_home=False),
    Rule(verb="people.withdraw_comment", roles=frozenset({Role.DISTRICT, Role.REGION}) | COUNTRY),
)  # fmt: skip

_DECLARED: dict[str, Rule] = {}


def declare(of_app: Iterable[Rule]) -> None:
    """Add an app's rules; each becomes a permission that `person.has_perm(verb, thing)` asks for."""
    for rule in of_app:
        if rule.verb not in _DECLARED:
            _DECLARED[rule.verb] = rule
            rules.add_perm(rule.verb, _predicate(rule))


def declared() -> dict[str, Rule]:
    """Return all rules by verb: from them the matrix is made and tested."""
    return dict(_DECLARED)


def _predicate(rule: Rule) -> Any:
    def grants(person: Any, thing: Any) -> bool:
        return rule.grants(access_of(person), thing)

    return rules.predicate(grants, name=rule.verb)


def may(person: Any, verb: str, thing: Any = None) -> bool:
    """Whether a person may do something; an undeclared verb is an error, not a refusal."""
    if verb not in _DECLARED:
        raise LookupError(f"{verb}: expected one of {', '.join(sorted(_DECLARED))}")
    return _DECLARED[verb].grants(access_of(person), thing)


def right(person: Any, verb: str) -> Callable[[Any], bool]:
    """Return the question `may` of one person and verb, for those who ask it of hundreds of things."""
    rule, access = _DECLARED[verb], access_of(person)
    return lambda thing: rule.grants(access, thing)


def reach(person: Any, verb: str) -> Reach:
    """Return how far a person's right to do something reaches, so that SQL can ask."""
    rule, access = _DECLARED[verb], access_of(person)
    if not rule.at_home and access.roles & rule.roles:
        return Reach(everywhere=True)
    return reach_of(access, rule.roles)


def refuse_unless(person: Any, verb: str, thing: Any = None) -> None:
    """Raise PermissionDenied, with a sentence, where a person may not do something."""
    if not may(person, verb, thing):
        raise PermissionDenied(_("Votre rôle ou vos lieux ne permettent pas cette action."))


def refuse_unplaced(role: str, place_code: str) -> None:
    """Raise ValidationError where a role that is held for a place would be given for the whole country."""
    if role in PLACED and not place_code:
        told = _("« %(role)s » se tient pour un lieu : dites lequel.") % {"role": Role(role).label}
        raise ValidationError({"place": ValidationError(told, code="unplaced")})
