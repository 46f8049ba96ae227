"""Why a process ended, read out of its log."""

from pathlib import Path

import pytest

from notechondria_launcher.last_words import last_sentence, lines_since

SETTINGS = """
Cannot start, the environment is not complete:
  SMTP_PORT: Input should be a valid integer
  MEDIA_STORE_URL=ftp://x is no store
"""
TRACEBACK = """
2026-11-29T14:06:16.475Z INFO     Postgres answers [notechondria.start -]
Traceback (most recent call last):
  File "<frozen runpy>", line 198, in _run_module_as_main
    store = open()
            ^^^^^^
obstore.exceptions.NotSupportedError: no such store: ftp

Debug source:
Url {
    scheme: "ftp",
}.
"""
CRITICAL = """
2026-11-29T14:06:16.475Z INFO     waiting [notechondria.start -]
2026-11-29T14:06:17.475Z CRITICAL Postgres refuses the password of notes [notechondria.start -]
2026-11-29T14:06:17.500Z INFO     bus: closed [notechondria.bus -]
"""
JSON = """
{"time": "2026-11-28T20:15:04.127Z", "level": "CRITICAL", "message": "The schema is locked.", "service": "notes"}
"""
POSTGRES = """
2026-11-29 14:00:00 UTC [7] LOG:  starting PostgreSQL
2026-11-29 14:00:00 UTC [7] FATAL:  could not create lock file: Permission denied
2026-11-29 14:00:00 UTC [7] LOG:  database system is shut down
"""


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        (SETTINGS, "SMTP_PORT: Input should be a valid integer; MEDIA_STORE_URL=ftp://x is no store"),
        (TRACEBACK, "obstore.exceptions.NotSupportedError: no such store: ftp"),
        (CRITICAL, "Postgres refuses the password of notes"),
        (JSON, "The schema is locked"),
        (POSTGRES, "could not create lock file: Permission denied"),
        ("no such setting\n", "no such setting"),
        ("", ""),
        ("{broken\n", "{broken"),
    ],
)
def test_the_sentence_that_says_it_is_the_one_that_is_shown(log: str, sentence: str) -> None:
    assert last_sentence(log.splitlines()) == sentence


def test_what_an_earlier_process_wrote_is_not_its_own(tmp_path: Path) -> None:
    log = tmp_path / "notes.log"
    log.write_text("old reason\n")
    offset = log.stat().st_size
    assert lines_since(log, offset) == []
    with log.open("a") as file:
        file.write("new reason\n\n")
    assert lines_since(log, offset) == ["new reason"]
    log.write_text("short\n")  # emptied under the one who writes it
    assert lines_since(log, offset) == ["short"]
    assert lines_since(tmp_path / "none", 0) == []
