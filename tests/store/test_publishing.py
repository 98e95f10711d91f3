"""Does a store keep what was published, and only that?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kalanso.store import (
    Audience,
    CannotWithdraw,
    Column,
    Engine,
    EngineMissing,
    Mode,
    NoSuchSnapshot,
    NoSuchStore,
    Provenance,
    Store,
    TableRefused,
    TableSpec,
)
from kalanso.store import store as store_module

COUNTS = TableSpec(
    name="counts",
    version=1,
    meaning="doses by place and month",
    columns=(
        Column(name="source", type="string", meaning="import"),
        Column(name="place_code", type="string", meaning="where"),
        Column(name="period_start", type="date", meaning="month"),
        Column(name="doses", type="float", meaning="doses", nullable=True, minimum=0),
        Column(name="status", type="string", meaning="status", values=("reported", "missing")),
    ),
    key=("source", "place_code", "period_start"),
    part_by=("source",),
    period_column="period_start",
    place_column="place_code",
    audience=Audience.PUBLIC,
)


def row(place: str, month: int, doses: float | None, source: str = "a", year: int = 2024) -> dict[str, Any]:
    status = "missing" if doses is None else "reported"
    day = date(year, month, 1)
    return {"source": source, "place_code": place, "period_start": day, "doses": doses, "status": status}


def publish(store: Store, rows: Any, now: datetime, mode: Mode = Mode.MERGE, spec: TableSpec = COUNTS) -> Any:
    return store.publish(spec, rows, provenance=Provenance(sources=("a",)), now=now, mode=mode)


def content(
    store: Store, as_of: Any = None, spec: TableSpec = COUNTS
) -> set[tuple[str, str, int, float | None]]:
    rows = store.read(spec, as_of=as_of).to_pyarrow().to_pylist()
    return {(r["source"], r["place_code"], r["period_start"].month, r["doses"]) for r in rows}


def test_rows_come_back_as_they_were_published(store: Store, now: datetime) -> None:
    snapshot = publish(store, [row("P1", 1, 10), row("P1", 2, None)], now)
    assert content(store) == {("a", "P1", 1, 10.0), ("a", "P1", 2, None)}
    assert (snapshot.id, snapshot.rows) == ("counts-000001", 2)


def test_a_table_never_published_is_empty(store: Store) -> None:
    assert content(store) == set()


def test_a_corrected_row_replaces_the_stored_one_and_the_others_stay(store: Store, now: datetime) -> None:
    publish(store, [row("P1", 1, 10), row("P2", 1, 20)], now)
    publish(store, [row("P1", 1, 11)], now)
    assert content(store) == {("a", "P1", 1, 11.0), ("a", "P2", 1, 20.0)}


def test_a_monthly_increment_shares_the_files_of_earlier_months(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kalanso.store.parts.PART_ROWS", 2)
    first = publish(store, [row(f"P{i}", month, i) for i in range(3) for month in (1, 2, 3)], now)
    second = publish(store, [row(f"P{i}", 4, i) for i in range(3)], now)
    shared = {p.sha256 for p in first.parts} & {p.sha256 for p in second.parts}
    assert len(first.parts) == 3
    assert len(shared) == 3
    assert len(second.parts) == 4


def test_a_correction_in_one_month_rewrites_that_month_alone(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kalanso.store.parts.PART_ROWS", 2)
    first = publish(store, [row(f"P{i}", month, i) for i in range(3) for month in (1, 2, 3)], now)
    second = publish(store, [row("P1", 2, 99)], now)
    assert len({p.sha256 for p in second.parts} - {p.sha256 for p in first.parts}) == 1
    assert ("a", "P1", 2, 99.0) in content(store)
    assert second.rows == 9


def test_replacing_a_source_drops_what_it_no_longer_holds_and_spares_other_sources(
    store: Store, now: datetime
) -> None:
    publish(store, [row("P1", 1, 10, year=2023), row("P1", 1, 5, source="b")], now)
    publish(store, [row("P1", 2, 20)], now, Mode.REPLACE_SOURCE)
    assert content(store) == {("a", "P1", 2, 20.0), ("b", "P1", 1, 5.0)}


def test_replacing_everything_with_nothing_leaves_an_empty_table(store: Store, now: datetime) -> None:
    publish(store, [row("P1", 1, 10)], now)
    snapshot = publish(store, [], now, Mode.REPLACE_ALL)
    assert snapshot.rows == 0
    assert content(store) == set()


def test_publishing_the_same_rows_again_makes_no_new_snapshot(store: Store, now: datetime) -> None:
    first = publish(store, [row("P1", 1, 10)], now)
    assert publish(store, [row("P1", 1, 10)], now) == first


def test_any_past_state_can_be_read_by_time_and_by_name(store: Store, now: datetime) -> None:
    first = publish(store, [row("P1", 1, 10)], now)
    publish(store, [row("P1", 1, 11)], now + timedelta(days=2))
    assert content(store, first.id) == {("a", "P1", 1, 10.0)}
    assert content(store, now + timedelta(days=1)) == {("a", "P1", 1, 10.0)}
    with pytest.raises(NoSuchSnapshot, match="counts"):
        store.read(COUNTS, as_of=now - timedelta(days=1))


BAD_ROWS = [
    ("no value where one is needed", {"place_code": None}, "place_code: expected a value"),
    ("a negative count", {"doses": -1.0}, "doses: expected at least 0"),
    ("an unknown status", {"status": "maybe"}, "status: expected one of 'reported', 'missing'"),
    ("an infinite count", {"doses": float("inf")}, "doses: expected a finite number"),
]


@pytest.mark.parametrize(("_", "change", "words"), BAD_ROWS, ids=[name for name, _, _ in BAD_ROWS])
def test_a_row_that_breaks_its_declaration_is_refused_and_nothing_is_stored(
    store: Store, now: datetime, _: str, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(TableRefused, match=words):
        publish(store, [row("P2", 1, 1), row("P1", 1, 10) | change], now)
    assert store.tables() == []
    assert not list((store.folder / "tmp").glob("*"))


def test_two_rows_with_one_key_are_refused(store: Store, now: datetime) -> None:
    with pytest.raises(TableRefused, match=r"same key .*P1"):
        publish(store, [row("P1", 1, 10), row("P1", 1, 12)], now)


def test_missing_unknown_and_mistyped_columns_are_named(store: Store, now: datetime) -> None:
    good = pa.Table.from_pylist([row("P1", 1, 10)])
    with pytest.raises(TableRefused, match=r"missing columns \['doses'\]"):
        publish(store, good.drop_columns(["doses"]), now)
    with pytest.raises(TableRefused, match=r"unknown columns \['dose'\]"):
        publish(store, good.append_column("dose", pa.array([1])), now)
    with pytest.raises(TableRefused, match="row 1, doses: expected float, got 'ten'"):
        publish(store, [row("P1", 1, 10) | {"doses": "ten"}], now)


def test_a_second_writer_merges_on_top_of_the_first(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, [row("P1", 1, 10)], now)
    real_commit = store_module.commit
    other = Store.open(store.folder, memory="1GB", threads=1)

    def overtaken(manifest: Any, folder: Path) -> Path:
        monkeypatch.setattr(store_module, "commit", real_commit)
        publish(other, [row("P2", 1, 20)], now)
        return real_commit(manifest, folder)

    monkeypatch.setattr(store_module, "commit", overtaken)
    publish(store, [row("P3", 1, 30)], now)
    assert {place for _, place, _, _ in content(store)} == {"P1", "P2", "P3"}
    assert [m.number for m in store.history("counts")] == [1, 2, 3]


def test_a_writer_killed_before_its_commit_leaves_the_previous_state(
    store: Store, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(store, [row("P1", 1, 10)], now)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store_module, "commit", die)
        with pytest.raises(KeyboardInterrupt):
            publish(store, [row("P1", 1, 99)], now)
    assert content(store) == {("a", "P1", 1, 10.0)}
    assert store.verify() == []


def doubled(rows: ir.Table) -> ir.Table:
    return rows.mutate(doses=rows.doses * 2)


NEWER = replace(COUNTS, version=2, upgrades={1: doubled})


def test_rows_of_an_older_schema_are_upgraded_when_read_and_their_files_stay(
    store: Store, now: datetime
) -> None:
    first = publish(store, [row("P1", 1, 10)], now)
    second = publish(store, [row("P1", 1, 7, source="b")], now, spec=NEWER)
    assert content(store, spec=NEWER) == {("a", "P1", 1, 20.0), ("b", "P1", 1, 7.0)}
    assert {p.sha256 for p in first.parts} < {p.sha256 for p in second.parts}


def test_merging_into_files_of_an_older_schema_upgrades_them(store: Store, now: datetime) -> None:
    publish(store, [row("P1", 1, 10)], now)
    publish(store, [row("P2", 1, 7)], now, spec=NEWER)
    assert content(store, spec=NEWER) == {("a", "P1", 1, 20.0), ("a", "P2", 1, 7.0)}


def test_rows_of_a_newer_schema_are_refused_with_advice(store: Store, now: datetime) -> None:
    publish(store, [row("P1", 1, 10)], now, spec=NEWER)
    with pytest.raises(EngineMissing, match="upgrade Kalanso"):
        store.read(COUNTS)


def test_a_withdrawal_returns_what_stood_before_and_keeps_the_reason(store: Store, now: datetime) -> None:
    publish(store, [row("P1", 1, 10)], now)
    wrong = publish(store, [row("P1", 1, 1000)], now)
    taken_back = store.withdraw(wrong.id, reason="typing error", by="CNI", now=now)
    assert content(store) == {("a", "P1", 1, 10.0)}
    assert (taken_back.withdrew, taken_back.reason) == (wrong.id, "typing error")
    assert content(store, wrong.id) == {("a", "P1", 1, 1000.0)}


def test_an_older_snapshot_can_be_withdrawn_while_nothing_was_merged_with_it(
    store: Store, now: datetime
) -> None:
    wrong = publish(store, [row("P1", 1, 1000)], now)
    publish(store, [row("P1", 1, 5, source="b")], now)
    store.withdraw(wrong.id, reason="another country's file", by="CNI", now=now)
    assert content(store) == {("b", "P1", 1, 5.0)}


def test_what_was_merged_cannot_be_withdrawn_alone(store: Store, now: datetime) -> None:
    wrong = publish(store, [row("P1", 1, 1000)], now)
    later = publish(store, [row("P2", 1, 5)], now)
    with pytest.raises(CannotWithdraw, match=later.id):
        store.withdraw(wrong.id, reason="typing error", by="CNI", now=now)


def test_a_withdrawal_needs_a_reason_and_a_predecessor_that_was_not_pruned(
    store: Store, now: datetime
) -> None:
    for doses in (1, 2, 3):
        wrong = publish(store, [row("P1", 1, doses)], now)
    with pytest.raises(CannotWithdraw, match="reason"):
        store.withdraw(wrong.id, reason=" ", by="CNI", now=now)
    store.prune(keep=1, now=now)
    with pytest.raises(CannotWithdraw, match="pruned"):
        store.withdraw(wrong.id, reason="typing error", by="CNI", now=now)


def test_verify_names_files_that_are_missing_or_altered(store: Store, now: datetime) -> None:
    first = publish(store, [row("P1", 1, 10)], now)
    second = publish(store, [row("P1", 1, 5, source="b")], now)
    assert store.verify() == []
    store.part_path(first.parts[0].sha256).unlink()
    fresh = next(p for p in second.parts if p not in first.parts)
    with store.part_path(fresh.sha256).open("ab") as stream:
        stream.write(b"x")
    assert sorted(problem.kind for problem in store.verify()) == ["altered", "missing"]


def test_prune_forgets_old_snapshots_and_only_files_that_nobody_needs(store: Store, now: datetime) -> None:
    for doses in (1, 2, 3):
        publish(store, [row("P1", 1, doses), row("P1", 1, 7, source="b")], now)
    long_after = datetime.now(UTC) + timedelta(days=1)
    assert store.prune(keep=1, now=long_after, dry_run=True)["files"] == 2
    assert store.prune(keep=1, now=long_after)["snapshots"] == 2
    assert content(store) == {("a", "P1", 1, 3.0), ("b", "P1", 1, 7.0)}
    assert store.verify() == []


def test_prune_spares_files_that_a_writer_may_be_about_to_name(store: Store, now: datetime) -> None:
    for doses in (1, 2):
        publish(store, [row("P1", 1, doses)], now)
    assert store.prune(keep=1, now=datetime.now(UTC))["files"] == 0


def test_a_folder_without_a_store_is_refused_with_advice(tmp_path: Path) -> None:
    with pytest.raises(NoSuchStore, match="kalanso import"):
        Store.open(tmp_path)


def test_a_store_of_a_newer_format_is_refused(store: Store) -> None:
    about = json.loads((store.folder / "store.json").read_text())
    (store.folder / "store.json").write_text(json.dumps(about | {"format": 99}))
    with pytest.raises(NoSuchStore, match="newer"):
        Store.open(store.folder)


def test_kept_files_are_the_untouched_bytes(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    path.write_bytes(b"\xff\x00bytes")
    assert store.kept_file(store.keep_file(path)).read_bytes() == b"\xff\x00bytes"


def test_a_manifest_ignores_fields_that_a_later_version_added(store: Store, now: datetime) -> None:
    snapshot = publish(store, [row("P1", 1, 10)], now)
    path = store.folder / "tables" / "counts" / "000001.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"colour": "blue"}))
    assert store.latest("counts") == snapshot


batches = st.lists(
    st.dictionaries(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["P1", "P2"]), st.integers(1, 12)),
        st.integers(0, 99),
        max_size=8,
    ),
    min_size=1,
    max_size=5,
)


@settings(
    max_examples=12, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(batches=batches)
def test_any_sequence_of_increments_equals_a_dictionary(
    tmp_path: Path, now: datetime, batches: list[dict[tuple[str, str, int], int]]
) -> None:
    store = Store.create(tmp_path / str(hash(str(batches))), country="ML", now=now, memory="1GB", threads=1)
    expected: dict[tuple[str, str, int], int] = {}
    for batch in batches:
        expected |= batch
        publish(store, [row(place, month, n, source) for (source, place, month), n in batch.items()], now)
        assert {(s, p, m): d for s, p, m, d in content(store)} == expected


@pytest.mark.spark
def test_spark_reads_the_same_rows(store: Store, now: datetime, spark_engine: Engine) -> None:
    publish(store, [row("P1", 1, 10), row("P2", 2, 4)], now)
    spark = Store.open(store.folder, engine=spark_engine)
    assert content(spark) == content(store)
