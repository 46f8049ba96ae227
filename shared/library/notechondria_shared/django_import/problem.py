"""Why an import cannot go on."""

from __future__ import annotations


class ImportProblem(Exception):
    """What is in the way, and what to do about it; each is one sentence in plain words for the operator."""

    def __init__(self, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence} {remedy}")
        self.sentence = sentence
        self.remedy = remedy
