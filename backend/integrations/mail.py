"""What every mail of ours has in common, whichever way it goes."""

from __future__ import annotations

import hashlib

from backend.deliveries import Message, NoticePhase
from backend.integrations.http_exchange import cut
from backend.integrations.wording import words_of

SUBJECT_MOST = 200
_BEGINNINGS = {NoticePhase.ACKNOWLEDGED: "Acknowledged: ", NoticePhase.RESOLVED: "Resolved: "}


def subject_and_text(message: Message) -> tuple[str, str]:
    """Of a mail. Plain text: there is nothing to escape and nothing is loaded."""
    heading, text = words_of(message)
    notice = message.notice
    if notice is None:
        return cut(heading, SUBJECT_MOST), text or heading
    lines = [text or heading, *([notice.link] if notice.link else []), f"{notice.severity} · {notice.team}"]
    return cut(f"[{notice.severity}] {_BEGINNINGS.get(notice.phase, '')}{heading}", SUBJECT_MOST), "\n\n".join(lines)


def thread_headers(message: Message, domain: str) -> dict[str, str]:
    """Mails of one thread stand together, and none is taken for an answer from a person."""
    headers = {"Auto-Submitted": "auto-generated", "X-Opsconsole-Id": message.id}
    if message.notice is not None:
        thread = f"<{hashlib.sha256(message.notice.thread.encode()).hexdigest()[:32]}@{domain}>"
        headers |= {"In-Reply-To": thread, "References": thread}
    return headers
