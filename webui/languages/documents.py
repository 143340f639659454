"""What is said of the documents' files: added, renamed, deleted, listed, in every language."""

from collections.abc import Mapping
from dataclasses import dataclass

from webui.library_view import Deed
from webui.refusals import Refusal


@dataclass(frozen=True, slots=True)
class LibraryTexts:
    """All words about files in one language; ``{name}`` marks what is filled in."""

    drop: str
    choose: str
    into: str  # label of the choice of a collection
    waiting: str  # of a file in the row
    sending: str  # {percent}
    not_sent: str  # the connection broke
    too_large: str  # {size}
    no_folders: str
    added: str  # {name}
    there_already: str  # {name}
    search: str
    search_hint: str
    none_found: str  # {wanted}
    pages: str  # label of the buttons
    previous: str
    next: str
    shown: str  # {first}, {last}, {count}
    disk: str  # {documents}, {index}: sizes
    actions: str  # {name}
    rename: str
    new_name: str
    delete: str
    delete_named: str  # {name}
    undo: str
    modified: str
    encoding: str
    seconds: str
    sha256: str
    copies: str
    remarks: str
    cancel: str
    cancelling: str
    cancelled: str
    rate: str  # {rate}: a second
    seconds_left: str  # {count}
    minutes_left: str  # {count}
    deeds: Mapping[Deed, str]  # {name}
    refusals: Mapping[Refusal, str]  # {detail}


