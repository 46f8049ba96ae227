"""The tables, as a monolith has them: what the product keeps of a note, and the record of words written beside it."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone


class Profile(models.Model):
    """What is shown of an author."""

    user = models.OneToOneField(User, models.CASCADE, related_name="profile")
    image_path = models.TextField(default="", blank=True)
    editor_mode = models.CharField(max_length=1, default="P")


class Course(models.Model):
    """A folder of notes."""

    owner = models.ForeignKey(User, models.CASCADE)
    title = models.CharField(max_length=120)
    slug = models.CharField(max_length=120, unique=True)


def _text_id() -> str:
    return str(uuid.uuid4())


class Note(models.Model):
    """A note."""

    creator = models.ForeignKey(User, models.CASCADE, related_name="notes")
    course = models.ForeignKey(Course, models.SET_NULL, null=True)
    source_note = models.ForeignKey("self", models.SET_NULL, null=True)
    uuid = models.UUIDField(default=uuid.uuid4, unique=True)
    sharing_id = models.CharField(max_length=36, default=_text_id, unique=True)
    title = models.CharField(max_length=100)
    description = models.CharField(max_length=600, null=True, blank=True, default="")
    is_public = models.BooleanField(default=False)
    content = models.TextField(default="", blank=True)
    excerpt = models.TextField(default="", blank=True)
    preview_lines = ArrayField(models.TextField(), default=list)
    metadata_json = models.TextField(default="", blank=True)
    custom_meta = models.TextField(default="", blank=True)
    client_draft_id = models.CharField(max_length=64, null=True)
    note_type = models.CharField(max_length=1, default="N")
    editor_mode = models.CharField(max_length=1, default="G")
    cover_image = models.TextField(default="", blank=True)
    deleted_at = models.DateTimeField(null=True)
    date_created = models.DateTimeField(default=timezone.now)
    last_edit = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = (models.Index(fields=["creator", "-last_edit", "-id"], name="note_newest"),)


class Block(models.Model):
    """A part of a note's text."""

    creator = models.ForeignKey(User, models.CASCADE)
    note = models.ForeignKey(Note, models.CASCADE, related_name="blocks")
    block_type = models.CharField(max_length=1)
    text = models.TextField(null=True)
    args = models.CharField(max_length=256, null=True)
    is_ai_generated = models.BooleanField(default=False)
    image = models.TextField(default="")
    date_created = models.DateTimeField(default=timezone.now)
    last_edit = models.DateTimeField(default=timezone.now)


class NoteIndex(models.Model):
    """Which blocks a note shows, and in what order."""

    note = models.ForeignKey(Note, models.CASCADE, related_name="entries")
    block = models.ForeignKey(Block, models.CASCADE)
    position = models.IntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["note", "position"], name="one_of_a_position"),)


class Activity(models.Model):
    """Words written on a day: what the product has an event for."""

    user = models.ForeignKey(User, models.CASCADE)
    note = models.ForeignKey(Note, models.CASCADE)
    course = models.ForeignKey(Course, models.SET_NULL, null=True)
    activity_type = models.CharField(max_length=1)
    activity_date = models.DateField(default=timezone.localdate)
    word_count = models.IntegerField()
