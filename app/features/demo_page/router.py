"""The demo page at `/`: static files that use the public API and nothing else."""

from pathlib import Path
from typing import Final

from fastapi import APIRouter
from starlette.responses import FileResponse

from app.errors import NotFoundError

router = APIRouter(include_in_schema=False)

STATIC: Final = Path(__file__).parent / "static"

FILES: Final = {
    "index.html": "text/html; charset=utf-8",
    "demo.css": "text/css; charset=utf-8",
    **dict.fromkeys(
        (
            "addresses.js",
            "api.js",
            "booking.js",
            "calendar.js",
            "canceling.js",
            "confirmed.js",
            "dates.js",
            "demo.js",
            "details.js",
            "dom.js",
            "fields.js",
            "form.js",
            "live.js",
            "moving.js",
            "summary.js",
            "ticket.js",
            "times.js",
            "troubles.js",
            "waiting.js",
        ),
        "text/javascript; charset=utf-8",
    ),
}
"""What may be asked for: names are looked up, never joined to a path."""

HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@router.head("/")
@router.get("/")
async def get_page() -> FileResponse:
    return _file("index.html")


@router.get("/demo/{name}")
async def get_file(name: str) -> FileResponse:
    if name not in FILES:
        raise NotFoundError
    return _file(name)


def _file(name: str) -> FileResponse:
    return FileResponse(STATIC / name, media_type=FILES[name], headers=HEADERS)
