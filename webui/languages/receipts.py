"""What ``yiju ask --receipt`` and ``yiju verify`` say, in every language of the interface."""

from collections.abc import Mapping
from dataclasses import dataclass

from rag.verification import Outcome


@dataclass(frozen=True, slots=True)
class ReceiptTexts:
    """All words of receipts in one language; ``{name}`` marks what is filled in."""

    saved: str  # {path}
    among_documents: str  # {path}
    of_all: str  # with --in
    intact: str  # {time}, {generation}
    question: str  # {question}
    answer: str  # {answer}
    outcomes: Mapping[Outcome, str]
    count: str  # {outcome}, {count}
    remark: str  # {remark}: put behind a place
    between_remarks: str
    renamed: str
    read_otherwise: str
    saved_again: str
    edited_elsewhere: str
    edited: str
    other_file: str
    other_context: str
    not_there: str
    not_read: str  # {reason}
    nowhere: str
    closest: str  # {place}
    searched_same: str  # {count}
    searched_differs: str  # {then}, {now}
    added: str  # {files}
    changed: str  # {files}
    removed: str  # {files}
    between_files: str
    more_files: str  # {count}
    problems: str  # {count}
    unsearched: str  # {names}
    of_collection: str  # {name}, {said}
    unknown: str  # {name}
    no_folder: str  # {folder}
    how_one: str  # what to do where the only one is unknown
    how_several: str
    of_several: str  # {names}
    of_folder: str  # {names}


