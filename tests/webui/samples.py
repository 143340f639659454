"""Small answers and documents for the tests of what shows them."""

from dataclasses import replace
from html.parser import HTMLParser

from index.datatypes import Document, Place, PlaceKind, Span
from rag.composer import cite_places, page_of
from rag.datatypes import Answer, Citation, DateOrigin, Role, Status

HOSTILE = (
    '<img src=x onerror="window.pwned=1"> ${window.pwned=2} {{constructor}} $$x^2$$ '
    "</blockquote><script>window.pwned=3</script> &amp; ' \" ` \\u{110000} C:\\user "
    "![](http://example.com/a.png) [bold]x[/bold] \u202egnp.exe"
)


def make_document(text, source="notes/报告.txt", title="报告", places=()):
    return Document("0123456789abcdef", source, title, text, "text/plain", "ab" * 32, places)


def make_sheet(*rows, name="员工", source="名册.xlsx"):
    """A document of one sheet, whose rows are lines."""
    text = "\n".join(rows)
    places, start = [Place(PlaceKind.SHEET, 1, Span(0, len(text)), name)], 0
    for number, row in enumerate(rows, 1):
        places.append(Place(PlaceKind.ROW, number, Span(start, start + len(row))))
        start += len(row) + 1
    return make_document(text, source, "名册", tuple(places))


def make_citation(document, quote, highlight=None, *, number=1, role=Role.ANSWER, heading=()):
    places = cite_places(document, highlight or quote)
    return Citation(
        number=number,
        role=role,
        source=document.source,
        title=document.title,
        quote=quote.of(document.text),
        span=quote,
        highlight=highlight,
        line=document.text.count("\n", 0, quote.start) + 1,
        page=page_of(places),
        heading=heading,
        sha256=document.sha256,
        places=places,
    )


def make_answer(*citations, status=Status.ANSWERED, confidence=0.9, nearest=(), question="哪天？"):
    text = ""
    if citations and citations[0].highlight:
        at = citations[0].highlight.start - citations[0].span.start
        text = citations[0].quote[at : at + len(citations[0].highlight)]
    return Answer(
        question=question,
        interpreted=question,
        text=text,
        status=status,
        confidence=confidence,
        generation="000001",
        citations=citations,
        nearest=tuple(nearest),
    )


def sample_answer(words="2月5日", before="会议于", after="召开。", **kwargs):
    document = make_document(f"标题\n{before}{words}{after}\n结尾")
    start = len("标题\n")
    quote = Span(start, start + len(before + words + after))
    highlight = Span(start + len(before), start + len(before + words))
    return make_answer(make_citation(document, quote, highlight), **kwargs)


def list_answer():
    """An answer of three items in one sentence, the last of which stands elsewhere again."""
    document = make_document("出席的有许明、林澈和沈禾。\n沈禾先走。")
    quote = Span(0, 13)
    at = [Span(4, 6), Span(7, 9), Span(10, 12)]
    roles = (Role.ANSWER, Role.ALSO, Role.ALSO)
    cited = [
        make_citation(document, quote, words, number=number, role=role)
        for number, (words, role) in enumerate(zip(at, roles, strict=True), 1)
    ]
    elsewhere = make_citation(document, Span(14, 19), Span(14, 16), number=4, role=Role.ALSO)
    return make_answer(*cited, elsewhere)


def disputed_answer(title="报告", **kwargs):
    """An answer that a second document confirms in other words and a third contradicts."""
    said = ("参加的有一百二十人。", "共120人参加。", "到场350人。")
    at = (Span(4, 9), Span(1, 5), Span(2, 6))
    roles = (Role.ANSWER, Role.SAME, Role.CONFLICT)
    dates = (("2023", DateOrigin.TITLE), ("", DateOrigin.NONE), ("2024-03-15", DateOrigin.TEXT))
    cited = [
        replace(
            make_citation(
                make_document(text, f"{number}.txt", f"{title}{number}"),
                Span(0, len(text)),
                words,
                number=number,
                role=role,
            ),
            date=date,
            date_origin=origin,
        )
        for number, (text, words, role, (date, origin)) in enumerate(
            zip(said, at, roles, dates, strict=True), 1
        )
    ]
    return make_answer(*cited, **{"status": Status.UNCERTAIN} | kwargs)


class Page(HTMLParser):
    """What a browser would see: elements with their attributes and text."""

    def __init__(self, markup):
        super().__init__(convert_charrefs=True)
        self.elements = []  # [tag, attributes, text]
        self.text = ""
        self._open = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append([tag, dict(attrs), ""])
        if tag not in {"br", "meta", "link", "img", "input"}:
            self._open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self._open and self._open[-1][0] == tag, f"unbalanced </{tag}>"
        self._open.pop()

    def handle_data(self, data):
        self.text += data
        for element in self._open:
            element[2] += data

    def find(self, tag, **attributes):
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.elements
            if element[0] == tag and wanted.items() <= element[1].items()
        ]

    def texts(self, tag, **attributes):
        return [element[2] for element in self.find(tag, **attributes)]
