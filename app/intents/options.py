"""The figures of the booking protocol, in one place."""

from dataclasses import dataclass
from datetime import timedelta

MARGIN = timedelta(seconds=2)
"""For writing down what Calendly has answered, before others look."""

READS_OF_A_LOOK = 4
"""A list, once more where the whole team's is refused, the invitees of what may be it, and the one who is found."""

READ_TIMEOUT = timedelta(seconds=3)

LOOK = READS_OF_A_LOOK * READ_TIMEOUT + MARGIN
"""As long as a look takes whose every read takes as long as it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolOptions:
    """What the protocol may be told to do otherwise; the defaults are for Calendly itself."""

    lease: timedelta = LOOK
    """For which whoever opened an intent has it alone, to look and up to the send; then others may take it up."""

    send_within: timedelta = timedelta(seconds=5)
    """From asking the store for leave until the first byte: a process that was paused for longer does not send."""

    answer_within: timedelta = timedelta(seconds=20)
    """From the send until others look what became of it: a little more than Calendly is given for the answer."""

    quiet: timedelta = timedelta(seconds=30)
    """After an answer was given up, until what is not there counts as not made."""

    first_look: timedelta = timedelta(seconds=1)
    """After an answer was given up, and between the looks that prove an absence."""

    longest_wait: timedelta = timedelta(seconds=30)
    """Between two looks while Calendly does not let us see."""

    alarm_after: timedelta = timedelta(minutes=15)
    """From here on an operator hears of what is still not known."""

    rare_wait: timedelta = timedelta(minutes=5)
    """Between two looks after the alarm."""

    poll: timedelta = timedelta(seconds=1)
    """How often each process asks for intents that nobody looks after."""

    hold: timedelta = LOOK
    """For which an intent is left to whoever took it up: longer than a look takes."""

    look_first: bool = True
    """Switched off only to show that the proof of the protocol can fail."""

    @property
    def pause(self) -> timedelta:
        """After the store has lost everything: for as long as nobody could prove that a booking was not made."""
        return self.answer_within + self.quiet

    @classmethod
    def of(
        cls, *, booking_timeout: timedelta, quiet: timedelta, read_timeout: timedelta = READ_TIMEOUT
    ) -> "ProtocolOptions":
        look = READS_OF_A_LOOK * read_timeout + MARGIN
        return cls(answer_within=booking_timeout + MARGIN, quiet=quiet, lease=look, hold=look)
