"""Pages about the problems, for whoever follows the `type` of one."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from app.errors import NotFoundError
from app.features.documentation.pages import problem_page, problem_types, problems_page

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
}


@router.get("/problems")
async def list_problems() -> HTMLResponse:
    return HTMLResponse(problems_page(), headers=HEADERS)


@router.get("/problems/{code}")
async def get_problem(code: str) -> HTMLResponse:
    error = problem_types().get(code)
    if error is None:
        raise NotFoundError
    return HTMLResponse(problem_page(error), headers=HEADERS)
