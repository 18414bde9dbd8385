"""What may keep us from having a token to call with, whoever brings the tokens."""


class AccessError(Exception):
    """There is no token for this account."""


class GrantDeadError(AccessError):
    """Nor will there be one until its owner grants access again.

    `reason`: `revoked`, `reply_lost` (a renewed token was lost on its way to us), or `disconnected`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class AccessLateError(AccessError):
    """Not now: a renewal takes too long, has failed, or cannot be begun. In `retry_after` seconds there may be one."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__("no token at the moment")
        self.retry_after = retry_after
