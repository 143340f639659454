"""Suggestion drafts: a sentence of a document → statements that rules turn into questions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from index.normalization import fold_text
from rag.suggesting.words import DOCUMENT_SORT

_MARKS = re.compile(r"\*\*|__|~~|`|[(（]\s*[)）]|^[ \t]*(?:#{1,6}|[-*+•>])[ \t]+")
_NUMBERING = re.compile(
    r"^\s*(?:\d{1,2}(?:\.\d{1,2})*[.、)）]?(?=\s)|\d{1,2}(?:\.(?!\d)|[、)）])|[(（][0-9一二三四五六七八九十]+[)）]"
    r"|[一二三四五六七八九十]{1,3}、|第[0-9一二三四五六七八九十百零〇]{1,6}[条條章节節])\s*"
)
_WIDE = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF5B))}
_WIDE_COMMA = re.compile(r"(?<=\d)，(?=\d{3}(?!\d))")
_LINKS = re.compile(r"\]\(|://|\||[<>{}\[\]=\\]")
# A clause, or one of the fields of a line: "版本：V3.2　修订日期：2022-08-15".
_CLAUSE_ENDS = re.compile(r"[，；;。！？!?]|,(?!\d)|[\u3000\t ]+(?=[^\s：:，]{2,10}[：:])")
_TRADITIONAL = str.maketrans("谁么时里个长间", "誰麼時裡個長間")
_PAIRS = ("（）", "()", "《》", "“”", "「」", "『』", "〈〉")
_DOCUMENT_SORT = re.compile(DOCUMENT_SORT)
_BODY_TITLE = re.compile(r".{2,18}?(?:有限公司|公司|自治会|协会|博物馆|图书馆|大学|学院|医院|银行)")
_NOT_SUBJECT = re.compile(r"[，。！？、：:；“”‘’\"《》]|召开|举行|开幕|[^\x00-\x7f]\s+[^\x00-\x7f]")


class Kind(IntEnum):
    """What a question asks for; the smaller kinds read best and come first."""

    LABEL = 0
    PERSON = 1
    DATE = 2
    AGENT = 3
    PLACE = 4
    TITLE = 5
    MATTER = 6
    NUMBER = 7


@dataclass(frozen=True, slots=True)
class Draft:
    """A question with the words that must stand in its answer."""

    kind: Kind
    question: str
    words: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A clause to make a question of."""

    text: str  # as it is shown: without marks, digits half-width
    simple: str  # the same in simplified characters, place by place
    before: str = ""  # the clause before it in the sentence, simplified
    title: str = ""  # the document's; "" when it has none
    subject: str = ""  # what the document is about; "" when its title does not tell
    is_traditional: bool = False  # the document's script

    def part(self, match: re.Match[str], group: str) -> str:
        """Return what a match in ``simple`` covers, as it is written in ``text``."""
        start, end = match.span(group)
        return self.text[start:end].strip() if start >= 0 else ""

    def word(self, simple: str) -> str:
        """Return a question word in the document's script."""
        return simple.translate(_TRADITIONAL) if self.is_traditional else simple


def clean_sentence(sentence: str) -> str:
    """Drop Markdown's marks and numbering and make wide digits narrow.

    :param sentence: A sentence of a document.
    :return: What can be read aloud; "" for links, tables, code and the like.
    """
    if _LINKS.search(sentence):
        return ""
    line = _MARKS.sub("", sentence.strip()).translate(_WIDE)
    line = _WIDE_COMMA.sub(",", _NUMBERING.sub("", line))
    return line.strip()


def cut_statements(sentence: str, about: Statement) -> Iterator[Statement]:
    """Cut a cleaned Chinese sentence into its clauses.

    :param sentence: From :func:`clean_sentence`.
    :param about: What is known of its document; its text is not used.
    :return: A statement a clause; none where folding would shift places.
    """
    before = ""
    for clause in _CLAUSE_ENDS.split(sentence):
        text = _name_in_full(clause.strip(), about.subject)
        simple = simplify(text)
        if text and len(simple) == len(text):
            yield replace(about, text=text, simple=simple, before=before)
        before = simple


def _name_in_full(clause: str, subject: str) -> str:
    """Write "公司召开…" as "澄湖精密机械股份有限公司召开…" where the title names that company."""
    for n_chars in (4, 3, 2):
        tail = subject[-n_chars:]
        if len(subject) > n_chars and clause.startswith(tail) and not clause.startswith(subject):
            return subject + clause[n_chars:]
    return clause


def name_subject(title: str, simple: str) -> str:
    """Tell from a document's title what it is about.

    :param title: The title.
    :param simple: The same in simplified characters, place by place.
    :return: The title without the words for its sort of document; "" when it is not a noun.
    """
    body = _BODY_TITLE.match(simple)
    kept = body.group() if body else _DOCUMENT_SORT.sub("", simple).strip()
    if not 2 <= len(kept) <= 22 or _NOT_SUBJECT.search(kept) or not is_balanced(kept):
        return ""
    return title[simple.find(kept) :][: len(kept)]


def simplify(text: str) -> str:
    """Return a text in simplified characters, nothing else changed."""
    return "".join(fold_text(char) if char > "\u2e7f" and char.isalpha() else char for char in text)


def is_balanced(text: str) -> bool:
    """Tell whether every bracket and quote of a text has its other half."""
    return all(text.count(pair[0]) == text.count(pair[1]) for pair in _PAIRS)
