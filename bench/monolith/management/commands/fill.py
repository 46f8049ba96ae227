"""`django fill COUNT`: a person with notes, whose token it prints."""

from __future__ import annotations

from argparse import ArgumentParser

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.db import connection
from rest_framework.authtoken.models import Token

from bench.monolith.models import Block, Note, NoteIndex, Profile

TEXT = "# Title\n\n" + "some words of a note " * 100
"""About 2 KB, as the notes that the product is filled with."""
WITH_BLOCKS = 100


class Command(BaseCommand):
    """Fills the tables."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How many notes."""
        parser.add_argument("count", type=int)

    def handle(self, *, count: int, **_: object) -> None:
        """The newest notes have blocks: they are those that are read and changed."""
        user = User.objects.create(username="bench")
        Profile.objects.create(user=user)
        shown = TEXT[9:229]
        notes = Note.objects.bulk_create(
            [
                Note(creator=user, title=f"Note {n}", content=TEXT, excerpt=shown, preview_lines=[shown])
                for n in range(count)
            ],
            batch_size=1000,
        )
        blocks = Block.objects.bulk_create(
            [Block(creator=user, note=note, block_type="N", text=TEXT) for note in notes[-WITH_BLOCKS:]]
        )
        NoteIndex.objects.bulk_create([NoteIndex(note_id=block.note_id, block=block, position=0) for block in blocks])
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.stdout.write(Token.objects.create(user=user).key)
