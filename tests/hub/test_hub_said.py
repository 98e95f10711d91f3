"""Does no number of an estimate stand on a page without the state of its run, and no command line before people?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HUB = Path(__file__).resolve().parents[2] / "kalanso" / "hub"
TEMPLATES = {
    str(path).partition("/templates/")[2]: path.read_text(encoding="utf-8") for path in HUB.rglob("*.html")
}
NUMBER = re.compile(
    r"\|between_(?:count|percent)|\.(?:missed|coverage|infants)\.(?:mean|said)|\b(?:missed|infants)=[\w.]*(?:missed|infants)\b"
)
MARK = re.compile(
    r"include \"(?:explore/run_(?:marks|badges)|evidence/run_(?:marks|short))\.html\"|\{% missed_source "
)
INCLUDED = re.compile(r"include \"([\w/]+\.html)\"")
# Where estimates are asked for: the pages of the estimate, which warn at their head, and the one query for all others.
ASKED = re.compile(r"\bestimates\.(?:values|quarters|burden|burden_in|below)\(")
OF_ESTIMATES = {
    "explore/api/estimates.py", "explore/queries/likeness.py", "explore/queries/said.py", "explore/views/comparing.py",
    "explore/views/missed.py", "explore/views/place_estimate.py", "explore/views/sheet.py", "explore/queries/withheld.py", "site/queries/money.py",
    "explore/queries/framework.py", "explore/queries/sums.py", "site/queries/review/children.py",
}  # fmt: skip
# What is shown to those alone who keep the machine on which the hub runs, or ask them.
OF_KEEPERS = {"jobs/list.html", "explore/stopped.html"}


def begins(text: str, bare: set[str]) -> int | None:
    """Return where the first number of a template stands, its own or that of a bare fragment."""
    own = [found.start() for found in NUMBER.finditer(text)]
    theirs = [found.start() for found in INCLUDED.finditer(text) if found.group(1) in bare]
    return min([*own, *theirs], default=None)


def is_bare(text: str, bare: set[str]) -> bool:
    """Whether a template shows a number before it shows the state of its run."""
    first, mark = begins(text, bare), MARK.search(text)
    return first is not None and (mark is None or mark.start() > first)


def bare_fragments(templates: dict[str, str]) -> set[str]:
    """Return the fragments whose numbers must be marked by whoever includes them."""
    found: set[str] = set()
    while True:
        more = {
            name
            for name, text in templates.items()
            if not text.startswith("{% extends") and is_bare(text, found)
        }
        if more == found:
            return found
        found = more


def unmarked_pages(templates: dict[str, str]) -> set[str]:
    """Return the pages that show numbers of an estimate before the state of its run."""
    bare = bare_fragments(templates)
    return {name for name, text in templates.items() if text.startswith("{% extends") and is_bare(text, bare)}


def test_every_number_of_an_estimate_stands_behind_the_state_of_its_run() -> None:
    assert unmarked_pages(TEMPLATES) == set()
    assert "explore/estimate_answer.html" in bare_fragments(TEMPLATES)
    assert "explore/said.html" not in bare_fragments(TEMPLATES)


@pytest.mark.parametrize(
    "page",
    [
        "{% extends 'x' %}{{ estimate.coverage.mean|percent }}",
        '{% extends \'x\' %}{% include "explore/estimate_answer.html" %}{% include "explore/run_marks.html" %}',
        "{% extends 'x' %}{% with missed=place.estimate.missed.said %}{{ missed.mean }}{% endwith %}",
    ],
)
def test_a_page_that_forgets_the_state_is_found(page: str) -> None:
    assert unmarked_pages(TEMPLATES | {"new/page.html": page}) == {"new/page.html"}


def test_estimates_are_asked_for_by_their_own_pages_and_by_one_query_for_all_others() -> None:
    asking = {
        str(path.relative_to(HUB))
        for path in HUB.rglob("*.py")
        if ASKED.search(path.read_text(encoding="utf-8"))
    }
    assert asking == OF_ESTIMATES


def test_nobody_who_reads_pages_is_shown_a_command_line() -> None:
    shown = {
        name
        for name, text in TEMPLATES.items()
        if re.search(r"kalanso [a-z]+ [^<]*--|python -m|--store", text)
    }
    assert shown == OF_KEEPERS
