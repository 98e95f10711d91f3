"""Are fields and addresses that are written at once the same as those of Django's own templates?"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates
from django.template import engines
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy, override

from kalanso.hub.explore.queries.shelf import Ground
from kalanso.hub.people.panels.widgets import WRITTEN, Widgets
from kalanso.hub.people.queries import addresses

CHOICES = [
    ("", gettext_lazy("Tous")), (1200, 1200), ("a<b", 'L\'un & "deux"'), ("Groupe <1>", [("x", mark_safe("<b>gras</b>")), ("y", "Y")]),
]  # fmt: skip


class _Every(forms.Form):
    text = forms.CharField(
        initial='<a> & "b"', widget=forms.TextInput(attrs={"autofocus": True, "data-x": False})
    )
    number = forms.IntegerField(initial=12345, min_value=0)
    decimal = forms.DecimalField(initial=1.5)
    day = forms.DateField(initial=date(2026, 12, 2), widget=forms.DateInput(attrs={"type": "date"}))
    hidden = forms.CharField(initial="é", widget=forms.HiddenInput)
    password = forms.CharField(initial="secret", widget=forms.PasswordInput)
    empty = forms.EmailField(required=False)
    words = forms.CharField(
        initial="deux\nlignes <p>", widget=forms.Textarea(attrs={"rows": 3}), help_text="aide"
    )
    one = forms.ChoiceField(choices=CHOICES, initial="a<b")
    several = forms.MultipleChoiceField(choices=CHOICES, initial=["x", "1200"])
    tick = forms.BooleanField()
    radio = forms.ChoiceField(choices=CHOICES[:2], widget=forms.RadioSelect)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("said", [None, {"text": "<x>", "number": "douze", "one": "y", "words": ""}])
def test_a_field_is_written_as_its_template_writes_it(language: str, said: dict[str, str] | None) -> None:
    with override(language):
        ours, theirs = (_Every(said, renderer=renderer) for renderer in (Widgets(), DjangoTemplates()))
        assert [str(one) for one in ours] == [str(one) for one in theirs]
    assert {one.field.widget.template_name for one in ours} & set(WRITTEN)


def test_an_address_is_that_of_reverse_in_each_language() -> None:
    for language in ("fr", "en", "fr"):
        with override(language):
            for name, args in (("portfolio", ()), ("cell", (12,)), ("portfolio_district", ("ML-01 é",))):
                assert addresses.address(name, *args) == reverse(name, args=args)


def test_an_address_that_holds_a_secret_is_kept_nowhere() -> None:
    held = addresses._found.cache_info().currsize
    assert addresses.address("enter", "a-secret") == reverse("enter", args=["a-secret"])
    assert addresses._found.cache_info().currsize == held


def test_an_address_that_is_not_there_is_an_error_and_not_an_empty_link() -> None:
    with pytest.raises(NoReverseMatch):
        engines["django"].from_string("{% url 'no_such_page' %}").render({})
    told = engines["django"].from_string("{% url 'no_such_page' as there %}[{{ there }}]").render({})
    assert told == "[]"


def test_a_snapshot_that_comes_within_one_tick_of_the_clock_is_seen(tmp_path: Path) -> None:
    ground = Ground.__new__(Ground)
    ground._root, ground._newest = str(tmp_path), {}
    table = tmp_path / "values"
    table.mkdir()
    assert ground.newest() == []
    (table / "1.json").touch()
    at = table.stat().st_mtime_ns
    assert [name for name, _at in ground.newest()] == ["values-1.json"]
    (table / "2.json").touch()
    os.utime(table, ns=(at, at))
    assert [name for name, _at in ground.newest()] == ["values-2.json"]


def test_a_folder_that_changed_long_ago_is_read_again_once_it_changes(tmp_path: Path) -> None:
    ground = Ground.__new__(Ground)
    ground._root, ground._newest = str(tmp_path), {}
    table = tmp_path / "values"
    table.mkdir()
    (table / "1.json").touch()
    os.utime(table, ns=(10**18, 10**18))
    assert [name for name, _at in ground.newest()] == ["values-1.json"]
    (table / "2.json").touch()
    assert [name for name, _at in ground.newest()] == ["values-2.json"]
