"""What is asked of the evidence, and what is assumed where it is silent?

Each part of the model can be switched off; each assumption that no evidence can settle is a number
here, so that a reader can move it and see what changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from kalanso.coverage.steps import STEPS, Step
from kalanso.vocabulary import Message

PARTS = (
    "routine", "surveys", "denominators", "stock", "recounts", "lots", "attendance", "drift", "recall",
    "outliers", "delay", "dtp3",
)  # fmt: skip
INTERACTIONS = ("I", "II", "IV")


class QuestionRefused(ValueError):
    """A question that cannot be asked: an unknown part, or a number outside its range."""

    def __init__(self, message_id: str, **params: Any) -> None:
        self.message_id = message_id
        self.params = params
        super().__init__(message_id)

    def __str__(self) -> str:
        return self.render("en")

    def render(self, locale: str = "fr") -> str:
        """Return the sentence for a person."""
        return Message(self.message_id, self.params).render(locale)


@dataclass(frozen=True, kw_only=True)
class Recall:
    """How well mothers remember: shares of vaccinated and of unvaccinated children told aright."""

    sensitivity: float = 0.95
    specificity: float = 0.90


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question to the model.

    Parts (True = used where there is evidence): `routine` doses, `surveys`, `denominators`, `stock` (off unless asked),
    `recounts`, `lots`, `attendance` outside the own area, `drift` of projections, `recall` error of
    surveys, robustness to `outliers`, reporting `delay` of the newest quarters, `dtp3` (the second dose).

    `first` and `second` are the doses: dtp1 and dtp3, dtp1 and mcv1, or mcv1 and mcv2 (`steps`).

    Assumptions: `interaction` of place and time (I: an area's ups and downs are independent from quarter to
    quarter; II: they are remembered; IV, where neighbours share them, is refused: see the decisions); `anchor_bias`, shift of the anchoring
    population's log bias; `conflict_reporting`, shift of the log of net over-reporting in conflict
    areas against the others; `recall`, fixed recall error (None: the model's prior). `thresholds` are
    shares of coverage below which places count as low. `draws` is the number of joint draws kept;
    `preview` asks for the quick posterior; `cut` for the one in which doses may not move the level of
    coverage, reporting and populations (quick too); `seed` fixes chance.
    """

    routine: bool = True
    surveys: bool = True
    denominators: bool = True
    stock: bool = False
    recounts: bool = True
    lots: bool = True
    attendance: bool = True
    drift: bool = True
    recall: bool = True
    outliers: bool = True
    delay: bool = True
    dtp3: bool = True
    first: str = "dtp1"
    second: str = "dtp3"
    interaction: str = "II"
    anchor_bias: float = 0.0
    conflict_reporting: float = 0.0
    recall_error: Recall | None = None
    thresholds: tuple[float, ...] = (0.8, 0.5)
    draws: int = 1000
    preview: bool = False
    cut: bool = False
    seed: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.interaction not in INTERACTIONS:
            _refuse("interaction", ", ".join(INTERACTIONS), self.interaction)
        if (self.first, self.second) not in STEPS:
            pairs = "; ".join(f"{first}, {second}" for first, second in STEPS)
            _refuse("first, second", pairs, f"{self.first}, {self.second}")
        if not self.thresholds or any(not 0 < share < 1 for share in self.thresholds):
            _refuse("thresholds", "0 < … < 1", list(self.thresholds))
        if not 1 <= self.draws <= 100_000:
            _refuse("draws", "1 – 100 000", self.draws)
        if self.seed < 0:
            _refuse("seed", "≥ 0", self.seed)
        for name in ("anchor_bias", "conflict_reporting"):
            if not -2 <= getattr(self, name) <= 2:
                _refuse(name, "-2 – 2", getattr(self, name))
        if (error := self.recall_error) is not None:
            for name in ("sensitivity", "specificity"):
                if not 0.5 < getattr(error, name) <= 1:
                    _refuse(f"recall_error.{name}", "0.5 < … ≤ 1", getattr(error, name))

    def with_(self, **changes: Any) -> Question:
        """Return the same question with some answers changed."""
        return replace(self, **changes)

    @property
    def step(self) -> Step:
        """The two doses and the quarters between them."""
        return STEPS[self.first, self.second]

    @property
    def indicators(self) -> tuple[str, ...]:
        """The doses that are estimated: the first, and the second unless it is switched off."""
        return (self.first, self.second) if self.dtp3 else (self.first,)

    @property
    def parts(self) -> dict[str, bool]:
        """The parts of the model by name, and whether each is used."""
        return {name: getattr(self, name) for name in PARTS}

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, in a stable order."""
        values = asdict(self)
        return {**values, "thresholds": list(self.thresholds), "settings": dict(self.settings)}

    def to_json(self) -> str:
        """Return the text of a question file."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Question:
        """Build a question from plain values; those that are absent keep their default."""
        known = {f.name: f for f in fields(cls)}
        if unknown := sorted(set(values) - set(known)):
            raise QuestionRefused(
                "coverage.question.unknown", found=", ".join(unknown), expected=", ".join(known)
            )
        given = dict(values)
        for name in given:
            _check_type(name, given[name])
        if "thresholds" in given:
            given["thresholds"] = tuple(float(share) for share in given["thresholds"])
        if given.get("recall_error") is not None:
            given["recall_error"] = _recall(given["recall_error"])
        return cls(**given)

    @classmethod
    def from_json(cls, text: str, *, file: str = "question.json") -> Question:
        """Read a question file; raises QuestionRefused where it is none."""
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise QuestionRefused("coverage.question.not_json", file=file, found=str(error)) from error
        if not isinstance(values, dict):
            raise QuestionRefused("coverage.question.not_json", file=file, found=type(values).__name__)
        return cls.from_dict(values)

    @classmethod
    def read(cls, path: Path) -> Question:
        """Read a question file."""
        return cls.from_json(Path(path).read_text(encoding="utf-8-sig"), file=Path(path).name)


def _recall(values: Any) -> Recall:
    try:
        return Recall(**{name: float(value) for name, value in dict(values).items()})
    except (TypeError, ValueError) as error:
        raise QuestionRefused(
            "coverage.question.value", name="recall_error", found=str(values),
            expected='{"sensitivity": 0.95, "specificity": 0.9}',
        ) from error  # fmt: skip


def _check_type(name: str, value: Any) -> None:
    if name in {*PARTS, "preview", "cut"}:
        if not isinstance(value, bool):
            _refuse(name, "true, false", value)
    elif name in {"draws", "seed"}:
        if isinstance(value, bool) or not isinstance(value, int):
            _refuse(name, "1, 2, 3 …", value)
    elif name in {"anchor_bias", "conflict_reporting"}:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            _refuse(name, "0.1", value)
    elif name in {"first", "second", "interaction"}:
        if not isinstance(value, str):
            _refuse(name, "dtp1", value)
    elif name == "thresholds":
        if not isinstance(value, (list, tuple)) or not all(isinstance(v, (int, float)) for v in value):
            _refuse(name, "[0.8, 0.5]", value)
    elif name == "settings" and not isinstance(value, Mapping):
        _refuse(name, "{}", value)


def _refuse(name: str, expected: str, found: object) -> None:
    raise QuestionRefused("coverage.question.value", name=name, expected=expected, found=str(found))
