"""Do figures, and the person who brought it, follow what becomes of a sheet?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kalanso.store import Store
from tests.hub import desk
from tests.hub.test_hub_pages import text_of
from tests.hub.visitors import person, visitor

pytestmark = pytest.mark.long

# One area, the three months of a quarter that the small country has not told yet.
QUARTER = "Aire de santé;Mois;Penta 1;Penta 3\nNdébougou;janv-25;34;30\nNdébougou;févr-25;31;28\nNdébougou;mars-25;35;29\n"


def published(client: Any, upload: Any) -> None:
    """Have a sheet published by the national centre, without the figures that follow it."""
    client.post(f"/preuves/depot/{upload.pk}/publier/")
    desk.work()
    upload.refresh_from_db()
    assert upload.state == "published", upload.fault


def told(upload: Any) -> list[str]:
    """What whoever brought a sheet was told of it, the oldest first."""
    from kalanso.hub.people.models import Notification
    from kalanso.hub.people.queries.notices import told as said

    about = Notification.objects.filter(person=upload.by, address=f"/preuves/depot/{upload.pk}/")
    return [said(one).replace("\xa0", " ") for one in about.order_by("id")]


def recomputations() -> Any:
    from kalanso.hub.jobs.models import Job

    return Job.objects.filter(kind="evidence.recompute")


def test_once_a_sheet_is_published_the_page_of_its_place_shows_its_quarter(
    store: Store, awa: Any, niono: str, code_of: Any
) -> None:
    place, cni = f"/lieux/{code_of('Ndébougou', 'health_area')}/", visitor("national")
    upload = desk.tried(awa, niono, desk.file(QUARTER), age="0-11m")
    published(cni, upload)
    page = f"/preuves/depot/{upload.pk}/"
    waits, before = cni.get(page), text_of(awa.get(place))
    seen = {"vu": waits.context["awaited"].mark}
    still = awa.get(f"{page}avancement/", seen)
    job = desk.work(figures=True)
    after, over = text_of(awa.get(place)), awa.get(f"{page}avancement/", seen)

    assert "en tiendront compte dès que ce calcul sera terminé" in text_of(waits)
    assert (still.status_code, "HX-Refresh" in still, "T1 2025" in before) == (200, False, False)
    assert (job.kind, job.state) == ("evidence.recompute", "done"), job.error
    assert "T1 2025" in after
    assert over["HX-Refresh"] == "true"
    assert (
        "Les chiffres, les cartes et les alertes en tiennent compte, chacun sous le nom de sa source"
        in text_of(awa.get(page))
    )


def test_several_publications_need_one_computation_after_the_last_and_so_does_a_withdrawal(
    store: Store, awa: Any, niono: str
) -> None:
    cni = visitor("national")
    uploads = [
        desk.tried(awa, niono, desk.file(QUARTER.replace("34;30", f"{n};30"), f"{n}.csv"), age="0-11m")
        for n in (34, 35)
    ]
    for upload in uploads:
        published(cni, upload)
    waiting = recomputations().count()
    recomputations().update(
        state="running",
        holder="elsewhere",
        started=datetime.now(UTC),
        leased_until=datetime.now(UTC) + timedelta(hours=1),
    )
    cni.post(f"/preuves/depot/{uploads[1].pk}/retirer/", {"reason": "mois compté deux fois"})
    desk.work()

    assert waiting == 1
    assert sorted(recomputations().values_list("state", flat=True)) == ["running", "waiting"]


def test_a_computation_that_failed_is_said_on_the_page_of_the_sheet_and_only_who_publishes_asks_again(
    store: Store, awa: Any, niono: str
) -> None:
    cni = visitor("national")
    upload = desk.tried(awa, niono, desk.file(QUARTER), age="0-11m")
    published(cni, upload)
    recomputations().update(state="failed", ended=datetime.now(UTC), error="jobs.lease_lost")
    page = f"/preuves/depot/{upload.pk}/"
    theirs, ours = text_of(awa.get(page)), text_of(cni.get(page))
    refused = awa.post(f"{page}recalculer/")
    cni.post(f"{page}recalculer/")
    cni.post(f"{page}recalculer/")

    assert "montrent encore l'état d'avant" in theirs
    assert ("Relancer ce calcul" in theirs, "Relancer ce calcul" in ours) == (False, True)
    assert refused.status_code == 403
    assert recomputations().filter(state="waiting").count() == 1


def test_whoever_brought_a_sheet_is_told_what_others_and_the_worker_did_with_it(
    store: Store, awa: Any, niono: str
) -> None:
    cni, name = visitor("national"), person("national")
    upload = desk.tried(awa, niono)
    published(cni, upload)
    cni.post(f"/preuves/depot/{upload.pk}/retirer/", {"reason": "mois compté deux fois"})
    desk.work()
    desk.bring(awa, niono, desk.file("rien\n", "vide.csv"))
    aside = desk.newest()
    cni.post(f"/preuves/depot/{aside.pk}/ecarter/", {"reason": "mauvais mois"})

    assert told(upload) == [
        "rapport janvier.csv a des noms de lieux qui attendent une décision.",
        f"{name} a publié rapport janvier.csv, que vous avez déposé.",
        f"{name} a retiré rapport janvier.csv, que vous avez déposé : mois compté deux fois",
    ]
    assert told(aside) == [f"{name} a écarté vide.csv, que vous avez déposé : mauvais mois"]


def test_nobody_is_told_of_their_own_doing_nor_of_what_they_do_not_want_to_hear(
    store: Store, awa: Any, niono: str
) -> None:
    desk.bring(awa, niono)
    upload = desk.newest()
    awa.post(f"/preuves/depot/{upload.pk}/ecarter/", {"reason": "mauvais mois"})
    deaf = person("district", niono)
    deaf.unwanted = ["evidence.sheet_discarded"]
    deaf.save()
    desk.bring(awa, niono, desk.file(QUARTER))
    other = desk.newest()
    visitor("national").post(f"/preuves/depot/{other.pk}/ecarter/", {"reason": "mauvais mois"})

    assert (told(upload), told(other)) == ([], [])


def test_the_age_of_doses_is_asked_openly_and_silence_is_no_answer(
    store: Store, awa: Any, niono: str
) -> None:
    desk.bring(awa, niono, desk.file(QUARTER))
    desk.work()
    upload = desk.newest()
    page = f"/preuves/depot/{upload.pk}/colonnes/"
    form = awa.get(page).context["form"]
    silent = awa.post(page, desk.answers(awa, upload, age=""))
    said = awa.post(page, desk.answers(awa, upload, age="0-11m"))
    upload.refresh_from_db()
    again = awa.get(page)

    assert form["age"].value() == ""
    assert silent.status_code == 422
    assert "Dites l'âge des enfants de ces doses" in text_of(silent)
    assert said.status_code == 302
    assert {one["age_band"] for one in upload.column_map["indicators"].values()} == {"0-11m"}
    assert again.status_code == 302
    desk.work()
    assert awa.get(page).context["form"]["age"].value() == "0-11m"


def test_an_age_that_a_column_says_is_not_asked_again(store: Store, awa: Any, niono: str) -> None:
    sheet = "Aire de santé;Mois;Âge;Penta 1\nNdébougou;janv-25;0-11 mois;34\nNdébougou;févr-25;12-23 mois;4\n"
    desk.bring(awa, niono, desk.file(sheet))
    desk.work()
    upload = desk.newest()
    kept = awa.post(f"/preuves/depot/{upload.pk}/colonnes/", desk.answers(awa, upload, age=""))

    assert kept.status_code == 302, kept.context["form"].errors


def test_whoever_publishes_sees_the_first_values_beside_those_that_they_replace(
    store: Store, awa: Any, niono: str
) -> None:
    cni = visitor("national")
    published(cni, desk.tried(awa, niono, desk.file(QUARTER), age="0-11m"))
    later = QUARTER.replace("34;30", "39;30").replace("Ndébougou;mars", "NDEBOUGOU;mars")
    upload = desk.tried(awa, niono, desk.file(later, "corrigé.csv"), age="0-11m")
    shown = cni.get(f"/preuves/depot/{upload.pk}/publier/").context["first"]
    receipt = awa.get(f"/preuves/depot/{upload.pk}/accuse/")

    january = [(row.value, row.before, row.changes) for row in shown.rows if row.period == "202501"]
    assert january == [("39", "34", True), ("30", "30", False)]
    assert {row.place for row in shown.rows} == {"Ndébougou"}
    assert (len(shown.rows), shown.beyond) == (6, 0)
    assert "ce qui est publié aujourd'hui pour ce même chiffre" in text_of(receipt)


def test_first_values_are_bounded_and_those_of_flagged_places_stay_with_who_sees_them(
    store: Store, awa: Any, niono: str
) -> None:
    months = "".join(f"Ndébougou;{m:02}/{y};{m};{m}\n" for y in range(2020, 2023) for m in range(1, 13))
    upload = desk.tried(awa, niono, desk.file("Aire de santé;Mois;Penta 1;Penta 3\n" + months), age="0-11m")
    page = f"/preuves/depot/{upload.pk}/accuse/"
    shown = awa.get(page).context["first"]
    upload.flagged = True
    upload.save()

    assert (len(shown.rows), shown.beyond) == (50, 22)
    assert visitor("researcher").get(page).context["first"] is None


def test_sources_have_titles_the_last_used_first_and_populations_are_not_offered_to_a_district(
    store: Store, awa: Any, niono: str
) -> None:
    from kalanso.hub.evidence.models import SourceCard

    def offered(client: Any) -> list[tuple[str, str]]:
        field = client.get("/preuves/depot/nouveau/").context["form"].fields["source"]
        return [one for one in field.choices if one[0] not in {"", "-"}]

    cni, by = visitor("national"), person("national")
    SourceCard.objects.create(
        code="demo-snis", title="Rapports mensuels", changed_by=by, changed=datetime.now(UTC)
    )
    before = [code for code, _title in offered(cni)]
    desk.bring(awa, niono)

    assert {"demo-un", "demo-census-2022"} <= set(before)
    assert offered(awa) == [("demo-snis", "Rapports mensuels · demo-snis")]
    assert (before[0], offered(cni)[0][0]) == ("demo-census-2022", "demo-snis")


@pytest.mark.parametrize(("role", "offers"), [("district", True), ("coach", False)])
def test_who_brings_tables_finds_the_button_on_their_page_and_at_home(
    role: str, offers: bool, niono: str, hub: None
) -> None:
    client = visitor(role, niono)

    assert ["Déposer le tableau du mois" in text_of(client.get(address)) for address in ("/", "/moi/")] == [
        offers,
        offers,
    ]
