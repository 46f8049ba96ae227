"""Ten questions, each with one right answer."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and its answer as `matches` compares it."""

    name: str
    text: str
    answer: str

    def matches(self, answer: str) -> bool:
        """Whether an answer is the right one, in any letter case and with anything around it that is no word."""
        return _bare(answer) == _bare(self.answer)


QUESTIONS = (
    Question("count_course", 'How many notes are in my course "Cell Biology"? Answer with a number.', "7"),
    Question("quote", 'Which note quotes "the map is not the territory"? Answer with its title.', "Models and maps"),
    Question("long_note", "What is K in the constants of my lab journal? Answer with the number.", "417.25"),
    Question("open_events", "How many open events do I have in March 2031? Answer with a number.", "5"),
    Question("exam", "On which day is my linear algebra exam? Answer as YYYY-MM-DD.", "2031-03-21"),
    Question("ranked", "Which of my notes is about eigenvalue problems? Answer with its title.", "Eigenvalues"),
    Question("bin", 'In my recycle bin is a note "Old plan". Which city does it name?', "Lisbon"),
    Question("tasks", "How many tasks on my packing list are still to be done? Answer with a number.", "4"),
    Question("local_time", "At what time of day does my study group on 17 March 2031 begin? Answer as HH:MM.", "15:00"),
    Question("count_word", 'How many of my notes mention "mitochondria"? Answer with a number.', "3"),
)


def _bare(answer: str) -> str:
    return " ".join(re.findall(r"[\w:.-]+", answer.casefold())).strip(".")
