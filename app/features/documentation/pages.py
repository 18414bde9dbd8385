"""One page about all problems, drawn from the errors themselves."""

from collections.abc import Iterator
from html import escape

from app.errors import AppError

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
  body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 42rem; margin: 2rem auto; padding: 0 1rem; color: #1b2430; }}
  code {{ background: #eef1f5; padding: .1em .3em; border-radius: .2em; }}
  dt {{ margin-top: 1.2rem; font-weight: 600; }} dd {{ margin: 0; }}
</style>
<h1>{title}</h1>
{body}
</html>
"""


def problem_types() -> dict[str, type[AppError]]:
    """Every problem that has a code, by that code."""
    return {error.code: error for error in _descendants(AppError) if "code" in vars(error)}


def _descendants(error: type[AppError]) -> Iterator[type[AppError]]:
    for child in error.__subclasses__():
        yield child
        yield from _descendants(child)


def problem_page(error: type[AppError]) -> str:
    body = (
        f"<p>HTTP status <code>{error.status}</code>, code <code>{escape(error.code)}</code></p>"
        f"<p>{escape(error.title)} {escape(error.advice)}</p>"
        '<p><a href="/problems">All problems</a></p>'
    )
    return _PAGE.format(title=escape(error.code), body=body)


def problems_page() -> str:
    by_status = sorted(problem_types().values(), key=lambda error: (error.status, error.code))
    rows = "".join(
        f'<dt><a href="/problems/{error.code}">{error.status} <code>{escape(error.code)}</code></a></dt>'
        f"<dd>{escape(error.title)} {escape(error.advice)}</dd>"
        for error in by_status
    )
    return _PAGE.format(title="Problems", body=f"<dl>{rows}</dl>")
