"""How do pages read the store, quickly and never more than they may see?

The only place of the hub where published tables are opened, always through `store.visible`.
Answers are kept until something new is published. DuckDB has a memory cap and one thread, and one
reader at a time uses it; downloads take a connection of their own.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import ibis.expr.types as ir
import pyarrow as pa
from django.conf import settings

from kalanso.hub.people.queries import here
from kalanso.pipeline.computation_status import read_status
from kalanso.store import Manifest, Scope, Store, TableSpec, visible, withheld_places

KEPT_ANSWERS = 1500  # of each scope; most readers share one, with some ten answers a place
KEPT_SCOPES = 400  # a reader with places of their own keeps few answers, the rest stands in those many share
SETTLED = (
    5_000_000_000  # nanoseconds after which a change of a folder is surely older than what was read of it
)
Answer = TypeVar("Answer")
_NOTHING = object()


@dataclass(frozen=True)
class State:
    """What the store holds at a moment: a mark that changes with it, and when it last did (epoch).

    `computing` is the mark of what is being computed beside it: pages speak of it, answers do not rest on it.
    """

    mark: str
    changed: float
    computing: str = ""


class Ground:
    """One store, opened once for readers of every scope, and the lock of its one reader at a time."""

    def __init__(self, folder: Path, *, memory: str) -> None:
        self.store = Store.open(folder, memory=memory, threads=1)
        self.memory = memory
        self.about, self._root = self.store.folder / "store.json", str(self.store.folder / "tables")
        self._newest: dict[str, tuple[int, str, float]] = {}
        self.lock = threading.RLock()
        self._shelves: OrderedDict[Scope, Shelf] = OrderedDict()
        self._door = (
            threading.Lock()
        )  # never held while anything is read: nobody waits for another's question

    def newest(self) -> list[tuple[str, float]]:
        """Return the name of the newest snapshot of every table, and when it was written; looked at for every page.

        A folder that has not changed holds what it held. One that changed within the last seconds is read again: within
        one tick of the clock, two changes have one time.
        """
        found, now = [], time.time_ns()
        try:
            with os.scandir(self._root) as entries:
                folders = sorted(entries, key=lambda one: one.name)
        except FileNotFoundError:
            return []
        for folder in folders:
            name, changed = folder.name, folder.stat().st_mtime_ns
            kept = self._newest.get(name)
            if kept is None or kept[0] != changed or now - changed < SETTLED:
                kept = self._newest[name] = (changed, *_last(folder.path))
            if kept[1]:
                found.append((f"{name}-{kept[1]}", kept[2]))
        return found

    def shelf(self, scope: Scope) -> Shelf:
        """Return the shelf of a scope, with what was answered for it before."""
        with self._door:
            found = self._shelves.pop(scope, None) or Shelf(self, scope)
            self._shelves[scope] = found
            if len(self._shelves) > KEPT_SCOPES:
                self._shelves.popitem(last=False)
            return found


class Shelf:
    """The tables of one store, as far as readers of one scope may see them."""

    def __init__(self, ground: Ground, scope: Scope) -> None:
        self.ground = ground
        self.store = ground.store
        self.scope = scope
        self._memory = ground.memory
        self._lock = ground.lock
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()
        self._views: dict[tuple[str, str], ir.Table] = {}
        self._known: State | None = None

    def state(self) -> State:
        """Return the mark of what is published now; a changed mark forgets all kept answers."""
        newest, changed = [], self.ground.about.stat().st_mtime
        for told, at in self.ground.newest():
            newest.append(told)
            changed = max(changed, at)
        # Flags, delays and the tree of places hold for a day: tomorrow's answers are others.
        newest.append(f"{datetime.now(UTC):%Y%m%d}")
        now = State(mark=" ".join(newest), changed=changed, computing=_being_computed(self.store))
        if self._known is None or now.mark != self._known.mark:
            with self._lock:
                self._answers.clear()
                self._views.clear()
                self._known = now
        return now

    def follow(self, other: Shelf) -> None:
        """Look at what is published unless another shelf of this store has looked, and saw what this one knows."""
        if self._known is None or other._known is None or self._known.mark != other._known.mark:
            self.state()

    def remember(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return a kept answer, or compute it and keep it until something new is published."""
        kept = self._answers.get(key, _NOTHING)
        if kept is not _NOTHING:
            with suppress(KeyError):  # another reader may forget all answers at any moment
                self._answers.move_to_end(key)
            return kept
        with self._lock:
            if key not in self._answers:
                self._answers[key] = compute()
                if len(self._answers) > KEPT_ANSWERS:
                    self._answers.popitem(last=False)
            return self._answers[key]

    def alike(self, *specs: TableSpec, about: Iterable[str] | None = None) -> Shelf:
        """Return the shelf of all readers who see the same rows of these tables, so that they share its answers.

        `about`: the only places that are asked for; None for all.
        """
        others = self._withheld(*specs)
        return self._of(self.scope.as_for(specs, others, None if about is None else frozenset(about)))

    def parted(self, spec: TableSpec) -> tuple[Shelf | None, Shelf] | None:
        """Return the shelves of many readers from which answers given place by place are put together (`Scope.parted`)."""
        parts = self.scope.parted(spec, self._withheld(spec))
        return (parts[0] and self._of(parts[0]), self._of(parts[1])) if parts else None

    def _withheld(self, *specs: TableSpec) -> frozenset[str]:
        """Return the reader's own places of which others see other rows."""
        own = self.scope.places
        if own is None:
            return frozenset()
        key = ("withheld", tuple(spec.name for spec in specs))
        return self.remember(key, lambda: own & _withheld(self.store, specs))

    def guarded(self, spec: TableSpec) -> frozenset[str]:
        """Return the places of which readers without clearance see other rows of a table, whoever asks."""
        return self.remember(("guarded", spec.name), lambda: _withheld(self.store, (spec,)))

    def _of(self, scope: Scope) -> Shelf:
        """Return the shelf of a scope, which knows of the same state."""
        if scope == self.scope:
            return self
        other = self.ground.shelf(scope)
        other.follow(self)
        return other

    def sees(self, spec: TableSpec) -> bool:
        """Whether readers of this scope may see any row of a table."""
        return not self.scope.refusal(spec)

    def manifest(self, spec: TableSpec, as_of: str | None = None) -> Manifest | None:
        """Return the named snapshot of a table, or the current one; None where nothing is published."""
        if as_of is not None:
            return self.store.as_of(spec.name, as_of)
        return self.remember(("manifest", spec.name), lambda: self.store.latest(spec.name))

    def table(self, spec: TableSpec, as_of: str | None = None) -> ir.Table:
        """Return the visible rows of a table, or raise NotVisible."""
        manifest = self.manifest(spec, as_of)
        key = (spec.name, manifest.id if manifest else "")
        kept = self._views.get(key)
        if kept is not None:
            return kept
        with self._lock:
            view = _visible(self.store, spec, self.scope, as_of)
            if as_of is None:  # a view of the past rests on rows that many others push out
                self._views[key] = view
            return view

    def rows(self, question: ir.Table) -> list[dict[str, Any]]:
        """Return the rows of a question as plain dicts."""
        return self.arrow(question).to_pylist()

    def arrow(self, question: ir.Table) -> pa.Table:
        """Return the rows of a question."""
        with self._lock:
            return question.to_pyarrow()

    def value(self, question: ir.Scalar) -> Any:
        """Return one number or text."""
        with self._lock:
            return question.to_pyarrow().as_py()

    @contextmanager
    def apart(self) -> Iterator[Shelf]:
        """Lend a connection of its own to a long download, so that pages need not wait for it."""
        other = Shelf(Ground(self.store.folder, memory=self._memory), self.scope)
        try:
            yield other
        finally:
            if other.store._engine is not None:
                other.store.engine.backend.disconnect()


