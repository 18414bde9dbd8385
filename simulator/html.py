"""How a hosted page looks. Whatever a person typed is escaped here and nowhere else."""

from collections.abc import Iterable, Mapping
from html import escape

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<main>
<h1>{title}</h1>
{content}
<p><small>A page of the Calendly simulator.</small></p>
</main>
</html>
"""


def page(title: str, *parts: str) -> str:
    """`title` is text, the parts are HTML."""
    return PAGE.format(title=escape(title), content="\n".join(parts))


def paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def link(address: str, text: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def form(*parts: str, action: str | None = None) -> str:
    """Posted to the page's own address unless `action` names another."""
    target = f' action="{escape(action)}"' if action is not None else ""
    return f'<form method="post"{target}>\n' + "\n".join(parts) + "\n</form>"


def hidden(fields: Mapping[str, str]) -> str:
    return "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in fields.items()
    )


def text_field(name: str, label: str, *, value: str = "", kind: str = "text", required: bool = False) -> str:
    return _labelled(
        label,
        f'<input type="{kind}" name="{escape(name)}" value="{escape(value)}"{_required(required=required)}>',
    )


def text_area(name: str, label: str, *, value: str = "", required: bool = False) -> str:
    area = f'<textarea name="{escape(name)}"{_required(required=required)}>\n{escape(value)}</textarea>'
    return _labelled(label, area)


def choice(
    name: str,
    label: str,
    options: Iterable[tuple[str, str]],
    *,
    chosen: str | None = None,
) -> str:
    """A drop-down list of (value, text)."""
    drawn = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in options
    )
    return _labelled(label, f'<select name="{escape(name)}">{drawn}</select>')


def checkboxes(name: str, label: str, values: Iterable[str]) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="{escape(name)}" value="{escape(value)}"> {escape(value)}</label>'
        for value in values
    )
    return f"<fieldset><legend>{escape(label)}</legend>{boxes}</fieldset>"


def button(text: str, *, name: str = "", value: str = "") -> str:
    named = f' name="{escape(name)}" value="{escape(value)}"' if name else ""
    return f"<p><button{named}>{escape(text)}</button></p>"


def _labelled(label: str, field: str) -> str:
    return f"<p><label>{escape(label)} {field}</label></p>"


def _required(*, required: bool) -> str:
    return " required" if required else ""
