"""Refusals of the OAuth server, as RFC 6749 section 5.2 draws them."""


class OAuthError(Exception):
    """Answered as `{error, error_description}`; `code` is one of RFC 6749's or RFC 7636's."""

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.status = status

    @property
    def body(self) -> dict[str, str]:
        return {"error": self.code, "error_description": str(self)}


def invalid_request(description: str) -> OAuthError:
    return OAuthError("invalid_request", description)


def invalid_grant(description: str) -> OAuthError:
    return OAuthError("invalid_grant", description)


def invalid_client(status: int = 401) -> OAuthError:
    return OAuthError("invalid_client", "Client authentication failed.", status)
