"""The account that is asked about: made through REST, the same each time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]
Rest = Callable[[str, str, JsonObject | None], JsonValue]
"""Calls REST as the person: method, path below /api/v1/, body; the answer's JSON."""
ZONE = "Europe/Vienna"
CONSTANT = "K = 417.25"
LAB_DAYS = 600

CELLS = (
    ("Mitosis", "Prophase, metaphase, anaphase, telophase."),
    ("Energy of the cell", "The mitochondria make ATP."),
    ("Membranes", "A bilayer of lipids. Mitochondria have two membranes."),
    ("Ribosomes", "Where proteins are made."),
    ("Endosymbiosis", "Mitochondria were bacteria once."),
    ("Osmosis", "Water goes where more is dissolved."),
    ("Cell cycle", "G1, S, G2, M."),
)
ALGEBRA = (
    ("Eigenvalues", "# Eigenvalues\n\nOf a matrix A: A v = λ v. A typical problem has a matrix of order two."),
    ("Determinants", "The volume that a matrix makes of the unit cube."),
)
OLD = ("Timetable of last year", "Books given back", "Grades of last year")
PACKING = (
    "# Packing list\n\n- [x] Tickets\n- [ ] Passport\n- [ ] Charger\n- [ ] Rain coat\n- [x] Book\n- [ ] Toothbrush"
)
SHOPPING = "# Shopping list\n\n- Bread\n- Apples"
INVITATION = "# Invitation\n\nWe meet at the harbour on Sunday. Bring something to eat."
MODELS = "# Models\n\nKorzybski: the map is not the territory.\n\nBox: all models are wrong."


def lab_journal() -> str:
    """A text that no answer holds as a whole, with one constant and one section to add to."""
    days = [f"Day {day}: sample {day * 7 % 50} at {20 + day % 9} degrees, nothing special." for day in range(LAB_DAYS)]
    half = LAB_DAYS // 2
    return "\n".join(
        [
            "# Lab journal",
            *("", "## Measurements", ""),
            *days[:half],
            *("", "## Constants", "", f"The apparatus has {CONSTANT} since it was calibrated.", ""),
            *("## More measurements", ""),
            *days[half:],
            *("", "## Open questions", "", "- Why is sample 14 cold?", "", "## References", "", "The manual, page 12."),
        ]
    )


EVENTS: tuple[JsonObject, ...] = (
    {"title": "Linear Algebra exam", "event_date": "2031-03-21", "difficulty_weight": 3},
    {"title": "Thesis draft", "event_date": "2031-03-12", "difficulty_weight": 4},
    {"title": "Dentist", "event_date": "2031-03-13", "starts_at": "2031-03-13T09:00:00+01:00"},
    {"title": "Study group", "event_date": "2031-03-17", "starts_at": "2031-03-17T15:00:00+01:00"},
    {"title": "Hand in lab report", "event_date": "2031-03-14", "difficulty_weight": 2},
    {"title": "Return library books", "event_date": "2031-02-20"},
    {"title": "Summer school", "event_date": "2031-07-01"},
)


@dataclass(slots=True)
class Account:
    """What was made, by title."""

    notes: dict[str, int] = field(default_factory=dict)
    courses: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)


def seeded(rest: Rest) -> Account:
    """Fill an account that is empty but for what everybody gets."""
    account = Account()
    rest("PATCH", "settings/", {"timezone": ZONE, "motto": "Festina lente"})
    for title in ("Cell Biology", "Linear Algebra", "Old semester", "Archive"):
        account.courses[title] = _id(rest("POST", "courses/", {"title": title}))

    def note(title: str, content: str, course: str = "") -> None:
        body: JsonObject = {"title": title, "content": content}
        if course:
            body["course_id"] = account.courses[course]
        account.notes[title] = _id(rest("POST", "notes/", body))

    for title, content in CELLS:
        note(title, content, "Cell Biology")
    for title, content in ALGEBRA:
        note(title, content, "Linear Algebra")
    for title in OLD:
        note(title, f"{title}, for the files.", "Old semester")
    note("Lab journal", lab_journal())
    note("Packing list", PACKING)
    note("Shopping list", SHOPPING)
    note("Invitation", INVITATION)
    note("Models and maps", MODELS)
    note("Old plan", "# Old plan\n\nWe wanted to move to Lisbon in the autumn.")
    note("Insurance", "# Insurance\n\nNumber 77-1208.")
    note("Spam", "Buy now.")
    for title in ("Old plan", "Insurance", "Spam"):
        rest("DELETE", f"notes/{account.notes[title]}/", None)
    for body in EVENTS:
        account.events[str(body["title"])] = _id(rest("POST", "planner-events/", body))
    done = account.events["Return library books"]
    rest("PATCH", f"planner-events/{done}/", {"is_completed": True})
    return account


def _id(row: JsonValue) -> int:
    if not isinstance(row, dict) or not isinstance(row["id"], int):
        message = "REST answered no row"
        raise TypeError(message)
    return row["id"]