_ZH_HANS = LibraryTexts(
    drop="把文件拖到这里，或",
    choose="选择文件",
    into="放入",
    waiting="等待",
    sending="已传 {percent}%",
    not_sent="没有传完：连接断了，请再传一次。",
    too_large="没有收下：文件超过 {size}。",
    no_folders="不能传文件夹，请选其中的文件。",
    added="已收下：{name}",
    there_already="已经有一样的文件：{name}",
    search="查找",
    search_hint="按文件名查找",
    none_found="没有文件名含“{wanted}”的文档。",
    pages="翻页",
    previous="上一页",
    next="下一页",
    shown="第 {first}–{last} 份，共 {count} 份",
    disk="文档 {documents} · 索引 {index}",
    actions="“{name}”的详情和操作",
    rename="改名",
    new_name="新文件名",
    delete="删除",
    delete_named="删除“{name}”",
    undo="撤销",
    modified="修改时间",
    encoding="编码",
    seconds="读取用时（秒）",
    sha256="SHA-256",
    copies="内容相同的文件",
    remarks="没有读全",
    cancel="取消",
    cancelling="正在取消，到下一个文件就停。",
    cancelled="已取消；仍用原来的索引。点“重建索引”可继续。",
    rate="每秒 {rate}",
    seconds_left="约剩 {count} 秒",
    minutes_left="约剩 {count} 分钟",
    deeds={
        Deed.DELETED: "已删除“{name}”，保留 7 天。",
        Deed.RENAMED: "已改名为“{name}”，索引随即更新。",
        Deed.RESTORED: "“{name}”已放回，索引随即更新。",
    },
    refusals={
        Refusal.GONE: "这个文件已经不在了，可能刚被别人改名或删除；列表随即更新。",
        Refusal.CHANGED: "这个文件在列出之后改过，没有动它；请看过更新后的列表再操作。",
        Refusal.TAKEN: "已经有“{detail}”了，请换一个名字。",
        Refusal.NAME: "不能用这个文件名，请换一个。",
        Refusal.HIDDEN: "以“.”或“~$”开头的文件不会收入索引，请先改名。",
        Refusal.FORMAT: "不支持这种格式（{detail}）；请另存为 PDF、DOCX、XLSX、PPTX、HTML 或 TXT。",
        Refusal.LARGE: "文件超过 {detail} 字节的上限（YIJU_MAX_FILE_BYTES）。",
        Refusal.EMPTY: "这是空文件。",
        Refusal.LINK: "这是链接或特殊文件，不在这里改动；请在它所在的文件夹里处理。",
        Refusal.READ_ONLY: "文档文件夹不可写，请检查它的权限。",
        Refusal.FULL: "磁盘满了，请先腾出空间。",
        Refusal.BUSY: "别人正在改动这个文件夹，请稍后再试。",
        Refusal.EXPIRED: "已经不能撤销了：文件已放回，或已彻底删除。",
        Refusal.NO_FOLDER: "找不到文档文件夹。",
        Refusal.CUT_OFF: "文件没有传完，请再传一次。",
        Refusal.SYSTEM: "系统拒绝了：{detail}。",
    },
)
_ZH_HANT = LibraryTexts(
    drop="把檔案拖到這裡，或",
    choose="選擇檔案",
    into="放入",
    waiting="等待",
    sending="已傳 {percent}%",
    not_sent="沒有傳完：連線斷了，請再傳一次。",
    too_large="沒有收下：檔案超過 {size}。",
    no_folders="不能傳資料夾，請選其中的檔案。",
    added="已收下：{name}",
    there_already="已經有一樣的檔案：{name}",
    search="尋找",
    search_hint="按檔名尋找",
    none_found="沒有檔名含「{wanted}」的文件。",
    pages="翻頁",
    previous="上一頁",
    next="下一頁",
    shown="第 {first}–{last} 份，共 {count} 份",
    disk="文件 {documents} · 索引 {index}",
    actions="「{name}」的詳情和操作",
    rename="改名",
    new_name="新檔名",
    delete="刪除",
    delete_named="刪除「{name}」",
    undo="復原",
    modified="修改時間",
    encoding="編碼",
    seconds="讀取用時（秒）",
    sha256="SHA-256",
    copies="內容相同的檔案",
    remarks="沒有讀全",
    cancel="取消",
    cancelling="正在取消，到下一個檔案就停。",
    cancelled="已取消；仍用原來的索引。點「重建索引」可繼續。",
    rate="每秒 {rate}",
    seconds_left="約剩 {count} 秒",
    minutes_left="約剩 {count} 分鐘",
    deeds={
        Deed.DELETED: "已刪除「{name}」，保留 7 天。",
        Deed.RENAMED: "已改名為「{name}」，索引隨即更新。",
        Deed.RESTORED: "「{name}」已放回，索引隨即更新。",
    },
    refusals={
        Refusal.GONE: "這個檔案已經不在了，可能剛被別人改名或刪除；列表隨即更新。",
        Refusal.CHANGED: "這個檔案在列出之後改過，沒有動它；請看過更新後的列表再操作。",
        Refusal.TAKEN: "已經有「{detail}」了，請換一個名字。",
        Refusal.NAME: "不能用這個檔名，請換一個。",
        Refusal.HIDDEN: "以「.」或「~$」開頭的檔案不會收入索引，請先改名。",
        Refusal.FORMAT: "不支援這種格式（{detail}）；請另存為 PDF、DOCX、XLSX、PPTX、HTML 或 TXT。",
        Refusal.LARGE: "檔案超過 {detail} 位元組的上限（YIJU_MAX_FILE_BYTES）。",
        Refusal.EMPTY: "這是空檔案。",
        Refusal.LINK: "這是連結或特殊檔案，不在這裡改動；請在它所在的資料夾裡處理。",
        Refusal.READ_ONLY: "文件資料夾不可寫，請檢查它的權限。",
        Refusal.FULL: "磁碟滿了，請先騰出空間。",
        Refusal.BUSY: "別人正在改動這個資料夾，請稍後再試。",
        Refusal.EXPIRED: "已經不能復原了：檔案已放回，或已徹底刪除。",
        Refusal.NO_FOLDER: "找不到文件資料夾。",
        Refusal.CUT_OFF: "檔案沒有傳完，請再傳一次。",
        Refusal.SYSTEM: "系統拒絕了：{detail}。",
    },
)
_EN = LibraryTexts(
    drop="Drop files here, or",
    choose="Choose files",
    into="Into",
    waiting="waiting",
    sending="{percent}% sent",
    not_sent="Not sent whole: the connection broke. Send it again.",
    too_large="Not taken: the file is larger than {size}.",
    no_folders="Folders cannot be sent; choose the files in them.",
    added="Taken in: {name}",
    there_already="The same file is there already: {name}",
    search="Search",
    search_hint="Search by file name",
    none_found="No document's name holds “{wanted}”.",
    pages="Pages",
    previous="Previous",
    next="Next",
    shown="{first}–{last} of {count}",
    disk="documents {documents} · index {index}",
    actions="Details and actions of “{name}”",
    rename="Rename",
    new_name="New file name",
    delete="Delete",
    delete_named="Delete “{name}”",
    undo="Undo",
    modified="Modified",
    encoding="Encoding",
    seconds="Seconds to read",
    sha256="SHA-256",
    copies="Files of the same content",
    remarks="Not read wholly",
    cancel="Cancel",
    cancelling="Cancelling; it stops at the next file.",
    cancelled="Cancelled; the index is as it was. “Rebuild index” goes on.",
    rate="{rate} a second",
    seconds_left="about {count} s left",
    minutes_left="about {count} min left",
    deeds={
        Deed.DELETED: "Deleted “{name}”; it is kept for 7 days.",
        Deed.RENAMED: "Renamed to “{name}”; the index follows.",
        Deed.RESTORED: "“{name}” is back; the index follows.",
    },
    refusals={
        Refusal.GONE: (
            "This file is not there any more; somebody may just have renamed or deleted it. The "
            "list follows."
        ),
        Refusal.CHANGED: (
            "This file was changed after it was listed, so it was left alone. Look at the list "
            "again once it is up to date."
        ),
        Refusal.TAKEN: "There is “{detail}” already; choose another name.",
        Refusal.NAME: "No file can have this name; choose another one.",
        Refusal.HIDDEN: "Files beginning with “.” or “~$” are not indexed; rename it first.",
        Refusal.FORMAT: (
            "This format ({detail}) is not supported; save it as PDF, DOCX, XLSX, PPTX, HTML or "
            "TXT."
        ),
        Refusal.LARGE: "The file is larger than {detail} bytes (YIJU_MAX_FILE_BYTES).",
        Refusal.EMPTY: "The file is empty.",
        Refusal.LINK: "This is a link or a special file; look after it in its own folder.",
        Refusal.READ_ONLY: "The documents' folder cannot be written; check its permissions.",
        Refusal.FULL: "The disk is full; free some space first.",
        Refusal.BUSY: "Somebody else is changing this folder; try again in a moment.",
        Refusal.EXPIRED: "This cannot be undone any more: the file is back, or gone for good.",
        Refusal.NO_FOLDER: "The documents' folder was not found.",
        Refusal.CUT_OFF: "The file did not come whole; send it again.",
        Refusal.SYSTEM: "The system refused: {detail}.",
    },
)

LIBRARY_TEXTS: Mapping[str, LibraryTexts] = {
    "zh-Hans": _ZH_HANS,
    "zh-Hant": _ZH_HANT,
    "en": _EN,
}
