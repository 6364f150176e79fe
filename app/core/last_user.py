"""Who was signed in the last time: they read what was kept, for as long as no server can say who is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.core.link import LinkState
from app.core.query import Sample
from app.core.signals import Signal

if TYPE_CHECKING:
    from app.core.clock import Clock
    from app.core.kept_samples import KeptSamples
    from app.core.link import Link
    from app.core.session import Session
    from models.accounts import Me

KEY = "me"


class LastUser:
    """Follows session and link; remembers who the server said is signed in, and forgets them when they sign out."""

    left = Signal()
    """Whom the server knew has signed out, their session has ended, or somebody else has signed in."""

    def __init__(self, session: Session, link: Link, kept: KeptSamples, clock: Clock, role: str | None) -> None:
        """``role``: the built-in account to be signed in as, if any; another account is not remembered then."""
        self._session, self._link, self._kept, self._clock, self._role = session, link, kept, clock, role
        self._me: Me | None = None
        self._here: str | None = None
        """Id of whom the server knows."""
        session.changed.connect(self._session_changed)
        link.changed.connect(self._suppose)

    async def read(self) -> None:
        """Take up who was signed in the last time."""
        found = await self._kept.get(KEY, _me_type)
        if found is not None and self._me is None and (self._role is None or self._role in found.value.roles):
            self._me = found.value
            self._suppose()

    def forget(self) -> None:
        """Somebody signed out: what was kept for them is removed."""
        self._me = None
        self._kept.forget()

    def _suppose(self) -> None:
        if self._link.state is LinkState.SIGNED_OUT:
            self._session.suppose(None)
        elif self._me is not None:
            self._session.suppose(self._me)

    def _session_changed(self) -> None:
        me = self._session.me if self._session.confirmed else None
        before, self._here = self._here, None if me is None else me.user_id
        if before is not None and before != self._here:
            self.left.emit()
        if me is None:
            return
        if self._me is not None and self._me.user_id != me.user_id:
            self._kept.forget()
        self._me = me
        self._kept.put(KEY, _me_type, Sample(me, me.as_of, self._clock.now(), self._clock.monotonic()))


def _me_type() -> type[Me]:
    from models.accounts import Me

    return Me
