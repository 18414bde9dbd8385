"""What an operator's own backend gets."""

from datetime import datetime

from pydantic import Field

from app.shapes import Shape


class ConnectLink(Shape):
    """Whoever opens it may connect one account, once."""

    url: str = Field(
        description="To be given to the host. As secret as a password until it is used.",
        examples=["https://booking.example.test/connect/SpBk5eHYJvv3dX1Y0oQW3Zr0c1W0b0h8d5n3Jm2Qq7E"],
    )
    expires_at: datetime = Field(description="When it stops working, used or not.")
