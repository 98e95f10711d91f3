"""Who may see which rows of a table, and how exactly?

The one door through which people read published tables. Roles and logins belong to the hub; here
stands what a scope lets through, what security flags coarsen and delay, and which small counts
are hidden.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from kalanso.store.flags import NotVisible, current_parents, flagged_today, withheld_spans
from kalanso.store.found_once import found_once
from kalanso.store.store import Store
from kalanso.store.tables import Audience, Security, Suppression, TableSpec
from kalanso.vocabulary import PeriodType


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What a reader may see: the narrowest audience, the places, and flagged places.

    `places` holds the codes to which the reader is held, or is None for the whole country. Where
    `at_home` is given, tables up to `audience` are open for the whole country, and narrower ones up to
    `at_home` for the rows of `places` alone. `cleared` readers see flagged places as they are; with
    `at_home`, only those of their own places.
    """

    audience: Audience = Audience.PUBLIC
    places: frozenset[str] | None = None
    cleared: bool = False
    at_home: Audience | None = None

    def __post_init__(self) -> None:
        if self.at_home is not None and self.places is None:
            raise ValueError("at_home: expected the places it is meant for, got None")

    @property
    def widest(self) -> Audience:
        """The narrowest circle to which the reader belongs anywhere."""
        return self.audience if self.at_home is None else max(self.audience, self.at_home)

    @property
    def cleared_everywhere(self) -> bool:
        """Whether flagged places are shown as they are in the whole country."""
        return self.cleared and self.places is None

    @property
    def mark(self) -> str:
        """A short text that differs wherever what is seen may differ: for keys of caches."""
        told = [self.audience.name, str(self.cleared), self.at_home.name if self.at_home is not None else ""]
        held = "all" if self.places is None else "\n".join(sorted(self.places))
        return hashlib.sha256("\n".join([*told, held]).encode()).hexdigest()[:16]

    def holds(self, spec: TableSpec) -> bool:
        """Whether the reader sees only the rows of `places` in this table."""
        return self.places is not None and (self.at_home is None or spec.audience > self.audience)

    def refusal(self, spec: TableSpec) -> str:
        """Return why the reader may see no row of a table; "" where they may see some."""
        if spec.audience > self.widest:
            return f"for the audience {spec.audience.name}, not {self.widest.name}"
        if spec.place_column is None and self.holds(spec) and self.at_home is not None:
            return "has no places by which a reader could be held to their own"
        if spec.cleared_only and not self.cleared_everywhere:
            return "for readers who are cleared for the whole country"
        return ""

    def as_for(self, specs: Sequence[TableSpec], withheld: Set[str], about: Set[str] | None = None) -> Scope:
        """Return a scope of many readers that sees the same rows of these tables, so that they may share an answer.

        `withheld`: the places of which others see other rows (`withheld_places`); `about`: the only places that are
        asked for, None for all. Where a table is closed, or held to the reader's own places while others are asked
        for, the scope stays as it is. It never sees tables of a narrower circle than theirs.
        """
        widest = max(spec.audience for spec in specs)
        held = any(self.holds(spec) for spec in specs)
        if any(self.refusal(spec) for spec in specs) or (held and not self._is_home_of(about)):
            return self
        if self.cleared_everywhere:
            return Scope(audience=widest, cleared=True)
        named = any(
            spec.names_places for spec in specs
        )  # a row of another place may name one of the reader's
        own = self.places or frozenset()
        told_apart = withheld & own if about is None or named else withheld & own & about
        if not told_apart or not (self.cleared or held):
            return Scope(audience=widest)
        if self.cleared and not named and self._is_home_of(about):
            return Scope(audience=widest, cleared=True)
        if held:
            return self
        return Scope(audience=widest, places=frozenset(told_apart), cleared=True, at_home=widest)

    def _is_home_of(self, about: Set[str] | None) -> bool:
        """Whether some places are asked for, and all of them are the reader's own."""
        return bool(about) and about is not None and self.places is not None and about <= self.places

    def parted(self, spec: TableSpec, withheld: Set[str]) -> tuple[Scope | None, Scope] | None:
        """Return two scopes of many readers, whose rows of a table, the first's beyond the reader's places and the second's there, are theirs.

        The first is None where they see nothing beyond; None where no two such scopes exist.
        """
        if self.places is None or spec.place_column is None or spec.names_places or self.refusal(spec):
            return None
        beyond = None if self.holds(spec) else Scope(audience=spec.audience)
        if self.cleared:
            return beyond, Scope(audience=spec.audience, cleared=True)
        return None if withheld & self.places else (beyond, Scope(audience=spec.audience))

    @classmethod
    def analyst(cls) -> Scope:
        """The scope of someone who has the store's files in hand: everything but private tables."""
        return cls(audience=Audience.PROGRAMME, cleared=True)


