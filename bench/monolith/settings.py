"""A production's settings, with nothing that the measured endpoints do not need: JSON only, connections kept."""

from __future__ import annotations

import os

from psycopg.conninfo import conninfo_to_dict

_DATABASE = conninfo_to_dict(os.environ.get("DATABASE_URL", ""))
DEBUG = False
SECRET_KEY = "bench"  # noqa: S105 - of a program that answers for a minute, on this machine
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.monolith.urls"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "rest_framework.authtoken",
    "bench.monolith",
]
MIDDLEWARE: list[str] = []
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _DATABASE.get("dbname"),
        "USER": _DATABASE.get("user"),
        "PASSWORD": _DATABASE.get("password"),
        "HOST": _DATABASE.get("host"),
        "PORT": _DATABASE.get("port"),
        "CONN_MAX_AGE": None,
    }
}
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
}
LOGGING_CONFIG = None
