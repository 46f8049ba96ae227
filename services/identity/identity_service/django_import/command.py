"""`python -m identity_service import-django`."""

from __future__ import annotations

import sys

from identity_service.app import SPEC
from identity_service.django_import.accounts import check_ids, import_accounts
from identity_service.django_import.credentials import import_invitations, import_keys, import_social_accounts
from identity_service.settings import IdentitySettings
from notechondria_shared.django_import import command
from notechondria_shared.django_import.handover import ACCOUNTS, Accounts


def import_django(settings: IdentitySettings) -> int:
    """Import with the arguments of the command line; the exit code. The administrator is not made."""
    return command.import_django(settings, SPEC, _import, sys.argv[2:])


def _import(run: command.ImportRun[IdentitySettings]) -> None:
    check_ids(run)
    accounts = Accounts(import_accounts(run))
    ACCOUNTS.write(run.handover, accounts.all)
    import_keys(run, accounts)
    import_social_accounts(run, accounts)
    import_invitations(run)
    run.media.copy(account.image_path for account in accounts.all if account.image_path)
