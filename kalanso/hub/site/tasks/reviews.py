"""How does the worker write the pack of a review, in every language and form, as its asker may see it?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import override

from kalanso.figures.figure import FigureRefused
from kalanso.figures.reviews import Review, placed
from kalanso.hub.explore.queries import places, shelf
from kalanso.hub.jobs.models import Job
from kalanso.hub.jobs.tasks import Refused, Work
from kalanso.hub.people.models import Person
from kalanso.hub.people.queries import here
from kalanso.hub.people.queries.access import access_of, scope_of
from kalanso.hub.site.queries import packs, review
from kalanso.pipeline.progress import Cancelled
from kalanso.vocabulary.messages import LOCALES

# An address that no file should lead away from: links of a pack begin with it.
CHANGED = "Les droits de la personne qui a demandé ce dossier ont changé : demandez-le de nouveau."


def write(work: Work) -> Mapping[str, Any]:
    """Write the files of a pack; an attempt that was killed leaves none that counts, and is done again."""
    person = Person.objects.get(pk=work.job.asked_by_id)
    told = work.arguments
    if not person.is_active or packs.scope_mark(person) != told["mark"]:
        raise Refused(CHANGED)
    folder = packs.folder(work.job.pk)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    now, answer = datetime.now(UTC), {}
    with here.reading_as(scope_of(access_of(person))):
        shelf.current().state()
        place = places.tree(shelf.current()).places.get(told["place"])
        if place is None:
            raise Refused("Ce lieu n'est plus publié.")
        for number, locale in enumerate(LOCALES):
            if work.cancel():
                raise Cancelled
            work.progress("figures.review.gathering", (0.1 + number) / len(LOCALES))
            with override(locale):
                made = review.review(review.asked_by(person, place, told["period"], now))
            _write(work, placed(made, settings.KALANSO_ADDRESS), folder, number, now)
            answer = (
                {"address": made.page.address, "built": now.isoformat()} if locale == LOCALES[0] else answer
            )
    return answer


def _write(work: Work, made: Review, folder: Path, number: int, now: datetime) -> None:
    # Drawing and slides load slowly, and web processes never do.
    from kalanso.figures.review_pages import review_to_pdf
    from kalanso.figures.review_slides import review_to_pptx

    writers: dict[str, Callable[..., bytes]] = {"pdf": review_to_pdf, "pptx": review_to_pptx}
    for at, (form, written) in enumerate(writers.items(), 1):
        work.progress("figures.review.writing", (number + at / 3) / len(LOCALES))
        try:
            content = written(made, now=now)
        except FigureRefused as error:
            raise Refused(str(error)) from error
        draft = folder / f"{made.locale}.{form}.draft"
        draft.write_bytes(content)
        draft.replace(folder / f"{made.locale}.{form}")


def forget() -> int:
    """Remove the files of packs whose jobs are gone, and return how many packs."""
    root = packs.root()
    if not root.is_dir():
        return 0
    known = {str(pk) for pk in Job.objects.filter(kind=packs.KIND).values_list("pk", flat=True)}
    gone = [one for one in root.iterdir() if one.name not in known]
    for one in gone:
        shutil.rmtree(one, ignore_errors=True)
    return len(gone)
