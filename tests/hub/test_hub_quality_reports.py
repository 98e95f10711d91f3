"""Is the national report on quality written behind the pages, of what partners may see, and given to whom it is for?"""

from __future__ import annotations

import io
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from kalanso.quality.tables import QUALITY_METRICS, QUALITY_SCORES
from kalanso.store import Mode, Provenance, Store
from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.test_hub_scorecards import judged, metric, score
from tests.hub.visitors import person, stranger, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
PAGE = "/preuves/qualite/rapport/"


@pytest.fixture
def scored(store: Store, niono: str, code_of: Any, quick_hand: Any) -> Store:
    """A store of the test's own with scores and metrics, an area of Yorosso among them."""
    areas = [code_of(name, "health_area") for name in ("Ndébougou", "Kalawèrè", "Karangana")]
    country = [
        score("ML", domain, 0.8, mode=mode) for mode in ("who", "robust") for domain in ("internal", "all")
    ]
    rows = [*judged(niono, areas[:2], areas[2]), *country]
    metrics = [metric(place, "1a", "poor") for place in ("ML", niono, code_of("Yorosso", "district"))]
    for spec, told in ((QUALITY_SCORES, rows), (QUALITY_METRICS, metrics)):
        store.publish(spec, spec.arrow(told), provenance=Provenance(), now=NOW)
    return store


def ask(client: Any, mode: str = "robust", year: str = "2024") -> Any:
    return client.post(PAGE, {"mode": mode, "year": year})


def words_of(docx: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(docx)) as found:
        return found.read("word/document.xml").decode()


def test_the_form_starts_from_the_newest_year_in_which_enough_was_reported(scored: Store) -> None:
    form = visitor("national").get(PAGE).context["form"]

    assert form["year"].value() == 2024
    assert form.fields["year"].choices[0] == (2025, "2025")


def test_a_report_is_asked_written_kept_and_downloaded_in_both_languages_and_formats(
    scored: Store, niono: str
) -> None:
    from kalanso.hub.evidence.models import QualityReport

    asker = visitor("national")
    assert ask(asker).status_code == 302
    assert ask(visitor("region", niono)).status_code == 302  # the same is under way: nothing more is asked
    assert QualityReport.objects.count() == 1
    assert "En cours d'écriture : Contrôles robustes 2024" in text_of(asker.get(PAGE))
    job = desk.work()
    report = QualityReport.objects.get()

    assert (job.state, job.share) == ("done", 1.0), job.error
    assert report.snapshots == [
        scored.latest(name).id for name in ("quality_metrics", "quality_scores", "quality_findings")
    ]  # type: ignore[union-attr]
    assert report.files == ["fr.pdf", "fr.docx", "en.pdf", "en.docx"]
    reader = visitor("partner")
    page = reader.get(PAGE)
    assert "Le plus récent : Contrôles robustes 2024" in text_of(page)
    assert not page.context["made"][0].stale
    pdf = reader.get(f"{PAGE}{report.pk}/fr.pdf")
    word = reader.get(f"{PAGE}{report.pk}/en.docx")
    assert b"".join(pdf.streaming_content).startswith(b"%PDF")
    assert "Niono" in words_of(b"".join(word.streaming_content))
    assert "qualite-2024-robust-fr.pdf" in pdf.headers["Content-Disposition"]


def test_a_report_holds_what_partners_may_see_whoever_asks_for_it(scored: Store, tmp_path: Path) -> None:
    from kalanso.hub.evidence.queries.reports import SCOPE
    from kalanso.pipeline.quality_report import report_facts
    from kalanso.store import Scope

    open_, whole = (
        report_facts(scored, mode="robust", year=2024, now=NOW, scope=s) for s in (SCOPE, Scope.analyst())
    )
    inside = {code for code, name in whole.names.items() if name == "Karangana"}

    assert inside & set(whole.scores["place_code"])
    assert not inside & set(open_.scores["place_code"])


def test_what_was_published_since_makes_a_report_stale_and_it_is_made_again(
    scored: Store, niono: str
) -> None:
    from kalanso.hub.evidence.models import QualityReport

    client = visitor("national")
    made(scored)
    rows = QUALITY_SCORES.arrow([score(niono, "all", 0.9)])
    scored.publish(QUALITY_SCORES, rows, provenance=Provenance(), now=NOW, mode=Mode.REPLACE_ALL)
    page = client.get(PAGE)

    assert page.context["made"][0].stale
    assert "Refaire avec les données d'aujourd'hui" in text_of(page)
    assert "Refaire" not in text_of(visitor("partner").get(PAGE))
    assert ask(client, "who").status_code == 302
    assert QualityReport.objects.count() == 2


