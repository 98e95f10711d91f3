"""Which published files does a country need, and are they here?

Goes through the catalogue of publishers, one file after the other; one that cannot be had does not
stop the rest. Importing them is another verb, so that the bytes can be looked at before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from kalanso.pipeline.progress import Cancel, Cancelled, Progress, never, quiet
from kalanso.sources.fetching import Fetched, NotFetched, default_client
from kalanso.sources.fetching import fetch as fetch_one
from kalanso.sources.publications import Publication, catalogue


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One entry of the catalogue: the file that is here, or why it is not."""

    publication: Publication
    fetched: Fetched | None = None
    error: NotFetched | None = None


def fetch(
    country: str,
    folder: Path,
    *,
    names: Collection[str] = (),
    refresh: bool = False,
    listed: Collection[Publication] | None = None,
    client: httpx.Client | None = None,
    progress: Progress = quiet,
    cancel: Cancel = never,
    now: datetime,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Attempt]:
    """Bring the published files of a country into a folder and say of each what became of it.

    `names` limits them to some entries of the catalogue; without it all are fetched that a program
    may fetch. Raises NotFetched where a name is of no entry.
    """
    entries = list(catalogue(country) if listed is None else listed)
    known = {entry.name for entry in entries}
    if unknown := [name for name in names if name not in known]:
        raise NotFetched("sources.fetch.unknown_name", found=unknown[0], expected=", ".join(sorted(known)))
    wanted = [entry for entry in entries if (entry.name in names if names else not entry.manual)]
    if client is not None:
        return _all(wanted, folder, client, refresh, progress, cancel, now, sleep)
    with default_client() as own:
        return _all(wanted, folder, own, refresh, progress, cancel, now, sleep)


def _all(
    wanted: list[Publication], folder: Path, client: httpx.Client, refresh: bool, progress: Progress,
    cancel: Cancel, now: datetime, sleep: Callable[[float], None],
) -> list[Attempt]:  # fmt: skip
    attempts = []
    for number, entry in enumerate(wanted):
        if cancel():
            raise Cancelled

        def share(done: float, entry: Publication = entry, number: int = number) -> None:
            progress(entry.name, (number + done) / len(wanted))

        try:
            found = fetch_one(
                entry,
                folder,
                client=client,
                now=now,
                refresh=refresh,
                progress=share,
                cancel=cancel,
                sleep=sleep,
            )
            attempts.append(Attempt(publication=entry, fetched=found))
        except NotFetched as error:
            attempts.append(Attempt(publication=entry, error=error))
    return attempts
