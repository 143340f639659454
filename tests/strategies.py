"""Hypothesis strategies shared by all tests: mixed-script texts, documents, questions.

Only ``any_texts`` gives lone surrogates: a decoded file never holds one, a question may.
"""

import unicodedata
from pathlib import Path

from hypothesis import strategies as st

from index.datatypes import Document
from index.loading import FoundFile, load_document

WORDS = {
    "zh-Hans": (
        "图书馆",
        "会议于",
        "2月5日下午",
        "召开",
        "安全生产条例",
        "发",
        "干",
        "皇后",
        "台风",
    ),
    "zh-Hant": ("圖書館", "會議於", "2月5日下午", "召開", "發", "乾", "皇后", "後", "颱風", "臺灣"),
    "full-width": ("ＧＢ／Ｔ　５９７２", "ＡＢＣ", "１２３", "（甲）", "％", "＊＊", "＃　題"),
    "rare han": ("㐂", "𠮷野家", "〇", "佐々木", "\u9fd6", "\uf900", "⼀", "㋿"),
    "kana": ("ガイド", "ひらがな", "ｶﾞｲﾄﾞ", "が", "か\u3099", "ヽ", "ﾊﾟ", "㍿"),
    "hangul": ("한국어", "도서관에서", unicodedata.normalize("NFD", "한국어"), "ㅎㅏㄴ", "ﾡ"),
    "latin": (
        "café",
        "cafe\u0301",
        "Straße",
        "İstanbul",
        "ﬁle",
        "oﬃce",
        "Ångström",
        "A\u030angstro\u0308m",
    ),
    "greek": ("Σίσυφος", "ΟΔΟΣ", "ᾳ", "ΐ", "Москва"),
    "marked": (
        "q\u0307\u0323",
        "a\u0323\u0301",
        "\u0301",
        "ệ",
        "e\u0302\u0323",
        "\u0f73",
        "हिन्दी",
        "ไทย",
    ),
    "emoji": (
        "👩\u200d👩\u200d👧\u200d👦",
        "🏳\ufe0f\u200d🌈",
        "👍🏽",
        "🇨🇳",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
    ),
    "rtl": ("שָׁלוֹם", "العربية", "٣٫١٤", "\u200fabc\u200e", "ﷺ", "ﻻ"),
    "marks": ("**", "*", "`", "```", "# ", "## ", "__", "_", "~~", "> ", "- ", "1. ", "| a | b |"),
    "codes": ("PPR-9087", "ppr 9087", "GB/T 5972-2023", "3.14", "1,152", "v1.2.3", "①", "№ 7", "½"),
    "quotes": ("“", "”", "「", "」", "'s", "（", "）", "《", "》", "]"),
}
SEPARATORS = (
    "",
    " ",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "\t",
    "\u3000",
    "\u2028",
    "\x0b",
    "\x0c",
    "\x85",
    "。",
    "，",
    "；",
    "！",
    "……",
    ". ",
    ".",
    "? ",
    "; ",
    "   \n",
)


def _pieces(wild: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    word = st.sampled_from([word for words in WORDS.values() for word in words])
    return st.one_of(word, word, word, st.sampled_from(SEPARATORS), wild)


def mixed_texts(*, max_pieces: int = 40) -> st.SearchStrategy[str]:
    """Texts of words in all scripts, separators of all kinds and any other characters."""
    wild = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
    return st.lists(_pieces(wild), max_size=max_pieces).map("".join)


def file_texts(*, max_pieces: int = 60) -> st.SearchStrategy[str]:
    """Texts that a text file can hold: no control characters, no byte order mark in front."""
    wild = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=4)
    texts = st.lists(_pieces(wild), max_size=max_pieces).map("".join)
    repeated = st.builds(lambda text, times: text * times, texts, st.integers(1, 12))
    return st.one_of(texts, repeated).map(lambda text: text.lstrip("\ufeff").replace("\x85", "\n"))


def any_texts(*, max_size: int = 60) -> st.SearchStrategy[str]:
    """Any strings whatever, lone surrogates and control characters too."""
    return st.one_of(mixed_texts(max_pieces=12), st.text(st.characters(), max_size=max_size))


def make_document(text: str, source: str = "folder/document.txt") -> Document:
    """Load a text as the file of that name would be."""
    data = text.encode("utf-8")
    return load_document(FoundFile(Path(source), source, len(data), 0), data).document


def documents() -> st.SearchStrategy[Document]:
    """Documents as the loaders make them from plain text and from Markdown."""
    sources = st.sampled_from(["甲.txt", "b/notes.md"])
    return st.builds(make_document, file_texts(), sources)


def questions() -> st.SearchStrategy[str]:
    """Strings asked as questions: words of all scripts, punctuation, nonsense, nothing."""
    words = st.sampled_from([word for words in WORDS.values() for word in words])
    asked = st.lists(words, min_size=1, max_size=6).map(lambda parts: " ".join(parts) + "？")
    return st.one_of(asked, any_texts())
