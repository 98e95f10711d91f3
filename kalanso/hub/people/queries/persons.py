"""Who is meant by what somebody typed?"""

from __future__ import annotations

import re

from kalanso.hub.people.models import Person


def normal_phone(text: str) -> str:
    """Return a telephone number as digits with a plus sign where it had one; "" where it is none."""
    digits = re.sub(r"[^\d+]", "", text.strip())
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    return digits if re.fullmatch(r"\+?\d{6,15}", digits) else ""


def person_named(identifier: str) -> Person | None:
    """Return the person of a user name, telephone number or e-mail address; None where nobody has it."""
    text = identifier.strip()
    found = Person.objects.filter(username__iexact=text).first()
    if found is None and "@" in text:
        found = Person.objects.filter(email__iexact=text).first()
    if found is None and (phone := normal_phone(text)):
        found = Person.objects.filter(phone=phone).first()
    return found
