"""Do forms hold together, become what telephones take, and come back from their codebook?"""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest
from openpyxl import load_workbook

from kalanso.definitions import load as load_pack
from kalanso.surveys import instruments
from kalanso.surveys.handed_in import SurveyRefused
from kalanso.surveys.instruments.forms import Question, checked
from kalanso.surveys.instruments.loading import asked_again, declared
from kalanso.surveys.schedule import schedule_table


def form_with(*questions, **others):
    given = {
        "form": "small",
        "version": 1,
        "title": {"fr": "Petit", "en": "Small"},
        "questions": list(questions),
    }
    return declared(given | others, file="small.yaml")


def question(**changes):
    return {"name": "age", "type": "integer", "fr": "Âge", "en": "Age"} | changes


@pytest.mark.parametrize("name", instruments.FORMS)
def test_every_form_becomes_an_xform_and_comes_back_from_its_codebook(name):
    form = instruments.load(name)

    assert instruments.xform(form).startswith("<?xml")
    assert instruments.form_of(instruments.codebook(form)) == form


@pytest.mark.parametrize("name", instruments.FORMS)
def test_odk_validate_takes_every_form(name):
    if shutil.which("java") is None:
        pytest.skip("ODK Validate needs Java, which is not installed")

    assert instruments.xform(instruments.load(name), validate=True)


def test_a_fault_that_only_odk_validate_sees_is_told_in_its_words():
    if shutil.which("java") is None:
        pytest.skip("ODK Validate needs Java, which is not installed")
    broken = form_with(question(relevant="((${age} > 1"))

    with pytest.raises(SurveyRefused, match=r"(?s)Form small does not make an XForm: .*mismatched brackets"):
        instruments.xform(broken, validate=True)


def test_the_child_form_asks_each_dose_of_card_register_and_memory():
    form = instruments.load("child")

    names = {one.name for one, _ in form.questions()}
    assert {
        "penta1_card_date", "penta1_card_tick", "penta1_register_date", "penta1_register_tick", "penta1_history",
        "bcg_scar", "dob_card", "dob_history", "dob_register", "ever_card", "card_seen",
    } <= names  # fmt: skip
    assert (
        form.question("penta2_card_date").constraint == ". <= today() and (${dob} = '' or . >= date(${dob}))"
    )
    again = form.question("penta2_card_date_check")
    assert "${penta1_card_date}" in again.relevant
    assert "< 28" in again.relevant


def test_another_schedule_makes_other_questions():
    doses = [{"series": "malaria", "doses": ["malaria1", "malaria2"], "fr": "Paludisme", "en": "Malaria"}]

    form = instruments.load("child", doses=doses)

    names = {one.name for one, _ in form.questions()}
    assert "malaria2_card_date" in names
    assert "penta1_history" not in names
    assert form.version != instruments.load("child").version


def test_the_five_priority_items_of_besd_are_marked_and_keep_their_licence():
    items = instruments.besd_items().set_index("variable")

    assert len(items) == 20
    assert list(items.index[items["priority"]]) == [
        "besd_intention", "besd_benefits", "besd_family_norms", "besd_know_where", "besd_afford",
    ]  # fmt: skip
    assert items.loc["besd_autonomy", "positive"] == ["no"]
    assert items.loc["besd_turned_away", "positive"] == ["no"]
    assert items.loc["besd_safety", "positive"] == ["3", "4"]
    assert items["licence"].str.contains("CC BY-NC-SA").all()
    book = instruments.codebook(instruments.load("child")).set_index("variable")
    assert book.loc["besd_intention", "licence"].startswith("CC BY-NC-SA")
    assert book.loc["penta1_history", "licence"] == ""


def test_a_soft_check_asks_again_and_stops_nobody():
    again = asked_again("paid", ". > 0.5 and . < 10", {"fr": "Vraiment ?", "en": "Really?"})

    assert again.relevant == "${paid} != '' and (${paid} > 0.5 and ${paid} < 10)"
    assert not again.constraint


