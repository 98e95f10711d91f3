"""How are the forms of an ODK Central or KoboToolbox server read from the command line?

The account stands in the environment, never among the arguments, where others on the machine could
read it. What is pulled are tables in a folder; importing them is another command.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from kalanso.cli.language import say

app = typer.Typer(name="odk", no_args_is_help=True, help="cli.odk.help")


class Kind(StrEnum):
    """Which server it is."""

    CENTRAL = "central"
    KOBO = "kobo"


Url = Annotated[str, typer.Option("--url", metavar="URL", help="cli.odk.url", show_default=False)]
KindOption = Annotated[Kind, typer.Option("--kind", help="cli.odk.kind")]
Project = Annotated[int, typer.Option("--project", metavar="N", help="cli.odk.project", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="cli.option.json")]


@contextmanager
def _server(url: str, kind: Kind, project: int, locale: str) -> Iterator[Any]:
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso.sources import odk

    account = odk.Credentials(
        email=os.environ.get("KALANSO_ODK_EMAIL", ""), password=os.environ.get("KALANSO_ODK_PASSWORD", ""),
        token=os.environ.get("KALANSO_ODK_TOKEN", ""),
    )  # fmt: skip
    if kind is Kind.CENTRAL and project < 1:
        raise typer.BadParameter(say(locale, "cli.odk.no_project"), param_hint="--project")
    with odk.opened(url) as transport:
        if kind is Kind.KOBO:
            yield odk.Kobo(transport, account)
        else:
            yield odk.Central(transport, account, project=project)


@app.command("check", help="cli.odk.check.help")
def check(
    context: typer.Context, url: Url, kind: KindOption = Kind.CENTRAL, project: Project = 0, as_json: AsJson = False
) -> None:  # fmt: skip
    """Say whether the server lets the account in, and what it may read."""
    locale = str(context.obj or "fr")
    with _server(url, kind, project, locale) as server:
        name, forms = server.whoami(), server.forms()
        host = server.transport.host
    if as_json:
        typer.echo(
            json.dumps(
                {"account": name, "forms": [vars(form) for form in forms]}, ensure_ascii=False, indent=1
            )
        )
        return
    typer.echo(say(locale, "cli.odk.welcome", host=host, name=name, n=len(forms)))
    for form in forms:
        typer.echo(say(locale, "cli.odk.form_line", **vars(form)))


@app.command("pull", help="cli.odk.pull.help")
def pull(
    context: typer.Context,
    url: Url,
    form: Annotated[str, typer.Option("--form", metavar="CODE", help="cli.odk.form", show_default=False)],
    kind: KindOption = Kind.CENTRAL,
    project: Project = 0,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="cli.odk.to")] = Path("odk"),
    whole: Annotated[bool, typer.Option("--whole", help="cli.odk.whole")] = False,
    personal: Annotated[bool, typer.Option("--personal", help="cli.odk.personal")] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the answers of one form."""
    from kalanso.sources import odk

    locale = str(context.obj or "fr")
    with _server(url, kind, project, locale) as server:
        done = odk.pull(
            server,
            form,
            to,
            url=server.transport.base,
            whole=whole,
            keep_personal=personal,
            now=datetime.now(UTC),
        )
    if as_json:
        told = {"came": done.came, "rows": dict(done.rows), "since": done.since, "watermark": done.watermark}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    typer.echo(say(locale, "cli.odk.done", came=done.came, watermark=done.watermark))
    for table, rows in done.rows.items():
        typer.echo(say(locale, "cli.odk.table_line", file=str(done.files[table]), rows=rows))
