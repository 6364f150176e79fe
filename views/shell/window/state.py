"""What strip and banner say, read from the console's engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.core.freshness import age_words, long_age_words
from views.capabilities import CAPABILITIES
from views.shell.window.strip import StripState

if TYPE_CHECKING:
    from app.console import Console


def strip_state(console: Console) -> StripState:
    """What the strip shows now."""
    now = console.clock.now()
    figures = console.figures
    state = str(console.link.state)
    me = console.session.me
    age = None if figures is None else max(0.0, now.timestamp() - figures.as_of)
    down = state in {"down", "signed_out"}
    if not down and console.time.as_of is None and (seen := console.queries.visible_age) is not None:
        age = seen  # what stands on the screen, whatever the workspace
    return StripState(
        now=now,
        environment=console.environment or urlsplit(console.target.url).netloc,
        link=state,  # type: ignore[arg-type]
        age="" if age is None else (long_age_words(age) if down else age_words(age)),
        range_days=console.time.range_days,
        past=console.time.as_of,
        # Live, the range moves with the clock whatever is on the screen; without the link it is that of the figures.
        window_end=None if figures is None or not down else datetime.fromtimestamp(figures.as_of, UTC),
        counts=tuple(count for each in CAPABILITIES if each.status is not None for count in each.status(console)),
        read_only=state == "signed_out" or console.time.as_of is not None,
        polling=console.stream.state == "polling",
        local_time=console.settings.local_time,
        user=me.name if me else _painted_user(console),
        user_id=me.user_id if me else "",
    )


def _painted_user(console: Console) -> str:
    """Whom the first picture names, until it is known who is signed in; signed out, nobody is."""
    first = console.first
    return first.user if first is not None and console.link.state != "signed_out" else ""


def banner_words(console: Console) -> tuple[str, str, str, str]:
    """Head, sentence, right-hand words and button of the banner; all empty when there is nothing to say."""
    link, time = console.link, console.time
    state = str(link.state)
    figures = console.figures
    from_when = ""
    if figures is not None:
        at, now = datetime.fromtimestamp(figures.as_of, UTC), console.clock.now()
        day = "" if at.date() == now.astimezone(UTC).date() else f"{at:%Y-%m-%d} "  # a bare time would seem today's
        from_when = f"Figures are from {day}{at:%H:%M:%S} UTC. "
    if state == "down":
        heard_at = _epoch(link.last_heard)
        if heard_at is None:
            since = "No contact since start-up. "
        else:
            age = long_age_words(max(0.0, console.clock.now().timestamp() - heard_at))
            since = f"Last heard {datetime.fromtimestamp(heard_at, UTC):%Y-%m-%d %H:%M:%S} UTC, {age} ago. "
        why = f"{link.detail} " if link.detail else ""
        words = f"{why}{since}{from_when}What you decide is kept until the link is back."
        return "Link lost", words, "", "Try now"
    if state == "signed_out":
        return "Signed out", f"{from_when}Sign in to see new figures and to change anything.", "", "Sign in…"
    if time.as_of is not None:
        then = f"{time.as_of:%Y-%m-%d %H:%M} UTC"
        words = f"Figures and alerts as of {then}, with what came late or was corrected since. Nothing can be changed."
        return "Past instant", words, "", "Go live"
    return "", "", "", ""


def _epoch(value: datetime | float | None) -> float | None:
    return value.timestamp() if isinstance(value, datetime) else value
