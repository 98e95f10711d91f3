"""In which language does the command line speak?

French first: English where `--lang en` asks for it or the environment (LC_ALL, LC_MESSAGES, LANG)
begins with `en`. Help texts are written as message ids and turned into sentences here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import typer

from kalanso.vocabulary import Message

LOCALES = ("fr", "en")


class NotALanguage(ValueError):
    """A language that the command line does not speak."""

    def __init__(self, found: str) -> None:
        self.found = found
        super().__init__(self.render("en"))

    def render(self, locale: str = "fr") -> str:
        """Return the sentence for a person."""
        return say(locale, "cli.not_a_language", found=self.found)


def choose(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> tuple[str, list[str]]:
    """Return the language, and the arguments without `--lang`, which may stand anywhere."""
    locale = _from_environment(environment)
    rest: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            rest += [word, *waiting]
            break
        if word == "--lang":
            locale = _known(waiting.pop(0) if waiting else "")
        elif word.startswith("--lang="):
            locale = _known(word.removeprefix("--lang="))
        else:
            rest.append(word)
    return locale, rest


def locale_of(arguments: Sequence[str]) -> str:
    """Return the language for a sentence about the arguments themselves, however bad they are."""
    try:
        return choose(arguments)[0]
    except NotALanguage:
        return _from_environment(os.environ)


def _from_environment(environment: Mapping[str, str]) -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "en" if value.lower().startswith("en") else "fr"
    return "fr"


def _known(name: str) -> str:
    if name not in LOCALES:
        raise NotALanguage(name)
    return name


def say(locale: str, message_id: str, **params: Any) -> str:
    """Return a sentence of this package (or of any other) in the reader's language."""
    return Message(message_id, params).render(locale)


def translated(app: typer.Typer, locale: str) -> Any:
    """Return the command of a Typer with every help text in one language."""
    command = typer.main.get_command(app)
    _translate(command, locale)
    return command


def _translate(command: Any, locale: str) -> None:
    for name in ("help", "short_help", "epilog"):
        setattr(command, name, _sentence(getattr(command, name, None), locale))
    command.options_metavar = say(locale, "cli.panel.options_metavar")
    for param in command.params:
        panel = "arguments" if param.param_type_name == "argument" else "options"
        param.rich_help_panel = say(locale, f"cli.panel.{panel}")
        param.help = _sentence(getattr(param, "help", None), locale)
    command.rich_help_panel = say(locale, "cli.panel.commands")
    context = typer.Context(command)
    if shown := command.get_help_option(context):
        shown.help = say(locale, "cli.option.help")
        shown.rich_help_panel = say(locale, "cli.panel.options")
    for below in getattr(command, "commands", {}).values():
        _translate(below, locale)


def _sentence(text: str | None, locale: str) -> str | None:
    return say(locale, text) if text and text.startswith("cli.") else text