def visible(
    store: Store, spec: TableSpec, scope: Scope, *, today: date, as_of: str | None = None
) -> ir.Table:
    """Return the rows of a table that a reader may see, as far as they may see them.

    Raises NotVisible where the table's audience is narrower than the scope. Rows of places under a
    security flag are delayed and coarsened, and small counts are hidden with their complement,
    unless the scope is cleared for them.
    """
    if reason := scope.refusal(spec):
        raise NotVisible(f"{spec.name}: {reason}")
    table = store.read(spec, as_of=as_of)
    if spec.place_column is None:
        return table
    if scope.holds(spec):
        assert scope.places is not None
        table = table.filter(table[spec.place_column].isin(sorted(scope.places)))
    table = _without_named(store, spec, scope, table, today)
    if scope.cleared and (scope.at_home is None or scope.holds(spec)):
        return table
    guarded = _guarded(store, spec, table, today, as_of)
    if not scope.cleared or scope.places is None:
        return guarded
    own = guarded[spec.place_column].isin(sorted(scope.places))
    at_home = table.filter(table[spec.place_column].isin(sorted(scope.places)))
    return guarded.filter(~own).union(at_home)


def withheld_places(store: Store, specs: Sequence[TableSpec], *, today: date) -> frozenset[str]:
    """Return the places of which readers without clearance see other rows of some table.

    They are withheld, or stand in for such a place, or have a count that is hidden.
    """
    found: set[str] = set()
    for spec in specs:
        if spec.suppression:
            found.update(_places_with_hidden(store, spec, today))
        if spec.names_places:
            found.update(_flagged(store, today))
    for level in {spec.security.coarsen_to for spec in specs if spec.security}:
        spans = _spans(store, level, today)
        found.update(*(spans.column(name).to_pylist() for name in ("flagged_code", "coarse_code")))
    return frozenset(found)


def _withheld(store: Store, coarsen_to: str, today: date) -> ir.Table:
    """Return `withheld_spans` as a table, found once for the snapshots of places and a day."""
    return store.kept(
        f"withheld to {coarsen_to}", _standing(store, today), lambda: _spans(store, coarsen_to, today)
    )


def _spans(store: Store, coarsen_to: str, today: date) -> pa.Table:
    return found_once(
        store.folder, f"withheld to {coarsen_to}", _standing(store, today),
        lambda: withheld_spans(store, coarsen_to=coarsen_to, today=today),
    )  # fmt: skip


def _flagged(store: Store, today: date) -> frozenset[str]:
    return found_once(store.folder, "flagged", _standing(store, today), lambda: flagged_today(store, today))


def _without_named(store: Store, spec: TableSpec, scope: Scope, table: ir.Table, today: date) -> ir.Table:
    """Return the rows without those that name, beside their own place, one under a flag which the reader may not know."""
    if not spec.names_places or scope.cleared_everywhere:
        return table
    own = scope.places if scope.cleared and scope.places is not None else frozenset()
    hidden = sorted(_flagged(store, today) - own)
    if not hidden:
        return table
    one = "|".join(re.escape(code) for code in hidden)
    for name in spec.names_places:
        named = table[name].re_search(f"(^|[^0-9A-Za-z_])({one})([^0-9A-Za-z_]|$)")
        table = table.filter(~named.fill_null(False))
    return table


def _guarded(store: Store, spec: TableSpec, table: ir.Table, today: date, as_of: str | None) -> ir.Table:
    """Return the rows as a reader without clearance sees them."""
    if spec.security:
        table = _guard_flagged(store, spec, table, today)
    if spec.suppression:
        table = _suppress(store, spec, table, today, as_of)
    return table


