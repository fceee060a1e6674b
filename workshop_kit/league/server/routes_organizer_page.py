"""The organizer's console as a page; what it shows comes from /api/organizer with the organizer's token."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

PAGE = Path(__file__).with_name("pages") / "organizer.html"


def routes() -> APIRouter:
    """The page."""
    router = APIRouter()
    page = PAGE.read_text(encoding="utf-8")

    @router.get("/organizer", response_class=HTMLResponse, include_in_schema=False)
    def organizer() -> HTMLResponse:
        return HTMLResponse(page)

    return router
