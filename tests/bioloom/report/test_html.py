from html import unescape

from bioloom.report import html, style
from bioloom.report.html import Html, Plate, tag

NASTY = "<script>alert(\"x\")</script> & 'y'"


def test_text_is_escaped_once_and_html_is_kept():
    inner = tag("b", NASTY)
    outer = tag("p", "1 < 2 ", inner, title=NASTY, class_="lead")
    assert "<script>" not in outer
    assert unescape(inner[3:-4]) == NASTY
    assert inner in outer
    assert outer.startswith('<p title="&lt;script&gt;')
    assert 'class="lead"' in outer
    assert html.safe(Html("<i>")) == "<i>"


def test_tables_mark_headings_and_numbers():
    table = html.table(("name", "value"), [("a<b", 1.5)], numbers=(1,))
    assert '<th scope="row">a&lt;b</th>' in table
    assert '<td class="number">1.5</td>' in table
    assert '<th scope="col" class="number">value</th>' in table


def test_figures_are_part_of_the_page_at_their_size():
    png = style.png(style.canvas(1.0, width=2.0))
    figure = html.figure(Plate("n", 'a "title"', "caption <", png))
    assert figure.count("data:image/png;base64,") == 1
    assert 'alt="a &quot;title&quot;"' in figure
    assert 'width="200"' in figure
    assert "caption &lt;" in figure
    assert "data:image/svg+xml;base64," in html.figure(Plate("n", "t", "c", png, b"<svg/>"))


def test_parts_without_content_leave_no_trace():
    assert html.join(["a", "", Html("<b>")]) == "a\n<b>"


def test_the_page_links_its_sections():
    page = html.page(NASTY, "lead", {"one": "First"}, html.section("one", "First", "text"), "foot")
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">')
    assert '<a href="#one">First</a>' in page
    assert '<section id="one"><h2>First</h2>text</section>' in page
    assert "<script" not in page
