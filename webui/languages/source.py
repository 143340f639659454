"""What the source panel says, in every language of the interface."""

from collections.abc import Mapping
from dataclasses import dataclass

from webui.source_view import Note, PageNote


@dataclass(frozen=True, slots=True)
class SourceTexts:
    """All words of the panel in one language; ``{name}`` marks what is filled in."""

    notes: Mapping[Note, str]
    page_notes: Mapping[PageNote, str]
    whole: str  # {chars}
    window: str  # {first}, {last}: lines; {chars}
    window_of_places: str  # {first}, {last}, {chars}
    earlier: str
    later: str
    # among the citations of an answer
    citations: str
    nth_citation: str  # {number}, {count}
    previous_citation: str
    next_citation: str
    # copies
    copy_link: str
    # text or page
    view_as: str
    as_text: str
    as_page: str
    nth_page: str  # {number}, {count}
    previous_page: str
    next_page: str
    enlarge: str
    picture: str  # {number}: of a page, for those who do not see it
    boxed: str  # {words}
    no_picture: str
    # outline
    outline: str
    headings: str
    parts: str
    # find
    find: str
    find_hint: str
    nth_found: str  # {number}, {count}
    found_nothing: str
    at_least: str  # {count}
    previous_found: str
    next_found: str


SOURCE_TEXTS: Mapping[str, SourceTexts] = {
    "zh-Hans": SourceTexts(
        notes={
            Note.MOVED: "文档后来改过，这句话还在，位置已重新对上。",
            Note.CLOSEST: "文档后来改过，这句话已经不在了；标出的是现在最接近的一句，请当心。",
            Note.CHANGED: "文档后来改过，这句话已经不在了。下面是现在的文档。",
            Note.RENAMED: "这份文件改了名字或换了文件夹，内容没有变。",
            Note.GONE: "这份文档已经不在索引里了。",
            Note.STALE_LINK: "这个出处已经失效，请再问一次。",
        },
        page_notes={
            PageNote.FILE_CHANGED: (
                "磁盘上的文件和建索引时不一样了，所以显示的是当时的文字；重建索引后可以看原页。"
            ),
            PageNote.UNDRAWABLE: "这一页画不出来，显示的是它的文字。",
            PageNote.NO_BOXES: (
                "这一页的文字来自扫描识别或特殊排版，图上标不出位置；可切换到“文字”。"
            ),
        },
        whole="全文 {chars} 字",
        window="文档很长（共 {chars} 字），这里是第 {first}–{last} 行",
        window_of_places="文档很长（共 {chars} 字），这里从{first}到{last}",
        earlier="前面的内容",
        later="后面的内容",
        citations="这个回答的出处",
        nth_citation="出处 {number} / {count}",
        previous_citation="上一处出处（P 键）",
        next_citation="下一处出处（N 键）",
        copy_link="复制链接",
        view_as="查看方式",
        as_text="文字",
        as_page="原页",
        nth_page="第 {number} / {count} 页",
        previous_page="上一页（← 键）",
        next_page="下一页（→ 键）",
        enlarge="放大",
        picture="第 {number} 页的图片",
        boxed="图上标出的原文：{words}",
        no_picture="这一页的图片没有加载出来，请切换到“文字”。",
        outline="目录",
        headings="标题",
        parts="位置",
        find="在文档里查找",
        find_hint="在文档里查找（/ 键）",
        nth_found="{number} / {count}",
        found_nothing="没有找到",
        at_least="{count}+",
        previous_found="上一处（Shift+回车）",
        next_found="下一处（回车）",
    ),
    "zh-Hant": SourceTexts(
        notes={
            Note.MOVED: "文件後來改過，這句話還在，位置已重新對上。",
            Note.CLOSEST: "文件後來改過，這句話已經不在了；標出的是現在最接近的一句，請當心。",
            Note.CHANGED: "文件後來改過，這句話已經不在了。下面是現在的文件。",
            Note.RENAMED: "這份檔案改了名稱或換了資料夾，內容沒有變。",
            Note.GONE: "這份文件已經不在索引裡了。",
            Note.STALE_LINK: "這個出處已經失效，請再問一次。",
        },
        page_notes={
            PageNote.FILE_CHANGED: (
                "磁碟上的檔案和建索引時不一樣了，所以顯示的是當時的文字；重建索引後可以看原頁。"
            ),
            PageNote.UNDRAWABLE: "這一頁畫不出來，顯示的是它的文字。",
            PageNote.NO_BOXES: (
                "這一頁的文字來自掃描辨識或特殊排版，圖上標不出位置；可切換到「文字」。"
            ),
        },
        whole="全文 {chars} 字",
        window="文件很長（共 {chars} 字），這裡是第 {first}–{last} 行",
        window_of_places="文件很長（共 {chars} 字），這裡從{first}到{last}",
        earlier="前面的內容",
        later="後面的內容",
        citations="這個回答的出處",
        nth_citation="出處 {number} / {count}",
        previous_citation="上一處出處（P 鍵）",
        next_citation="下一處出處（N 鍵）",
        copy_link="複製連結",
        view_as="檢視方式",
        as_text="文字",
        as_page="原頁",
        nth_page="第 {number} / {count} 頁",
        previous_page="上一頁（← 鍵）",
        next_page="下一頁（→ 鍵）",
        enlarge="放大",
        picture="第 {number} 頁的圖片",
        boxed="圖上標出的原文：{words}",
        no_picture="這一頁的圖片沒有載入，請切換到「文字」。",
        outline="目錄",
        headings="標題",
        parts="位置",
        find="在文件裡尋找",
        find_hint="在文件裡尋找（/ 鍵）",
        nth_found="{number} / {count}",
        found_nothing="沒有找到",
        at_least="{count}+",
        previous_found="上一處（Shift+Enter）",
        next_found="下一處（Enter）",
    ),
    "en": SourceTexts(
        notes={
            Note.MOVED: "The document was edited since; the sentence is still there, found again.",
            Note.CLOSEST: (
                "The document was edited since and no longer has this sentence. Marked is the one "
                "most like it now: take care."
            ),
            Note.CHANGED: (
                "The document was edited since and no longer has this sentence. It now reads:"
            ),
            Note.RENAMED: "The file was renamed or moved; its content is the same.",
            Note.GONE: "This document is no longer in the index.",
            Note.STALE_LINK: "This reference is no longer valid; please ask again.",
        },
        page_notes={
            PageNote.FILE_CHANGED: (
                "The file on disk is not the one that was indexed, so its text as of then is "
                "shown. Rebuild the index to see the pages."
            ),
            PageNote.UNDRAWABLE: "This page cannot be drawn; its text is shown.",
            PageNote.NO_BOXES: (
                "The words of this page come from a scan or an unusual layout and cannot be boxed; "
                "“Text” shows them."
            ),
        },
        whole="{chars} characters",
        window="A long document ({chars} characters): lines {first}–{last}",
        window_of_places="A long document ({chars} characters), from {first} to {last}",
        earlier="Earlier",
        later="Later",
        citations="Sources of this answer",
        nth_citation="Source {number} / {count}",
        previous_citation="Previous source (P)",
        next_citation="Next source (N)",
        copy_link="Copy link",
        view_as="View as",
        as_text="Text",
        as_page="Page",
        nth_page="Page {number} / {count}",
        previous_page="Previous page (←)",
        next_page="Next page (→)",
        enlarge="Enlarge",
        picture="Picture of page {number}",
        boxed="Boxed on it: {words}",
        no_picture="The picture of this page could not be loaded; “Text” shows its words.",
        outline="Outline",
        headings="Headings",
        parts="Places",
        find="Find in document",
        find_hint="Find in document (/)",
        nth_found="{number} / {count}",
        found_nothing="Not found",
        at_least="{count}+",
        previous_found="Previous match (Shift+Enter)",
        next_found="Next match (Enter)",
    ),
}
