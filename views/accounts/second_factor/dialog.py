"""The one dialog of the second factor: it answers a question of the engine; cancelled, nothing has happened."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.core.errors import OperationsError
from app.core.one_time_code import one_time_code
from models.core.wording import counted
from views.accounts.second_factor.qr import QrCode
from views.kit.dialogs.base import WindowDialog
from views.kit.theme import current
from views.kit.widgets.code_field import code_field

if TYPE_CHECKING:
    from app.console import Console
    from app.core.step_up import StepUpQuestion
    from models.accounts import SampleAccess


class _Asking(WindowDialog):
    """Works on one question; closing it any other way than by success answers no."""

    def __init__(self, console: Console, question: StepUpQuestion, parent: QWidget, *, title: str, accept: str) -> None:
        super().__init__(title, parent, accept=accept)
        self.console, self._question, self._busy = console, question, False
        self._ticking: QTimer | None = None
        self.finished.connect(self._answer_no)
        waits = QLabel(f"<b>{_plain(question.title)}</b>")
        waits.setTextFormat(Qt.TextFormat.RichText)
        waits.setWordWrap(True)
        self.column.addWidget(waits)

    def say(self, words: str) -> QLabel:
        """A paragraph."""
        label = QLabel(words)
        label.setWordWrap(True)
        self.column.addWidget(label)
        return label

    def work(self, doing: Coroutine[Any, Any, Any], then: Callable[[Any], Any], field: QWidget | None = None) -> None:
        """Do something once; ``then`` follows with its result, or the problem is said."""
        if self._busy:
            doing.close()
            return
        self._busy = True
        self.fail("")
        self.buttons.setEnabled(False)
        self.carry_out(self.console.tasks, self._do(doing, then, field), "second factor")

    async def _do(self, doing: Coroutine[Any, Any, Any], then: Callable[[Any], Any], field: QWidget | None) -> None:
        try:
            result = await doing
        except OperationsError as error:
            self.fail(str(error), field)
        else:
            then(result)
        finally:
            self._busy = False
            self.buttons.setEnabled(True)

    def ask_sample(self, then: Callable[[SampleAccess], Any]) -> None:
        """Ask the server whether this is a sample shop; ``then`` follows where it is, with what it says."""
        self.look(self.console.tasks, self._ask_sample(then), "sample access")

    async def _ask_sample(self, then: Callable[[SampleAccess], Any]) -> None:
        with suppress(OperationsError):  # whoever has an authenticator needs no word of it
            sample = await self.console.session.sample_access()
            if sample is not None and not self._question.answered.done():
                then(sample)

    def show_sample_code(self, key: str, words: str) -> None:
        """Say in ``words`` what code an authenticator with this key shows, for as long as it is asked for."""
        self._sample_code = self.say("")
        self._sample_code.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._ticking = QTimer(self)
        self._ticking.timeout.connect(lambda: self._say_code(key, words))
        self._ticking.start(1000)
        self._say_code(key, words)
        self._grow()

    def _say_code(self, key: str, words: str) -> None:
        self._sample_code.setText(words.format(one_time_code(key, self.console.clock.now())))

    def hide_sample_code(self) -> None:
        """It is asked for no longer."""
        if self._ticking is not None:
            self._ticking.stop()
            self._sample_code.hide()

    def _grow(self) -> None:
        """Take the room that what is shown now needs; known once it is laid out."""
        QTimer.singleShot(0, self, self.adjustSize)

    def done_well(self, _result: object = None) -> None:
        """The second factor was used."""
        if not self._question.answered.done():
            self._question.answered.set_result(True)
        self.accept()

    def _answer_no(self, _result: int) -> None:
        if not self._question.answered.done():
            self._question.answered.set_result(False)


class CodeDialog(_Asking):
    """Asks for six digits of the authenticator, or a recovery code."""

    def __init__(self, console: Console, question: StepUpQuestion, parent: QWidget) -> None:
        super().__init__(console, question, parent, title="Second factor", accept="Confirm")
        minutes = max(1, question.challenge.max_age // 60)
        self.say(f"Code from your authenticator. It opens sensitive actions for {counted(minutes, 'minute')}.")
        self.code = code_field("Six digits, or a recovery code", "Code")
        self.code.returnPressed.connect(self.submit)
        self.column.addWidget(self.code)
        self.ask_sample(self._in_sample)

    def _in_sample(self, sample: SampleAccess) -> None:
        words = "Sample shop: unless you have set up an authenticator of your own, the code is {} now. Each works once."
        self.show_sample_code(sample.authenticator_key, words)

    def submit(self) -> None:
        """Send the code."""
        text = self.code.text().strip()
        if len(text) < 6:
            self.fail("It takes the whole code: six digits, or a recovery code.", self.code)
            return
        self.work(self.console.session.use_second_factor(text), self.done_well, self.code)


class SetUpDialog(_Asking):
    """Sets up a second factor on the way: QR code, first code, recovery codes."""

    def __init__(self, console: Console, question: StepUpQuestion, parent: QWidget) -> None:
        super().__init__(console, question, parent, title="Set up your second factor", accept="Continue")
        self._intro = self.say(
            "This needs a second factor, and your account has none yet. Setting it up takes a minute and any "
            "authenticator app."
        )
        me = console.session.me
        self._has_password = me is None or me.has_password
        self._again = self.say("Your password is asked for again.")
        self._again.setHidden(not self._has_password)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setAccessibleName("Password")
        self.password.setPlaceholderText("Password")
        self.password.returnPressed.connect(self.submit)
        self.password.setHidden(not self._has_password)
        self.column.addWidget(self.password)
        self._sample: SampleAccess | None = None
        self.ask_sample(self._in_sample)
        self.code = code_field("First code")
        self.code.hide()
        self.code.returnPressed.connect(self.submit)
        self._step = self._begin

    def submit(self) -> None:
        """Whatever comes next."""
        self._step()

    def _in_sample(self, sample: SampleAccess) -> None:
        self._sample = sample
        self._again.setText(f"Your password is asked for again. In this sample shop it is {sample.password}.")

    def _begin(self) -> None:
        if self._has_password and not self.password.text():
            self.fail("Type your password.", self.password)
            return
        self.work(self.console.session.begin_second_factor(self.password.text()), self._begun, self.password)

    def _begun(self, enrolment: Any) -> None:
        self.password.hide()
        self._again.hide()
        self._intro.setText("Scan this with your authenticator, or type the key into it. Then enter the code it shows.")
        self._qr = QrCode(enrolment.uri, "QR code of the key, which stands beside it as text")
        key = QLabel(" ".join(enrolment.secret[n : n + 4] for n in range(0, len(enrolment.secret), 4)))
        current().set_font(key, 10, mono=True)
        key.setWordWrap(True)
        key.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        key.setAccessibleName("Key")
        side = QVBoxLayout()
        side.addWidget(QLabel("Key"))
        side.addWidget(key)
        side.addStretch(1)
        self._scan = QWidget()
        row = QHBoxLayout(self._scan)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._qr)
        row.addLayout(side, 1)
        self.column.addWidget(self._scan)
        self.column.addWidget(self.code)
        self.code.show()
        self.code.setFocus()
        if self._sample is not None:
            words = "Sample shop: without an authenticator at hand, take the code it would show now: {}."
            self.show_sample_code(enrolment.secret, words)
        self._step = self._confirm
        self._grow()

    def _confirm(self) -> None:
        text = self.code.text().strip()
        if len(text) < 6:
            self.fail("It takes all six digits.", self.code)
            return
        self.work(self.console.session.confirm_second_factor(text), self._confirmed, self.code)

    def _confirmed(self, codes: tuple[str, ...]) -> None:
        self._scan.hide()
        self.code.hide()
        self.hide_sample_code()
        self._intro.setText(
            "Done. These recovery codes replace the authenticator when it is lost; each works once. Keep them where "
            "only you can read them: they are not shown again."
        )
        half = (len(codes) + 1) // 2
        lines = [f"{a}    {b}" for a, b in zip(codes[:half], (*codes[half:], ""), strict=False)]
        self.recovery = QLabel("\n".join(lines))
        current().set_font(self.recovery, 11, mono=True)
        self.recovery.setAccessibleName("Recovery codes")
        self.recovery.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.column.addWidget(self.recovery)
        copy = QPushButton("Copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText("\n".join(codes)))
        self.column.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
        self._step = self.done_well
        copy.setFocus()
        self._grow()


class BrowserDialog(_Asking):
    """Lets the sign-in service ask, in the browser."""

    def __init__(
        self, console: Console, question: StepUpQuestion, parent: QWidget, open_browser: Callable[[str], Any]
    ) -> None:
        super().__init__(console, question, parent, title="Second factor", accept="Open the browser")
        self._open_browser = open_browser
        self.say("Your sign-in service asks for the second factor. It opens in the browser; come back here afterwards.")

    def submit(self) -> None:
        """Sign in again there."""
        challenge = self._question.challenge
        doing = self.console.session.step_up(self._open_browser, challenge.acr_values, challenge.max_age)
        self.work(doing, self.done_well)


def ask(console: Console, question: StepUpQuestion, parent: QWidget, open_browser: Callable[[str], Any]) -> _Asking:
    """Open the dialog that fits whoever is signed in."""
    kind = console.session.me.second_factor if console.session.me is not None else "none"
    dialog: _Asking
    if kind == "issuer":
        dialog = BrowserDialog(console, question, parent, open_browser)
    elif kind == "none":
        dialog = SetUpDialog(console, question, parent)
    else:
        dialog = CodeDialog(console, question, parent)
    dialog.open()
    return dialog


def _plain(text: str) -> str:
    from html import escape

    return escape(text)
