"""What the card of an answer says beside the documents' words, in every language of the page."""

from collections.abc import Mapping
from dataclasses import dataclass

from rag.datatypes import DateOrigin


@dataclass(frozen=True, slots=True)
class AnswerTexts:
    """All words of the card in one language; ``{name}`` marks what is filled in."""

    agreeing: str  # {count}
    disputed: str
    disputed_more: str
    differs: str  # {words}
    newer: str
    undated: str
    origins: Mapping[DateOrigin, str]  # where a date was found
    year: str  # {year}
    month: str  # {year}, {month}
    day: str  # {year}, {month}, {day}
    months: tuple[str, ...]  # from January on, as they are filled in
    # copying
    copy: str
    as_text: str
    as_markdown: str
    as_gbt: str
    as_receipt: str
    question: str  # {question}


_NUMBERS = tuple(map(str, range(1, 13)))
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)

_ZH_HANS = AnswerTexts(
    agreeing="{count} 处来源一致",
    disputed="文档说法不一",
    disputed_more="请对照日期和原文，自己判断以哪份为准。",
    differs="另一份文档说法不同：{words}",
    newer="较新",
    undated="没有注明日期",
    origins={
        DateOrigin.HEADING: "小标题里的日期",
        DateOrigin.TITLE: "标题里的日期",
        DateOrigin.NAME: "文件名里的日期",
        DateOrigin.TEXT: "文首的日期",
        DateOrigin.FILE: "文件的修改日期",
    },
    year="{year}年",
    month="{year}年{month}月",
    day="{year}年{month}月{day}日",
    months=_NUMBERS,
    copy="复制",
    as_text="文字",
    as_markdown="Markdown 脚注",
    as_gbt="GB/T 7714",
    as_receipt="凭据 JSON",
    question="问：{question}",
)

_ZH_HANT = AnswerTexts(
    agreeing="{count} 處來源一致",
    disputed="文件說法不一",
    disputed_more="請對照日期和原文，自己判斷以哪份為準。",
    differs="另一份文件說法不同：{words}",
    newer="較新",
    undated="沒有註明日期",
    origins={
        DateOrigin.HEADING: "小標題裡的日期",
        DateOrigin.TITLE: "標題裡的日期",
        DateOrigin.NAME: "檔名裡的日期",
        DateOrigin.TEXT: "文首的日期",
        DateOrigin.FILE: "檔案的修改日期",
    },
    year="{year}年",
    month="{year}年{month}月",
    day="{year}年{month}月{day}日",
    months=_NUMBERS,
    copy="複製",
    as_text="文字",
    as_markdown="Markdown 註腳",
    as_gbt="GB/T 7714",
    as_receipt="憑據 JSON",
    question="問：{question}",
)

_EN = AnswerTexts(
    agreeing="{count} places agree",
    disputed="The documents disagree",
    disputed_more="Compare the dates and the originals, and judge which one holds.",
    differs="Another document says: {words}",
    newer="newer",
    undated="not dated",
    origins={
        DateOrigin.HEADING: "date in the heading",
        DateOrigin.TITLE: "date in the title",
        DateOrigin.NAME: "date in the file name",
        DateOrigin.TEXT: "date at the beginning",
        DateOrigin.FILE: "file last changed",
    },
    year="{year}",
    month="{month} {year}",
    day="{day} {month} {year}",
    months=_MONTHS,
    copy="Copy",
    as_text="Text",
    as_markdown="Markdown footnote",
    as_gbt="GB/T 7714",
    as_receipt="Receipt JSON",
    question="Q: {question}",
)

ANSWER_TEXTS: Mapping[str, AnswerTexts] = {"zh-Hans": _ZH_HANS, "zh-Hant": _ZH_HANT, "en": _EN}
