"""What all views share: one spacing, JupyterLab's own colours (so that dark themes work), labelled fields."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

GAP = "12px"
WIDTH = "980px"

# Colours are JupyterLab's variables with a plain fallback for other front ends. Nothing is told by colour alone.
CSS = """
<style>
.wk-card{border:1px solid var(--jp-border-color2,#d0d7de);border-radius:8px;padding:16px 20px;box-sizing:border-box}
.wk-card .widget-html-content,.wk-card .widget-html>.widget-html-content{line-height:1.45}
.wk-title{font-size:1.2em;font-weight:600;margin:0}
.wk-sub{margin:2px 0 0;color:var(--jp-ui-font-color2,#57606a)}
.wk-section{font-weight:600;margin:6px 0 0;border-bottom:1px solid var(--jp-border-color2,#d0d7de);padding-bottom:4px}
.wk-help{color:var(--jp-ui-font-color2,#57606a);line-height:1.35;margin:0;white-space:normal}
.wk-help summary{cursor:pointer}
.wk-error{color:#b3261e;font-weight:600;line-height:1.35;margin:0;white-space:normal}
.jp-mod-theme-dark .wk-error,[data-jp-theme-light=false] .wk-error{color:#ff8a80}
.wk-note{border-left:4px solid #E69F00;padding:4px 10px;margin:6px 0;line-height:1.4;white-space:normal}
.wk-note.error{border-color:#b3261e}.wk-note.ok{border-color:#009E73}.wk-note.info{border-color:#0072B2}
.wk-facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(130px,1fr));gap:8px;margin:4px 0}
.wk-fact{border:1px solid var(--jp-border-color2,#d0d7de);border-radius:6px;padding:6px 10px}
.wk-fact b{display:block;font-size:1.25em;line-height:1.3}
.wk-fact span{color:var(--jp-ui-font-color2,#57606a);font-size:.92em}
.wk-code{max-height:260px;overflow:auto;background:var(--jp-layout-color2,#f6f8fa);padding:10px;border-radius:6px;
 font-family:var(--jp-code-font-family,monospace);font-size:12px;line-height:1.4;white-space:pre}
.wk-answer{border:1px solid var(--jp-border-color2,#d0d7de);border-radius:6px;padding:10px 12px;min-height:72px;
 white-space:pre-wrap;line-height:1.5;overflow-wrap:anywhere}
.wk-name{font-weight:600;margin:0 0 4px;overflow-wrap:anywhere}
.wk-card td,.wk-card th{padding:3px 14px 3px 0}
.wk-table{border-collapse:collapse;margin:0}
.wk-table th,.wk-table td{padding:3px 14px 3px 0;text-align:right;
 border-bottom:1px solid var(--jp-border-color2,#d0d7de)}
.wk-table th:first-child,.wk-table td:first-child{text-align:left}
.wk-table .best{font-weight:700}
.wk-card .jupyter-button:focus-visible,.wk-card input:focus-visible,.wk-card select:focus-visible,
.wk-card textarea:focus-visible{outline:2px solid #0072B2;outline-offset:1px}
</style>
"""


class Card(widgets.VBox):
    """The frame of every view: a title, a line under it, and the content."""

    def __init__(self, title: str, subtitle: str, children: Sequence[widgets.Widget], **settings: Any) -> None:
        head = text(
            f"{CSS}<p class='wk-title' role='heading' aria-level='3'>{html.escape(title)}</p>"
            + (f"<p class='wk-sub'>{html.escape(subtitle)}</p>" if subtitle else "")
        )
        settings.setdefault("layout", widgets.Layout(width="100%", max_width=WIDTH, grid_gap=GAP))
        super().__init__([head, *children], **settings)
        self.add_class("wk-card")

    def as_text(self) -> str:
        """What a front end without widgets, or a reader of the saved file, sees instead."""
        return type(self).__name__

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        bundle = super()._repr_mimebundle_(**settings)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if isinstance(data, dict):
            data["text/plain"] = self.as_text()
        return bundle


def text(content: str = "") -> widgets.HTML:
    """Some HTML, as wide as there is room."""
    return widgets.HTML(content, layout=widgets.Layout(width="auto", margin="0"))


def section(title: str) -> widgets.HTML:
    """A heading inside a card."""
    return text(f"<p class='wk-section' role='heading' aria-level='4'>{html.escape(title)}</p>")


def note(message: str, kind: str = "warning") -> str:
    """A remark; `kind` is warning, error, ok or info, and is said in words too."""
    word = {"warning": "Look", "error": "Stop", "ok": "Good", "info": "Note"}[kind]
    role = "alert" if kind == "error" else "note"
    return f"<div class='wk-note {kind}' role='{role}'><b>{word}:</b> {html.escape(message)}</div>"


def facts(pairs: Sequence[tuple[str, str]]) -> str:
    """Figures with their names under them."""
    return (
        "<div class='wk-facts'>"
        + "".join(f"<div class='wk-fact'><b>{html.escape(v)}</b><span>{html.escape(k)}</span></div>" for k, v in pairs)
        + "</div>"
    )


def figure_html(figure: Any, told: str, width: str = "820px") -> str:
    """A matplotlib Figure as a picture; `told` says what it shows to those who can't see it."""
    file = io.BytesIO()
    figure.savefig(file, format="png", facecolor="white", dpi=110)
    data = base64.b64encode(file.getvalue()).decode()
    alt = html.escape(told, quote=True)
    return f"<img style='max-width:100%;width:{width}' alt='{alt}' src='data:image/png;base64,{data}'>"


def row(*children: widgets.Widget, wrap: bool = True) -> widgets.Box:
    """Side by side, wrapping where there is no room."""
    layout = widgets.Layout(display="flex", flex_flow="row wrap" if wrap else "row", grid_gap=GAP, align_items="center")
    return widgets.Box(list(children), layout=layout)


def wide(**more: Any) -> widgets.Layout:
    """A layout that takes the whole width."""
    return widgets.Layout(width="auto", **more)


LABELS = {"description_width": "140px"}
