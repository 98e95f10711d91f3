"""Does a table keep its words and its roles where a narrow screen shows its rows as cards?"""

from __future__ import annotations

from typing import Any

import pytest

TABLE = """{% load cards %}{% cards %}<table><thead><tr><th scope="col">Lieu</th><th scope="col" class="number"><a href="?tri=1">Doses
 &amp; reste</a></th><th scope="col"></th></tr></thead>
<tbody>{% for name, n in rows %}<tr{% if n is None %} class="void"{% endif %}><th scope="row">{{ name }}</th>
{% if n is None %}<td colspan="2">rien</td>{% else %}<td class="number">{{ n }}</td><td><b>x</b></td>{% endif %}</tr>{% endfor %}</tbody></table>{% endcards %}"""


@pytest.fixture
def shown(hub: None) -> Any:
    from django.template import Context, Engine

    engine = Engine(libraries={"cards": "kalanso.hub.explore.panels.cards"})
    return lambda text, **context: engine.from_string(text).render(Context(context))


def test_each_number_bears_the_heading_of_its_column_and_keeps_its_own_class(shown: Any) -> None:
    told = shown(TABLE, rows=[("Niono <1>", 7)])

    assert '<td role="cell" data-label="Doses &amp; reste" class="number">7</td>' in told
    assert '<th role="rowheader" scope="row">Niono &lt;1&gt;</th>' in told
    assert '<td role="cell"><b>x</b></td>' in told  # a column without a heading


def test_the_roles_of_a_table_are_given_back(shown: Any) -> None:
    told = shown(TABLE, rows=[("Niono", 7)])

    for role, times in (("table", 1), ("rowgroup", 2), ("row", 2), ("columnheader", 3), ("cell", 2)):
        assert told.count(f'role="{role}"') == times, role


def test_a_cell_over_several_columns_bears_no_heading(shown: Any) -> None:
    told = shown(TABLE, rows=[("Niono", None)])

    assert '<tr role="row" class="void">' in told
    assert '<td role="cell" colspan="2">rien</td>' in told


def test_a_table_without_a_head_is_refused(shown: Any) -> None:
    with pytest.raises(ValueError, match="expected a table with a head"):
        shown("{% load cards %}{% cards %}<table><tr><td>1</td></tr></table>{% endcards %}")
