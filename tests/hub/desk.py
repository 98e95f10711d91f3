"""How do tests bring a sheet to the evidence desk and have the worker do what it waits for?"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from django.core.files.uploadedfile import SimpleUploadedFile

from kalanso.store import Store
from tests.hub.visitors import person, visitor

NOW = datetime(2025, 2, 15, 12, 0, tzinfo=UTC)
# Of Niono: two known areas (one cell no number), a doubtful name, an unknown one, and an area of Yorosso.
SHEET = (
    "Aire de santé;Mois;Penta 1;Penta 3\n"
    "Ndébougou;janv-25;34;30\n"
    "Ndébougou;févr-25;31;28\n"
    "Kalawèrè;janv-25;abc;20\n"
    "Kalawèrè;févr-25;22;19\n"
    "Niono Est;janv-25;5;4\n"
    "Nulle Part;janv-25;7;6\n"
    "Karangana;janv-25;9;8\n"
)


def copied(store: Store, folder: Path) -> Store:
    """Return a copy of a store that a test may publish into."""
    shutil.copytree(store.folder, folder / "store", ignore=shutil.ignore_patterns("hub", "cache", "tmp"))
    return Store.open(folder / "store", memory="1GB", threads=1)


def file(text: str | bytes = SHEET, name: str = "rapport janvier.csv") -> SimpleUploadedFile:
    """Return a file as a browser sends it."""
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def bring(
    client: Any, place: str, sheet: Any = None, *, source: str = "demo-snis", organisation: str = "house"
) -> Any:
    """Send the upload form and return the answer."""
    from kalanso.hub.people.models import Organisation

    found = Organisation.objects.get(code=organisation)
    told = {"place": place, "organisation": found.pk, "source": source, "file": sheet or file()}
    return client.post("/preuves/depot/nouveau/", told)


def newest() -> Any:
    """Return the sheet that came last."""
    from kalanso.hub.evidence.models import Upload

    return Upload.objects.latest("received")


def work(times: int = 1, *, figures: bool = False) -> Any:
    """Have the worker do its next jobs and return the last; checks and indicators only where a test is about them.

    Its heart does not beat meanwhile: the thread that renews a lease would wait for the test's transaction.
    """
    from django.conf import settings
    from django.test import override_settings

    from kalanso.hub.jobs import tasks

    job = None
    later = {"evidence.recompute", "evidence.set_beside"}
    kinds = {k: v for k, v in settings.KALANSO_JOBS.items() if figures or k not in later}
    with override_settings(KALANSO_JOBS=kinds), mock.patch.object(tasks, "HEARTBEAT", 3600):
        for _time in range(times):
            job = tasks.work_once("test")
    return job


def answers(client: Any, upload: Any, **changes: Any) -> dict[str, Any]:
    """Return the form of columns as it stands filled in, with some answers changed."""
    form = client.get(f"/preuves/depot/{upload.pk}/colonnes/").context["form"]
    told = {field.html_name: field.value() for field in form}
    told["age"] = told["age"] or "unknown"
    return {name: value for name, value in {**told, **changes}.items() if value is not None}


def tried(client: Any, place: str, sheet: Any = None, *, age: str = "", **options: Any) -> Any:
    """Bring a sheet, accept what the machine proposes for its columns, and return it after the dry run."""
    assert bring(client, place, sheet, **options).status_code == 302
    work()
    upload = newest()
    assert upload.state == "mapping", upload.fault
    told = answers(client, upload, **({"age": age} if age else {}))
    for at, column in enumerate(upload.reading["columns"]):
        if column["heading"].startswith("Penta"):
            told[f"c{at}"] = "number"
    response = client.post(f"/preuves/depot/{upload.pk}/colonnes/", told)
    assert response.status_code == 302, response.context["form"].errors
    work()
    upload.refresh_from_db()
    return upload


__all__ = [
    "NOW",
    "SHEET",
    "answers",
    "bring",
    "copied",
    "file",
    "newest",
    "person",
    "tried",
    "visitor",
    "work",
]
