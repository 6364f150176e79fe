"""Every route of launches."""

from __future__ import annotations

from backend.launch.checklist.routes import router as checklist
from backend.launch.lifecycle.clock_routes import router as clocks
from backend.launch.lifecycle.routes import router as launches
from backend.launch.poll.routes import router as polls
from backend.launch.record.routes import router as records
from backend.launch.reminders.routes import router as reminders
from backend.launch.templates.routes import router as templates

routers = (launches, clocks, polls, records, checklist, templates, reminders)
