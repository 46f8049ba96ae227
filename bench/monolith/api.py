"""The endpoints, as Django REST framework has them, and without a query per row: with joins and prefetches."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from rest_framework import serializers, viewsets

from bench.monolith.models import Activity, Block, Note, NoteIndex

SHOWN = 220


class BlockSerializer(serializers.ModelSerializer):
    """A block."""

    class Meta:
        model = Block
        fields = ("id", "block_type", "text", "args", "is_ai_generated", "image", "date_created", "last_edit")


class SummarySerializer(serializers.ModelSerializer):
    """A note in a list."""

    course = serializers.SerializerMethodField()
    author = serializers.SerializerMethodField()
    source_note_uuid = serializers.SerializerMethodField()

    class Meta:
        model = Note
        fields = (
            "id", "uuid", "title", "description", "excerpt", "preview_lines", "editor_mode", "note_type", "is_public",
            "last_edit", "date_created", "course_id", "course", "author", "source_note_uuid", "cover_image",
        )  # fmt: skip

    def get_course(self, note: Note) -> dict[str, object] | None:
        course = note.course
        return None if course is None else {"id": course.id, "title": course.title, "slug": course.slug}

    def get_author(self, note: Note) -> dict[str, object]:
        name, image = note.creator.username, note.creator.profile.image_path
        return {"id": note.creator_id, "username": name, "display_name": name, "image_url": image}

    def get_source_note_uuid(self, note: Note) -> str | None:
        return None if note.source_note is None else str(note.source_note.uuid)


class DetailSerializer(SummarySerializer):
    """A note with its text."""

    blocks = serializers.SerializerMethodField()

    class Meta(SummarySerializer.Meta):
        fields = (*SummarySerializer.Meta.fields, "blocks", "content", "metadata_json", "custom_meta")
        read_only_fields = ("excerpt", "preview_lines", "note_type", "last_edit", "date_created", "cover_image")

    def get_blocks(self, note: Note) -> list[dict[str, object]]:
        return BlockSerializer([entry.block for entry in note.entries.all()], many=True).data


def _parts(note: Note) -> list[tuple[str, str]]:
    """Title and text, as the measured notes have them."""
    head, _, rest = note.content.partition("\n")
    if head.startswith("# "):
        return [("T", head[2:].strip()), ("N", rest.strip())]
    return [("T", note.title), ("N", note.content)] if note.content else [("T", note.title)]


def _replace_blocks(note: Note) -> None:
    made = Block.objects.bulk_create(
        [Block(creator_id=note.creator_id, note=note, block_type=kind, text=text) for kind, text in _parts(note)]
    )
    NoteIndex.objects.bulk_create(
        [NoteIndex(note=note, block=block, position=position) for position, block in enumerate(made)]
    )


def _show(note: Note) -> None:
    text = note.content.partition("\n")[2].strip() if note.content.startswith("# ") else note.content
    note.excerpt, note.preview_lines = text[:SHOWN], [line[:SHOWN] for line in text.splitlines() if line][:3]


class NoteViewSet(viewsets.ModelViewSet):
    """Own notes."""

    def get_queryset(self) -> QuerySet[Note]:
        """With all that the answer shows."""
        own = Note.objects.filter(creator=self.request.user, deleted_at=None).order_by("-last_edit", "-id")
        joined = own.select_related("creator__profile", "course", "source_note")
        if self.action == "list":
            return joined.defer("content", "metadata_json", "custom_meta")
        entries = NoteIndex.objects.select_related("block").order_by("position", "id")
        return joined.prefetch_related(Prefetch("entries", entries))

    def get_serializer_class(self) -> type[SummarySerializer]:
        return SummarySerializer if self.action == "list" else DetailSerializer

    @transaction.atomic
    def perform_create(self, serializer: DetailSerializer) -> None:
        note = Note(creator=self.request.user, **serializer.validated_data)
        _show(note)
        note.save(force_insert=True)
        _replace_blocks(note)
        Activity.objects.create(
            user=self.request.user, note=note, activity_type="C", word_count=len(note.content.split())
        )
        serializer.instance = self.get_queryset().get(pk=note.pk)

    @transaction.atomic
    def perform_update(self, serializer: DetailSerializer) -> None:
        sent = serializer.validated_data
        note = Note.objects.select_for_update().get(pk=serializer.instance.pk)
        for name, value in sent.items():
            setattr(note, name, value)
        _show(note)
        note.last_edit = timezone.now()
        note.save(update_fields=[*sent, "excerpt", "preview_lines", "last_edit"])
        if "content" in sent:
            note.entries.all().delete()
            note.blocks.all().delete()
            _replace_blocks(note)
            Activity.objects.create(
                user=self.request.user, note=note, activity_type="E", word_count=len(note.content.split())
            )
        serializer.instance = self.get_queryset().get(pk=note.pk)
