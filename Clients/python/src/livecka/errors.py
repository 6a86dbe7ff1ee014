"""What can go wrong when a program asks a daemon."""

from __future__ import annotations


class LiveCKAError(Exception):
    """Anything that this package raises on purpose."""


class DaemonNotRunning(LiveCKAError):
    """Nothing answers at the control socket."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(
            f"no LiveCKA daemon at {endpoint}; start one with `livecka serve`, "
            "or name another control socket with LIVECKA_CONTROL or connect(control=…)"
        )
        self.endpoint = endpoint


class NoReply(LiveCKAError):
    """The daemon took the request and did not answer in time."""

    def __init__(self, endpoint: str, command: str, timeout: float) -> None:
        super().__init__(
            f"the daemon at {endpoint} did not answer `{command}` within {timeout:g} s; "
            "it may be busy or stopped: look at its log, or ask again with a longer timeout"
        )


class ProtocolError(LiveCKAError):
    """Something answered that does not speak as a LiveCKA daemon of this version does."""


class RequestRefused(LiveCKAError):
    """The daemon answered with an error; `code` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message or code)
        self.code = code


class UnknownRun(RequestRefused):
    """The daemon has not heard of the run."""
