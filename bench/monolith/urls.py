"""The product's paths."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from bench.monolith.api import NoteViewSet

router = SimpleRouter()
router.register("notes", NoteViewSet, basename="note")
urlpatterns = [
    path("api/v1/", include(router.urls)),
    path("internal/health/live", lambda _: HttpResponse("{}", content_type="application/json")),
]
