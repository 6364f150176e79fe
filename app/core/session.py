"""Who is signed in. Tokens live in the operating system's keyring, or in memory for this session, said openly."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from app.core import session_requests
from app.core.backoff import pause
from app.core.errors import BadAnswer, Challenge, OperationsError, SignedOut, Unreachable
from app.core.json_text import parse_json
from app.core.signals import Signal
from app.core.tasks import end
from app.core.tokens import TokenSource

if TYPE_CHECKING:
    from app.core.browser_sign_in import SignedIn
    from app.core.clock import Clock
    from app.core.http_client import OperationsClient
    from app.core.messages import Messages
    from models.accounts import AccessToken, Enrolment, Me, OidcOptions, SampleAccess, SignInOptions, Tokens
    from models.core.permissions import Permission

KEYRING_PATIENCE = 2.0
SERVICE = "opsconsole"
RENEW_BEFORE = timedelta(seconds=60)
RENEWAL_FIRST_PAUSE, RENEWAL_LONGEST_PAUSE = 1.0, 15.0


class Keyring:
    """The system's secret store, asked in a thread with a limit: without one it may fail, or hang on D-Bus."""

    async def get(self, target: str) -> str | None:
        """What is kept for a server. Raises OSError when there is no keyring."""
        kept: str | None = await self._ask("get_password", SERVICE, target)
        return kept

    async def put(self, target: str, secret: str) -> None:
        """Keep it. Raises OSError when there is no keyring."""
        await self._ask("set_password", SERVICE, target, secret)

    async def forget(self, target: str) -> None:
        """Remove it. Raises OSError when there is no keyring."""
        if await self.get(target) is not None:
            await self._ask("delete_password", SERVICE, target)

    async def _ask(self, what: str, *arguments: str) -> Any:
        def ask() -> Any:
            import keyring
            from keyring.errors import KeyringError

            try:
                return getattr(keyring, what)(*arguments)
            except (KeyringError, RuntimeError) as error:
                raise OSError(str(error)) from error

        # A thread that may hang must not hold up the end of the program: asyncio waits for its own executor's.
        return await _in_daemon(ask, KEYRING_PATIENCE)


async def _in_daemon(work: Callable[[], Any], patience: float) -> Any:
    import threading

    loop = asyncio.get_running_loop()
    done: asyncio.Future[Any] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_exception(error) if error is not None else done.set_result(result)

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed to the waiting task
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="keyring", daemon=True).start()
    try:
        async with asyncio.timeout(patience):  # not wait_for, which loses a cancellation on Python 3.11
            return await done
    except TimeoutError as error:
        raise OSError("the system's keyring does not answer") from error


