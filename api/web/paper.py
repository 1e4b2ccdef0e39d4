"""What a page for somebody without a sign-in is printed on: one template, one style, headers that forbid the rest."""

from pathlib import Path

from fastapi import APIRouter, Response
from jinja2 import Environment, FileSystemLoader

from api.asks import open_to_all

HERE = Path(__file__).parent
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}

router = APIRouter(include_in_schema=False)
_pages = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_STYLE = (HERE / "static" / "theca.css").read_bytes()


@router.get("/static/theca.css")
@open_to_all("a page without a sign-in has its look")
def style() -> Response:
    return Response(_STYLE, media_type="text/css")


@router.get("/e/{episode}")
@open_to_all("it answers the same whatever is asked, and looks nothing up")
def pointer(episode: str) -> Response:  # noqa: ARG001 - whether there is such an episode is nobody's to learn here
    """Where a letter points to: who it is about is told to those who sign in, and to nobody here."""
    said = "Look the code in your letter up in Theca: GET /api/v1/tasks with your token, or theca why CODE."
    return page(200, "This work is in Theca", up="../", said=said)


def page(status: int, title: str, **known: object) -> Response:
    """A page that says one thing. Whatever is put into it is text."""
    text = _pages.get_template("acknowledge.html").render(title=title, **known)
    return Response(text, status_code=status, media_type="text/html", headers=HEADERS)