def test_the_workbook_holds_the_three_sheets_in_both_languages():
    form = instruments.load("lqas")

    book = load_workbook(io.BytesIO(instruments.workbook(form)))

    assert book.sheetnames == ["survey", "choices", "settings"]
    heading = [cell.value for cell in book["survey"][1]]
    assert {"label::Français (fr)", "label::English (en)", "constraint_message::Français (fr)"} <= set(
        heading
    )
    assert book["settings"]["C2"].value == form.version
    kinds = [row[0].value for row in book["survey"].iter_rows(min_row=2)]
    assert kinds[:4] == ["start", "end", "today", "audit"]


def test_a_public_key_encrypts_the_answers():
    assert (
        instruments.sheets(instruments.load("lqas"), public_key="MII")["settings"][0]["public_key"] == "MII"
    )


def test_whatever_changes_in_a_form_changes_its_version():
    form = form_with(question())
    reworded = form_with(question(en="Age in years"))

    assert form.version.startswith("1-")
    assert form.version != reworded.version
    assert form.version == form_with(question()).version
    found = instruments.differences(form, reworded)
    assert found.to_dict("records") == [
        {
            "variable": "age", "change": "changed", "column": "label", "before": '{"en": "Age", "fr": "Âge"}',
            "after": '{"en": "Age in years", "fr": "Âge"}',
        }
    ]  # fmt: skip


def test_added_and_removed_questions_are_told_apart():
    found = instruments.differences(form_with(question()), form_with(question(name="height")))

    assert list(zip(found["variable"], found["change"], strict=True)) == [
        ("age", "removed"),
        ("height", "added"),
    ]


def test_a_codebook_that_went_through_a_spreadsheet_still_gives_the_form():
    form = instruments.load("child")
    held = io.StringIO(instruments.codebook(form).to_csv(index=False))

    assert instruments.form_of(pd.read_csv(held, dtype=str, keep_default_na=False)) == form


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "Age"}, "Age cannot be a name"),
        ({"name": "start"}, "start cannot be a name"),
        ({"type": "number"}, "there is no type number"),
        ({"type": "select_one nowhere"}, "the list of choices nowhere is missing"),
        ({"en": ""}, "no text in en"),
        ({"relevant": "${other} = 1"}, "no question is called other"),
        ({"constraint": ". > 0"}, "a constraint and its message go together"),
        ({"constraint": ". > 0", "message": {"fr": "Non"}}, "no text in en"),
        ({"calculation": "1 + 1"}, "only a question to calculate has a calculation"),
        ({"colour": "red"}, "colour is not known here"),
        ({"type": "select_one yes_no", "positive": [7]}, "the positive answers 7"),
        ({"check": {"when": ". > 3", "fr": "Oui ?", "en": "Yes?", "stop": True}}, "stop is not known here"),
    ],
)
def test_a_declaration_with_a_fault_is_refused_with_file_and_question(change, said):
    with pytest.raises(SurveyRefused, match=re.escape(said)):
        form_with(question(**change))


def test_other_faults_of_a_form_are_refused_as_well():
    with pytest.raises(SurveyRefused, match="the name age stands twice"):
        form_with(question(), question())
    with pytest.raises(SurveyRefused, match="no such block"):
        form_with({"include": "weather"})
    with pytest.raises(SurveyRefused, match="doses come from one of"):
        form_with({"doses": "hearsay", "fr": "Doses", "en": "Doses"})
    with pytest.raises(SurveyRefused, match="There is no form census"):
        instruments.load("census")
    twice = {"mine": [{"code": 1, "fr": "Oui", "en": "Yes"}, {"code": 1, "fr": "Non", "en": "No"}]}
    with pytest.raises(SurveyRefused, match="codes must be there, each once"):
        form_with(question(type="select_one mine"), choices=twice)
    form = form_with(question())
    stray = Question(name="stray", type="calculate", label={"fr": "x", "en": "x"})
    with pytest.raises(SurveyRefused, match="its type is calculate"):
        checked(replace(form, items=(*form.items, stray)))


def test_faults_are_told_in_french_too():
    with pytest.raises(SurveyRefused) as refusal:
        form_with(question(relevant="${other} = 1"))

    assert refusal.value.render("fr") == "Formulaire small, age : aucune question ne s’appelle other."


