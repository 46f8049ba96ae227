"""The operator's settings, looked at by the code with which each service starts (for the doctor)."""

import importlib
import inspect
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from notechondria_cli.errors import StackError
from notechondria_cli.names import SERVICES, SERVICES_WITH_SCHEMA
from notechondria_launcher.child_environment import service_environment
from notechondria_launcher.worker_counts import worker_counts
from notechondria_shared.core.keys import SigningKey
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.core.settings_problems import settings_problems

_OURS = ("HOST", "PORT", "SERVICE_KEY", "SERVICE_PUBLIC_KEYS")
"""What the launcher gives to each service, whatever the environment says."""


def service_settings_problems(env: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield service, variable and text of everything that would keep a service from starting."""
    try:
        worker_counts(env)
    except StackError as error:
        yield "launcher", "environment", error.sentence.removesuffix(".")
    for name in SERVICES:
        module = importlib.import_module(f"{name}_service.settings")
        model = next(
            member
            for _, member in inspect.getmembers(module, inspect.isclass)
            if issubclass(member, CoreSettings) and member.__module__ == module.__name__
        )
        with _environment(_own(name, env)):
            problems = settings_problems(model)
        yield from ((name, variable, text) for variable, text in problems)


def _own(name: str, env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment that a service would get, with keys of this one look and no port."""
    key = SigningKey.generate()
    said = {variable: value for variable, value in service_environment(name, env).items() if variable not in _OURS}
    ours = {"SERVICE_KEY": key, "SERVICE_PUBLIC_KEYS": f"{name}:{SigningKey(key).public}"}
    if name in SERVICES_WITH_SCHEMA and not said.get("DATABASE_URL"):
        ours["DATABASE_URL"] = "postgresql://127.0.0.1/notechondria"
    return {**said, **ours}


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Have these variables and no others for a while."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
