"""Who may call from a browser."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response


class Cors(CORSMiddleware):
    """The framework's own, but a preflight that is refused is answered by silence instead of plain text.

    A browser needs no more than the missing grant, and nobody else sees it.
    """

    def preflight_response(self, request_headers: Headers) -> Response:
        answer = super().preflight_response(request_headers)
        if answer.status_code == HTTPStatus.OK:
            return answer
        return Response(status_code=204, headers={"Cache-Control": "no-store", "Vary": "Origin"})
