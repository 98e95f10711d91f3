"""What does the national report on data quality say, in the order of WHO's review?

National summary, the four domains with the districts that stand out, score cards, methods and sources; by WHO's
metrics or by the robust checks. Takes published tables; the numbers were computed below.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from kalanso.figures import quality_chapters as chapters
from kalanso.figures.documents import Block, Bullets, Document, Grid, Heading, Paragraph, Picture
from kalanso.figures.figure import FigureRefused, Subject, check_locale
from kalanso.figures.heat_grids import heat_grid
from kalanso.figures.quality_facts import ReportFacts
from kalanso.figures.words import say
from kalanso.quality.tables import ALL, DOMAINS, MODES
from kalanso.vocabulary import format_value

MOST_ROWS = 60  # places in the grid of a figure
_TONES = {"A": "good", "B": "", "C": "fair", "D": "bad"}


def quality_report(facts: ReportFacts, locale: str = "fr") -> Document:
    """Return the report of one year in one mode and language; refuses a mode or a year of which nothing is known."""
    check_locale(locale)
    if facts.mode not in MODES:
        raise FigureRefused(f"quality_report: expected one of {', '.join(MODES)}, got {facts.mode!r}")
    scores = facts.scores[(facts.scores["mode"] == facts.mode) & (facts.scores["period"] == str(facts.year))]
    if scores.empty:
        known = ", ".join(sorted(set(facts.scores.loc[facts.scores["mode"] == facts.mode, "period"]))) or "–"
        raise FigureRefused(f"quality_report: nothing is known of {facts.year}; known years: {known}")
    blocks: list[Block] = [*_summary(facts, scores, locale)]
    for number, domain in enumerate(DOMAINS, 1):
        blocks.append(Heading(text=f"{number}. {say(locale, f'figures.quality.domain.{domain}')}"))
        blocks.append(Paragraph(text=say(locale, f"figures.quality.about.{domain}")))
        write: Callable[..., list[Block]] = (
            chapters.who_chapter if facts.mode == "who" else chapters.robust_chapter
        )
        blocks += write(facts, domain, locale)
    blocks += [*_cards(facts, scores, locale), *_methods(facts, locale)]
    return Document(
        title=say(locale, "figures.quality.title", country=facts.country),
        subtitle=say(locale, f"figures.quality.subtitle_{facts.mode}", year=facts.year),
        locale=locale,
        blocks=tuple(blocks),
        foot=say(
            locale, "figures.quality.foot", country=facts.country, year=facts.year, day=facts.made_on,
            version=facts.version,
        ),
        demo=facts.demo,
    )  # fmt: skip


def _summary(facts: ReportFacts, scores: pd.DataFrame, locale: str) -> list[Block]:
    """Say in a table and in sentences how the country stands in each domain."""
    units = scores[scores["place_code"].map(facts.levels) == facts.units]
    nation = scores[scores["place_code"].map(facts.levels) == "country"].set_index("domain")
    rows: list[list[str]] = []
    tones: dict[tuple[int, int], str] = {}
    for domain in (*DOMAINS, ALL):
        own = units[units["domain"] == domain]
        score = nation["score"].get(domain)
        letter = str(nation["grade"].get(domain, "none"))
        counts = own["grade"].value_counts()
        tones[len(rows), 2] = _TONES.get(letter, "")
        rows.append(
            [
                say(locale, f"figures.quality.domain.{domain}"), format_value(score, "percent", locale),
                say(locale, f"figures.quality.grade.{letter.lower()}"),
                *(str(int(counts.get(grade, 0))) for grade in "ABCD"),
            ]
        )  # fmt: skip
    headings = [say(locale, f"figures.quality.heading.{name}") for name in ("domain", "score", "grade")]
    grid = Grid(
        title=say(locale, "figures.quality.summary_table", year=facts.year), headings=[*headings, "A", "B", "C", "D"],
        rows=rows, widths=(4, 1.4, 1.8, 0.8, 0.8, 0.8, 0.8), numbers=frozenset({1, 3, 4, 5, 6}), tones=tones,
        note=say(locale, f"figures.quality.score_note_{facts.mode}"),
    )  # fmt: skip
    said = [*_sentences(facts, units, locale)]
    if bool(scores["provisional"].any()):
        said.append(say(locale, "figures.quality.provisional", year=facts.year))
    return [
        Heading(text=say(locale, "figures.quality.summary")),
        Bullets(items=said),
        grid,
        *chapters.national_table(facts, locale),
    ]


def _sentences(facts: ReportFacts, units: pd.DataFrame, locale: str) -> list[str]:
    whole = units[units["domain"] == ALL]
    if whole.empty:
        return [say(locale, "figures.quality.no_units")]
    good = int(whole["grade"].isin(["A", "B"]).sum())
    said = [say(locale, "figures.quality.good_units", n=good, total=len(whole), year=facts.year)]
    low = whole[whole["grade"].isin(["C", "D"])].sort_values(["score", "place_code"])
    if len(low):
        said.append(
            say(locale, "figures.quality.low_units", places=chapters.listed(low["place_code"], facts, locale))
        )
    domains = units[units["domain"] != ALL].groupby("domain")["score"].mean()
    if len(domains):
        weakest = str(domains.idxmin())
        said.append(
            say(
                locale, "figures.quality.weakest", domain=say(locale, f"figures.quality.domain.{weakest}"),
                score=float(domains.min()),
            )
        )  # fmt: skip
    return said


def _cards(facts: ReportFacts, scores: pd.DataFrame, locale: str) -> list[Block]:
    """Return one line per unit with its grades, and a figure of the years."""
    units = scores[scores["place_code"].map(facts.levels) == facts.units]
    blocks: list[Block] = [Heading(text=say(locale, "figures.quality.cards"))]
    wide = units.pivot(index="place_code", columns="domain", values=["score", "grade"])
    order = sorted(wide.index, key=lambda code: (facts.names.get(code, code), code))
    rows: list[list[str]] = []
    tones: dict[tuple[int, int], str] = {}
    for code in order:
        line = [facts.names.get(code, code)]
        for column, domain in enumerate((*DOMAINS, ALL), 1):
            there = ("grade", domain) in wide and not pd.isna(wide["grade", domain][code])
            letter = str(wide["grade", domain][code]) if there else ""
            score = format_value(float(wide["score", domain][code]), "percent", locale) if there else ""
            line.append(f"{letter} · {score}" if there else "–")
            tones[len(rows), column] = _TONES.get(letter, "")
        rows.append(line)
    headings = [say(locale, "figures.heading.place")]
    headings += [say(locale, f"figures.quality.short.{domain}") for domain in (*DOMAINS, ALL)]
    blocks.append(
        Grid(
            title=say(locale, "figures.quality.cards_table", year=facts.year), headings=headings, rows=rows,
            widths=(2.4, 1.5, 1.5, 1.5, 1.5, 1.5), tones=tones, note=say(locale, "figures.quality.grades"),
        )
    )  # fmt: skip
    picture = _years(facts, order, locale)
    return [*blocks, picture] if picture else blocks


def _years(facts: ReportFacts, order: list[str], locale: str) -> Picture | None:
    kept = facts.scores[
        (facts.scores["mode"] == facts.mode)
        & (facts.scores["domain"] == ALL)
        & facts.scores["place_code"].isin(order)
    ]
    if kept["period"].nunique() < 2:
        return None
    last = kept[kept["period"] == str(facts.year)].sort_values(["score", "place_code"])
    shown = list(last["place_code"][:MOST_ROWS])
    rank = {code: number for number, code in enumerate(shown)}
    table = kept[kept["place_code"].isin(shown)].sort_values("place_code", key=lambda codes: codes.map(rank))
    table = table.assign(
        place=table["place_code"].map(lambda code: facts.names.get(code, code)), value=table["score"]
    )
    subject = Subject(
        measure=say(locale, f"figures.quality.measure_{facts.mode}"), unit="rate", place=facts.country,
        level=facts.units, sources=facts.sources, version=facts.version, demo=facts.demo,
    )  # fmt: skip
    figure = heat_grid(
        table[["place", "period", "value", "provisional"]], subject=subject, locale=locale,
        limits=(0.5, 0.65, 0.75, 0.9), title=say(locale, "figures.quality.years_title"),
    )  # fmt: skip
    return Picture(figure=figure)


def _methods(facts: ReportFacts, locale: str) -> list[Block]:
    rules = facts.pack.section("quality")
    snapshots = ", ".join(facts.snapshots) or "–"
    sources = ", ".join(source.system for source in facts.sources) or "–"
    return [
        Heading(text=say(locale, "figures.quality.methods")),
        Paragraph(text=say(locale, f"figures.quality.method_{facts.mode}")),
        Bullets(items=chapters.thresholds(rules, facts.mode, locale)),
        Paragraph(text=say(locale, "figures.quality.limits"), small=True),
        Paragraph(
            text=say(
                locale, "figures.quality.sources", sources=sources, snapshots=snapshots, day=facts.made_on,
                version=facts.version,
            ),
            small=True,
        ),
    ]  # fmt: skip
