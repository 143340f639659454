"""What the history of conversations says, in every language of the interface."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConversationTexts:
    """All words of the history in one language; ``{name}`` marks what is filled in."""

    history: str
    count: str  # {count}
    search: str
    search_hint: str
    none: str
    none_found: str
    n_turns: str  # {count}
    current: str
    rename: str
    title: str
    save: str
    delete: str
    deleted: str  # {title}
    undo: str
    too_late: str
    more: str  # {count}
    export_markdown: str
    export_json: str
    actions: str  # {title}
    # a follow-up
    edit: str
    ask_again: str
    edit_label: str
    # what went wrong
    set_aside: str  # {name}
    unavailable: str
    not_kept: str
    # an exported conversation
    receipt: str
    verdicts: Mapping[str, str]


_ZH_HANS = ConversationTexts(
    history="历史对话",
    count="{count} 个",
    search="查找",
    search_hint="在标题、问题和回答里查找",
    none="还没有对话。问过的问题会自动存在这台机器上。",
    none_found="没有找到这样的对话。",
    n_turns="{count} 问",
    current="当前",
    rename="改名",
    title="对话标题",
    save="保存",
    delete="删除",
    deleted="已删除“{title}”。",
    undo="撤销",
    too_late="这段对话已经不在了。",
    more="只列出最近的 {count} 个，更早的请用查找。",
    export_markdown="导出 Markdown",
    export_json="导出 JSON（含凭据）",
    actions="“{title}”的操作",
    edit="修改",
    ask_again="按此再问",
    edit_label="修改理解，再问一次",
    set_aside="历史记录的文件损坏了，已改名为 {name} 放在一边，从现在起重新记录。",
    unavailable="历史记录打不开，这次的对话不会保存；照常可以提问。原因在运行 yiju web 的窗口里。",
    not_kept="刚才的回答没能存进历史记录；照常可以提问。原因在运行 yiju web 的窗口里。",
    receipt="凭据",
    verdicts={"": "备注：", "good": "👍", "bad": "👎"},
)

_ZH_HANT = ConversationTexts(
    history="歷史對話",
    count="{count} 個",
    search="尋找",
    search_hint="在標題、問題和回答裡尋找",
    none="還沒有對話。問過的問題會自動存在這台機器上。",
    none_found="沒有找到這樣的對話。",
    n_turns="{count} 問",
    current="目前",
    rename="改名",
    title="對話標題",
    save="儲存",
    delete="刪除",
    deleted="已刪除「{title}」。",
    undo="復原",
    too_late="這段對話已經不在了。",
    more="只列出最近的 {count} 個，更早的請用尋找。",
    export_markdown="匯出 Markdown",
    export_json="匯出 JSON（含憑據）",
    actions="「{title}」的操作",
    edit="修改",
    ask_again="按此再問",
    edit_label="修改理解，再問一次",
    set_aside="歷史記錄的檔案損壞了，已改名為 {name} 放在一邊，從現在起重新記錄。",
    unavailable="歷史記錄打不開，這次的對話不會儲存；照常可以提問。原因在執行 yiju web 的視窗裡。",
    not_kept="剛才的回答沒能存進歷史記錄；照常可以提問。原因在執行 yiju web 的視窗裡。",
    receipt="憑據",
    verdicts={"": "備註：", "good": "👍", "bad": "👎"},
)

_EN = ConversationTexts(
    history="History",
    count="{count}",
    search="Search",
    search_hint="Search titles, questions and answers",
    none="No conversations yet. What you ask is kept on this machine.",
    none_found="No conversation like that.",
    n_turns="{count} asked",
    current="open",
    rename="Rename",
    title="Title of the conversation",
    save="Save",
    delete="Delete",
    deleted="Deleted “{title}”.",
    undo="Undo",
    too_late="This conversation is no longer there.",
    more="Only the latest {count} are listed; search for older ones.",
    export_markdown="Export Markdown",
    export_json="Export JSON (with receipts)",
    actions="Actions for “{title}”",
    edit="Edit",
    ask_again="Ask this",
    edit_label="Edit how it was understood and ask again",
    set_aside="The history file was damaged. It was set aside as {name}, and a new one was begun.",
    unavailable="The history cannot be opened, so this conversation is not kept; you can ask all"
    " the same. The reason is in the window where yiju web runs.",
    not_kept="The last answer could not be kept in the history; you can ask all the same. The"
    " reason is in the window where yiju web runs.",
    receipt="Receipt",
    verdicts={"": "Note:", "good": "👍", "bad": "👎"},
)

CONVERSATION_TEXTS = {"zh-Hans": _ZH_HANS, "zh-Hant": _ZH_HANT, "en": _EN}
