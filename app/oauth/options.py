"""The figures of renewing tokens, in one place."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalOptions:
    """What renewals may be told to do otherwise; the defaults are for Calendly itself."""

    ahead: timedelta = timedelta(minutes=10)
    """Before its end, from when an access token is renewed; where less than twice that is left, at half of it."""

    spread: float = 0.3
    """Part of that time over which processes spread: most of them find that another has done it."""

    margin: timedelta = timedelta(seconds=5)
    """Before its end, from when an access token is not used any more: a call takes its time."""

    patience: timedelta = timedelta(seconds=2)
    """For which whoever needs a token waits, whoever renews it."""

    send_within: timedelta = timedelta(seconds=5)
    """From asking the store for the lease until the first byte: a process that was paused for longer does not send."""

    lease: timedelta = timedelta(seconds=20)
    """For which whoever renews has it alone: longer than `send_within`, the call's deadline and the writing down."""

    grace: timedelta = timedelta(seconds=4)
    """After a refusal, for whoever had begun before: the pair may be in its hands. As long as a store that hangs may
    hold it up; all of it fits into the lease.
    """

    rest: timedelta = timedelta(minutes=1)
    """After a renewal, before another: an access token that Calendly refuses at once is not mended by the next one."""

    first_pause: timedelta = timedelta(seconds=1)
    """After a renewal that failed; twice as long after each that follows."""

    longest_pause: timedelta = timedelta(minutes=1)

    poll: timedelta = timedelta(milliseconds=50)
    """Between two looks whether somebody else's renewal is done, or whether the store takes a new pair."""

    look_again: timedelta = timedelta(seconds=1)
    """For which a process takes a dead grant for dead, and a failure for lasting, without asking the store."""

    leases: bool = True
    """Switched off only to show that the proof of the renewals can fail."""

    def pause(self, failures: int) -> timedelta:
        """After one that failed, when so many in a row have failed before it."""
        return min(self.first_pause * (1 << min(failures, 16)), self.longest_pause)
