"""How is a DHIS2 server checked, understood and read from the command line?

Credentials come from the environment or are asked for; they are never an argument, which other people
on the machine could read. Progress goes to stderr, the receipt to stdout.
"""

from __future__ import annotations

import calendar
import json
import os
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kalanso.cli import receipts
from kalanso.cli.exits import ExitCode
from kalanso.cli.imports import (
    AsJson,
    Country,
    Matches,
    MatchesOut,
    NewPlaces,
    StoreFolder,
    Strict,
    open_store,
)
from kalanso.cli.language import say

app = typer.Typer(name="dhis2", no_args_is_help=True, help="cli.dhis2.help", epilog="cli.dhis2.examples")

MONTHS = ["%Y-%m", "%Y-%m-%d"]
Server = Annotated[
    str,
    typer.Argument(
        metavar="[URL]", envvar="KALANSO_DHIS2_URL", help="cli.dhis2.option.server", show_default=False
    ),
]
Plan = Annotated[Path, typer.Option("--plan", metavar="YAML", help="cli.dhis2.option.plan")]
Source = Annotated[
    str, typer.Option("--source", metavar="NAME", help="cli.dhis2.option.source", show_default=False)
]
PLAN = Path("dhis2.yaml")


@app.command("check", help="cli.dhis2.check.help")
def check(context: typer.Context, server: Server = "", as_json: AsJson = False) -> None:
    """Say who we are on a server, what we may read, and whether it can be worked with."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso.sources.dhis2 import fetch_metadata, who_am_i

    locale = str(context.obj or "fr")
    with ExitStack() as closing:
        transport = _connect(server, locale, closing)
        identity = who_am_i(transport)
        metadata = fetch_metadata(transport, ("organisationUnitLevels", "organisationUnits", "dataSets"))
    told = {
        "server": identity.address, "version": identity.version.text, "user": identity.username,
        "server_time": identity.server_now.isoformat(), "clock_known": identity.clock_known,
        "superuser": identity.sees_all, "analytics_at": identity.analytics_at,
        "places": [str(metadata.units.get(uid, {}).get("name", uid)) for uid, _ in identity.capture],
        "levels": dict(sorted(metadata.level_names.items())),
        "units": len(metadata.units),
        "data_sets": [
            {"id": uid, "name": form.get("name", ""), "period_type": form.get("periodType", ""), "elements": len(metadata.elements_of(uid))}
            for uid, form in sorted(metadata.data_sets.items(), key=lambda item: str(item[1].get("name")))
        ],
    }  # fmt: skip
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    _print_check(told, locale)


def _print_check(told: dict[str, Any], locale: str) -> None:
    screen = receipts.console()
    none = say(locale, "cli.dhis2.check.none")
    table = Table(show_header=False, box=None, pad_edge=False)
    rows = {
        "server": told["server"], "version": told["version"], "user": told["user"] or none,
        "server_time": told["server_time"], "analytics_at": told["analytics_at"][:10] or none,
        "places": ", ".join(told["places"]) or none, "units": str(told["units"]),
        "levels": ", ".join(f"{number} {name}" for number, name in told["levels"].items()) or none,
    }  # fmt: skip
    for name, value in rows.items():
        table.add_row(say(locale, f"cli.dhis2.check.{name}"), value)
    screen.print(table)
    for form in told["data_sets"]:
        line = say(
            locale,
            "cli.dhis2.check.data_set",
            type=form["period_type"],
            n=form["elements"],
            id=form["id"],
            name=form["name"],
        )
        screen.print(f"  {line}", markup=False, soft_wrap=True)
    if told["superuser"]:
        screen.print(say(locale, "cli.dhis2.check.superuser"), markup=False)
    if not told["places"]:
        screen.print(say(locale, "cli.dhis2.check.no_places"), markup=False)


@app.command("map", help="cli.dhis2.map.help")
def map_elements(
    context: typer.Context, server: Server = "", plan: Plan = PLAN, source: Source = "",
    country: Annotated[str, typer.Option("--country", metavar="ML", help="cli.dhis2.option.country")] = "ML",
    data_sets: Annotated[list[str] | None, typer.Option("--data-set", metavar="UID", help="cli.dhis2.option.data_set", show_default=False)] = None,
    confirm: Annotated[list[str] | None, typer.Option("--confirm", metavar="METHOD", help="cli.dhis2.option.confirm", show_default=False)] = None,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="cli.dhis2.option.by", show_default=False)] = "",
) -> None:  # fmt: skip
    """Propose what each number of a server counts, for a person to confirm."""
    from kalanso.definitions import load
    from kalanso.sources.dhis2 import fetch_metadata, load_meanings, suggest, who_am_i
    from kalanso.sources.dhis2.suggesting import SURE

    locale = str(context.obj or "fr")
    if unknown := sorted(set(confirm or ()) - set(SURE)):
        raise typer.BadParameter(
            say(locale, "cli.dhis2.map.no_method", found=unknown[0], expected=", ".join(SURE))
        )
    if confirm and not by:
        raise typer.BadParameter(say(locale, "cli.dhis2.map.who"))
    with ExitStack() as closing:
        transport = _connect(server, locale, closing)
        identity = who_am_i(transport)
        metadata = fetch_metadata(transport)
    found = suggest(
        metadata, load(country.upper()), server=identity.address, source=source, data_sets=data_sets or ()
    )
    if plan.exists():
        found = found.kept_from(load_meanings(plan))
    if confirm:
        found = found.decided("confirmed", by=by, on=datetime.now(UTC).date(), methods=confirm)
    found.save(plan)
    _print_proposals(found, plan, locale)


def _print_proposals(found: Any, plan: Path, locale: str) -> None:
    screen = receipts.console()
    counts = Counter((e.status, e.method or "none") for e in found.elements)
    table = Table(box=None, pad_edge=False)
    for column in ("status", "method", "number"):
        table.add_column(
            say(locale, f"cli.dhis2.map.{column}"), justify="right" if column == "number" else "left"
        )
    for (status, method), number in sorted(counts.items()):
        table.add_row(
            say(locale, f"cli.dhis2.status.{status}"), say(locale, f"cli.dhis2.method.{method}"), str(number)
        )
    screen.print(table)
    doubts = Counter(e.doubt for e in found.open if e.doubt and e.indicator)
    for doubt, number in sorted(doubts.items()):
        screen.print(f"• {say(locale, f'cli.dhis2.doubt.{doubt}', n=number)}", markup=False, soft_wrap=True)
    screen.print(say(locale, "cli.dhis2.map.next", file=str(plan)), markup=False, soft_wrap=True)


@app.command("pull", help="cli.dhis2.pull.help")
def pull(
    context: typer.Context, store: StoreFolder,
    first: Annotated[datetime, typer.Option("--from", formats=MONTHS, metavar="2022-01", help="cli.dhis2.option.from", show_default=False)],
    server: Server = "", plan: Plan = PLAN, source: Source = "", country: Country = "",
    last: Annotated[datetime | None, typer.Option("--to", formats=MONTHS, metavar="2024-12", help="cli.dhis2.option.to", show_default=False)] = None,
    full: Annotated[bool, typer.Option("--full", help="cli.dhis2.option.full")] = False,
    feed: Annotated[str, typer.Option("--feed", metavar="values|analytics", help="cli.dhis2.option.feed", show_default=False)] = "",
    new_places: NewPlaces = False, matches: Matches = None, matches_out: MatchesOut = None,
    as_json: AsJson = False, strict: Strict = False,
) -> None:  # fmt: skip
    """Bring the confirmed numbers of a server into a store; later only what changed."""
    from kalanso import pipeline
    from kalanso.sources.dhis2 import load_meanings
    from kalanso.store import Store

    locale, now = str(context.obj or "fr"), datetime.now(UTC)
    meanings = load_meanings(plan)
    with ExitStack() as closing:
        transport = _connect(server or meanings.server, locale, closing)
        opened = open_store(Store, store, country, False, now, closing, locale)
        reviewed = pipeline.read_matches(opened, matches, by="", on=now.date()) if matches else None
        progress = closing.enter_context(receipts.progress_bar(locale))
        pulled = pipeline.pull_dhis2(
            opened, transport, meanings, source=source, first=first.date(), last=_month_end(last), full=full, feed=feed,
            new_places=new_places, reviewed=reviewed, progress=progress, now=now,
        )  # fmt: skip
    imported = pulled.imported
    written = pipeline.matches_to_csv(imported.matches, matches_out) if matches_out else 0
    if as_json:
        told = {
            **receipts.receipt_dict(imported),
            "mode": pulled.request.mode,
            "resumed": pulled.resumed,
            "watermark": pulled.request.watermark,
        }
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1, default=str))
    else:
        receipts.print_receipt(imported, locale, as_json=False, matches_out=matches_out, written=written)
    if strict and imported.receipt.rejected.total():
        raise typer.Exit(int(ExitCode.WITH_REJECTIONS))


def _month_end(day: datetime | None) -> date | None:
    return day and date(day.year, day.month, calendar.monthrange(day.year, day.month)[1])


def _connect(server: str, locale: str, closing: ExitStack) -> Any:
    """Return the server with credentials of the environment, or with those that a person types."""
    from kalanso.sources.dhis2 import Credentials, Transport, from_environment

    if not server:
        typer.echo(say(locale, "cli.dhis2.which_server"), err=True)
        raise typer.Exit(int(ExitCode.BAD_USAGE))
    credentials = from_environment(os.environ)
    if credentials is None and sys.stdin.isatty():
        user = typer.prompt(say(locale, "cli.dhis2.prompt.user"), err=True, default="", show_default=False)
        secret = typer.prompt(
            say(locale, f"cli.dhis2.prompt.{'password' if user else 'token'}"), err=True, hide_input=True
        )
        credentials = Credentials(user=user, password=secret) if user else Credentials(token=secret)
    return closing.enter_context(Transport(address=server, credentials=credentials or Credentials()))
