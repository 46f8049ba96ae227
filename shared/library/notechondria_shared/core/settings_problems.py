"""What is wrong with an environment, by the name of the variable: for a service that starts, and for the doctor."""

from __future__ import annotations

from pydantic import ValidationError

from notechondria_shared.core.settings import CoreSettings


def settings_problems(model: type[CoreSettings]) -> list[tuple[str, str]]:
    """Return variable and text of each problem of the environment that this process has; nothing when it is fine."""
    try:
        model()
    except ValidationError as error:
        return problems_of(error)
    return []


def problems_of(error: ValidationError) -> list[tuple[str, str]]:
    """Return variable and text of each problem that settings were refused for."""
    return [
        (
            ".".join(map(str, one["loc"])).upper() or "environment",
            one["msg"].removeprefix("Value error, ").removesuffix("."),
        )
        for one in error.errors()
    ]
