"""How is Kalanso shown on a simulated country?"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from kalanso.cli import receipts, refining, serve
from kalanso.cli.language import say

app = typer.Typer()


@app.command("demo", help="cli.demo.help")
def demo(
    context: typer.Context,
    store: Annotated[Path, typer.Option("--store", metavar="FOLDER", help="cli.demo.store")] = Path("demo"),
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="cli.demo.seed")] = 2024,
    size: Annotated[str, typer.Option("--size", metavar="full|small", help="cli.demo.size")] = "full",
    open_pages: Annotated[bool, typer.Option("--serve/--no-serve", help="cli.demo.serve")] = True,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="cli.serve.port")] = 8000,
    browser: Annotated[bool, typer.Option("--open/--no-open", help="cli.serve.open")] = True,
    estimate: Annotated[bool, typer.Option("--estimate/--no-estimate", help="cli.demo.estimate")] = True,
) -> None:
    """Build the example country, check it, open its pages, and estimate behind them."""
    # The libraries behind the verbs load for seconds; `--help` must not wait for them.
    from kalanso import pipeline

    locale = str(context.obj or "fr")
    with receipts.progress_bar(locale) as progress:
        built = pipeline.demo(store, seed=seed, size=size, progress=progress, now=datetime.now(UTC))
    _say_what_was_built(built, store, locale)
    if not open_pages:
        if estimate:
            _preview(store, locale)
        return
    if missing := serve.not_installed():
        typer.echo(say(locale, "cli.serve.not_installed", packages=", ".join(missing)), err=True)
        return
    typer.echo(say(locale, "cli.demo.pages", address=f"http://127.0.0.1:{port}/"))
    wanted = estimate and pipeline.left_to_refine(built.store, now=datetime.now(UTC))
    if wanted:
        typer.echo(say(locale, "cli.demo.behind"))
    with refining.behind(store, wanted=wanted):
        code = serve.run(store, port, browser=browser)
    raise typer.Exit(code)


def _preview(store: Path, locale: str) -> None:
    """Publish a preview where the store has no estimate yet; the rest is left to `kalanso refine`."""
    from kalanso import pipeline
    from kalanso.coverage import Question
    from kalanso.store import Store

    opened = Store.open(store)
    known = opened.latest("coverage_estimates")
    if known is not None and known.rows:
        return
    with receipts.progress_bar(locale) as progress:
        done = pipeline.estimate(
            opened, question=Question(preview=True), progress=progress, now=datetime.now(UTC)
        )
        # Once more, now that there is an estimate to set beside the sources.
        pipeline.triangulate(opened, now=datetime.now(UTC))
    typer.echo(done.headline.render(locale))
    typer.echo(say(locale, "cli.demo.refine", folder=str(store)))


def _say_what_was_built(built: Any, store: Path, locale: str) -> None:
    if built.already:
        typer.echo(say(locale, "cli.demo.already", folder=str(store)))
        return
    typer.echo(say(locale, "cli.demo.built", n=built.observations, folder=str(store)))
    typer.echo(say(locale, "cli.demo.findings", n=built.checked.total))
    for name in built.report.matches.query("status != 'matched'")["name"]:
        typer.echo(say(locale, "cli.demo.asks", name=name))
