"""Who is signed in. Specification: "RBAC Foundation"; sign-in with a built-in account or an OIDC issuer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from models.core.base import Identifier, Instant, PlainText, Record, Request


class SignIn(Request):
    """Account and password of a built-in account."""

    account: Identifier
    password: Annotated[PlainText, Field(min_length=1, max_length=1024)]


RefreshToken = Annotated[PlainText, Field(min_length=1, max_length=4096)]


class Refresh(Request):
    """Ask for a new access token."""

    refresh_token: RefreshToken
    device: Annotated[PlainText, Field(min_length=32, max_length=128)] | None = None
    """A random secret that whoever asks keeps beside its tokens. For a minute the same token with the same secret is
    answered the same again, for an answer that was lost; without one a token is good for a single request."""


class SignOut(Request):
    """End the session of a refresh token."""

    refresh_token: RefreshToken


class Tokens(Record):
    """Tokens of a session. The refresh token is used up by a refresh and replaced by the one answered with it."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a scheme, not a secret
    expires_at: Instant
    refresh_token: str | None = None
    as_of: Instant


class AccessToken(Record):
    """An access token that replaces the one in use; the refresh token stays as it is."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a scheme, not a secret
    expires_at: Instant
    as_of: Instant


class BeginSecondFactor(Request):
    """Set up a second factor; accounts that have a password give it again."""

    password: Annotated[PlainText, Field(min_length=1, max_length=1024)] | None = None


class Enrolment(Record):
    """What an authenticator needs. Shown once; it counts when a code of it was right."""

    secret: str
    """Base32, to be typed where no camera is at hand."""
    uri: str
    """``otpauth:`` address, to be shown as a QR code."""
    as_of: Instant


class SecondFactorCode(Request):
    """Six digits of the authenticator, or a recovery code. Spaces and hyphens do not matter."""

    code: Annotated[PlainText, Field(min_length=6, max_length=40)]


class RecoveryCodes(AccessToken):
    """Recovery codes, each good for one time; nobody can read them again."""

    codes: tuple[str, ...]


class Me(Record):
    """The signed-in principal with its effective permissions, as of the asked instant."""

    user_id: str
    name: str
    initials: str
    roles: tuple[str, ...]
    role_names: tuple[str, ...]
    second_factor: Literal["none", "set_up", "issuer"] = "none"
    """Whether sensitive actions ask for a code of the account's authenticator or for the issuer's own."""
    has_password: bool = True
    """Whether the account has a password, which setting up a second factor asks for again."""
    permissions: tuple[str, ...]
    environment: str
    """Name of the environment the API serves, for example Production or Sample shop."""
    currency: str
    as_of: Instant


class OidcOptions(Record):
    """Where a browser signs in."""

    issuer: str
    client_id: str


class SampleAccount(Record):
    """An account of the sample shop."""

    id: Identifier
    name: str


class SampleAccess(Record):
    """How to get into a sample shop, which holds nothing real. No other server has it to say."""

    accounts: tuple[SampleAccount, ...]
    """Those that still have this password."""
    password: str
    authenticator_key: str
    """Base32: the second factor these accounts begin with."""


class SignInOptions(Record):
    """How one can sign in here; readable without a token."""

    environment: str
    built_in: bool
    oidc: OidcOptions | None
    sample: SampleAccess | None = None
    as_of: Instant