RECEIPT_TEXTS: Mapping[str, ReceiptTexts] = {
    "zh-Hans": ReceiptTexts(
        saved="凭据已存到 {path}",
        among_documents="{path} 在文档文件夹里，会被当成文档；请把凭据存到别处。",
        of_all="凭据证明的是问过全部文档，不能与 --in 同用。",
        intact="凭据完好 · {time} · 第 {generation} 代索引",
        question="问：{question}",
        answer="答：{answer}",
        outcomes={
            Outcome.UNCHANGED: "未变",
            Outcome.MOVED: "还在",
            Outcome.CHANGED: "改了",
            Outcome.GONE: "没了",
            Outcome.UNREADABLE: "无法核对",
        },
        count="{outcome} {count} 条",
        remark="（{remark}）",
        between_remarks="；",
        renamed="同一个文件，换了名字或位置",
        read_otherwise="文件没有变，只是现在读出来的位置不同",
        saved_again="文件重新保存过，文字一字未改",
        edited_elsewhere="在原处，文件别处改过",
        edited="文件改过，位置变了",
        other_file="在另一个文件里",
        other_context="前后的话和当时不同",
        not_there="文件还在，这句话不在了",
        not_read="文件读不出来：{reason}",
        nowhere="文件和这句话都找不到了",
        closest="现在最接近的话，{place}：",
        searched_same="当时没有找到答案；查过的 {count} 个文件内容都没有变。",
        searched_differs="当时没有找到答案；文件后来变了（{then} 个 → {now} 个），请再问。",
        added="新增：{files}",
        changed="改动：{files}",
        removed="移除：{files}",
        between_files="、",
        more_files="等，另有 {count} 个",
        problems="{count} 个文件读不了，没有核对",
        unsearched="当时查不了，没有查：{names}",
        of_collection="{name}：{said}",
        unknown="文档集“{name}”没有登记，或者这次没有选",
        no_folder="它的文件夹不在了，或者打不开：{folder}",
        how_one=(
            "请用原来的名字登记：yiju collections add 名字 文件夹；或用 --documents 指明文件夹。"
        ),
        how_several=(
            "请用原来的名字登记：yiju collections add 名字 文件夹，再用 --collection all 核对。"
        ),
        of_several=(
            "这张凭据出自几个文档集（{names}），一个文件夹核对不了。"
            "请用这些名字登记文件夹，再用 --collection all 核对。"
        ),
        of_folder=(
            "这张凭据出自一个没有名字的文件夹。请用 --documents 指明它，"
            "或用 --collection 选一个：{names}"
        ),
    ),
    "zh-Hant": ReceiptTexts(
        saved="憑據已存到 {path}",
        among_documents="{path} 在文件資料夾裡，會被當成文件；請把憑據存到別處。",
        of_all="憑據證明的是問過全部文件，不能與 --in 同用。",
        intact="憑據完好 · {time} · 第 {generation} 代索引",
        question="問：{question}",
        answer="答：{answer}",
        outcomes={
            Outcome.UNCHANGED: "未變",
            Outcome.MOVED: "還在",
            Outcome.CHANGED: "改了",
            Outcome.GONE: "沒了",
            Outcome.UNREADABLE: "無法核對",
        },
        count="{outcome} {count} 條",
        remark="（{remark}）",
        between_remarks="；",
        renamed="同一個檔案，換了名字或位置",
        read_otherwise="檔案沒有變，只是現在讀出來的位置不同",
        saved_again="檔案重新儲存過，文字一字未改",
        edited_elsewhere="在原處，檔案別處改過",
        edited="檔案改過，位置變了",
        other_file="在另一個檔案裡",
        other_context="前後的話和當時不同",
        not_there="檔案還在，這句話不在了",
        not_read="檔案讀不出來：{reason}",
        nowhere="檔案和這句話都找不到了",
        closest="現在最接近的話，{place}：",
        searched_same="當時沒有找到答案；查過的 {count} 個檔案內容都沒有變。",
        searched_differs="當時沒有找到答案；檔案後來變了（{then} 個 → {now} 個），請再問。",
        added="新增：{files}",
        changed="改動：{files}",
        removed="移除：{files}",
        between_files="、",
        more_files="等，另有 {count} 個",
        problems="{count} 個檔案讀不了，沒有核對",
        unsearched="當時查不了，沒有查：{names}",
        of_collection="{name}：{said}",
        unknown="文件集「{name}」沒有登記，或者這次沒有選",
        no_folder="它的資料夾不在了，或者打不開：{folder}",
        how_one=(
            "請用原來的名字登記：yiju collections add 名字 資料夾；或用 --documents 指明資料夾。"
        ),
        how_several=(
            "請用原來的名字登記：yiju collections add 名字 資料夾，再用 --collection all 核對。"
        ),
        of_several=(
            "這張憑據出自幾個文件集（{names}），一個資料夾核對不了。"
            "請用這些名字登記資料夾，再用 --collection all 核對。"
        ),
        of_folder=(
            "這張憑據出自一個沒有名字的資料夾。請用 --documents 指明它，"
            "或用 --collection 選一個：{names}"
        ),
    ),
    "en": ReceiptTexts(
        saved="Receipt saved to {path}",
        among_documents=(
            "{path} is in the documents' folder, where it would be taken for a document; save the "
            "receipt elsewhere."
        ),
        of_all="A receipt says that all documents were asked; it cannot go with --in.",
        intact="The receipt is intact · {time} · generation {generation} of the index",
        question="Q: {question}",
        answer="A: {answer}",
        outcomes={
            Outcome.UNCHANGED: "unchanged",
            Outcome.MOVED: "moved",
            Outcome.CHANGED: "changed",
            Outcome.GONE: "gone",
            Outcome.UNREADABLE: "not checked",
        },
        count="{outcome}: {count}",
        remark=" ({remark})",
        between_remarks="; ",
        renamed="the same file under another name",
        read_otherwise="the file is the same, only its text is now read otherwise",
        saved_again="the file was saved again, its text is the same to the letter",
        edited_elsewhere="still in its place; the file was edited elsewhere",
        edited="the file was edited",
        other_file="in another file",
        other_context="the words around it differ",
        not_there="the file is there, the sentence is not",
        not_read="the file cannot be read: {reason}",
        nowhere="neither the file nor the sentence can be found",
        closest="Closest to it now, {place}:",
        searched_same="No answer was found then; the {count} files searched are the same today.",
        searched_differs=(
            "No answer was found then; the files have changed since ({then} then, {now} now). "
            "Ask again."
        ),
        added="Added: {files}",
        changed="Changed: {files}",
        removed="Removed: {files}",
        between_files=", ",
        more_files="and {count} more",
        problems="Files that could not be read and were not checked: {count}",
        unsearched="Could not be searched then, and was not: {names}",
        of_collection="{name}: {said}",
        unknown="the collection “{name}” is not registered, or was not chosen this time",
        no_folder="its folder is gone or cannot be opened: {folder}",
        how_one=(
            "Register it under the same name: yiju collections add NAME FOLDER; or name its folder "
            "with --documents."
        ),
        how_several=(
            "Register it under the same name: yiju collections add NAME FOLDER, and check with "
            "--collection all."
        ),
        of_several=(
            "This receipt is of several collections ({names}), which one folder cannot check. "
            "Register their folders under these names and check with --collection all."
        ),
        of_folder=(
            "This receipt is of a folder without a name. Name it with --documents, or choose a "
            "collection with --collection: {names}"
        ),
    ),
}
