"""How does compiled code compute on several areas at once?

A number in lanes (`Lanes`) holds one value for each of LANES areas, in the registers of the processor that work on
several numbers in one instruction. Equations are written as for one area: compiled, `a + b`, `math.exp(a)` or
`w[r.P, t]` work on all lanes. Where areas differ, both sides are computed and `where_above` chooses, so that
no lane waits for another. A `Room` is an array whose last axis is the lanes, read and written as numbers in
lanes. Exponential and logarithm differ from those of the library by less than 4e-16 of their value, which a test shows
(a logarithm near nought by 3e-16).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.core import types as numba_types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import (
    intrinsic,
    lower_builtin,
    lower_cast,
    make_attribute_wrapper,
    models,
    overload,
    register_model,
)

types: Any = numba_types
LANES = 8
VECTOR = ir.VectorType(ir.DoubleType(), LANES)
WHOLE = ir.VectorType(ir.IntType(64), LANES)
# Products and sums may be fused: faster, and rounded once instead of twice.
FUSED = ("contract",)


class Lanes(types.Type):
    """The type of a number in lanes; a plain number becomes the same in all lanes."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{LANES}")

    def can_convert_from(self, _context: Any, other: Any) -> Any:
        """A plain number may stand where lanes are expected."""
        from numba.core.typeconv import Conversion

        return Conversion.safe if isinstance(other, types.Number) else None

    def unify(self, _context: Any, other: Any) -> Any:
        """What begins as a plain number and becomes lanes is lanes."""
        return self if isinstance(other, types.Number) else None


class Room(types.Type):
    """The type of an array whose last axis is the lanes; `axes` are those before it."""

    def __init__(self, axes: int) -> None:
        self.axes = axes
        super().__init__(name=f"Room{axes}x{LANES}")


LANES_TYPE = Lanes()
NUMBERS = (Lanes, types.Float, types.Integer)


@register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, VECTOR)


