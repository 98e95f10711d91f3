"""Who may see which rows of a table, and how exactly?

The one door through which people read published tables. Roles and logins belong to the hub; here
stands what a scope lets through, what security flags coarsen and delay, and which small counts
are hidden.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from kalanso.store.store import Store
from kalanso.store.tables import Audience, Security, TableSpec
from kalanso.vocabulary import Level


class NotVisible(PermissionError):
    """The table is for a narrower circle than the reader's."""


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
    guarded = _guarded(store, spec, table, today)
    if not scope.cleared or scope.places is None:
        return guarded
    own = guarded[spec.place_column].isin(sorted(scope.places))
    at_home = table.filter(table[spec.place_column].isin(sorted(scope.places)))
    return guarded.filter(~own).union(at_home)


def _without_named(store: Store, spec: TableSpec, scope: Scope, table: ir.Table, today: date) -> ir.Table:
    """Return the rows without those that name, beside their own place, one under a flag which the reader may not know."""
    if not spec.names_places or scope.cleared_everywhere:
        return table
    own = scope.places if scope.cleared and scope.places is not None else frozenset()
    hidden = sorted(_flagged_codes(store, today) - own)
    if not hidden:
        return table
    one = "|".join(re.escape(code) for code in hidden)
    for name in spec.names_places:
        named = table[name].re_search(f"(^|[^0-9A-Za-z_])({one})([^0-9A-Za-z_]|$)")
        table = table.filter(~named.fill_null(False))
    return table


def _flagged_codes(store: Store, today: date) -> frozenset[str]:
    """Return the places that lie, today, under a flag of their own or of a place above."""
    flags = _places_table(store, "place_flags")
    if flags is None:
        return frozenset()
    lasting = flags.filter(flags.valid_to.isnull() | (flags.valid_to >= ibis.literal(today)))
    above = _ancestors(store, today)
    found = (
        above.semi_join(lasting, above.ancestor_code == lasting.place_code).select("place_code").distinct()
    )
    return frozenset(found.to_pyarrow().column("place_code").to_pylist())


def _guarded(store: Store, spec: TableSpec, table: ir.Table, today: date) -> ir.Table:
    """Return the rows as a reader without clearance sees them."""
    if spec.security:
        table = _guard_flagged(store, spec, table, today)
    if spec.suppression:
        table = _suppress(store, spec, table, today)
    return table


def _guard_flagged(store: Store, spec: TableSpec, table: ir.Table, today: date) -> ir.Table:
    """Return the rows with flagged places delayed, and coarsened to the level of the rule."""
    rule, place = spec.security, spec.place_column
    flags = _places_table(store, "place_flags")
    if rule is None or place is None or flags is None:
        return table
    marked = _mark_flagged(store, spec, table, flags, today)
    open_rows = marked.filter(~marked.guarded).select(*spec.column_names)
    hidden = marked.filter(marked.guarded)
    if spec.period_column:
        known_since = ibis.literal(today - timedelta(days=rule.delay_days))
        hidden = hidden.filter(hidden[spec.period_column] <= known_since)
    stays = hidden.filter(hidden.coarse_code == hidden[place]).select(*spec.column_names)
    shown = open_rows.union(stays)
    if not rule.sums:
        return shown
    summed = _coarse_sums(spec, hidden.filter(hidden.coarse_code != hidden[place]), rule)
    own = shown.select(*spec.key).view()
    return shown.union(summed.anti_join(own, [_same(summed, own, name) for name in spec.key]))


def _mark_flagged(store: Store, spec: TableSpec, table: ir.Table, flags: ir.Table, today: date) -> ir.Table:
    """Add `guarded` (its place is under a flag) and `coarse_code` (what stands in for the place)."""
    assert spec.place_column is not None
    assert spec.security is not None
    above = _ancestors(store, today)
    flagged = above.inner_join(flags, above.ancestor_code == flags.place_code).select(
        flagged_code=above.place_code, since=flags.valid_from, until=flags.valid_to
    )
    lasting = flagged.until.isnull() | (flagged.until >= ibis.literal(today))
    matches = [table[spec.place_column] == flagged.flagged_code]
    if spec.period_column:
        begun = flagged.since.isnull() | (flagged.since <= table[spec.period_column])
        matches.append(lasting | (begun & (table[spec.period_column] <= flagged.until)))
    else:
        matches.append(lasting | flagged.since.notnull())
    guarded_rows = table.semi_join(flagged, matches)
    keyed = [*spec.key]
    marks = guarded_rows.select(*[guarded_rows[name].name(f"g_{name}") for name in keyed]).distinct()
    marks = marks.mutate(g_marked=True).view()
    joined = table.left_join(marks, [_same(table, marks, name, f"g_{name}") for name in keyed])
    joined = joined.mutate(guarded=joined.g_marked.notnull())
    level = (
        above.filter(above.ancestor_level == spec.security.coarsen_to)
        .select(coarse_place=above.place_code, coarse_code=above.ancestor_code)
        .view()
    )
    return joined.left_join(level, joined[spec.place_column] == level.coarse_place).mutate(
        coarse_code=lambda t: ibis.coalesce(t.coarse_code, t[spec.place_column])
    )


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


