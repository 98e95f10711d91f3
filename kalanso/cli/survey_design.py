"""How does somebody lay a survey out from the command line: how many children, which clusters, which form, which weights, and does it all work?

Translates numbers and files into the functions of `kalanso.surveys.design` and `kalanso.surveys.instruments`; analysing the answers is
in `surveying`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say
from kalanso.vocabulary import format_value

if TYPE_CHECKING:
    import pandas as pd


def register(group: typer.Typer) -> None:
    """Add these commands to the group `kalanso survey`."""
    group.command("size", help="cli.survey.size.help")(size)
    group.command("draw", help="cli.survey.draw.help")(draw)
    group.command("form", help="cli.survey.form.help")(form)
    group.command("weights", help="cli.survey.weights.help")(weights)
    group.command("rehearse", help="cli.survey.rehearse.help")(rehearse)


def size(
    context: typer.Context,
    expected: Annotated[
        list[float],
        typer.Option("--expected", metavar="SHARE", help="cli.survey.size.expected", show_default=False),
    ],
    half_width: Annotated[
        float, typer.Option("--half-width", metavar="SHARE", help="cli.survey.size.half_width")
    ] = 0.1,
    per_household: Annotated[
        float, typer.Option("--children-per-household", metavar="N", help="cli.survey.size.per_household")
    ] = 0.25,
    households: Annotated[
        int, typer.Option("--households", min=1, metavar="N", help="cli.survey.size.households")
    ] = 20,
    icc: Annotated[float, typer.Option("--icc", metavar="SHARE", help="cli.survey.size.icc")] = 1 / 3,
    response: Annotated[
        float, typer.Option("--response", metavar="SHARE", help="cli.survey.size.response")
    ] = 0.95,
    weight_cv: Annotated[
        float, typer.Option("--weight-cv", metavar="N", help="cli.survey.size.weight_cv")
    ] = 0.2,
) -> None:
    """Say how many children, households and clusters each cohort needs."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso.surveys.design import Cohort, SampleQuestion, sample_size

    locale = str(context.obj or "fr")
    try:
        cohorts = tuple(
            Cohort(
                name=str(number), expected=share, half_width=half_width, children_per_household=per_household
            )
            for number, share in enumerate(expected, 1)
        )
        question = SampleQuestion(
            cohorts=cohorts,
            households_per_cluster=households,
            icc=icc,
            response=response,
            weight_cv=weight_cv,
        )
        need = sample_size(question)
    except ValueError as error:
        typer.echo(say(locale, "cli.survey.size.refused", reason=str(error)), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE)) from None
    receipts.console().print(_needs(need, locale))
    most = int(need["clusters"].max())
    typer.echo(say(locale, "cli.survey.size.said", clusters=most, households=households))


def _needs(need: pd.DataFrame, locale: str) -> Table:
    table = Table()
    columns = ("cohort", "expected", "effective_children", "deff", "children", "households", "clusters")
    for name in columns:
        table.add_column(say(locale, f"cli.survey.size.column.{name}"), justify="right")
    for row in need.to_dict("records"):
        table.add_row(
            str(row["cohort"]), format_value(row["expected"], "percent", locale), *(
                format_value(row[name], "decimal" if name == "deff" else "count", locale) for name in columns[2:]
            ),
        )  # fmt: skip
    return table


def draw(
    context: typer.Context,
    frame: Annotated[Path, typer.Argument(metavar="FRAME", help="cli.survey.draw.frame")],
    clusters: Annotated[
        int,
        typer.Option("--clusters", min=1, metavar="N", help="cli.survey.draw.clusters", show_default=False),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="cli.survey.draw.out", show_default=False)
    ],
    reserves: Annotated[
        int, typer.Option("--reserves", min=0, metavar="N", help="cli.survey.draw.reserves")
    ] = 0,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="cli.survey.draw.seed")] = 1,
) -> None:
    """Draw clusters of each stratum of a frame, with probability proportional to size."""
    import numpy as np
    import pandas as pd

    from kalanso.surveys.design import select_clusters

    locale = str(context.obj or "fr")
    try:
        rows = pd.read_csv(frame, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        typer.echo(say(locale, "cli.survey.draw.unreadable", file=str(frame), reason=str(error)), err=True)
        raise typer.Exit(int(ExitCode.BAD_FILE)) from None
    found = select_clusters(rows, clusters=clusters, reserves=reserves, rng=np.random.default_rng(seed))
    found.to_csv(out, index=False)
    told = {"n": int((found["role"] == "main").sum()), "reserves": int((found["role"] == "reserve").sum())}
    typer.echo(say(locale, "cli.survey.draw.said", **told, seed=seed, file=str(out)))


def form(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="FORM", help="cli.survey.form.name")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="cli.survey.form.out", show_default=False)
    ],
) -> None:
    """Write a form as an XLSForm for ODK or KoboToolbox."""
    from kalanso.surveys import instruments

    locale = str(context.obj or "fr")
    found = instruments.load(name)
    out.write_bytes(instruments.workbook(found))
    questions = sum(1 for _ in found.questions())
    typer.echo(
        say(locale, "cli.survey.form.said", title=str(found.title[locale]), n=questions, file=str(out))
    )