def made(store: Store) -> Any:
    """A report that was written, without the writing."""
    from kalanso.hub.evidence.models import QualityReport

    snapshots = [store.latest(name).id for name in ("quality_metrics", "quality_scores", "quality_findings")]  # type: ignore[union-attr]
    report = QualityReport.objects.create(
        mode="who",
        year=2024,
        asked_by=person("national"),
        asked=NOW,
        made=NOW,
        files=["fr.pdf"],
        snapshots=snapshots,
    )
    report.folder.mkdir(parents=True)
    (report.folder / "fr.pdf").write_bytes(b"%PDF-1.7")
    return report


def test_who_may_ask_for_a_report_and_who_may_read_it(scored: Store, niono: str) -> None:
    from kalanso.hub.evidence.models import QualityReport

    file = f"{PAGE}{made(scored).pk}/fr.pdf"
    for role, place in (
        ("district", niono),
        ("partner", ""),
        ("donor", ""),
        ("coach", niono),
        ("editor", ""),
    ):
        client = visitor(role, place)
        assert client.get(PAGE).status_code == 200
        answer = client.get(file)
        assert answer.status_code == 200
        assert b"".join(answer.streaming_content)[:4] == b"%PDF"
        assert ask(client).status_code == 403
    for address in (PAGE, file):
        assert stranger().get(address).status_code == 302
        assert visitor("reader").get(address).status_code == 403
    assert QualityReport.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"mode": "x"}, {"year": "1999"}, {"year": "abc"}, {"year": ""}])
def test_a_wish_that_makes_no_sense_is_explained(scored: Store, wrong: dict[str, str]) -> None:
    answer = visitor("national").post(PAGE, {"mode": "who", "year": "2024"} | wrong)
    assert answer.status_code == 422
    assert "Corrigez ce qui suit" in text_of(answer)


def test_files_that_do_not_exist_are_not_found(scored: Store) -> None:
    number = made(scored).pk
    for name in (f"{number}/de.pdf", f"{number}/fr.exe", f"{number}/fr.docx", "98765/fr.pdf"):
        assert visitor("national").get(PAGE + name).status_code == 404


def test_a_store_without_scores_says_what_will_come(store: Store, quick_hand: Any) -> None:
    page = visitor("national").get(PAGE)
    assert "Il n'y a pas encore de fiches de qualité" in text_of(page)
    assert visitor("national").post(PAGE, {"mode": "who", "year": "2024"}).status_code == 422


def test_work_that_cannot_be_done_says_why(scored: Store) -> None:
    ask(visitor("national"), "who")
    shutil.rmtree(scored.folder / "tables" / "quality_metrics")
    job = desk.work()
    assert job.state == "failed"
    assert "Aucune fiche de qualité" in job.error


def test_the_database_holds_that_a_made_report_has_files_and_sources(hub: None) -> None:
    from kalanso.hub.evidence.models import QualityReport

    sound = {"mode": "who", "year": 2024, "asked_by": person("national"), "asked": NOW}
    for wrong in ({"made": NOW}, {"files": ["fr.pdf"]}, {"mode": "x"}, {"year": 3}):
        with pytest.raises(IntegrityError), transaction.atomic():
            QualityReport.objects.create(**(sound | wrong))


def test_reports_go_with_their_files_after_a_declared_time_and_what_is_being_written_stays(
    scored: Store,
) -> None:
    from kalanso.hub.evidence.models import QualityReport
    from kalanso.hub.evidence.tasks.reports import forget
    from kalanso.hub.jobs.models import Job
    from kalanso.hub.people.models import Event
    from kalanso.hub.site.tasks import REPORTS_KEPT, clean_up

    ask(visitor("national"), "who")
    desk.work()
    report = QualityReport.objects.get()
    ask(visitor("national"), "robust")
    waiting = QualityReport.objects.get(made__isnull=True)
    assert report.folder.is_dir()
    assert forget(asked_before=report.asked) == 0, "not before its time"

    long_ago = report.asked - REPORTS_KEPT - timedelta(days=1)
    QualityReport.objects.update(asked=long_ago)
    found = clean_up(SimpleNamespace(progress=lambda *_told: None))  # type: ignore[arg-type]

    assert found["reports"] == 1
    assert not report.folder.exists()
    assert list(QualityReport.objects.all()) == [waiting]
    assert Job.objects.filter(pk=waiting.job_id).exists()
    assert visitor("national").get(f"{PAGE}{report.pk}/fr.pdf").status_code == 404
    assert Event.objects.filter(verb="evidence.quality_report_asked").count() == 2, "the trail stays"
