"""`/api/v1/settings/` (identity §11)."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import BackgroundTasks, Request
from starlette.datastructures import UploadFile

from identity_service.avatars import service as avatars
from identity_service.avatars.upload import BadImage, Picture, checked_picture, path_for
from identity_service.dependencies import State
from identity_service.mail.service import ADDRESS_CHANGED
from identity_service.models import User
from identity_service.notices.service import notify_owner
from identity_service.profile import queries, service
from identity_service.profile.schemas import ChangeSettings, SettingsObject
from identity_service.sessions.devices import Device
from identity_service.state import identity_state
from notechondria_shared.auth import Caller, LoggedIn
from notechondria_shared.core.errors import INVALID_TOKEN, ApiError, FieldErrors, Unauthorized
from notechondria_shared.core.timestamps import iso_offset_or_none
from notechondria_shared.db import SessionReader
from notechondria_shared.storage import decoder
from notechondria_shared.web.body import BODY_LIMIT, TEXT_LIMIT, describe_body, parse_small, validate, well_formed
from notechondria_shared.web.dependencies import ReadSession
from notechondria_shared.web.media_url import media_url
from notechondria_shared.web.revalidation import REVALIDATED
from notechondria_shared.web.route import api_router
from notechondria_shared.web.upload import is_multipart, read_form

UNCATEGORIZED = "Inbox"
"""What notes without a course are shown under, unless the person named it."""
router = api_router("/api/v1/settings", tags=["settings"])


@router.get("/", dependencies=[REVALIDATED])
async def get_settings(request: Request, state: State, caller: LoggedIn, read: ReadSession) -> SettingsObject:
    """The whole settings object (identity §11.1); the account gets a picture here if it has none."""
    row = await read.one(queries.SETTINGS, user_id=caller.user_id)
    if row is None:
        raise Unauthorized(INVALID_TOKEN)
    row.image_path = await avatars.provide(
        state.database,
        state.media,
        user_id=caller.user_id,
        name=row.username,
        path=row.image_path,
        publish_first=True,
    )
    if caller.kind == "token":
        row.api_key_prefix = ""  # no scope shows anything of the person's keys
    return _settings_object(request, row)


@router.patch("/", dependencies=[describe_body(ChangeSettings, files=("avatar",))])
async def change_settings(request: Request, caller: LoggedIn, tasks: BackgroundTasks) -> SettingsObject:
    """Change any subset, by JSON, form or multipart with an `avatar` (identity §11.1); the whole object back."""
    if is_multipart(request):
        too_large = FieldErrors(avatar=f"The picture is larger than {TEXT_LIMIT // 1024 // 1024} MiB.")
        async with read_form(request, too_large=too_large) as form:
            return await _change(request, caller, form.fields, form.files.get("avatar"), tasks)
    return await _change(request, caller, await parse_small(request, limit=BODY_LIMIT), None, tasks)


async def _change(
    request: Request, caller: Caller, fields: object, avatar: UploadFile | None, tasks: BackgroundTasks
) -> SettingsObject:
    body, picture, problems = await _checked(fields, avatar)
    user_id = caller.user_id
    state = identity_state(request.app)
    image_path = path_for(user_id, picture.extension) if picture and not problems else None
    if picture and image_path:
        # Before the row names it: a failed change leaves a file nobody knows, never a name without a file.
        await state.media.put(image_path, picture.data)
    async with state.database.transaction() as db:
        user = await db.get(User, user_id, with_for_update=True)
        if user is None:
            raise Unauthorized(INVALID_TOKEN)
        before, claimed_before = user.image_path, user.email_claimed_at
        await service.change(db, user, body, image_path, problems, caller)
        row = await SessionReader(db).one(queries.SETTINGS, user_id=user_id)
    if user.email_claimed_at not in (None, claimed_before):
        notify_owner(tasks, state, ADDRESS_CHANGED, user, Device.of(request))
    if image_path and before and before != image_path:
        await state.media.discard(before)
    if row is None:
        raise Unauthorized(INVALID_TOKEN)
    return _settings_object(request, row)


async def _checked(
    fields: object, avatar: UploadFile | None
) -> tuple[ChangeSettings, Picture | None, dict[str, list[str]]]:
    """What can be used of body and picture, and every failing field of both."""
    problems: dict[str, list[str]] = {}
    picture = None
    if avatar is not None:
        data = await avatar.read()
        try:
            picture = await decoder.run(checked_picture, (avatar.filename or "", data))
        except BadImage as refused:
            problems["avatar"] = [str(refused)]
    elif isinstance(fields, dict) and "avatar" in fields:
        problems["avatar"] = ["The submitted data was not a file. Check the encoding type on the form."]
    try:
        body = validate(ChangeSettings, fields)
    except ApiError as refused:
        body = well_formed(ChangeSettings, fields, refused)
        problems = refused.body | problems
    return body, picture, problems


def _settings_object(request: Request, row: queries.SettingsRow) -> SettingsObject:
    columns = {name: value for name, value in asdict(row).items() if name in SettingsObject.model_fields}
    return SettingsObject.model_validate(
        columns
        | {
            "display_name": row.display_name or row.username,
            "uncategorized_folder_name": row.uncategorized_folder_name or UNCATEGORIZED,
            "storage_limit_mib": identity_state(request.app).settings.user_storage_mib,
            "casdoor_linked": row.sign_in_site_linked,
            "image_url": media_url(request, row.image_path),
            "app_settings": service.merged_settings(row),
            "app_settings_updated_at": iso_offset_or_none(row.app_settings_updated_at),
        }
    )
