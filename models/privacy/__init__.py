"""Requests of people about their data, and consent. Specification: "Privacy & Consent Management"."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from models.core.base import OptionalOutsideId, PlainText, Request, RequiredText
from models.core.personal import PERSONAL

Purpose = Annotated[RequiredText, Field(max_length=200)]
"""Why somebody looks at personal data; it stands in the audit log beside who and when."""


EmailAddress = Annotated[PlainText, Field(min_length=3, max_length=254, pattern=r"^[^\s@]+@[^\s@]+$")]


class Channel(StrEnum):
    """Where a person said something."""

    FORM = "form"
    """The shop's consent form."""
    ACCOUNT = "account"
    """Their account in the shop."""
    EMAIL = "email"
    SUPPORT = "support"
    IMPORT = "import"
    """Brought in from another system."""


class Jurisdiction(StrEnum):
    """Whose law holds for a person; what that means for requests stands in a table."""

    GDPR = "gdpr"
    UK_GDPR = "uk-gdpr"
    CH_DSG = "ch-dsg"
    CCPA = "ccpa"
    LGPD = "lgpd"
    OTHER = "other"


class PersonRequest(Request):
    """Says who is meant: by the shop's id, the e-mail address, or both."""

    user_id: Annotated[OptionalOutsideId, PERSONAL] = None
    email: Annotated[EmailAddress | None, PERSONAL] = None

    @model_validator(mode="after")
    def _says_who(self) -> Self:
        if self.user_id is None and self.email is None:
            raise ValueError("give the userId, the email or both: somebody must be meant")
        return self

    @property
    def identifiers(self) -> dict[str, str]:
        """By kind, as people are registered."""
        given = {"customer_id": self.user_id, "email": self.email}
        return {kind: value for kind, value in given.items() if value is not None}


class PersonLookup(PersonRequest):
    """A look at what is known of a person, with its purpose."""

    purpose: Purpose
