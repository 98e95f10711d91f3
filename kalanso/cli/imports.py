"""How is a file imported from the command line, and how are doubtful names reviewed?

One command per reader; what they share is asked the same way everywhere. The receipt goes to
stdout (a table, or JSON with `--json`), progress to stderr.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.language import say

app = typer.Typer(name="import", no_args_is_help=True, help="cli.import.help", epilog="cli.import.examples")

File = Annotated[Path, typer.Argument(metavar="FILE", help="cli.import.option.file", show_default=False)]
STORE_VARIABLE = "KALANSO_STORE"
StoreFolder = Annotated[
    Path,
    typer.Option(
        "--store", metavar="FOLDER", envvar=STORE_VARIABLE, help="cli.import.option.store", show_default=False
    ),
]
Country = Annotated[
    str, typer.Option("--country", metavar="ML", help="cli.import.option.country", show_default=False)
]
Source = Annotated[
    str, typer.Option("--source", metavar="NAME", help="cli.import.option.source", show_default=False)
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="cli.import.option.dry_run")]
AsJson = Annotated[bool, typer.Option("--json", help="cli.import.option.json")]
NewPlaces = Annotated[bool, typer.Option("--new-places", help="cli.import.option.new_places")]
ValidFrom = Annotated[
    datetime | None,
    typer.Option(
        "--valid-from",
        formats=["%Y-%m-%d"],
        metavar="DATE",
        help="cli.import.option.valid_from",
        show_default=False,
    ),
]
MatchesOut = Annotated[
    Path | None,
    typer.Option("--matches-out", metavar="CSV", help="cli.import.option.matches_out", show_default=False),
]
Matches = Annotated[
    Path | None,
    typer.Option("--matches", metavar="CSV", help="cli.import.option.matches", show_default=False),
]
Strict = Annotated[bool, typer.Option("--strict", help="cli.import.option.strict")]
Level = Annotated[
    str, typer.Option("--level", metavar="LEVEL", help="cli.import.option.level", show_default=False)
]
Vintage = Annotated[
    str, typer.Option("--vintage", metavar="EDITION", help="cli.import.option.vintage", show_default=False)
]


@app.command("tables", help="cli.import.tables.help")
def tables(
    context: typer.Context, file: File,
    store: Annotated[Path | None, typer.Option("--store", metavar="FOLDER", envvar=STORE_VARIABLE, help="cli.import.option.store", show_default=False)] = None,
    map_file: Annotated[Path | None, typer.Option("--map", metavar="MAP", help="cli.import.option.map", show_default=False)] = None,
    country: Country = "", source: Source = "", dry_run: DryRun = False, as_json: AsJson = False,
    new_places: NewPlaces = False, valid_from: ValidFrom = None, matches: Matches = None,
    matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import a CSV or XLSX table by a saved column map, or propose such a map."""
    locale = str(context.obj or "fr")
    if map_file is None:
        # The libraries behind the verbs load for seconds; `--help` must not wait for them.
        from kalanso.sources import guess_map

        typer.echo(guess_map(file).explained(locale), nl=False)
        typer.echo(say(locale, "cli.import.proposed"), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    if store is None:
        typer.echo(say(locale, "cli.import.which_store"), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    _run(context, "tables", locals(), {"map": map_file})


@app.command("countdown", help="cli.import.countdown.help")
def countdown(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    level: Level = "", dry_run: DryRun = False, as_json: AsJson = False, new_places: NewPlaces = False,
    valid_from: ValidFrom = None, matches: Matches = None, matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import a Countdown 2030 workbook."""
    _run(context, "countdown", locals(), {"level": level})


@app.command("wiisemart", help="cli.import.wiisemart.help")
def wiisemart(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    vintage: Vintage = "", dry_run: DryRun = False, as_json: AsJson = False, strict: Strict = False,
) -> None:  # fmt: skip
    """Import coverage that WHO, UNICEF or surveys published."""
    _run(context, "wiisemart", locals(), {"vintage": vintage})


@app.command("subnational", help="cli.import.subnational.help")
def subnational(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    level: Level = "", vintage: Vintage = "", dry_run: DryRun = False, as_json: AsJson = False,
    matches: Matches = None, matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import the coverage that districts reported to WHO and UNICEF."""
    _run(context, "subnational", locals(), {"level": level, "vintage": vintage})


@app.command("boundaries", help="cli.import.boundaries.help")
def boundaries(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    level: Level = "", vintage: Vintage = "",
    licence: Annotated[str, typer.Option("--licence", metavar="TEXT", help="cli.import.option.licence", show_default=False)] = "",
    dry_run: DryRun = False, as_json: AsJson = False, new_places: NewPlaces = False, valid_from: ValidFrom = None,
    matches: Matches = None, matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import outlines of places from GeoJSON."""
    _run(context, "boundaries", locals(), {"level": level, "vintage": vintage, "licence": licence})


@app.command("facilities", help="cli.import.facilities.help")
def facilities(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    vintage: Vintage = "", dry_run: DryRun = False, as_json: AsJson = False, new_places: NewPlaces = False,
    matches: Matches = None, matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import a list of health facilities with their points."""
    _run(context, "facilities", locals(), {"vintage": vintage})


@app.command("population", help="cli.import.population.help")
def population(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    year: Annotated[int | None, typer.Option("--year", min=1900, max=2200, help="cli.import.option.year", show_default=False)] = None,
    level: Level = "", vintage: Vintage = "", dry_run: DryRun = False, as_json: AsJson = False,
    new_places: NewPlaces = False, matches: Matches = None, matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import population, births and surviving infants."""
    _run(context, "population", locals(), {"year": year, "level": level, "vintage": vintage})


@app.command("raster", help="cli.import.raster.help")
def raster(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    level: Level = "",
    indicator: Annotated[str, typer.Option("--indicator", metavar="NAME", help="cli.import.option.indicator", show_default=False)] = "",
    sex: Annotated[str, typer.Option("--sex", metavar="all|female|male", help="cli.import.option.sex", show_default=False)] = "",
    year: Annotated[int | None, typer.Option("--year", min=1900, max=2200, help="cli.import.option.year", show_default=False)] = None,
    vintage: Vintage = "", dry_run: DryRun = False, as_json: AsJson = False, strict: Strict = False,
) -> None:  # fmt: skip
    """Import a gridded population, summed over the outlines of a store."""
    options = {"level": level, "indicator": indicator, "sex": sex, "year": year, "vintage": vintage}
    _run(context, "raster", locals(), options)


@app.command("places", help="cli.import.places.help")
def places(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    level: Level = "", vintage: Vintage = "", dry_run: DryRun = False, as_json: AsJson = False,
    new_places: NewPlaces = False, valid_from: ValidFrom = None, matches: Matches = None,
    matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import a list of places with their hierarchy."""
    _run(context, "places", locals(), {"level": level, "vintage": vintage})


@app.command("recounts", help="cli.import.recounts.help")
def recounts(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    vintage: Vintage = "", dry_run: DryRun = False, as_json: AsJson = False, new_places: NewPlaces = False,
    matches: Matches = None, matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import doses that were counted again at facilities."""
    _run(context, "recounts", locals(), {"vintage": vintage})


@app.command("stock", help="cli.import.stock.help")
def stock(
    context: typer.Context, file: File, store: StoreFolder, country: Country = "", source: Source = "",
    level: Level = "",
    unit: Annotated[str, typer.Option("--unit", metavar="doses|vials", help="cli.import.option.unit", show_default=False)] = "",
    doses_per_vial: Annotated[str, typer.Option("--doses-per-vial", metavar="PRODUCT=N,…", help="cli.import.option.doses_per_vial", show_default=False)] = "",
    vintage: Vintage = "", dry_run: DryRun = False, as_json: AsJson = False, new_places: NewPlaces = False,
    matches: Matches = None, matches_out: MatchesOut = None, strict: Strict = False,
) -> None:  # fmt: skip
    """Import the stock of vaccines lot by lot, in doses or vials."""
    options = {"level": level, "unit": unit, "doses_per_vial": doses_per_vial, "vintage": vintage}
    _run(context, "stock", locals(), options)


@app.command("matches", help="cli.import.matches.help")
def matches(
    context: typer.Context, file: File, store: StoreFolder,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="cli.import.option.by", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """Take in the decisions of a person on doubtful names."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso import pipeline
    from kalanso.store import Store

    now = datetime.now(UTC)
    counts = pipeline.keep_matches(Store.open(store), file, by=by, now=now)
    receipts.print_counts(counts, context.obj, as_json=as_json)


def _run(context: typer.Context, reader: str, told: Mapping[str, Any], options: Mapping[str, Any]) -> None:
    """Import one file and print its receipt."""
    from kalanso import pipeline
    from kalanso.store import Store

    locale = str(context.obj or "fr")
    now = datetime.now(UTC)
    with ExitStack() as closing:
        store = open_store(Store, told["store"], told["country"], told["dry_run"], now, closing, locale)
        reviewed = None
        if told.get("matches"):
            reviewed = pipeline.read_matches(store, told["matches"], by="", on=now.date())
        progress = closing.enter_context(receipts.progress_bar(locale))
        valid_from: datetime | None = told.get("valid_from")
        imported = pipeline.import_file(
            store, reader, told["file"], source=told["source"], country=told["country"].upper(), options=options,
            dry_run=told["dry_run"], new_places=told.get("new_places", False),
            valid_from=date(valid_from.year, valid_from.month, valid_from.day) if valid_from else None,
            reviewed=reviewed, progress=progress, now=now,
        )  # fmt: skip
    written = 0
    if told.get("matches_out"):
        written = pipeline.matches_to_csv(imported.matches, told["matches_out"])
    receipts.print_receipt(
        imported, locale, as_json=told["as_json"], matches_out=told.get("matches_out"), written=written
    )
    if told["strict"] and imported.receipt.rejected.total():
        raise typer.Exit(int(ExitCode.WITH_REJECTIONS))


def open_store(
    kind: Any, folder: Path, country: str, dry_run: bool, now: datetime, closing: ExitStack, locale: str
) -> Any:
    """Open the store; begin one where there is none and the country is said, elsewhere for a dry run."""
    if (Path(folder) / "store.json").is_file():
        return kind.open(folder)
    if not country:
        typer.echo(say(locale, "cli.import.which_country", folder=str(folder)), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    if dry_run:
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory()))
    return kind.create(folder, country=country.upper(), now=now)