def _suppress(store: Store, spec: TableSpec, table: ir.Table, today: date) -> ir.Table:
    """Return the rows without their small counts, and without the counts that would reveal them.

    A small count is hidden. Where it is the only hidden one among the places under one parent, the
    smallest of the others is hidden too.
    """
    rule = spec.suppression
    assert rule is not None
    assert spec.place_column is not None
    tree = table.tree if "tree" in spec.column_names else ibis.literal("health")
    parents = _current_parents(store, today)
    rows = table.mutate(own_tree=tree)
    if parents is None:
        rows = rows.mutate(parent_code=rows[spec.place_column])
    else:
        parents = parents.select(child_code="place_code", child_tree="tree", parent_code="parent_code")
        rows = rows.left_join(
            parents,
            [rows[spec.place_column] == parents.child_code, rows.own_tree == parents.child_tree],
        )
    count = rows[rule.column]
    rows = rows.mutate(small=((count > 0) & (count < rule.below)).fill_null(False))
    siblings = [n for n in spec.key if n != spec.place_column] + ["parent_code"]
    among = ibis.window(group_by=siblings)
    ranked = rows.mutate(
        hidden_here=rows.small.cast("int64").sum().over(among),
        turn=ibis.row_number().over(
            ibis.window(group_by=[*siblings, "small"], order_by=[rows[rule.column], rows[spec.place_column]])
        ),
    )
    goes_along = (ranked.hidden_here == 1) & ~ranked.small & (ranked.turn == 0)
    hide = ranked.small | (goes_along & ranked[rule.column].notnull())
    emptied = {
        name: ibis.ifelse(hide, ibis.null(table.schema()[name]), ranked[name])
        for name in (rule.column, *rule.also)
    }
    return ranked.mutate(**emptied).select(*spec.column_names)


def _same(left: ir.Table, right: ir.Table, name: str, other: str | None = None) -> ir.BooleanValue:
    return left[name].identical_to(right[other or name])


def _places_table(store: Store, name: str) -> ir.Table | None:
    """Return a table of places by its name, since their declaration stands above this package."""
    manifest = store.latest(name)
    if manifest is None or not manifest.parts:
        return None
    return store.engine.parquet([store.part_path(part.sha256) for part in manifest.parts])


def _current_parents(store: Store, today: date) -> ir.Table | None:
    parents = _places_table(store, "place_parents")
    if parents is None:
        return None
    day = ibis.literal(today)
    begun = parents.valid_from.isnull() | (parents.valid_from <= day)
    lasting = parents.valid_to.isnull() | (parents.valid_to >= day)
    return parents.filter(begun & lasting)


def _ancestors(store: Store, today: date) -> ir.Table:
    """Return (place_code, ancestor_code, ancestor_level), each place being its own ancestor too."""
    places = _places_table(store, "places")
    if places is None:
        raise NotVisible("places: flags stand without places; publish the places first")
    parents = _current_parents(store, today)
    here = places.select("place_code", ancestor_code=places.place_code)
    steps = [here]
    for _ in range(len(Level)):
        if parents is None:
            break
        last = steps[-1]
        up = parents.select(below="place_code", above="parent_code").view()
        steps.append(
            last.inner_join(up, last.ancestor_code == up.below).select("place_code", ancestor_code="above")
        )
    lines = steps[0]
    for step in steps[1:]:
        lines = lines.union(step)
    lines = lines.distinct()
    levels = places.select(level_code="place_code", ancestor_level="level").view()
    return lines.inner_join(levels, lines.ancestor_code == levels.level_code).select(
        "place_code", "ancestor_code", "ancestor_level"
    )