def _guard_flagged(store: Store, spec: TableSpec, table: ir.Table, today: date) -> ir.Table:
    """Return the rows with flagged places delayed, and coarsened to the level of the rule."""
    rule, place = spec.security, spec.place_column
    if rule is None or place is None:
        return table
    if not _spans(store, rule.coarsen_to, today).num_rows:
        return table
    # The few places are read once: as a join of the tree they would be found again in every branch.
    withheld = _withheld(store, rule.coarsen_to, today)
    under = _under_flags(spec, table, withheld)
    open_rows = table.anti_join(withheld, under)
    hidden = table.semi_join(withheld, under)
    if spec.period_column:
        known_since = ibis.literal(today - timedelta(days=rule.delay_days))
        hidden = hidden.filter(_last_day(spec, hidden) <= known_since)
    coarse = (
        withheld.select(fine_code=withheld.flagged_code, coarse_code=withheld.coarse_code).distinct().view()
    )
    hidden = hidden.inner_join(coarse, hidden[place] == coarse.fine_code)
    stays = hidden.filter(hidden.coarse_code == hidden[place]).select(*spec.column_names)
    shown = open_rows.union(stays)
    if not rule.sums:
        return shown
    summed = _coarse_sums(spec, hidden.filter(hidden.coarse_code != hidden[place]), rule)
    own = shown.semi_join(coarse, shown[place] == coarse.coarse_code).select(*spec.key).view()
    return shown.union(summed.anti_join(own, [summed[name].identical_to(own[name]) for name in spec.key]))


def _under_flags(spec: TableSpec, table: ir.Table, withheld: ir.Table) -> list[ir.BooleanValue]:
    """Return what a row and a flag must share for the flag to lie on the row."""
    matches = [table[spec.place_column] == withheld.flagged_code]
    if spec.period_column:
        matches += [_last_day(spec, table) >= withheld.since, table[spec.period_column] <= withheld.until]
    return matches


def _last_day(spec: TableSpec, table: ir.Table) -> ir.DateValue:
    """Return the last day of each row's period; tables without a type of period speak of quarters and years."""
    first = table[spec.period_column]
    if "period" not in spec.column_names:
        return _after(first, PeriodType.QUARTER.months)
    if "period_type" not in spec.column_names:
        year = table.period.length() == len("2024")
        months = (PeriodType.YEAR.months, PeriodType.QUARTER.months)
        return ibis.ifelse(year, *(_after(first, number) for number in months))
    kinds = [(table.period_type == k.value, _after(first, k.months)) for k in PeriodType if k.months]
    return ibis.cases(*kinds, else_=(first + ibis.interval(days=6)).cast("date"))


def _after(first: ir.DateValue, months: int) -> ir.DateValue:
    return (first + ibis.interval(months=months)).cast("date") - ibis.interval(days=1)


def _coarse_sums(spec: TableSpec, rows: ir.Table, rule: Security) -> ir.Table:
    kept = [name for name in spec.key if name != spec.place_column]
    fixed = [
        c.name for c in spec.columns
        if not c.nullable and c.name not in {*spec.key, *rule.sums}
    ]  # fmt: skip
    totals = {name: rows[name].sum() for name in rule.sums}
    firsts = {name: rows[name].min() for name in fixed}
    grouped = rows.group_by([*kept, "coarse_code"]).aggregate(**totals, **firsts)
    empty = {
        c.name: ibis.null(rows.schema()[c.name])
        for c in spec.columns
        if c.name not in {*spec.key, *rule.sums, *fixed}
    }
    named = {str(spec.place_column): grouped.coarse_code, **empty}
    return grouped.mutate(**named).select(*spec.column_names)


def _suppress(store: Store, spec: TableSpec, table: ir.Table, today: date, as_of: str | None) -> ir.Table:
    """Return the rows without their small counts, and without the counts that would reveal them."""
    rule = spec.suppression
    assert rule is not None
    beside = _hidden_beside(store, spec, today, as_of)
    marked = table.left_join(beside, [_same(spec, table, beside, name) for name in spec.key])
    hide = _small(marked, rule) | marked.hidden_beside.notnull()
    emptied = {
        name: ibis.ifelse(hide, ibis.null(table.schema()[name]), marked[name])
        for name in (rule.column, *rule.also)
    }
    return marked.mutate(**emptied).select(*spec.column_names)