def test_a_language_that_few_read_is_spoken_and_french_stands_in_where_a_text_lacks():
    form = instruments.load("implementation")
    sheet = instruments.slots(form, "bm")
    filled = sheet.assign(bm=["Kalan kode" if key == "round" else "" for key in sheet["key"]])

    spoken = instruments.translated(
        form,
        instruments.translation_of(filled, form, "bm", recorded=frozenset({"implementation_aim_1_bm.mp3"})),
    )

    assert spoken.languages == ("fr", "en", "bm")
    rows = {row["name"]: row for row in instruments.sheets(spoken)["survey"] if "name" in row}
    assert rows["round"]["label::Bamanankan (bm)"] == "Kalan kode"
    assert rows["role"]["label::Bamanankan (bm)"] == rows["role"]["label::Français (fr)"]
    assert rows["aim_1"]["media::audio::Bamanankan (bm)"] == "implementation_aim_1_bm.mp3"
    assert "media::audio::Bamanankan (bm)" not in rows["aim_2"]
    assert instruments.xform(spoken)
    assert spoken.version != form.version
    assert instruments.form_of(instruments.codebook(spoken)) == spoken


def test_a_translation_that_lost_a_name_in_braces_is_refused():
    form = instruments.load("implementation")
    sheet = instruments.slots(form, "bm")
    filled = sheet.assign(bm=["N b'a fɛ" if key == "aim_3" else "" for key in sheet["key"]])

    with pytest.raises(SurveyRefused, match="column bm: expected the same names in braces as in French"):
        instruments.translation_of(filled, form, "bm")


def test_a_translation_of_something_else_is_refused():
    form = instruments.load("lqas")

    with pytest.raises(SurveyRefused, match="has a text for something that the form does not have"):
        instruments.translated(form, instruments.Translation(language="bm", labels={"weather": "san"}))
    with pytest.raises(SurveyRefused, match="column key: expected one of"):
        instruments.translation_of(
            pd.DataFrame({"key": ["weather"], "bm": ["san"], "audio": [""]}), form, "bm"
        )


def test_positions_and_photos_are_marked_as_sensitive():
    for name in instruments.FORMS:
        for one, _ in instruments.load(name).questions():
            if one.type in ("geopoint", "image", "audio"):
                assert one.sensitive, f"{name}: {one.name}"


def test_no_form_asks_for_a_name_or_a_telephone_number():
    for name in instruments.FORMS:
        for one, _ in instruments.load(name).questions():
            assert one.name not in {"name", "child_name", "mother_name", "phone_number", "ethnicity"}


@pytest.mark.parametrize("number", range(1, 6))
def test_a_round_that_lists_malaria_asks_for_it_from_every_source(number):
    form = instruments.filled("child", survey="s", doses=["dtp1", f"malaria{number}"])
    asked = {question.name: question for question, _ in form.questions()}
    for name in ("history", "card_date", "card_tick", "register_date", "register_tick"):
        assert {"fr", "en"} <= set(asked[f"malaria{number}_{name}"].label)
    assert "malaria6_history" not in asked
    assert asked[f"malaria{number}_history"].list == "yes_no_dk"


def test_every_dose_of_the_schedule_has_a_question_and_another_is_refused():
    doses = list(dict.fromkeys(schedule_table(load_pack("ML"))["dose"]))
    instruments.filled("child", survey="s", doses=doses)

    with pytest.raises(SurveyRefused) as caught:
        instruments.filled("child", survey="s", doses=["dtp1", "hpv1", "typhoid"])
    for locale in ("fr", "en"):
        assert "hpv1, typhoid" in caught.value.render(locale)


def test_malaria_doses_that_were_answered_reach_the_rows_of_doses():
    main = pd.DataFrame(
        [{"KEY": "u1", "consent": "1", "malaria1_card_date": "2025-05-01", "malaria2_history": "1"}]
    )
    form = instruments.filled("child", survey="s", doses=["malaria1", "malaria2"])
    read = instruments.read_answers({"": main}, form)
    assert set(read.rows["status"]) == {"ok"}
    found = instruments.received(read.rows, form, survey="s").doses
    assert found[["dose", "source", "answer", "date"]].fillna("").to_numpy().tolist() == [
        ["malaria1", "card", "yes", "2025-05-01"], ["malaria2", "history", "yes", ""],
    ]  # fmt: skip
