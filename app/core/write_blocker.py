"""Why nothing can be changed now, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.link import LinkState

if TYPE_CHECKING:
    from app.core.capability import Engine
    from models.core.permissions import Permission


def write_blocker(engine: Engine, permission: Permission, *, irreversible: bool) -> str | None:
    """Why nothing that needs ``permission`` can be changed now; ``None`` when it can."""
    from models.core.permissions import lacking_words

    session = engine.session
    if engine.link.state is LinkState.CONNECTING and not session.confirmed:
        return "the console is still connecting"
    if engine.link.state in {LinkState.DOWN, LinkState.CONNECTING} and irreversible:
        return "needs the link, because it cannot be taken back"
    if session.me is None or not (session.signed_in or engine.target.data_dir):
        return "nobody is signed in"
    if engine.time.as_of is not None:
        return "a past instant is shown; go live first"
    return None if session.may(permission) else lacking_words(permission)
