"""What answers of the operations API mean: records, files, refusals, and the server's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from app.core.errors import (
    BadAnswer,
    Challenge,
    OperationsError,
    ProblemAnswer,
    SignedOut,
    StepUpNeeded,
    TimedOut,
    Unreachable,
)
from app.core.json_text import parse_json
from models.core.base import Record
from models.core.problems import Code, Problem

R = TypeVar("R", bound=Record)

LONGEST_PAUSE = 2.0
BUSY = {429, 502, 503, 504}
SHOWN_MOST = 40


def worth_repeating(error: OperationsError) -> float | None:
    """Least seconds before a read is repeated; ``None``: not now, the caller must know first."""
    busy = isinstance(error, ProblemAnswer) and error.problem.status in BUSY
    # After a timeout the operator has waited long enough to be told.
    if not busy and (not isinstance(error, Unreachable) or isinstance(error, TimedOut)):
        return None
    wait = error.retry_after or 0.0
    return wait if wait <= LONGEST_PAUSE else None


def is_from_api(response: httpx.Response) -> bool:
    """Whether the operations API itself says that it answered: it marks all that it says, refusals too."""
    return "x-request-id" in response.headers


def _unfit(response: httpx.Response, words: str) -> OperationsError:
    """An answer that is not the contract: the API's own, or that of a gateway or a sign-in page before it."""
    if is_from_api(response):
        return BadAnswer(words)
    media = response.headers.get("content-type", "").partition(";")[0].strip()
    what = f"HTTP {response.status_code}, {media}" if media else f"HTTP {response.status_code}"
    between = Unreachable(f"Something between this computer and the server answers in its place ({what}).")
    between.retry_after = _retry_after(response)
    return between


def kept_text(response: httpx.Response) -> tuple[str, int | None]:
    """The text of an answer as it is kept, and the record's version."""
    if response.status_code != 204:
        try:
            found = parse_json(response.content)
        except ValueError:
            raise _unfit(response, "The server's answer is not complete JSON.") from None
        if not found and not is_from_api(response):  # a record has fields: what says nothing has done nothing
            raise _unfit(response, "The server's answer is empty.")
    tag = response.headers.get("etag", "").strip('"')
    return response.text, int(tag) if tag.isdigit() else None


def content_of(response: httpx.Response, wanted: str) -> bytes:
    """The bytes of an answer of a content type. Raises as ``check_media``."""
    check_media(response, wanted)
    return response.content


def check_media(response: httpx.Response, wanted: str) -> None:
    """Raises BadAnswer for an answer of another content type, or Unreachable when it is not the API's at all."""
    media = response.headers.get("content-type", "").partition(";")[0].strip()
    if media != wanted:
        kind = wanted.rpartition("/")[2].upper()
        raise _unfit(response, f"The server answered {media or 'without a content type'} instead of {kind}.")


def read(response: httpx.Response, kind: type[R]) -> R:
    """A record out of an answer. Raises as ``content_of``."""
    content = content_of(response, "application/json")
    try:
        return TypeAdapter(kind).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole"
        if first["type"] == "json_invalid":
            raise _unfit(response, "The server's answer is not complete JSON.") from error
        raise _unfit(response, f"The server's answer does not fit: {place}: {first['msg']}.") from error


def refusal(response: httpx.Response) -> OperationsError:
    """What an answer that is no success means."""
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        text = " ".join(response.text[:SHOWN_MOST].split())
        return _unfit(response, f"The server answered HTTP {response.status_code} without saying why: {text!r}.")
    if problem.code == Code.STEP_UP_NEEDED:
        challenge = Challenge.read(response.headers.get("www-authenticate", ""))
        if challenge is not None:
            return StepUpNeeded(problem, challenge)
    if problem.code in {Code.UNAUTHENTICATED, Code.TOKEN_EXPIRED}:
        return SignedOut(problem.detail)
    return ProblemAnswer(problem, _retry_after(response))


def _retry_after(response: httpx.Response) -> float | None:
    given: str = response.headers.get("retry-after", "")
    if given.isdigit():
        return float(given)
    try:
        until = parsedate_to_datetime(given).astimezone(UTC)
    except ValueError:
        return None
    # Against the server's own clock: ours may be wrong.
    now = server_time(response) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def words_of(error: httpx.TransportError) -> str:
    """Why nothing came, in words."""
    match error:
        case httpx.ConnectError():
            return "The server cannot be reached."
        case httpx.RemoteProtocolError() | httpx.ReadError():
            return "The connection broke in the middle of an answer."
        case _:
            return f"The server could not be asked: {type(error).__name__}."


def server_time(response: httpx.Response) -> datetime | None:
    """The server's clock when it answered."""
    try:
        return parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError):
        return None
