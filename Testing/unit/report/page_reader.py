"""Pages read with an HTML parser: what every page must keep."""

import base64
import io
import re
from html.parser import HTMLParser

from PIL import Image


class Page(HTMLParser):
    """Text, pictures, tables, links and ids of a page; complains about tags that do not match."""

    VOID = ("meta", "img", "br", "link", "hr", "input")

    def __init__(self, text: str):
        super().__init__()
        self.words, self.images, self.tables, self.links, self.ids, self.open = [], [], [], [], [], []
        self.feed(text)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "img":
            self.images.append(attributes)
        if tag == "table":
            self.tables.append({"headings": 0, "row_widths": [], "scopes": []})
        if tag == "tr":
            self.tables[-1]["row_widths"].append(0)
        if tag in ("td", "th"):
            self.tables[-1]["row_widths"][-1] += 1
        if tag == "th":
            self.tables[-1]["headings"] += 1
            self.tables[-1]["scopes"].append(attributes.get("scope"))
        self.links += [value for key, value in attributes.items() if key in ("href", "src")]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open[-1:] == [tag], f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def checked(path) -> Page:
    """Parse a page and check what every page must keep."""
    page = Page(path.read_text(encoding="utf-8"))
    for image in page.images:
        assert image["alt"].strip()
        content = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"), validate=True)
        Image.open(io.BytesIO(content)).verify()
    for table in page.tables:
        assert table["headings"], "a table without headings"
        assert all(scope in ("col", "row") for scope in table["scopes"])
        assert len(set(table["row_widths"])) == 1, f"ragged table {table['row_widths']}"
    told = page.text + " ".join(image["alt"] for image in page.images)
    assert not re.search(r"\b(nan|NaN|None|inf|Undefined)\b", told)
    assert not [link for link in page.links if not link.startswith(("#", "data:image/png;base64,"))]
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert "patient" in page.text, "left and right have to be stated"
    return page
