"""What does a run leave behind, so that a later one can go on in its coordinates?

From month to month a country changes little: coordinates that chains have learned serve again, and draws are exact in any.
Plain arrays, since the folder of a run may come from elsewhere. What does not fit the model of today is not taken.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kalanso.coverage.answers import Answers
from kalanso.coverage.frame import Frame
from kalanso.coverage.layout import Layout
from kalanso.coverage.learning import Learned
from kalanso.coverage.model import Model
from kalanso.coverage.question import Question
from kalanso.coverage.records import Ints
from kalanso.coverage.terms import Term
from kalanso.coverage.whitener import Whitener
from kalanso.coverage.whitening import EDGE

Arrays = Mapping[str, npt.NDArray[Any]]
# Names of arrays begin so.
OF_MAP, OF_MODEL = "learned", "model"
# What a question may change without making another model of it.
PASSING = {"preview": False, "draws": 1, "seed": 0}


@dataclass(frozen=True, eq=False)
class Answered:
    """For which model coordinates were learned, in words and numbers that have to be the same today."""

    areas: npt.NDArray[np.str_]
    periods: npt.NDArray[np.str_]
    globals_: npt.NDArray[np.str_]
    question: npt.NDArray[np.str_]
    open: Ints

    @classmethod
    def of(cls, layout: Layout) -> Answered:
        """Return what a model answers."""
        d = layout.design
        asked = d.question.with_(**PASSING)
        words = [f"{one.name}={getattr(asked, one.name)!r}" for one in fields(Question)]
        return cls(
            np.array(d.areas),
            np.array(d.periods),
            np.array(layout.names),
            np.array(words),
            np.asarray(d.targets.open),
        )


def remembered(layout: Layout, learned: Learned | None) -> dict[str, npt.NDArray[Any]]:
    """Return what chains have learned, where they stand, and for which model, as arrays by name."""
    return (
        {}
        if learned is None
        else {**dict(_arrays(learned, OF_MAP)), **dict(_arrays(Answered.of(layout), OF_MODEL))}
    )


def recalled(layout: Layout, terms: tuple[Term, ...], arrays: Arrays | None) -> Learned | None:
    """Return what an earlier run has learned, or nothing where it left nothing or was of another model."""
    if arrays is None or f"{OF_MAP}.step" not in arrays:
        return None
    for name, one in _arrays(Answered.of(layout), OF_MODEL):
        if name not in arrays or not np.array_equal(arrays[name], one):
            return None
    plain = Model(layout, Frame.plain(layout.scales(layout.start), *layout.design.shape), terms)
    pattern = Whitener.of(plain).pattern
    learned: Learned = _made(Learned, arrays, OF_MAP, pattern)
    return learned if _fits(learned, plain) else None


def _fits(learned: Learned, model: Model) -> bool:
    """Whether arrays are as long as compiled loops take them to be, which look at no bounds, and chains stand somewhere."""
    map_, hold, none = learned.map, learned.frame.hold, model.frame.hold
    n, size = model.design.shape[0], model.layout.size
    answers = Answers.none(model.size, size) if map_.answers is None else map_.answers
    return (
        map_.centre.shape == (model.size,)
        and map_.fields.values.shape == map_.fields.pattern.indices.shape
        and map_.responses.shape == (n * EDGE, size)
        and hold.quarter.shape == none.quarter.shape
        and hold.level.shape == none.level.shape
        and hold.fields.shape == none.fields.shape
        and answers.rows.shape == (len(answers.shift), model.size - size)
        and all(one.shape == (model.size,) and np.isfinite(one).all() for one in learned.stand)
    )


def _arrays(value: Any, name: str) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Return the arrays of a record and of those in it, by the path to each."""
    if value is None:
        return
    if is_dataclass(value) or hasattr(value, "_fields"):
        for one in _parts(type(value)):
            yield from _arrays(getattr(value, one), f"{name}.{one}")
    elif _several(value):
        for j, one in enumerate(value):
            yield from _arrays(one, f"{name}.{j}")
    else:
        yield name, np.asarray(value)


def _several(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and not isinstance(value[0], int)


def _parts(kind: Any) -> list[str]:
    """Return the parts of a record that are kept: a model and a pattern are found again from evidence."""
    names = [one.name for one in fields(kind)] if is_dataclass(kind) else list(kind._fields)
    return [name for name in names if name not in ("model", "pattern")]


def _made(kind: Any, arrays: Arrays, name: str, pattern: Any) -> Any:
    """Return a value of some kind from the arrays whose names begin so."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        kind = next(one for one in inner if one is not types.NoneType)  # arrays of two lengths are arrays
        there = any(found == name or found.startswith(f"{name}.") for found in arrays)
        return _made(kind, arrays, name, pattern) if there else None
    if origin in (list, tuple) and inner[0] is not int:
        count = len(
            {found[len(name) + 1 :].split(".")[0] for found in arrays if found.startswith(f"{name}.")}
        )
        return origin(_made(inner[0], arrays, f"{name}.{j}", pattern) for j in range(count))
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        hints, fixed = typing.get_type_hints(kind), {"model": None, "pattern": pattern}
        given = {one: _made(hints[one], arrays, f"{name}.{one}", pattern) for one in _parts(kind)}
        return kind(**given, **{one: value for one, value in fixed.items() if one in hints})
    return arrays[name] if origin is np.ndarray or kind is np.ndarray else arrays[name].tolist()
