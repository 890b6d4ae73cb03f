"""The few pieces of HTML that the report is made of. Text goes in as text and is escaped here, once."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from bioloom.report.theme import CSS


class Html(str):
    """Text that is HTML already; everything else is escaped by the functions of this module."""

    __slots__ = ()


@dataclass(frozen=True)
class Plate:
    """A figure of the report, in the formats of its files.

    Parameters
    ----------
    name : str
        Stem of its files in ``figures/``.
    title, caption : str
        What it shows, and how to read it.
    png : bytes
        The picture at two pixels per CSS pixel.
    svg : bytes
        The same as a drawing; empty for photographs, which gain nothing by it.
    """

    name: str
    title: str
    caption: str
    png: bytes
    svg: bytes = b""


def safe(content: object) -> Html:
    """Return content as HTML: escaped, unless it is HTML already."""
    return content if isinstance(content, Html) else Html(escape(str(content), quote=True))


def tag(name: str, *content: object, **attributes: str) -> Html:
    """Return an element; ``class_`` stands for ``class``, ``aria_label`` for ``aria-label``."""
    written = "".join(
        f' {_attribute(key)}="{escape(value, quote=True)}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{written}>{''.join(safe(part) for part in content)}</{name}>")


def join(parts: Iterable[object]) -> Html:
    """Return pieces of HTML or text one below the other."""
    return Html("\n".join(safe(part) for part in parts if part))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]], *, numbers: Iterable[int] = ()) -> Html:
    """Return a table that scrolls sideways on narrow screens; the first cell of a row is its heading.

    Parameters
    ----------
    numbers : iterable of int
        Indices of the columns that hold numbers, aligned at the right.
    """
    right = set(numbers)

    def cell(name: str, index: int, content: object, **attributes: str) -> Html:
        return tag(name, content, **attributes, **({"class_": "number"} if index in right else {}))

    head = tag("tr", *(cell("th", i, text, scope="col") for i, text in enumerate(heads)))
    body = [
        tag("tr", *(cell("td", i, c) if i else cell("th", i, c, scope="row") for i, c in enumerate(row)))
        for row in rows
    ]
    return tag("div", tag("table", tag("thead", head), tag("tbody", *body)), class_="scroll")


def facts(rows: Mapping[str, object]) -> Html:
    """Return a list of terms and what they are."""
    pairs = ((tag("dt", term), tag("dd", value)) for term, value in rows.items())
    return tag("dl", *(part for pair in pairs for part in pair), class_="facts")


def card(term: str, value: str, note: object) -> Html:
    """Return a headline number."""
    lines = (tag("dt", term), tag("dd", value, class_="value"), tag("dd", note, class_="note"))
    return tag("dl", *lines, class_="card")


def figure(plate: Plate) -> Html:
    """Return a figure whose picture is part of the page."""
    kind, data = ("svg+xml", plate.svg) if plate.svg else ("png", plate.png)
    source = f"data:image/{kind};base64,{b64encode(data).decode('ascii')}"
    image = Html(f'<img src="{source}" alt="{escape(plate.title, quote=True)}" width="{_width(plate.png)}">')
    caption = tag("figcaption", tag("strong", plate.title), Html(" "), plate.caption)
    return tag("figure", image, caption)


def section(name: str, title: str, *content: object) -> Html:
    """Return a titled section that ``#name`` leads to."""
    return tag("section", tag("h2", title), join(content), id=name)


def page(title: str, lead: str, contents: Mapping[str, str], body: object, foot: str) -> str:
    """Return the whole document.

    Parameters
    ----------
    title, lead : str
        Heading and the sentence below it.
    contents : mapping of str to str
        Names of the sections to their titles.
    body : object
        The sections.
    foot : str
        The last line.
    """
    links = (tag("li", tag("a", text, href=f"#{name}")) for name, text in contents.items())
    head = (
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        Html('<meta name="color-scheme" content="light dark">'),
        tag("title", title),
        tag("style", Html(f"\n{CSS}\n")),
    )
    parts = (
        tag("header", tag("h1", title), tag("p", lead, class_="lead")),
        tag("nav", tag("ul", *links), aria_label="Contents"),
        tag("main", Html("\n"), body, Html("\n")),
        tag("footer", tag("p", foot)),
    )
    document = tag("html", tag("head", join(head)), tag("body", join(parts)), lang="en")
    return f"<!DOCTYPE html>\n{document}\n"


def _width(png: bytes) -> int:
    """Return the width of a PNG in CSS pixels, from its header (bytes 16 to 19), at two pixels each."""
    return int.from_bytes(png[16:20], "big") // 2


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
