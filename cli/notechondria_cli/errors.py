"""What the operator sees when something is in the way."""


class StackError(Exception):
    """A reason why the stack cannot run, and what to do about it; each is one sentence in plain words.

    ``cancelled`` marks a start that was given up because of another failure.
    """

    def __init__(self, sentence: str, remedy: str, *, cancelled: bool = False) -> None:
        super().__init__(f"{sentence} {remedy}")
        self.sentence = sentence
        self.remedy = remedy
        self.cancelled = cancelled
