"""What is done at once, without a dialog: take, start a clock, retry a step, save and verify a certificate."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from app.core.errors import OperationsError
from app.privacy import mutations
from app.privacy.certificate import check

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from models.privacy.graph import ErasureCertificate
    from views.privacy.desk import PrivacyDesk


def claim(desk: PrivacyDesk) -> None:
    """Take it, or give it back where it is mine already."""
    request, me = desk.request, desk.console.session.me
    if request is not None and me is not None:
        owner = None if request.owner == me.user_id else me.user_id
        _start(desk, mutations.own(desk.console.mutations, request, owner), "Not taken")


def unlink(desk: PrivacyDesk) -> None:
    """It is no duplicate."""
    if desk.request is not None:
        _start(desk, mutations.unlink(desk.console.mutations, desk.request), "Not changed")


def start_clock(desk: PrivacyDesk) -> None:
    """Have its clock run again."""
    if desk.request is not None:
        _start(desk, mutations.start_clock(desk.console.mutations, desk.request), "Not started")


def retry(desk: PrivacyDesk) -> None:
    """Try the step at the cursor again."""
    step = desk.step
    if desk.request is not None and step is not None and step.node is not None:
        _start(desk, mutations.retry(desk.console.mutations, desk.request, step.node), "Not retried")


def save_certificate(desk: PrivacyDesk) -> None:
    """Write the certificate into the download folder."""
    if desk.request is not None:
        _start(desk, _save(desk, desk.request.reference), "Not saved")


async def _save(desk: PrivacyDesk, reference: str) -> None:
    from views.kit.downloads import save

    found = await _certificate(desk)
    name = f"{reference}-erasure-certificate.txt"
    path = await asyncio.to_thread(save, name, found.certificate.encode())
    desk.console.messages.post(f"Saved {path}. It verifies with the key {found.vkey}.")


def verify_certificate(desk: PrivacyDesk) -> None:
    """Verify it by the same program that anybody can run without this system."""
    if desk.request is not None:
        _start(desk, _verify(desk, desk.request.request_id), "Not verified")


async def _verify(desk: PrivacyDesk, request_id: str) -> None:
    found = await _certificate(desk)
    pinned = desk.console.settings.audit_vkeys.get(desk.console.target.name, "")
    good, words = await asyncio.to_thread(check, found.certificate, pinned or found.vkey)
    key = "the key this console has known the audit log by" if pinned else "the key the server names"
    desk.verified[request_id] = f"{words} (with {key})"
    desk.console.messages.post(words, "info" if good else "error")
    desk.changed.emit()


async def _certificate(desk: PrivacyDesk) -> ErasureCertificate:
    query = desk.privacy.certificate(desk.request_id)
    await query.refresh()
    if query.error is not None:
        raise query.error
    assert query.sample is not None  # noqa: S101 - it has no error
    return query.sample.value


def _start(desk: PrivacyDesk, work: Coroutine[Any, Any, object], failed: str) -> None:
    async def told() -> None:
        try:
            await work
        except OSError as error:
            desk.console.messages.post(f"{failed}: {error}", "error")
        except OperationsError as error:
            desk.console.messages.post(f"{failed}: {error}", "error")

    desk.console.tasks.start(told(), name="privacy")
