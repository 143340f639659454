"""What judging answers says, in every language of the interface."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeedbackTexts:
    """All words of judging in one language; ``{name}`` marks what is filled in."""

    ask: str  # is the answer right?
    good: str
    bad: str
    kept_good: str
    kept_bad: str
    lost: str
    what: str  # is wrong
    faults: Mapping[str, str]
    expected: str
    expected_hint: str
    comment: str
    save: str
    # the questions asked again after a rebuild
    heading: str
    holds: str  # {right}, {count}
    running: str  # {done}, {count}
    stop: str
    stopped: str
    broken: str  # {count}
    mended: str  # {count}
    unchanged: str
    failing: str  # {count}
    others: str  # {count}
    again: str  # {question}
    # the command line
    none: str
    one_source: str
    exported: str  # {count}, {path}
    among_documents: str  # {path}
    wrong_name: str  # {path}
    exists: str  # {path}


FEEDBACK_TEXTS: Mapping[str, FeedbackTexts] = {
    "zh-Hans": FeedbackTexts(
        ask="这个回答怎么样？",
        good="对",
        bad="不对",
        kept_good="已记下：以后更新文档都会重问，看还对不对。再按一次撤销。",
        kept_bad="已记下：以后更新文档都会重问，看改好没有。再按一次撤销。",
        lost="没能记下来。原因在运行 yiju web 的窗口里。",
        what="哪里不对？",
        faults={
            "wrong": "答错了",
            "missing": "文档里有，应当找到",
            "unwarranted": "文档里没有，应当说没找到",
        },
        expected="正确的原话（可不填）",
        expected_hint="从文档里粘贴",
        comment="备注（可不填）",
        save="保存",
        heading="判断过的问题",
        holds="判断过的 {count} 个问题，现在 {right} 个符合。",
        running="正在重问判断过的问题：{done} / {count}",
        stop="停止",
        stopped="已停止，没有问完。",
        broken="这次更新后不符合了：{count}",
        mended="这次更新后符合了：{count}",
        unchanged="这次更新没有让它们变好或变坏。",
        failing="一直不符合：{count}",
        others="其中 {count} 个是别人的问题，不列出。",
        again="再问：{question}",
        none="关于这些文档，还没有判断过的问题。在网页的回答下面点 👍 或 👎；别的文档用 "
        "--documents 指明，别人的用 --user。",
        one_source="FILE 和 --feedback 要有一个，且只能有一个；--user 只与 --feedback 同用。",
        exported="已写入 {count} 个问题：{path}",
        among_documents="{path} 在文档文件夹里，会被当成文档。换个地方。",
        wrong_name="{path} 的名字要以 .jsonl 结尾。",
        exists="{path} 已经有了。换个名字，或先删掉它。",
    ),
    "zh-Hant": FeedbackTexts(
        ask="這個回答怎麼樣？",
        good="對",
        bad="不對",
        kept_good="已記下：以後更新文件都會重問，看還對不對。再按一次撤銷。",
        kept_bad="已記下：以後更新文件都會重問，看改好沒有。再按一次撤銷。",
        lost="沒能記下來。原因在執行 yiju web 的視窗裡。",
        what="哪裡不對？",
        faults={
            "wrong": "答錯了",
            "missing": "文件裡有，應當找到",
            "unwarranted": "文件裡沒有，應當說沒找到",
        },
        expected="正確的原話（可不填）",
        expected_hint="從文件裡貼上",
        comment="備註（可不填）",
        save="儲存",
        heading="判斷過的問題",
        holds="判斷過的 {count} 個問題，現在 {right} 個符合。",
        running="正在重問判斷過的問題：{done} / {count}",
        stop="停止",
        stopped="已停止，沒有問完。",
        broken="這次更新後不符合了：{count}",
        mended="這次更新後符合了：{count}",
        unchanged="這次更新沒有讓它們變好或變壞。",
        failing="一直不符合：{count}",
        others="其中 {count} 個是別人的問題，不列出。",
        again="再問：{question}",
        none="關於這些文件，還沒有判斷過的問題。在網頁的回答下面點 👍 或 👎；別的文件用 "
        "--documents 指明，別人的用 --user。",
        one_source="FILE 和 --feedback 要有一個，且只能有一個；--user 只與 --feedback 同用。",
        exported="已寫入 {count} 個問題：{path}",
        among_documents="{path} 在文件資料夾裡，會被當成文件。換個地方。",
        wrong_name="{path} 的名字要以 .jsonl 結尾。",
        exists="{path} 已經有了。換個名字，或先刪掉它。",
    ),
    "en": FeedbackTexts(
        ask="Is this answer right?",
        good="Right",
        bad="Not right",
        kept_good="Kept: asked again after every update, to see that it stays right. Press again"
        " to undo.",
        kept_bad="Kept: asked again after every update, to see when it is mended. Press again to"
        " undo.",
        lost="This could not be kept. The reason is in the window where yiju web runs.",
        what="What is wrong?",
        faults={
            "wrong": "The answer is wrong",
            "missing": "It is in the documents and should have been found",
            "unwarranted": "It is not in the documents; it should have said not found",
        },
        expected="The right words (optional)",
        expected_hint="Paste them from the documents",
        comment="Comment (optional)",
        save="Save",
        heading="Judged questions",
        holds="{right} of {count} judged questions hold.",
        running="Asking judged questions again: {done} / {count}",
        stop="Stop",
        stopped="Stopped before the end.",
        broken="Broken by this update: {count}",
        mended="Mended by this update: {count}",
        unchanged="This update made none of them better or worse.",
        failing="Still failing: {count}",
        others="{count} of these are other people's questions and are not listed.",
        again="Ask again: {question}",
        none="No questions about these documents have been judged. Press 👍 or 👎 below an answer"
        " on the page; name other documents with --documents, another user with --user.",
        one_source="Give either FILE or --feedback; --user goes with --feedback only.",
        exported="Wrote {count} questions to {path}",
        among_documents="{path} is among the documents and would become one. Choose another place.",
        wrong_name="The name of {path} must end in .jsonl.",
        exists="{path} is already there. Choose another name, or delete it first.",
    ),
}