class Session(TokenSource):
    """Tokens of one server, renewed before they expire, and what their owner may do."""

    changed = Signal()

    def __init__(self, target: str, clock: Clock, messages: Messages, keyring: Keyring | None = None) -> None:
        """``target`` names the server in the keyring."""
        super().__init__()
        self.me: Me | None = None
        self.confirmed = False
        """Whether the server has said so; until then ``me`` is who was signed in the last time, if that is known."""
        self.remembered = False
        """Whether the tokens outlive this process."""
        self.keyring = keyring or Keyring()
        self._target = target
        self._clock = clock
        self._messages = messages
        self._tokens: Tokens | None = None
        self._refresh_token: str | None = None
        self._device = secrets.token_urlsafe(32)
        """Shows the server that it is we who ask again when the answer to a renewal was lost. It lies beside the
        tokens, so that the next run, and another console with the same tokens, may ask again too."""
        self._expires_mono = 0.0
        self._issuer: OidcOptions | None = None
        """Who renews the tokens, when it is not the server itself."""
        self._subject = ""
        """The issuer's name for who is signed in."""
        self._id_token: str | None = None
        self._to_keep = True
        self._renewing: asyncio.Task[str | None] | None = None
        self._failures = 0
        """Renewals in a row that brought nothing."""
        self._failure: OperationsError | None = None
        self._next_try = 0.0
        """Before this time of the loop nobody is asked for a renewal again; who wants one hears ``_failure``."""
        self._signing_out = False
        self._client: OperationsClient | None = None

    def attach(self, client: OperationsClient) -> None:
        """The client that speaks for this session."""
        self._client = client

    @property
    def signed_in(self) -> bool:
        """Whether there are tokens."""
        return self._tokens is not None or self._refresh_token is not None

    def may(self, permission: Permission) -> bool:
        """Whether the signed-in principal holds a permission, as far as is known here; the server decides."""
        return self.me is not None and permission in self.me.permissions

    # --- tokens ------------------------------------------------------------------------------------------------

    async def token(self) -> str | None:
        """A token that is still good, renewed if it is about to expire."""
        if self._tokens is None:
            return await self.renew("") if self._refresh_token else None
        # By our own clock from the moment it was received: a wrong wall clock changes nothing.
        if self._clock.monotonic() > self._expires_mono - RENEW_BEFORE.total_seconds() and self._refresh_token:
            return await self.renew(self._tokens.access_token)
        return self._tokens.access_token

    async def renew(self, refused: str) -> str | None:
        """Another token; everybody who asks at once waits for the same one."""
        if self._tokens is not None and refused != self._tokens.access_token:
            return self._tokens.access_token  # somebody renewed it meanwhile
        if self._failure is not None and asyncio.get_running_loop().time() < self._next_try:
            raise self._failure.with_traceback(None)
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.get_running_loop().create_task(self._renew(), name="renew session")
        return await asyncio.shield(self._renewing)

    async def _renew(self) -> str | None:
        """Renew or raise OperationsError: without a whole answer the tokens stay, and who asks next tries again."""
        if self._refresh_token is None or self._client is None:
            self._forget_tokens()
            self.changed.emit()
            return None
        try:
            if self._issuer is None:
                tokens = await session_requests.refresh(self._client, self._refresh_token, self._device)
            else:
                from app.core.browser_sign_in import browser_refresh

                renewed = await browser_refresh(self._issuer, self._refresh_token, self._subject)
                tokens, self._id_token = renewed.tokens, renewed.id_token or self._id_token
        except SignedOut:
            self._forget_tokens()
            await self._forget_kept()
            self.changed.emit()
            self._messages.post("The session has ended. Sign in again to go on.", "warning")
            return None
        except OperationsError as error:
            raise self._put_off(error) from error
        await self._use(tokens)
        return tokens.access_token

    def _put_off(self, error: OperationsError) -> OperationsError:
        """Every panel that asks wants a renewal: after the second failure, not before some time has passed."""
        self._failures += 1
        if self._failures > 1:
            rest = pause(self._failures - 1, RENEWAL_FIRST_PAUSE, RENEWAL_LONGEST_PAUSE)
            self._next_try = asyncio.get_running_loop().time() + rest
        if isinstance(error, BadAnswer):  # nothing can be asked without a token: that is no link
            error = Unreachable(f"The session cannot be renewed. {error}")
        self._failure = error
        return error

    async def take(self, tokens: Tokens, *, remember: bool = True) -> None:
        """Use these tokens, and those that follow them, from now on; the server renews them."""
        self._to_keep, self._refresh_token = remember, None
        self._issuer, self._subject, self._id_token = None, "", None
        await self._use(tokens)

    async def _take_from(self, issuer: OidcOptions, found: SignedIn) -> None:
        """Use the tokens of an OIDC issuer, which renews them itself."""
        self._to_keep, self._refresh_token = True, None
        self._issuer, self._subject, self._id_token = issuer, found.subject, found.id_token
        await self._use(found.tokens)

    async def _use(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._failures, self._failure = 0, None
        self._refresh_token = tokens.refresh_token or self._refresh_token
        life = (tokens.expires_at - tokens.as_of).total_seconds()
        self._expires_mono = self._clock.monotonic() + life
        if self._to_keep and self._refresh_token:
            await self._keep()

    async def _keep(self) -> None:
        kept = {"refresh": self._refresh_token, "device": self._device}
        if self._issuer is not None:
            kept |= {"issuer": self._issuer.issuer, "client": self._issuer.client_id, "subject": self._subject}
        try:
            await self.keyring.put(self._target, json.dumps(kept))
            self.remembered = True
        except OSError as error:
            # Asked once, not at every renewal: a keyring that hangs would hold each of them up.
            self.remembered = self._to_keep = False
            self._messages.post_once(
                "keyring", f"No system keyring ({error}): you stay signed in for this session only.", "info"
            )

    async def recall(self) -> bool:
        """Take up the session of an earlier run; whether there was one."""
        from models.accounts import OidcOptions

        try:
            kept = parse_json(await self.keyring.get(self._target) or "null")
            if kept is not None:
                if "issuer" in kept:
                    issuer, subject = OidcOptions(issuer=kept["issuer"], client_id=kept["client"]), str(kept["subject"])
                    self._issuer, self._subject = issuer, subject
                self._refresh_token = str(kept["refresh"])
                self._device = str(kept.get("device", self._device))
        except (OSError, ValueError, KeyError, TypeError):
            return False
        self.remembered = self._refresh_token is not None
        return self.remembered

    def _forget_tokens(self) -> None:
        self._tokens, self._refresh_token, self._id_token, self.me = None, None, None, None
        self._failures, self._failure = 0, None
        self.confirmed = False

    async def _forget_kept(self) -> None:
        try:
            await self.keyring.forget(self._target)
        except OSError:
            return  # nothing was kept where there is no keyring

    # --- signing in and out ------------------------------------------------------------------------------------

    async def options(self) -> SignInOptions:
        """How one can sign in. Raises OperationsError."""
        return await session_requests.sign_in_options(self._speaker)

    async def sample_access(self) -> SampleAccess | None:
        """What a sample shop says to whoever is signed in with one of its accounts; ``None`` for anybody else.

        Raises OperationsError.
        """
        sample = (await self.options()).sample
        mine = self.me.user_id if self.me is not None else None
        return sample if sample is not None and any(account.id == mine for account in sample.accounts) else None

    async def sign_in(self, account: str, password: str) -> Me:
        """Sign in with a built-in account. Raises OperationsError with words for the operator."""
        await self.take(await session_requests.sign_in(self._speaker, account, password))
        return await self.load_me()

    async def sign_in_with_browser(self, open_browser: Callable[[str], Any]) -> Me:
        """Sign in through the OIDC issuer the server names. Raises OperationsError."""
        from app.core.browser_sign_in import browser_sign_in

        options = await self.options()
        if options.oidc is None:
            raise SignedOut("This server offers no sign-in through the browser.")
        await self._take_from(options.oidc, await browser_sign_in(options.oidc, open_browser))
        return await self.load_me()

    async def use_second_factor(self, code: str) -> None:
        """Prove with a code of the account's authenticator, or a recovery code, who is signed in.

        Raises OperationsError: the code is wrong, or too many were.
        """
        self._take_access(await session_requests.step_up(self._speaker, code))

    async def begin_second_factor(self, password: str) -> Enrolment:
        """Begin to set up a second factor; an account without password gives none. Raises OperationsError."""
        return await session_requests.begin_second_factor(self._speaker, password)

    async def confirm_second_factor(self, code: str) -> tuple[str, ...]:
        """Finish with the first code; answers the recovery codes, to be shown this once. Raises OperationsError."""
        confirmed = await session_requests.confirm_second_factor(self._speaker, code)
        self._take_access(confirmed)
        await self.load_me()
        return confirmed.codes

    def _take_access(self, raised: AccessToken) -> None:
        if self._tokens is not None:
            fresh = {"access_token": raised.access_token, "expires_at": raised.expires_at, "as_of": raised.as_of}
            self._tokens = self._tokens.model_copy(update=fresh)
            self._expires_mono = self._clock.monotonic() + (raised.expires_at - raised.as_of).total_seconds()

    async def step_up(self, open_browser: Callable[[str], Any], acr_values: str | None, max_age: int) -> None:
        """Prove again in the browser who is signed in, as a challenge of the server asks (RFC 9470).

        ``max_age`` is in seconds. The tokens are replaced, the session stays; whatever is raised leaves it as it was.

        Raises:
            SignInRefused: by the issuer, or somebody else signed in.
            SignedOut: nobody is signed in through the browser, or the session has ended meanwhile.
            OperationsError: the issuer does not answer, or not as it should.
        """
        from app.core.browser_sign_in import browser_step_up

        issuer, subject = self._issuer, self._subject
        if issuer is None or not self.signed_in:
            raise SignedOut("This session was not begun in the browser; sign in again.")
        found = await browser_step_up(issuer, open_browser, subject, Challenge(acr_values, max_age))
        await self._renewed()  # else the older tokens would come in place of these
        if not self.signed_in or self._signing_out or self._issuer is not issuer or self._subject != subject:
            raise SignedOut("The session has ended meanwhile; sign in again.")
        # The refresh token used so far is left to expire: revoking it may end all that the issuer has granted.
        self._id_token = found.id_token
        await self._use(found.tokens)

    async def load_me(self) -> Me:
        """Ask the server who is signed in. Raises OperationsError."""
        self.me = await session_requests.me(self._speaker)
        self.confirmed = True
        self.changed.emit()
        return self.me

    def suppose(self, me: Me | None) -> None:
        """Go on as who was signed in the last time, until the server has said who is; ``None`` takes that back."""
        if not self.confirmed and me != self.me:
            self.me = me
            self.changed.emit()

    async def sign_out(self, open_browser: Callable[[str], Any] | None = None) -> None:
        """End the session here and, if they can be heard, on the server or at the OIDC issuer.

        ``open_browser`` lets the issuer end its own session too, where it offers that.
        """
        self._signing_out = True  # what comes while the server is told is not taken any more
        try:
            await self._leave(open_browser)
        finally:
            self._signing_out = False

    async def _leave(self, open_browser: Callable[[str], Any] | None) -> None:
        await self._renewed()  # else what it brings would be kept after all
        untold = ""
        try:
            if self._issuer is not None and self.signed_in:
                from app.core.browser_sign_in import browser_sign_out

                await browser_sign_out(self._issuer, self._refresh_token, self._id_token, open_browser)
            elif self._refresh_token is not None:
                await session_requests.sign_out(self._speaker, self._refresh_token)
        except OperationsError as error:
            peer = "server" if self._issuer is None else "sign-in service"
            untold = f"Signed out here; the {peer} was not told: {error}"
        self._forget_tokens()
        await self._forget_kept()
        self.changed.emit()
        if untold:
            self._messages.post(untold, "warning")

    async def _renewed(self) -> None:
        """Wait for a renewal under way, however it ends; who asked for it hears that."""
        if self._renewing is not None:
            await asyncio.wait({self._renewing})

    async def close(self) -> None:
        """Give up a renewal under way."""
        if self._renewing is not None:
            await end(self._renewing)
            if not self._renewing.cancelled():
                self._renewing.exception()  # nobody waits for it any more

    @property
    def _speaker(self) -> OperationsClient:
        if self._client is None:
            raise SignedOut("There is no server to sign in to.")
        return self._client
