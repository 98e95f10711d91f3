"""Which questions are asked, in which words and with which checks, and what was answered?

Forms are declared in YAML, one file each, and become XLSForms for ODK and KoboToolbox. Answers keep the names of
their variables; raw answers are never changed.
"""

from kalanso.surveys.instruments.answers import Answers, corrected, flat, read_answers
from kalanso.surveys.instruments.child_rows import Received, received
from kalanso.surveys.instruments.codebook import codebook, differences, form_of
from kalanso.surveys.instruments.field_count import field_count
from kalanso.surveys.instruments.filling import filled
from kalanso.surveys.instruments.forms import Choice, Form, Group, Question
from kalanso.surveys.instruments.loading import FORMS, besd_items, load
from kalanso.surveys.instruments.progress import back_checks, interview_flags, progress
from kalanso.surveys.instruments.sharing import shareable
from kalanso.surveys.instruments.translations import Translation, slots, translated, translation_of
from kalanso.surveys.instruments.xlsform import sheets, workbook, xform

__all__ = [
    "FORMS",
    "Answers",
    "Choice",
    "Form",
    "Group",
    "Question",
    "Received",
    "Translation",
    "back_checks",
    "besd_items",
    "codebook",
    "corrected",
    "differences",
    "field_count",
    "filled",
    "flat",
    "form_of",
    "interview_flags",
    "load",
    "progress",
    "read_answers",
    "received",
    "shareable",
    "sheets",
    "slots",
    "translated",
    "translation_of",
    "workbook",
    "xform",
]
