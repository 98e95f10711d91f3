"""What is written while the hub is proven: a comment with a job that must leave exactly three marks?

One page (`/preuve/`) writes both in one transaction, as the pages of the hub do, and says `acknowledged`.
"""

from __future__ import annotations

import random
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import ensure_csrf_cookie

from kalanso.hub.jobs import actions
from kalanso.hub.jobs.models import Job
from kalanso.hub.people.models import Comment
from kalanso.hub.site import urls as own
from kalanso.hub.site.urls import handler400, handler403, handler404, handler500  # noqa: F401

MARKS = ("first", "second", "third")


@login_required
@ensure_csrf_cookie
def write(request: HttpRequest) -> HttpResponse:
    """Write a comment and ask for its job, together; sending twice writes once."""
    if request.method != "POST":
        return HttpResponse("ready")
    key, now = uuid.UUID(request.POST["key"]), datetime.now(UTC)
    with transaction.atomic():
        _comment, made = Comment.objects.get_or_create(
            key=key,
            defaults={
                "object_type": "proof", "object_id": str(key), "by": request.user, "text": "preuve", "written": now,
                "received": now,
            },
        )  # fmt: skip
        if made and request.POST.get("job"):
            actions.ask(
                by=request.user, kind="proof.count", arguments={"key": str(key)}, key=f"proof:{key}", now=now,
                most_attempts=1000,
            )  # fmt: skip
    return HttpResponse("acknowledged")


def count(work: Any) -> dict[str, Any]:
    """Leave three marks, each in one transaction with its note; between them any kill may fall."""
    for mark in MARKS:
        work.written_once(mark, lambda mark=mark: _leave(work.arguments["key"], mark, work.job))
        work.progress(mark, 0.5)
        time.sleep(random.uniform(0.02, 0.3))  # noqa: S311 - moments, not secrets
    return {"key": work.arguments["key"]}


def _leave(key: str, mark: str, job: Job) -> None:
    now = datetime.now(UTC)
    Comment.objects.create(
        object_type="proof-mark", object_id=key, by_id=job.asked_by_id, text=mark, written=now, received=now
    )


urlpatterns = [path("preuve/", write), *own.urlpatterns]
