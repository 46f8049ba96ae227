"""``notechondria users|staff|invitations|code``: what operators do to accounts, through identity's own rules."""

import json
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlencode

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from notechondria_cli.display import for_tables, say
from notechondria_cli.errors import StackError
from notechondria_cli.internal_call import Body, InternalCall, ModelT
from notechondria_cli.options import Data, Json
from notechondria_contracts.internal.operators import (
    OPERATORS_PATH,
    IssuedCode,
    OperatorAccount,
    OperatorAccounts,
    OperatorInvitation,
    OperatorInvitations,
    TrialMail,
)

users = typer.Typer(help="Accounts: list, create, set-password, disable, enable, delete.", no_args_is_help=True)
staff = typer.Typer(help="Who is staff: grant, revoke.", no_args_is_help=True)
invitations = typer.Typer(help="Invitation codes; once there is one, nobody registers without.", no_args_is_help=True)

mail = typer.Typer(help="Mail: test whether it leaves.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="USER", help="User name, e-mail address (has an @) or id (digits).")]
_OWNER_OF_SAMPLES = "CodeX"
PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", help="File with the password; - is standard input. Without it one is drawn."),
]
_USER_KEYS = ("id", "username", "email", "email_verified", "status", "is_staff", "date_joined")
_INVITATION_KEYS = ("id", "label", "times_used", "max_uses", "created_at", "expires_at")


def register(app: typer.Typer) -> None:
    """Add the commands to the ``notechondria`` command."""
    app.add_typer(users, name="users")
    app.add_typer(staff, name="staff")
    app.add_typer(invitations, name="invitations")
    app.command("code")(issue_code)
    app.add_typer(mail, name="mail")


def _send(data: Path | None, model: type[ModelT], method: str, path: str, body: Body | None = None) -> ModelT:
    answer = InternalCall.to_running(data).ask("identity", model, method, OPERATORS_PATH + path, body)
    if answer is None:
        raise StackError("There is no such account or invitation.", "See: notechondria users list.")
    return answer


def user_id(name: str, data: Path | None) -> int:
    """Return the id of an account: digits are one, what has an `@` is a proved address, all else a user name."""
    if name.isdecimal():
        return int(name)
    accounts = _send(data, OperatorAccounts, "GET", f"/users?{urlencode({'search': name})}").users
    expected = name.lower()
    by_address = "@" in name
    exact = [
        account
        for account in accounts
        if (
            account.email_verified and account.email.lower() == expected
            if by_address
            else account.username.lower() == expected
        )
    ]
    if not exact:
        raise StackError(f"There is no account {name!r}.", "See: notechondria users list.")
    return exact[0].id


def _print(answer: BaseModel) -> None:
    print(json.dumps(answer.model_dump(mode="json"), indent=2, ensure_ascii=False))  # noqa: T201 - the command's output


def _show(answer: BaseModel, sentence: str, *, as_json: bool) -> None:
    if as_json:
        _print(answer)
    else:
        say(Console(), escape(sentence))


def _table(rows: Sequence[BaseModel], keys: tuple[str, ...]) -> None:
    table = Table(*(key.replace("_", " ") for key in keys), box=None)
    for row in rows:
        cells = (getattr(row, key) for key in keys)
        table.add_row(*("" if cell is None else escape(str(cell)) for cell in cells))
    for_tables().print(table)


@users.command("list")
def list_users(
    data: Data = None,
    search: Annotated[str, typer.Option("--search", "-q", help="Part of a name or address.")] = "",
    offset: Annotated[int, typer.Option(help="How many to skip; 500 are shown at a time.", min=0)] = 0,
    as_json: Json = False,
) -> None:
    """List accounts by id."""
    answer = _send(data, OperatorAccounts, "GET", "/users?" + urlencode({"search": search, "offset": offset}))
    if as_json:
        _print(answer)
        return
    _table(answer.users, _USER_KEYS)
    say(Console(), f"{len(answer.users)} of {answer.total} accounts.")
    if any(account.username == _OWNER_OF_SAMPLES and not account.email for account in answer.users):
        say(Console(), f"{_OWNER_OF_SAMPLES} owns the sample courses; nobody knows its password (docs/identity.md).")


def _change(data: Path | None, name: str, change: Body, sentence: str, *, as_json: bool) -> None:
    answer = _send(data, OperatorAccount, "PATCH", f"/users/{quote(name, safe='')}", change)
    _show(answer, f"{answer.username} {sentence}", as_json=as_json)


def _password(file: Path | None) -> tuple[str, bool]:
    """A password, and whether it was drawn here: from a file (`-`: standard input), else a random one.

    Never from the command line, which others on the machine can read.
    """
    if file is None:
        return _drawn(), True
    try:
        text = sys.stdin.read() if str(file) == "-" else file.expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise StackError(f"{file} cannot be read.", "Give a file that holds the password and nothing else.") from error
    return text.strip("\r\n"), False


def _drawn() -> str:
    while not re.search(r"[a-z].*[A-Z]|[A-Z].*[a-z]", text := secrets.token_urlsafe(15)) or text.isalpha():
        pass
    return text


def _account_with_password(answer: OperatorAccount, sentence: str, password: str, *, as_json: bool) -> None:
    """Show an account, and its password where it was drawn here: this once."""
    if as_json:
        document = answer.model_dump(mode="json") | ({"password": password} if password else {})
        print(json.dumps(document, indent=2, ensure_ascii=False))  # noqa: T201 - the command's output
        return
    shown = f" Password, shown only now: {password}" if password else ""
    say(Console(), escape(f"{sentence}{shown}"))