def _small(table: ir.Table, rule: Suppression) -> ir.BooleanValue:
    count = table[rule.column]
    return ((count > 0) & (count < rule.below)).fill_null(False)


def _places_with_hidden(store: Store, spec: TableSpec, today: date) -> list[str]:
    """Return the places that have a hidden count in the newest snapshot of a table."""
    rule, place = spec.suppression, spec.place_column
    assert rule is not None
    assert place is not None

    def found() -> list[str]:
        whole = _guard_flagged(store, spec, store.read(spec), today)
        small = whole.filter(_small(whole, rule)).select(code=whole[place])
        beside = _hidden_beside(store, spec, today, None)
        codes = small.union(beside.select(code=beside[f"beside_{place}"])).distinct().to_pyarrow()
        return list(codes.column("code").to_pylist())

    return found_once(
        store.folder, f"places with hidden {spec.name}", _standing(store, today, spec.name), found
    )


def _hidden_beside(store: Store, spec: TableSpec, today: date, as_of: str | None) -> ir.Table:
    """Return the keys of counts that are hidden for their neighbour's sake, with `hidden_beside`.

    Where a small count is the only one among the places under one parent, the smallest of the others goes
    with it; a zero only where there is nothing else, since it hides nothing.
    """
    rule, place = spec.suppression, spec.place_column
    assert rule is not None
    assert place is not None

    def found() -> pa.Table:
        whole = _guard_flagged(store, spec, store.read(spec, as_of=as_of), today)
        siblings = [name for name in spec.key if name != place] + ["parent_code"]
        rows = _with_parent(store, spec, whole, today).mutate(is_small=_small(whole, rule))
        alone = rows.filter(rows.is_small).group_by(siblings).aggregate(small_ones=lambda t: t.count())
        alone = alone.filter(alone.small_ones == 1).view()
        others = rows.filter(~rows.is_small & rows[rule.column].notnull())
        others = others.semi_join(alone, [others[name].identical_to(alone[name]) for name in siblings])
        order = [others[rule.column] == 0, others[rule.column], others[place]]
        turn = ibis.row_number().over(ibis.window(group_by=siblings, order_by=order))
        first = others.mutate(turn=turn).filter(lambda t: t.turn == 0)
        return first.select(
            *[first[name].name(f"beside_{name}") for name in spec.key], hidden_beside=True
        ).to_pyarrow()

    if as_of:  # apart, so that many questions about the past push out nothing of today
        return store.kept(f"hidden beside {spec.name} of the past", (as_of, _standing(store, today)), found)
    standing = _standing(store, today, spec.name)
    name = f"hidden beside {spec.name}"
    return store.kept(name, standing, lambda: found_once(store.folder, name, standing, found))


def _standing(store: Store, today: date, *tables: str) -> tuple[str, ...]:
    """Return on which snapshots, of the places and of other tables, and on which day rests what is withheld."""
    newest = [store.latest(name) for name in ("places", "place_parents", "place_flags", *tables)]
    return (today.isoformat(), *(f"{one.id} {one.created_at}" if one else "" for one in newest))


def _with_parent(store: Store, spec: TableSpec, table: ir.Table, today: date) -> ir.Table:
    """Add `parent_code`, the place above in the tree of which a row speaks; without a tree, the place itself."""
    place = table[spec.place_column]
    parents = current_parents(store, today)
    if parents is None:
        return table.mutate(parent_code=place)
    tree = table.tree if "tree" in spec.column_names else ibis.literal("health")
    parents = parents.select(child_code="place_code", child_tree="tree", parent_code="parent_code")
    return table.left_join(parents, [place == parents.child_code, tree == parents.child_tree])


def _same(spec: TableSpec, left: ir.Table, beside: ir.Table, name: str) -> ir.BooleanValue:
    """Return whether two rows agree in a column of the key; null-safe only where it may be empty, since that is slow."""
    one, other = left[name], beside[f"beside_{name}"]
    empty = any(column.name == name and column.nullable for column in spec.columns)
    return one.identical_to(other) if empty else one == other
