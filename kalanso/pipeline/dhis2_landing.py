"""Where does what comes from a DHIS2 server lie until it is stored, and which pull was not finished?

One folder per source beside the store's parts. `current` holds a pull under way: its request, fixed
when it began, the lists, the pieces that arrived, the journal. `raw` holds the values as they stood
after the last pull, by which the next one tells what is new. Nothing here is ever shown to anybody.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from kalanso.sources.dhis2.identity import Identity
from kalanso.sources.dhis2.journal import read_journal
from kalanso.sources.dhis2.metadata import Metadata, fetch_metadata, load_metadata
from kalanso.sources.dhis2.transport import Transport
from kalanso.store import Store


@dataclass(frozen=True, kw_only=True)
class PullRequest:
    """What one pull asks, fixed when it begins so that a later process goes on with the same.

    `first` and `last` are days; `since` is empty for a full pull; `base` is the pull on whose values
    an increment is laid, `base_last` the last day that it read. Times are the server's own.
    """

    pull_id: str
    source: str
    server: str
    system_id: str
    version: str
    feed: str
    data_sets: tuple[str, ...]
    first: str
    last: str
    taken_at: str
    watermark: str
    since: str = ""
    base: str = ""
    base_last: str = ""

    @property
    def mode(self) -> str:
        """Whether everything is asked for, or only what changed."""
        return "increment" if self.since else "full"

    def asks_like(self, other: PullRequest) -> bool:
        """Whether an unfinished pull (`other`) asks what this one would, begun at another time.

        A full pull under way is finished even where an increment would do by now.
        """
        changing: dict[str, Any] = {
            "pull_id": "",
            "taken_at": "",
            "watermark": "",
            "since": "",
            "base": "",
            "base_last": "",
            "last": "",
            "version": "",
        }
        same = replace(self, **changing) == replace(other, **changing)
        return same and (not other.since or (other.since == self.since and other.base == self.base))


class Landing:
    """The landing folder of one source."""

    def __init__(self, store: Store, source: str) -> None:
        self.folder = store.folder / "landing" / (re.sub(r"[^\w.-]+", "_", source) or "_")
        self.current = self.folder / "current"
        self.values = self.current / "values"
        self.reports = self.current / "reports"
        self.raw = self.folder / "raw"
        self.raw.mkdir(parents=True, exist_ok=True)

    def unfinished(self) -> PullRequest | None:
        """Return the request of a pull that was stopped, or None."""
        try:
            told = json.loads((self.current / "pull.json").read_text(encoding="utf-8"))
            return PullRequest(**{**told, "data_sets": tuple(told["data_sets"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def begin(self, request: PullRequest) -> None:
        """Put aside what a pull that nobody wants any more left, and note the new request."""
        shutil.rmtree(self.current, ignore_errors=True)
        self.current.mkdir(parents=True)
        draft = self.current / "pull.tmp"
        draft.write_text(json.dumps(asdict(request), indent=1), encoding="utf-8")
        draft.replace(self.current / "pull.json")

    def journal(self, request: PullRequest) -> Path:
        """Return the journal of this pull."""
        return self.current / f"{request.source}-{request.pull_id}.jsonl"

    def requests(self, request: PullRequest) -> int:
        """Return how many questions were put, attempts included."""
        return sum(int(line.get("attempts", 1)) for line in read_journal(self.journal(request)))

    def metadata(self, transport: Transport) -> Metadata:
        """Return the lists of this pull, asked for once."""
        path = self.current / "metadata.json"
        if path.exists():
            return load_metadata(path)
        found = fetch_metadata(transport)
        found.save(path)
        return found

    def raw_values(self, pull_id: str) -> Path:
        """Return where the values stand as they were after a pull."""
        return self.raw / f"{pull_id}.values.parquet"

    def raw_reports(self, pull_id: str) -> Path:
        """Return where reports stand as they were after a pull."""
        return self.raw / f"{pull_id}.reports.parquet"

    def scope(self, pull_id: str) -> Path:
        """Return where it is noted which elements and places a pull could see."""
        return self.raw / f"{pull_id}.scope.json"

    def holds(self, pull_id: str) -> bool:
        """Whether the values after a pull are still here, so that an increment can be laid on them."""
        return bool(pull_id) and self.raw_values(pull_id).exists() and self.raw_reports(pull_id).exists()

    def finish(self, pull_id: str) -> None:
        """Forget the pieces, and the values of earlier pulls, once everything is stored."""
        for path in self.raw.iterdir():
            if not path.name.startswith(f"{pull_id}."):
                path.unlink()
        shutil.rmtree(self.current, ignore_errors=True)


def request_from(
    identity: Identity, *, pull_id: str, source: str, feed: str, data_sets: tuple[str, ...], first: str, last: str,
    since: str, base: str, base_last: str,
) -> PullRequest:  # fmt: skip
    """Return what a pull that begins now asks: everything, or what changed `since`, laid over the pull `base`."""
    return PullRequest(
        pull_id=pull_id, source=source, server=identity.address, system_id=identity.system_id,
        version=identity.version.text, feed=feed, data_sets=data_sets, first=first, last=last,
        taken_at=identity.server_now.isoformat(), watermark=identity.watermark(), since=since, base=base, base_last=base_last,
    )  # fmt: skip