def _last(folder: str) -> tuple[str, float]:
    """Return the last entry of a folder by its name, and when it was written; "" where there is none."""
    with os.scandir(folder) as entries:
        last = max((e for e in entries if e.name[0] != "."), key=lambda e: e.name, default=None)
    return (last.name, last.stat().st_mtime) if last is not None else ("", 0.0)


def run_folders(store: Path) -> list[Path]:
    """Return the folders in which runs of the estimate keep their files."""
    return sorted(store.glob("estimates*"))


def _being_computed(store: Store) -> str:
    """Return a mark of runs under way, so that a page which speaks of them is composed anew now and then."""
    checkpoints = (folder / ".checkpoint" for folder in run_folders(store.folder))
    told = read_status(store) or {}
    parts = [path.parent.name for path in checkpoints if path.is_dir()]
    return " ".join(
        [*parts, str(told.get("state", "")), str(told.get("step", "")), f"{told.get('share', 0):.1f}"]
    )


def _visible(store: Store, spec: TableSpec, scope: Scope, as_of: str | None) -> ir.Table:
    return visible(store, spec, scope, today=datetime.now(UTC).date(), as_of=as_of)


def _withheld(store: Store, specs: Sequence[TableSpec]) -> frozenset[str]:
    return withheld_places(store, specs, today=datetime.now(UTC).date())


