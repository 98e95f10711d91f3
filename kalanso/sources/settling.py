"""What can be stored of staged numbers, once all of them have been seen?

Settles what single rows cannot tell: numbers that can be read in two ways, percents where shares
are expected, repetitions. Writes the rest as observations and books everything on the receipt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from kalanso.sources.column_maps import REPORTS, Meaning
from kalanso.sources.faults import BadFile
from kalanso.sources.judging import SHARE_LIMIT, ListedPlace, Reason
from kalanso.sources.readings import LISTED_OBSERVATIONS
from kalanso.sources.row_judge import refuse_percent
from kalanso.sources.staging import Stager
from kalanso.vocabulary import Period

Outcome = dict[str, np.ndarray]
BATCH = 500_000
ROWS_PER_PASS = 16_000_000
DENSE_CELLS = 200_000_000  # four bytes each
KEY_BITS = 16  # of a key of 64: 16 for the period, 16 for the meaning, the rest for the place


def settle(
    stager: Stager, staged: Path, target: Path, connection: duckdb.DuckDBPyConnection, *, tick: Callable[[float], None]
) -> dict[ListedPlace, int]:  # fmt: skip
    """Write the observations that hold, and return the places that they name with their first rows."""
    if max(len(stager.periods.numbers), len(stager.meanings.numbers)) >= 1 << KEY_BITS:
        raise BadFile("sources.file.too_many_kinds", file=stager.receipt.file_name, n=1 << KEY_BITS)
    desk = _Desk(stager, staged, connection)
    desk.reject_ambiguous()
    desk.reject_percents()
    tick(0.1)
    dropped = desk.settle_repetitions()
    tick(0.5)
    return desk.write(target, dropped, lambda share: tick(0.5 + share / 2))


@dataclass
class _Desk:
    """The staged rows as SQL sees them, and what is already decided about them."""

    stager: Stager
    staged: Path
    connection: duckdb.DuckDBPyConnection

    def __post_init__(self) -> None:
        self.receipt = self.stager.receipt
        self.columns = self.stager.layout.values
        self.meanings: list[Meaning] = self.stager.meanings.items
        self.marks = [self._mark(position) for position in range(len(self.columns))]
        self.rows = f"read_parquet('{self.staged}')"
        open_columns = [i for i, mark in enumerate(self.marks) if not mark] or [-1]
        point_columns = [i for i, mark in enumerate(self.marks) if mark == "."] or [-1]
        self.ambiguous = f"(other IS NOT NULL AND column IN {_sql(open_columns)})".replace(
            " column ", " position "
        )
        self.number = (
            f"(CASE WHEN other IS NOT NULL AND position IN {_sql(point_columns)} THEN other ELSE number END)"
        )
        shares = [i for i, meaning in enumerate(self.meanings) if meaning.unit == "share"] or [-1]
        self.share = f"(meaning IN {_sql(shares)})"
        self.high = f"({self.share} AND NOT percent AND {self.number} > {SHARE_LIMIT})"
        self.has_shares = shares != [-1]

    def _mark(self, position: int) -> str:
        column = self.columns[position]
        proofs = self.stager.proofs[column.index]
        return column.meaning.decimal or (next(iter(proofs)) if len(proofs) == 1 else "")

    def reject_ambiguous(self) -> None:
        """Reject numbers that can be read in two ways in a column that proves neither."""
        self._reject("sources.rejected.ambiguous_number", self.ambiguous, None)

    def reject_percents(self) -> None:
        """Reject percents among shares, or refuse the file where they are most of an indicator."""
        if not self.has_shares:
            return
        seen = self.connection.execute(
            f"SELECT meaning, count(*), count(*) FILTER ({self.high}) FROM {self.rows} "
            f"WHERE {self.share} AND NOT {self.ambiguous} AND {self.number} <> 0 GROUP BY meaning"
        ).fetchall()
        totals: dict[str, list[int]] = {}
        for meaning, count, high in seen:
            total = totals.setdefault(self.meanings[meaning].indicator, [0, 0])
            total[0] += count
            total[1] += high
        for indicator, (count, high) in totals.items():
            first = self._first_percent(indicator) if 2 * high >= count and high else None
            refuse_percent(indicator, count, high, self.receipt.file_name, "", first)
        self._reject("sources.rejected.percent_where_share", f"{self.high} AND NOT {self.ambiguous}", "0–1")

    def _first_percent(self, indicator: str) -> tuple[int, str, str]:
        mine = [i for i, meaning in enumerate(self.meanings) if meaning.indicator == indicator]
        row, column, number = self.connection.execute(
            f"SELECT row, position, {self.number} FROM {self.rows} WHERE {self.high} AND NOT {self.ambiguous} "
            f"AND meaning IN {_sql(mine)} ORDER BY row, position LIMIT 1"
        ).fetchall()[0]
        return row, self.columns[column].heading, f"{number:g}"

    def _reject(self, reason: str, condition: str, expected: str | None) -> None:
        found = self.connection.execute(
            f"SELECT row, position, number, count(*) OVER () FROM {self.rows} WHERE {condition} "
            f"ORDER BY row, position LIMIT 10000"
        ).fetchall()
        self._book(reason, [(row, column, f"{number:.15g}", expected) for row, column, number, _ in found])
        if found and (beyond := found[0][3] - len(found)):
            self.receipt.rejected_beyond_list[reason] += beyond

    def _book(self, reason: str, found: list[tuple[int, int, str, str | None]]) -> None:
        for row, column, number, expected in found:
            self.stager.judge.reject(
                Reason(reason, "value", expected), row, self.columns[column].index, number
            )

    def settle_repetitions(self) -> np.ndarray:
        """Return the places (row x columns + column) of numbers that must not be stored again."""
        width = len(self.columns)
        usable = f"NOT {self.ambiguous} AND NOT coalesce({self.high}, false)"
        key = f"(place_key::BIGINT << {2 * KEY_BITS}) | (period::BIGINT << {KEY_BITS}) | meaning::BIGINT"
        content = ", ".join(f"coalesce({name}::VARCHAR, '')" for name in (self.number, "percent", *REPORTS))
        self.connection.execute("CREATE TEMP TABLE again (key BIGINT)")
        if self._cells() <= DENSE_CELLS:
            self._find_repeated_densely()
        else:
            self._find_repeated_in_passes(key, usable)
        if not self.connection.execute("SELECT count(*) FROM again").fetchall()[0][0]:
            return np.empty(0, dtype=np.int64)
        self.connection.execute(
            f"CREATE TEMP TABLE repeated AS SELECT key, row, position, row * {width} + position AS spot, {self.number} AS number, "
            f"concat_ws('|', {content}) AS content FROM (SELECT *, {key} AS key FROM {self.rows} WHERE {usable}) "
            f"SEMI JOIN again USING (key)"
        )
        self.connection.execute(
            "CREATE TEMP TABLE outcome AS SELECT key, count(DISTINCT content) > 1 AS differ, min(spot) AS first, count(*) AS n "
            "FROM repeated GROUP BY key HAVING count(*) > 1"
        )
        self._book_repetitions()
        dropped = self.connection.execute(
            "SELECT spot FROM repeated JOIN outcome USING (key) WHERE differ OR spot <> first ORDER BY spot"
        ).fetchnumpy()["spot"]
        return np.asarray(dropped, dtype=np.int64)

    def _cells(self) -> int:
        """Return how many different numbers the places, periods and meanings of the file admit."""
        books = (self.stager.place_keys, self.stager.periods, self.stager.meanings)
        return int(np.prod([max(len(book.numbers), 1) for book in books], dtype=object))

    def _find_repeated_densely(self) -> None:
        """Count each possible key in an array: several times faster than sorting or hashing them."""
        periods, meanings = len(self.stager.periods.numbers), len(self.stager.meanings.numbers)
        counts = np.zeros(self._cells(), dtype=np.uint32)
        columns = ["place_key", "period", "meaning"]
        for batch in pq.ParquetFile(self.staged).iter_batches(batch_size=BATCH, columns=columns):
            place, period, meaning = (batch.column(name).to_numpy().astype(np.int64) for name in columns)
            np.add.at(counts, (place * periods + period) * meanings + meaning, 1)
        found = np.flatnonzero(counts > 1)
        place, rest = np.divmod(found, periods * meanings or 1)
        period, meaning = np.divmod(rest, meanings or 1)
        keys = pa.table({"key": (place << 2 * KEY_BITS) | (period << KEY_BITS) | meaning})
        self.connection.register("found_keys", keys)
        self.connection.execute("INSERT INTO again SELECT key FROM found_keys")
        self.connection.unregister("found_keys")

    def _find_repeated_in_passes(self, key: str, usable: str) -> None:
        """Some places at a time: the keys of all rows at once would not fit into memory."""
        passes = 1 + pq.ParquetFile(self.staged).metadata.num_rows // ROWS_PER_PASS
        for number in range(passes):
            self.connection.execute(
                f"INSERT INTO again SELECT {key} AS key FROM {self.rows} "
                f"WHERE {usable} AND place_key % {passes} = {number} GROUP BY 1 HAVING count(*) > 1"
            )

    def _book_repetitions(self) -> None:
        count = self.connection.execute(
            "SELECT coalesce(sum(n - 1) FILTER (NOT differ), 0), count(*) FILTER (NOT differ), coalesce(sum(n) FILTER (differ), 0) FROM outcome"
        ).fetchall()[0]
        equal, groups, differ = (int(n) for n in count)
        if equal:
            self.receipt.skipped["sources.skipped.repeated_equally"] += equal
            self.receipt.suspicious["sources.suspicious.repeated_equally"] += groups
        if not differ:
            return
        listed = self.connection.execute(
            "SELECT r.row, r.position, r.number, o.row, o.number FROM repeated r JOIN outcome USING (key) "
            "JOIN repeated o ON o.key = r.key AND o.spot = CASE WHEN r.spot = first THEN "
            "(SELECT min(x.spot) FROM repeated x WHERE x.key = r.key AND x.spot > first) ELSE first END "
            "WHERE differ ORDER BY r.spot LIMIT 10000"
        ).fetchall()
        reason = "sources.rejected.repeated_differently"
        self._book(
            reason, [(row, column, _plain(n), f"{other}: {_plain(m)}") for row, column, n, other, m in listed]
        )
        self.receipt.rejected_beyond_list[reason] += differ - len(listed)
        self.receipt.rejected_beyond_list = +self.receipt.rejected_beyond_list

    def write(
        self, target: Path, dropped: np.ndarray, tick: Callable[[float], None]
    ) -> dict[ListedPlace, int]:
        """Write the observations in the order of the file."""
        first_rows = np.full(len(self.stager.places.numbers), np.iinfo(np.int64).max)
        writer_of = _Writer(self.stager)
        file = pq.ParquetFile(self.staged)
        done = 0
        with pq.ParquetWriter(
            target, writer_of.schema, store_schema=False, use_dictionary=list(writer_of.words)
        ) as writer:
            for batch in file.iter_batches(batch_size=BATCH):
                kept = self._kept(batch, dropped)
                done += batch.num_rows
                self.receipt.stored += len(kept["row"])
                np.minimum.at(first_rows, kept["place"], kept["row"])
                self._count_doubts(kept)
                writer.write_table(writer_of.table(kept))
                tick(done / max(file.metadata.num_rows, 1))
        order = np.argsort(first_rows, kind="stable")
        places = self.stager.places.items
        return {places[i]: int(first_rows[i]) for i in order if first_rows[i] < np.iinfo(np.int64).max}

    def _kept(self, batch: pa.RecordBatch, dropped: np.ndarray) -> Outcome:
        """Return the columns of the rows that hold, numbers in their stored unit."""
        rows = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in batch.schema.names}
        column, other, number = rows["position"], rows["other"], rows["number"]
        points = np.array([mark == "." for mark in self.marks])[column]
        unsure = np.array([not mark for mark in self.marks])[column] & ~np.isnan(other)
        number = np.where(points & ~np.isnan(other), other, number)
        units = np.array([meaning.unit for meaning in self.meanings] or [""])[rows["meaning"]]
        percent = rows["percent"].astype(bool)
        high = (units == "share") & ~percent & (number > SHARE_LIMIT)
        at = rows["row"] * len(self.columns) + column
        place = np.searchsorted(dropped, at)
        again = (
            np.zeros(len(at), dtype=bool)
            if not len(dropped)
            else dropped[np.minimum(place, len(dropped) - 1)] == at
        )
        kept = ~unsure & ~high & ~again
        rows["number"] = np.where((units == "percent") | percent, number / 100, number) + 0.0
        rows["unit"] = units
        return {name: values[kept] for name, values in rows.items()}

    def _count_doubts(self, kept: Outcome) -> None:
        number, units = kept["number"], kept["unit"]
        ages = np.array(
            [m.age_band == "unknown" and m.indicator.endswith("_doses") for m in self.meanings] or [False]
        )
        doubts = {
            "negative": number < 0,
            "fractional": (units == "count") & ~np.isnan(number) & (number != np.floor(number)),
            "above_100_percent": (units != "count") & (number > 1),
            "age_unknown": ages[kept["meaning"]],
        }
        for name, which in doubts.items():
            if count := int(which.sum()):
                self.receipt.suspicious[f"sources.suspicious.{name}"] += count


class _Writer:
    """Turns running numbers back into words, which Parquet keeps once per dictionary."""

    def __init__(self, stager: Stager) -> None:
        places: list[ListedPlace] = stager.places.items
        periods: list[Period] = stager.periods.items
        meanings: list[Meaning] = stager.meanings.items
        self.words: dict[str, tuple[str, pa.Array]] = {
            "status": ("status", pa.array(["reported", "zero", "missing"], pa.string()))
        }
        for name, attribute in (
            ("listed_code", "code"),
            ("listed_name", "name"),
            ("listed_parent", "parent"),
        ):
            self.words[name] = (
                "place",
                pa.array([getattr(place, attribute) for place in places], pa.string()),
            )
        self.words["period"] = ("period", pa.array([period.code for period in periods], pa.string()))
        self.words["period_type"] = (
            "period",
            pa.array([period.type.value for period in periods], pa.string()),
        )
        for name in ("indicator", "product", "age_band", "strategy", "sector", "sex"):
            self.words[name] = ("meaning", pa.array([getattr(m, name) for m in meanings], pa.string()))
        self.starts = pa.array([period.start for period in periods], pa.date32())
        self.schema = pa.schema(
            [
                pa.field(field.name, pa.dictionary(pa.int32(), pa.string()))
                if field.name in self.words
                else field
                for field in LISTED_OBSERVATIONS
            ]
        )

    def table(self, kept: Outcome) -> pa.Table:
        """Return rows of LISTED_OBSERVATIONS."""
        number = kept["number"]
        missing = np.isnan(number)
        kept["status"] = np.where(missing, 2, np.where(number == 0, 1, 0)).astype(np.int32)
        columns = {
            name: pa.DictionaryArray.from_arrays(pa.array(kept[index], pa.int32()), words)
            for name, (index, words) in self.words.items()
        }
        columns["period_start"] = self.starts.take(pa.array(kept["period"]))
        columns["value"] = pa.array(number, mask=missing)
        for role in REPORTS:
            columns[role] = pa.array(kept[role], mask=np.isnan(kept[role]))
        return pa.table([columns[name] for name in LISTED_OBSERVATIONS.names], schema=self.schema)


def _sql(numbers: list[int]) -> str:
    return f"({', '.join(str(number) for number in numbers)})"


def _plain(number: float | None) -> str:
    return "" if number is None else f"{number:.15g}"
