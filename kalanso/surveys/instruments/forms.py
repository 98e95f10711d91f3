"""What is a form made of, and does it hold together?

Questions, groups, repeats and lists of choices, in as many languages as there are. Reading declarations belongs to
`loading`, writing XLSForms to `xlsform`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

from kalanso.surveys.handed_in import SurveyRefused

TYPES = (
    "text",
    "integer",
    "decimal",
    "date",
    "geopoint",
    "image",
    "audio",
    "note",
    "calculate",
    "select_one",
    "select_multiple",
)
LANGUAGES = ("fr", "en")  # what every sentence of a form must have
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
REFERENCE = re.compile(r"\$\{([^}]*)\}")
RESERVED = {"start", "end", "today", "audit", "meta"}  # every form has them


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One answer of a list: the code that is stored, and its label by language."""

    code: str
    label: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question; `list` names its choices. `sensitive` answers are blurred or left out before anything is shared.

    `positive` are the codes that count as positive in an indicator; `licence` is that of the wording, if not ours.
    """

    name: str
    type: str
    label: Mapping[str, str]
    list: str = ""
    hint: Mapping[str, str] = field(default_factory=dict)
    required: bool = False
    relevant: str = ""
    constraint: str = ""
    message: Mapping[str, str] = field(default_factory=dict)
    calculation: str = ""
    appearance: str = ""
    sensitive: bool = False
    priority: bool = False
    positive: tuple[str, ...] = ()
    licence: str = ""
    audio: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Group:
    """Questions that stand together, or (`repeat`) are asked of each child or person in turn."""

    name: str
    label: Mapping[str, str]
    items: tuple[Question | Group, ...]
    repeat: bool = False
    relevant: str = ""
    appearance: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form: `release` is what its authors count; `version` also changes whenever anything in it does."""

    name: str
    release: int
    title: Mapping[str, str]
    items: tuple[Question | Group, ...]
    choices: Mapping[str, tuple[Choice, ...]]

    @property
    def version(self) -> str:
        """The release and a fingerprint of everything that the form says."""
        told = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return f"{self.release}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"

    @property
    def languages(self) -> tuple[str, ...]:
        """French and English, then any language of which a question has a label or sound."""
        found = {one for question, _ in self.questions() for one in (*question.label, *question.audio)}
        return (*LANGUAGES, *sorted(found - set(LANGUAGES)))

    def questions(self) -> Iterator[tuple[Question, tuple[Group, ...]]]:
        """Yield every question with the groups in which it lies, outermost first."""
        yield from _questions(self.items, ())

    def question(self, name: str) -> Question:
        """Return one question by name."""
        return next(one for one, _ in self.questions() if one.name == name)

    def repeat_of(self, name: str) -> str:
        """Return the innermost repeat in which a question lies, or nothing."""
        groups = next(groups for one, groups in self.questions() if one.name == name)
        return next((group.name for group in reversed(groups) if group.repeat), "")


def _questions(
    items: tuple[Question | Group, ...], above: tuple[Group, ...]
) -> Iterator[tuple[Question, tuple[Group, ...]]]:
    for item in items:
        if isinstance(item, Group):
            yield from _questions(item.items, (*above, item))
        else:
            yield item, above


def groups_of(items: tuple[Question | Group, ...]) -> Iterator[Group]:
    """Yield every group, outer ones first."""
    for item in items:
        if isinstance(item, Group):
            yield item
            yield from groups_of(item.items)


def checked(form: Form) -> Form:
    """Return a form that holds together; raises SurveyRefused, naming form, question and fault, for any other."""
    names = [one.name for one, _ in form.questions()] + [group.name for group in groups_of(form.items)]
    for name in names:
        if not NAME.fullmatch(name) or name in RESERVED:
            raise _fault(form, name, "surveys.instruments.fault.name", value=name)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise _fault(form, twice, "surveys.instruments.fault.twice", value=twice)
    known = set(names)
    for group in groups_of(form.items):
        _labelled(form, group.name, group.label)
        _references(form, group.name, group.relevant, known)
    for question, _ in form.questions():
        _checked_question(form, question, known)
    for name, choices in form.choices.items():
        codes = [choice.code for choice in choices]
        if not codes or len(set(codes)) < len(codes) or any(" " in code or not code for code in codes):
            raise _fault(form, name, "surveys.instruments.fault.codes", value=", ".join(codes))
        for choice in choices:
            _labelled(form, f"{name}/{choice.code}", choice.label)
    return form


def _checked_question(form: Form, question: Question, known: set[str]) -> None:
    if question.type not in TYPES:
        raise _fault(form, question.name, "surveys.instruments.fault.type", value=question.type)
    if question.type.startswith("select") != bool(question.list) or (
        question.list and question.list not in form.choices
    ):
        raise _fault(form, question.name, "surveys.instruments.fault.list", value=question.list or "-")
    _labelled(form, question.name, question.label)
    if bool(question.constraint) != bool(question.message):
        raise _fault(
            form, question.name, "surveys.instruments.fault.constraint", value=question.constraint or "-"
        )
    if question.constraint:
        _labelled(form, question.name, question.message)
    if (question.type == "calculate") != bool(question.calculation):
        raise _fault(form, question.name, "surveys.instruments.fault.calculation", value=question.type)
    for expression in (
        question.relevant,
        question.constraint,
        question.calculation,
        *question.label.values(),
    ):
        _references(form, question.name, expression, known)
    codes = {choice.code for choice in form.choices.get(question.list, ())}
    if unknown := set(question.positive) - codes:
        raise _fault(
            form, question.name, "surveys.instruments.fault.positive", value=", ".join(sorted(unknown))
        )


def _labelled(form: Form, name: str, label: Mapping[str, str]) -> None:
    for language in LANGUAGES:
        if not label.get(language, "").strip():
            raise _fault(form, name, "surveys.instruments.fault.label", value=language)


def _references(form: Form, name: str, expression: str, known: set[str]) -> None:
    for reference in REFERENCE.findall(expression):
        if reference not in known:
            raise _fault(form, name, "surveys.instruments.fault.reference", value=reference)


def _fault(form: Form, name: str, fault: str, *, value: str) -> SurveyRefused:
    return SurveyRefused(fault, form=form.name, question=name, value=value)