@users.command("create")
def create_user(
    name: Annotated[str, typer.Argument(metavar="USERNAME", help="Letters, digits, hyphens, underscores.")],
    email: Annotated[str, typer.Argument(metavar="ADDRESS", help="It counts as proved: you vouch for it.")],
    data: Data = None,
    password_file: PasswordFile = None,
    is_staff: Annotated[bool, typer.Option("--staff", help="It may use the administration site.")] = False,
    as_json: Json = False,
) -> None:
    """Open an account, whoever may register (REGISTRATION). Without --password-file a password is drawn and shown."""
    password, drawn = _password(password_file)
    body: Body = {"username": name, "email": email, "password": password, "is_staff": is_staff}
    answer = _send(data, OperatorAccount, "POST", "/users", body)
    sentence = f"{answer.username} may sign in (id {answer.id})."
    _account_with_password(answer, sentence, password if drawn else "", as_json=as_json)


@users.command("set-password")
def set_password(name: Name, data: Data = None, password_file: PasswordFile = None, as_json: Json = False) -> None:
    """Set a password: sessions, keys and programs of the account end, its owner gets a mail."""
    password, drawn = _password(password_file)
    path = f"/users/{quote(name, safe='')}/password"
    answer = _send(data, OperatorAccount, "POST", path, {"password": password})
    sentence = f"{answer.username} signs in anew, with the new password."
    _account_with_password(answer, sentence, password if drawn else "", as_json=as_json)


@users.command()
def disable(name: Name, data: Data = None, as_json: Json = False) -> None:
    """Shut an account: every device is signed out at once, nothing is deleted."""
    _change(data, name, {"disabled": True}, "is disabled and signed out everywhere.", as_json=as_json)


@users.command()
def enable(name: Name, data: Data = None, as_json: Json = False) -> None:
    """Open a disabled account again."""
    _change(data, name, {"disabled": False}, "may sign in again.", as_json=as_json)


@users.command()
def delete(
    name: Name,
    data: Data = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Delete an account and everything of it in every service. Final."""
    if not yes:
        typer.confirm(f"Delete {name} with all notes, courses, plans and files? This is final", abort=True)
    answer = _send(data, OperatorAccount, "DELETE", f"/users/{quote(name, safe='')}")
    _show(answer, f"{answer.username} is deleted.", as_json=as_json)


@staff.command()
def grant(name: Name, data: Data = None, as_json: Json = False) -> None:
    """Make an account staff."""
    _change(data, name, {"is_staff": True}, "is staff.", as_json=as_json)


@staff.command()
def revoke(name: Name, data: Data = None, as_json: Json = False) -> None:
    """Take the staff flag away."""
    _change(data, name, {"is_staff": False}, "is not staff any more.", as_json=as_json)


@invitations.command("create")
def create_invitation(
    code: Annotated[str, typer.Argument(help="The code in plain text (64 hex characters: already hashed).")],
    data: Data = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    max_uses: Annotated[int, typer.Option("--max-uses", help="How often it may be used.", min=1)] = 1,
    expires: Annotated[str | None, typer.Option(help="ISO date-time after which it is void.")] = None,
    as_json: Json = False,
) -> None:
    """Make an invitation; only its hash is kept, so note the code down."""
    body: Body = {"code": code, "label": label, "max_uses": max_uses, "expires_at": expires}
    answer = _send(data, OperatorInvitation, "POST", "/invitations", body)
    _show(answer, f"Invitation {answer.id} may be used {max_uses} time(s).", as_json=as_json)


@invitations.command("list")
def list_invitations(data: Data = None, as_json: Json = False) -> None:
    """List the newest invitations."""
    answer = _send(data, OperatorInvitations, "GET", "/invitations")
    if as_json:
        _print(answer)
    else:
        _table(answer.invitations, _INVITATION_KEYS)


@invitations.command("expire")
def expire_invitation(
    identifier: Annotated[int, typer.Argument(metavar="ID", help="Id of the invitation.", min=1)],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """End an invitation now."""
    answer = _send(data, OperatorInvitation, "POST", f"/invitations/{identifier}/expire")
    _show(answer, f"Invitation {answer.id} is void from now on.", as_json=as_json)


@mail.callback()
def _mail() -> None:
    """Mail: test whether it leaves."""


@mail.command("test")
def send_trial(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where the letter goes: one of your own.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Mail a letter as codes are mailed, and say what became of it. Exit code 1 when it was not handed over."""
    answer = _send(data, TrialMail, "POST", "/mail", {"email": address})
    if answer.sent:
        sentence = f"{answer.server} took a letter from {answer.sender} to {address}. See whether it arrives, spam too."
    else:
        sentence = (
            f"No letter was sent: {answer.problem}. Correct SMTP_... in .env (sample.env lists them), stop it and "
            "start it again. To look at the settings: notechondria doctor."
        )
    _show(answer, sentence, as_json=as_json)
    if not answer.sent:
        raise typer.Exit(1)


def issue_code(
    name: Name,
    kind: Annotated[str, typer.Argument(help="register, password_reset or identity.")] = "register",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Issue a code by hand, for somebody whose mail does not arrive; hand it over by a channel you trust."""
    answer = _send(data, IssuedCode, "POST", f"/users/{quote(name, safe='')}/code", {"kind": kind})
    sentence = f"{answer.kind} code for {answer.username}: {answer.code} (good for {answer.good_for})"
    _show(answer, sentence, as_json=as_json)