def no_place(*_asked: Hashable) -> tuple[str, ...]:
    """Tell that a query asks of no place by itself: which periods there are, not what they say of whom."""
    return ()


def shared(
    *specs: TableSpec, about: Callable[..., Iterable[str] | None] = lambda *_: None
) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Keep the answers of a query like `remembered`, once for all readers who see the same rows of the tables it reads.

    The query is asked with the narrowest scope that sees those rows: a table that was forgotten here is closed to it.
    `about` tells from its arguments of which places alone it asks.
    """

    def sharing(query: Callable[..., Answer]) -> Callable[..., Answer]:
        kept = remembered(query)

        @functools.wraps(query)
        def asked(shelf: Shelf, *args: Hashable, **options: Hashable) -> Answer:
            return kept(shelf.alike(*specs, about=about(*args, *options.values())), *args, **options)

        return asked

    return sharing


def by_place(
    spec: TableSpec,
) -> Callable[[Callable[..., dict[str, Answer]]], Callable[..., dict[str, Answer]]]:
    """Keep the answers of a query that tells by place what its rows in one table say, and nothing of other places."""

    def splicing(query: Callable[..., dict[str, Answer]]) -> Callable[..., dict[str, Answer]]:
        kept = remembered(query)

        @functools.wraps(query)
        def asked(shelf: Shelf, *args: Hashable, **options: Hashable) -> dict[str, Answer]:
            return put_together(shelf, spec, lambda of: kept(of, *args, **options))

        return asked

    return splicing


def put_together(
    shelf: Shelf, spec: TableSpec, ask: Callable[[Shelf], dict[str, Answer]]
) -> dict[str, Answer]:
    """Return what is told by place, for readers with places of their own from what many share: beyond them and there."""
    near, own = shelf.alike(spec), shelf.scope.places
    parts = shelf.parted(spec) if near.scope.places is not None else None
    if own is None or parts is None:
        return ask(near)
    beyond, home = parts
    found = ask(beyond) if beyond else {}
    there = ask(home)
    return {code: said for code, said in found.items() if code not in own} | {
        code: said for code, said in there.items() if code in own
    }


def remembered(query: Callable[..., Answer]) -> Callable[..., Answer]:
    """Keep the answers of a query `f(shelf, *hashable arguments)` until something new is published."""

    @functools.wraps(query)
    def kept(shelf: Shelf, *args: Hashable, **options: Hashable) -> Answer:
        key = (query.__module__, query.__qualname__, args, tuple(sorted(options.items())))
        return shelf.remember(key, lambda: query(shelf, *args, **options))

    return kept


@functools.lru_cache(maxsize=4)
def _ground(folder: Path, memory: str) -> Ground:
    return Ground(folder, memory=memory)


def _opened(folder: Path, memory: str, scope: Scope) -> Shelf:
    return _ground(folder, memory).shelf(scope)


def current() -> Shelf:
    """Return the shelf of the store that the settings name, as the reader of this moment may see it."""
    return _opened(Path(settings.KALANSO_STORE), settings.KALANSO_MEMORY, here.scope())


def may_have(shelf: Shelf, mark: str | None) -> bool:
    """Whether a reader may have what was made for readers of a scope, by that scope's mark."""
    if mark is None:
        return False
    everything = shelf.scope.cleared and shelf.scope.places is None
    return everything or mark in {shelf.scope.mark, abroad(shelf).scope.mark, Scope().mark}


def abroad(shelf: Shelf) -> Shelf:
    """Return what somebody who is held to their own places sees elsewhere; for others the same shelf.

    Beyond their places they read what is released to their circle, and nothing of the working tables.
    """
    if shelf.scope.at_home is None:
        return shelf
    other = _opened(
        Path(settings.KALANSO_STORE), settings.KALANSO_MEMORY, Scope(audience=shelf.scope.audience)
    )
    other.follow(shelf)
    return other