def weights(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="cli.survey.folder")],
) -> None:
    """Compute the weights of a study whose clusters were drawn, and write its sample and every factor."""
    from datetime import UTC, datetime

    from kalanso.pipeline.study_rounds import read_round
    from kalanso.pipeline.survey_weights import FACTORS_FILE, SAMPLE, weigh

    locale = str(context.obj or "fr")
    study = read_round(folder, today=datetime.now(UTC).date())
    found = weigh(folder, cohorts=study.asked.cohorts)
    table = Table()
    columns = ("cluster", "base_weight", "household_response", "child_response", "lost_clusters", "weight")
    for name in columns:
        table.add_column(
            say(locale, f"cli.survey.weights.column.{name}"), justify="left" if name == "cluster" else "right"
        )
    for row in found.factors.to_dict("records"):
        table.add_row(
            str(row["cluster"]), *(format_value(row[name], "decimal", locale) for name in columns[1:])
        )
    receipts.console().print(table)
    told = {name: found.rates[name] for name in ("clusters", "households", "children", "lost")}
    silent = {name: found.rates[name] for name in ("unmet", "ageless") if name in found.rates}
    typer.echo(
        say(locale, "cli.survey.weights.unmet", **silent)
        if silent
        else say(locale, "cli.survey.weights.no_members")
    )
    typer.echo(
        say(
            locale,
            "cli.survey.weights.said",
            **told,
            sample=str(folder / SAMPLE),
            factors=str(folder / FACTORS_FILE),
        )
    )


def rehearse(
    context: typer.Context,
    drawn: Annotated[Path, typer.Argument(metavar="DRAW", help="cli.survey.rehearse.draw")],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="cli.survey.rehearse.out", show_default=False)
    ],
    survey: Annotated[
        str, typer.Option("--survey", metavar="NAME", help="cli.survey.rehearse.survey")
    ] = "demo",
    first_day: Annotated[
        datetime | None,
        typer.Option(
            "--first-day",
            formats=["%Y-%m-%d"],
            metavar="DAY",
            help="cli.survey.rehearse.day",
            show_default=False,
        ),
    ] = None,
    days: Annotated[
        int, typer.Option("--days", min=2, max=366, metavar="N", help="cli.survey.rehearse.days")
    ] = 30,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="cli.survey.draw.seed")] = 1,
) -> None:
    """Fill the forms of a study's clusters with made-up families, to try the way out before anybody goes."""
    import numpy as np
    import pandas as pd

    from kalanso.simulation.household_rehearsal import NoClusters, rehearsal
    from kalanso.simulation.household_settings import Fieldwork

    locale = str(context.obj or "fr")
    try:
        rows = pd.read_csv(drawn, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        begun = Fieldwork.first_day if first_day is None else first_day.date()
        fieldwork = Fieldwork(survey=survey, days=days, first_day=begun)
        found = rehearsal(rows, fieldwork, np.random.default_rng(seed))
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError,
            NoClusters, KeyError) as error:  # fmt: skip
        typer.echo(say(locale, "cli.survey.draw.unreadable", file=str(drawn), reason=str(error)), err=True)
        raise typer.Exit(int(ExitCode.BAD_FILE)) from None
    out.mkdir(parents=True, exist_ok=True)
    for name in ("homes", "members", "answers", "listed"):
        getattr(found, name).to_csv(out / f"{name}.csv", index=False)
    told = {"homes": len(found.homes), "answers": len(found.answers), "clusters": len(found.listed)}
    typer.echo(say(locale, "cli.survey.rehearse.said", **told, folder=str(out)))
