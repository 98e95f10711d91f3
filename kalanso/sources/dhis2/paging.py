"""How does a long list arrive whole, whatever changes between two pages?

Always in order of id (unordered pages may repeat or skip rows), until no next page is named. The
address of the next page is not followed: behind a proxy it names another host.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from kalanso.sources.dhis2.faults import DhisFault
from kalanso.sources.dhis2.transport import Transport, mapping

PAGE = 1000
MOST_PAGES = 2000


def listed(
    transport: Transport, resource: str, *, fields: str, filters: Sequence[str] = (), page_size: int = PAGE
) -> list[dict[str, Any]]:
    """Return every entry of a resource such as `organisationUnits`, each once, in order of id.

    Raises DhisFault where a page is no list of entries, an entry comes twice, or fewer came than the
    server said there are.
    """
    found: dict[str, dict[str, Any]] = {}
    total = 0
    for page in _pages(transport, resource, fields, filters, page_size):
        total = max(total, int((page.get("pager") or {}).get("total") or 0))
        for entry in page[resource]:
            if not isinstance(entry, dict) or not entry.get("id"):
                raise DhisFault("other_shape", url=resource, found=str(entry)[:80])
            if entry["id"] in found:
                raise DhisFault("repeated_entry", url=resource, found=str(entry["id"])[:40])
            found[entry["id"]] = entry
    if len(found) < total:
        raise DhisFault("missing_entries", url=resource, found=len(found), expected=total)
    return list(found.values())


def _pages(
    transport: Transport, resource: str, fields: str, filters: Sequence[str], page_size: int
) -> Iterator[dict[str, Any]]:
    common = [("fields", fields), ("order", "id:asc"), ("paging", "true"), ("pageSize", str(page_size))]
    common += [("filter", text) for text in filters]
    for number in range(1, MOST_PAGES + 1):
        page = dict(mapping(transport.get_json(resource, [*common, ("page", str(number))]), resource))
        if not isinstance(page.get(resource), list):
            raise DhisFault("other_shape", url=resource, found=", ".join(sorted(page))[:80])
        yield page
        if not (page.get("pager") or {}).get("nextPage"):
            return
    raise DhisFault("endless_pages", url=resource, found=MOST_PAGES)