@register_model(Room)
class _RoomModel(models.StructModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        shape = types.UniTuple(types.intp, kind.axes)
        super().__init__(manager, kind, [("data", types.CPointer(types.float64)), ("shape", shape)])


make_attribute_wrapper(Room, "shape", "shape")


def _everywhere(builder: Any, value: Any) -> Any:
    """The same plain number in all lanes."""
    first = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(first, ir.Constant(VECTOR, ir.Undefined), places)


def _number(value: float) -> Any:
    return ir.Constant(VECTOR, [value] * LANES)


def _integer(value: int) -> Any:
    return ir.Constant(WHOLE, [value] * LANES)


@lower_cast(types.Float, Lanes)
@lower_cast(types.Integer, Lanes)
def _cast(context: Any, builder: Any, kind: Any, to: Any, value: Any) -> Any:
    return _everywhere(builder, context.cast(builder, value, kind, types.float64))


def _in_lanes(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return value if isinstance(kind, Lanes) else context.cast(builder, value, kind, LANES_TYPE)


def _typed(function: Any, count: int, result: Any = LANES_TYPE) -> None:
    """Tell the compiler that a function of so many numbers takes lanes, where at least one is in lanes."""

    class Template(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            """Return lanes where an argument is in lanes; other functions keep their own meaning."""
            known = len(args) == count and not kws and all(isinstance(a, NUMBERS) for a in args)
            if not known or not any(isinstance(a, Lanes) for a in args):
                return None
            return signature(result, *[LANES_TYPE] * count)

    infer_global(function)(Template)


def _lowered(function: Any, count: int, body: Callable[..., Any], result: Any = LANES_TYPE) -> None:
    """Say which instructions compute a function of lanes: `body(builder, *values)`."""
    _typed(function, count, result)

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [_in_lanes(context, builder, kind, v) for kind, v in zip(sig.args, args, strict=True)]
        return body(builder, *values)

    lower_builtin(function, *[Lanes] * count)(lower)


def _called(builder: Any, name: str, *values: Any) -> Any:
    kind = ir.FunctionType(VECTOR, [VECTOR] * len(values))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f64")
    return builder.call(function, values)


def _chosen(builder: Any, sign: str, a: Any, b: Any, yes: Any, no: Any) -> Any:
    """`yes` in the lanes where a compares so with b, else `no`; what is not a number compares with nothing."""
    bits = ir.VectorType(ir.IntType(1), LANES)
    compared = builder.fcmp_ordered(sign, a, b)
    compared.type = bits
    return builder.select(compared, yes, no)


def _polynomial(builder: Any, x: Any, coefficients: list[float]) -> Any:
    """A polynomial by Horner's scheme, highest power first."""
    value = _number(coefficients[0])
    for c in coefficients[1:]:
        value = _called(builder, "fmuladd", value, x, _number(c))
    return value


# Rounds to the nearest whole number when added, which then stands in the lowest bits.
ROUNDING = 6755399441055744.0
LOG2 = 0.6931471805599453
LOG2_HIGH = 0.693147180369123816490
LOG2_LOW = 1.90821492927058770002e-10
EXP_LOWEST, EXP_HIGHEST = -708.0, 709.0


def _exp(builder: Any, x: Any) -> Any:
    """exp x = 2^n exp(x - n log 2), the rest by its series; nought below -708, held at 709."""
    held = _chosen(builder, ">", x, _number(EXP_HIGHEST), _number(EXP_HIGHEST), x)
    held = _chosen(builder, "<", held, _number(EXP_LOWEST), _number(EXP_LOWEST), held)
    shifted = builder.fadd(builder.fmul(held, _number(1.0 / LOG2)), _number(ROUNDING))
    whole = builder.fsub(shifted, _number(ROUNDING))
    rest = _called(builder, "fmuladd", whole, _number(-LOG2_HIGH), held)
    rest = _called(builder, "fmuladd", whole, _number(-LOG2_LOW), rest)
    series = _polynomial(builder, rest, [1.0 / math.factorial(k) for k in range(13, -1, -1)])
    power = builder.shl(builder.bitcast(shifted, WHOLE), _integer(52))
    value = builder.bitcast(builder.add(builder.bitcast(series, WHOLE), power), VECTOR)
    return _chosen(builder, "<", x, _number(EXP_LOWEST), _number(0.0), value)


# The bits of the root of a half: numbers are taken between it and the root of two.
ROOT_HALF = int(np.float64(math.sqrt(0.5)).view(np.int64))
ONE = int(np.float64(1.0).view(np.int64))
# Whole numbers written into the lowest bits of 2^52 stand in its value.
UNIT_BITS, UNIT = int(np.float64(2.0**52).view(np.int64)), 2.0**52


def _log(builder: Any, x: Any) -> Any:
    """log x = k log 2 + 2 artanh((m - 1) / (m + 1)), x = 2^k m; not a number where x is not positive and finite."""
    bits = builder.add(builder.bitcast(x, WHOLE), _integer(ONE - ROOT_HALF))
    power = builder.or_(builder.lshr(bits, _integer(52)), _integer(UNIT_BITS))
    k = builder.fsub(builder.bitcast(power, VECTOR), _number(UNIT + 1023.0))
    mantissa = builder.add(builder.and_(bits, _integer((1 << 52) - 1)), _integer(ROOT_HALF))
    f = builder.fsub(builder.bitcast(mantissa, VECTOR), _number(1.0))
    s = builder.fdiv(f, builder.fadd(f, _number(2.0)))
    z = builder.fmul(s, s)
    series = builder.fmul(_polynomial(builder, z, [2.0 / (2 * n + 1) for n in range(10, 0, -1)]), z)
    # 2 s = f - s f, of which f is exact.
    half = builder.fmul(s, builder.fsub(series, f))
    value = builder.fadd(f, _called(builder, "fmuladd", k, _number(LOG2_LOW), half))
    value = _called(builder, "fmuladd", k, _number(LOG2_HIGH), value)
    value = _chosen(builder, ">", x, _number(0.0), value, _number(math.nan))
    return _chosen(builder, "<", x, _number(math.inf), value, _number(math.nan))


for _plain, _in_place, _name in (
    (operator.add, operator.iadd, "fadd"), (operator.sub, operator.isub, "fsub"),
    (operator.mul, operator.imul, "fmul"), (operator.truediv, operator.itruediv, "fdiv"),
):  # fmt: skip
    for _operator in (_plain, _in_place):
        _lowered(_operator, 2, lambda b, x, y, name=_name: getattr(b, name)(x, y, flags=FUSED))
_lowered(operator.neg, 1, lambda b, x: b.fsub(_number(-0.0), x))
_lowered(math.sqrt, 1, lambda b, x: _called(b, "sqrt", x))
_lowered(math.fabs, 1, lambda b, x: _called(b, "fabs", x))
_lowered(math.exp, 1, _exp)
_lowered(math.log, 1, _log)


def where_above(a: Any, b: Any, yes: Any, no: Any) -> Any:
    """Return `yes` where a > b, else `no`, lane by lane."""
    return yes if a > b else no


_lowered(where_above, 4, lambda builder, a, b, yes, no: _chosen(builder, ">", a, b, yes, no))


@overload(where_above)
def _where_above(a: Any, b: Any, yes: Any, no: Any) -> Any:
    if any(isinstance(each, Lanes) for each in (a, b, yes, no)):
        return None

    def plain(a: Any, b: Any, yes: Any, no: Any) -> Any:
        return yes if a > b else no

    return plain


def _each(builder: Any, value: Any) -> list[Any]:
    return [builder.extract_element(value, ir.Constant(ir.IntType(32), k)) for k in range(LANES)]


def sum_of_lanes(a: Any) -> Any:
    """Return the sum over the lanes."""
    raise NotImplementedError("for compiled code")


def _summed(builder: Any, value: Any) -> Any:
    each = _each(builder, value)
    while len(each) > 1:
        each = [builder.fadd(a, b) for a, b in zip(each[::2], each[1::2], strict=True)]
    return each[0]


_lowered(sum_of_lanes, 1, _summed, types.float64)


def any_above(a: Any, b: Any) -> Any:
    """Return whether a > b in any lane."""
    return a > b


def _any_above(builder: Any, a: Any, b: Any) -> Any:
    one = _chosen(builder, ">", a, b, _integer(1), _integer(0))
    each = _each(builder, one)
    while len(each) > 1:
        each = [builder.or_(x, y) for x, y in zip(each[::2], each[1::2], strict=True)]
    return builder.icmp_signed("!=", each[0], ir.Constant(ir.IntType(64), 0))


_lowered(any_above, 2, _any_above, types.boolean)


@overload(any_above)
def _plain_above(a: Any, b: Any) -> Any:
    def plain(a: Any, b: Any) -> Any:
        return a > b

    return None if isinstance(a, Lanes) or isinstance(b, Lanes) else plain


@intrinsic
def in_all_lanes(context: Any, number: Any) -> Any:
    """Return lanes in which the same number stands."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _everywhere(builder, args[0])

    return LANES_TYPE(types.float64), code


@intrinsic
def of_lane(context: Any, value: Any, lane: Any) -> Any:
    """Return the number that stands in one lane."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.extract_element(args[0], builder.trunc(args[1], ir.IntType(32)))

    return types.float64(LANES_TYPE, types.int64), code


@intrinsic
def with_lane(context: Any, value: Any, lane: Any, number: Any) -> Any:
    """Return lanes in one of which another number stands."""

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        given = context.cast(builder, args[2], sig.args[2], types.float64)
        return builder.insert_element(args[0], given, builder.trunc(args[1], ir.IntType(32)))

    return LANES_TYPE(LANES_TYPE, types.int64, number), code


@intrinsic
def in_lanes(context: Any, array: Any) -> Any:
    """Return an array whose last axis is the lanes as a room."""
    if not (isinstance(array, types.Array) and array.layout == "C" and array.ndim in (2, 3, 4)):
        return None
    room = Room(array.ndim - 1)

    def code(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        from numba.np.arrayobj import make_array

        given = make_array(array)(context, builder, args[0])
        made = cgutils.create_struct_proxy(room)(context, builder)
        made.data = given.data
        shape = cgutils.unpack_tuple(builder, given.shape, array.ndim)[: room.axes]
        made.shape = cgutils.pack_array(builder, shape)
        return made._getvalue()

    return room(array), code


def _place(context: Any, builder: Any, kind: Any, value: Any, index: Any, places: Any) -> Any:
    room = cgutils.create_struct_proxy(kind)(context, builder, value=value)
    at = [context.cast(builder, v, t, types.intp) for v, t in zip(places, index, strict=True)]
    flat = at[0]
    for axis in range(1, kind.axes):
        flat = builder.add(builder.mul(flat, builder.extract_value(room.shape, axis)), at[axis])
    start = builder.mul(flat, ir.Constant(flat.type, LANES))
    return builder.bitcast(builder.gep(room.data, [start]), VECTOR.as_pointer())


def _index(kind: Any, index: Any) -> tuple[Any, ...] | None:
    each = tuple(index) if isinstance(index, types.BaseTuple) else (index,)
    fits = isinstance(kind, Room) and len(each) == kind.axes
    return each if fits and all(isinstance(e, types.Integer) for e in each) else None


@infer_global(operator.getitem)
class _Read(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        """Return the type of what stands in a room."""
        kind, index = args
        return signature(LANES_TYPE, kind, index) if _index(kind, index) else None


@infer_global(operator.setitem)
class _Write(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        """Return the type of putting a number in a room."""
        kind, index, _ = args
        return signature(types.none, kind, index, LANES_TYPE) if _index(kind, index) else None


def _parts(builder: Any, index: Any, value: Any) -> tuple[Any, list[Any]]:
    if isinstance(index, types.BaseTuple):
        return tuple(index), cgutils.unpack_tuple(builder, value, len(index))
    return (index,), [value]


@lower_builtin(operator.getitem, Room, types.BaseTuple)
@lower_builtin(operator.getitem, Room, types.Integer)
def _read(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    index, places = _parts(builder, sig.args[1], args[1])
    return builder.load(_place(context, builder, sig.args[0], args[0], index, places), align=8)


@lower_builtin(operator.setitem, Room, types.BaseTuple, Lanes)
@lower_builtin(operator.setitem, Room, types.Integer, Lanes)
def _write(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    index, places = _parts(builder, sig.args[1], args[1])
    builder.store(args[2], _place(context, builder, sig.args[0], args[0], index, places), align=8)
    return context.get_dummy_value()
