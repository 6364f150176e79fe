"""What access brings to the window: the workspace of roles, who holds them, what waits for approval."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from models.core.permissions import Permission
from views.kit.capability import (
    ActionSpec,
    Capability,
    ColumnSpec,
    Home,
    PanelSpec,
    WorkspaceSpec,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from views.kit.capability import Window
    from views.kit.gallery_section import GallerySection
    from views.kit.palette_entry import PaletteEntry
    from views.kit.panel import Panel

ACCESS = "access"
APPROVALS, ASSIGNMENTS = "access.approvals", "access.assignments"

LOOK_AT_PEOPLE = (Permission.VIEW_AUDIT, Permission.MANAGE_ROLES, Permission.APPROVE_ROLES)
"""One of these lets somebody see who holds what."""


def _roles(window: Window) -> Panel:
    from views.access.roles_panel import RolesPanel

    return RolesPanel(window.console)


def _approvals(window: Window) -> Panel:
    from views.access.approvals_panel import ApprovalsPanel

    return ApprovalsPanel(window.console)


def _assignments(window: Window) -> Panel:
    from views.access.assignments_panel import AssignmentsPanel

    return AssignmentsPanel(window.console)


def _oversight(window: Window) -> Panel:
    from views.access.oversight_panel import OversightPanel

    return OversightPanel(window.console)


def _new_role(window: Window) -> None:
    from views.access.role_dialog import RoleDialog

    RoleDialog(window.console, None, window.as_parent).open()


def _role_blocker(window: Window) -> str | None:
    return window.console.write_blocker(Permission.MANAGE_ROLES, irreversible=True)


def _approve(window: Window) -> None:
    window.panel(APPROVALS).approve_first()


def _approve_blocker(window: Window) -> str | None:
    from views.access.approvals_panel import first_to_decide

    return None if first_to_decide(window.console) is not None else "nothing waits that you may decide"


def _assignment_action(action_id: str, title: str, verb: str) -> ActionSpec:
    def blocker(window: Window) -> str | None:
        from views.access.assignments_panel import verb_blocker

        panel = window.made(ASSIGNMENTS)
        return verb_blocker(window.console, verb, panel.chosen if panel is not None else None)

    def run(window: Window) -> None:
        window.panel(ASSIGNMENTS).run(verb)

    return ActionSpec(action_id, title, "Access", run, "", Permission.MANAGE_ROLES, blocker)


def _palette(window: Window, text: str) -> tuple[str, Sequence[PaletteEntry]]:
    """People by name, with the roles they hold."""
    from app.access.domain import Access
    from app.core.actions import fuzzy
    from views.kit.palette_entry import PaletteEntry

    access = window.console.of(Access)
    if text and any(map(window.console.session.may, LOOK_AT_PEOPLE)):
        for query in (access.people(), access.assignments()):
            if query.sample is None and not query.loading:
                window.console.tasks.start(query.refresh(), name="look up people")  # there by the next letter
    people, held = access.people().sample, access.assignments().sample
    roles: dict[str, list[str]] = {}
    names = {person.user_id: person.name for person in (people.value if people is not None else ())}
    for each in held.value if held is not None else ():
        names[each.user_id] = each.user_name
        roles.setdefault(each.user_id, []).append(each.role_name)
    found = [
        (match[0], PaletteEntry(name, ", ".join(roles.get(user, ())), run=partial(_look_for, window, name)))
        for user, name in names.items()
        if text and (match := fuzzy(text, name)) is not None
    ]
    return "People", [entry for _, entry in sorted(found, key=lambda hit: -hit[0])]


def _look_for(window: Window, name: str) -> None:
    window.open_panel(ASSIGNMENTS)
    window.panel(ASSIGNMENTS).look_for(name)


def _gallery() -> GallerySection:
    from views.access.gallery import section

    return section()


_home = partial(Home, ACCESS)

CAPABILITY = Capability(
    name="access",
    workspaces=(WorkspaceSpec(ACCESS, "Access", "key", (ColumnSpec(985), ColumnSpec(839))),),
    panels=(
        PanelSpec("access.roles", "Roles", _roles, (_home(0, 0, 1000),)),
        PanelSpec(APPROVALS, "Approvals", _approvals, (_home(1, 0, 280),)),
        PanelSpec(ASSIGNMENTS, "Assignments", _assignments, (_home(1, 1, 234),)),
        PanelSpec("access.oversight", "Reviews and hints", _oversight, (_home(1, 0, 280, 1),)),
    ),
    actions=(
        ActionSpec("access.new-role", "New role…", "Access", _new_role, "", Permission.MANAGE_ROLES, _role_blocker),
        ActionSpec(
            "access.approve", "Approve what waits…", "Access", _approve, "", Permission.APPROVE_ROLES, _approve_blocker
        ),
        _assignment_action("access.grant", "Give a role…", "grant"),
        _assignment_action("access.revoke", "Take the chosen role away…", "revoke"),
        _assignment_action("access.break-glass", "Break glass…", "glass"),
    ),
    badge_of=ACCESS,
    palette=_palette,
    gallery=_gallery,
)
