"""What is said of collections, on the page and on the command line, in every language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CollectionTexts:
    """All words about collections in one language; ``{name}`` marks what is filled in."""

    collection: str  # label of the chooser, and head of a column
    everything: str  # {count}: the choice of all collections
    unsearched: str  # {names}: of an answer
    left_out: str  # {name}: in the documents panel
    not_now: str  # {name}: in the chooser
    fell_back: str  # {name}: of the collection that a page had chosen
    column_folder: str
    column_documents: str
    column_generation: str
    column_state: str
    ready: str
    restored: str
    no_index: str
    no_folder: str
    unusable: str  # {reason}
    none: str
    index_at: str  # {index}
    added: str  # {name}, {folder}, {quoted}: the name for a shell
    removed: str  # {name}, {folder}, {index}
    renamed: str  # {old}, {new}
    between: str  # joins names
    not_both: str  # a collection and a folder
    one_only: str  # {names}
    cannot_search: str  # {name}, {reason}
    building: str  # {name}
    failed: str  # {name}, {reason}


COLLECTION_TEXTS: Mapping[str, CollectionTexts] = {
    "zh-Hans": CollectionTexts(
        collection="文档集",
        everything="全部（{count} 个文档集）",
        unsearched="这些文档集现在查不了，没有查：{names}",
        left_out="“{name}”现在查不了；能查时会自动加入。",
        not_now="{name}（现在查不了）",
        fell_back="“{name}”已不再登记，或者现在查不了；改为查全部文档集。",
        column_folder="文件夹",
        column_documents="文档",
        column_generation="代",
        column_state="状态",
        ready="可以查",
        restored="可以查，是恢复的较早一代",
        no_index="还没有索引",
        no_folder="找不到文件夹",
        unusable="索引不能用：{reason}",
        none="还没有登记文档集。登记一个：yiju collections add 名字 文件夹",
        index_at="索引在 {index}",
        added="已登记“{name}”：{folder}。建立索引：yiju index --collection {quoted}",
        removed="已从登记中去掉“{name}”。文档还在 {folder}，索引还在 {index}，都没有删除。",
        renamed="“{old}”已改名为“{new}”。",
        between="、",
        not_both="--collection 和 --documents、--index 只能用一种：文档集自有文件夹和索引。",
        one_only="这里只能用一个文档集，请用 --collection 选一个：{names}",
        cannot_search="“{name}”查不了，已略过：{reason}",
        building="文档集“{name}”",
        failed="“{name}”：{reason}",
    ),
    "zh-Hant": CollectionTexts(
        collection="文件集",
        everything="全部（{count} 個文件集）",
        unsearched="這些文件集現在查不了，沒有查：{names}",
        left_out="「{name}」現在查不了；能查時會自動加入。",
        not_now="{name}（現在查不了）",
        fell_back="「{name}」已不再登記，或者現在查不了；改為查全部文件集。",
        column_folder="資料夾",
        column_documents="文件",
        column_generation="代",
        column_state="狀態",
        ready="可以查",
        restored="可以查，是恢復的較早一代",
        no_index="還沒有索引",
        no_folder="找不到資料夾",
        unusable="索引不能用：{reason}",
        none="還沒有登記文件集。登記一個：yiju collections add 名字 資料夾",
        index_at="索引在 {index}",
        added="已登記「{name}」：{folder}。建立索引：yiju index --collection {quoted}",
        removed="已從登記中去掉「{name}」。文件還在 {folder}，索引還在 {index}，都沒有刪除。",
        renamed="「{old}」已改名為「{new}」。",
        between="、",
        not_both="--collection 和 --documents、--index 只能用一種：文件集自有資料夾和索引。",
        one_only="這裡只能用一個文件集，請用 --collection 選一個：{names}",
        cannot_search="「{name}」查不了，已略過：{reason}",
        building="文件集「{name}」",
        failed="「{name}」：{reason}",
    ),
    "en": CollectionTexts(
        collection="Collection",
        everything="All ({count} collections)",
        unsearched="Not searched, because they cannot be at the moment: {names}",
        left_out="“{name}” cannot be searched at the moment; it is taken in once it can.",
        not_now="{name} (not available)",
        fell_back=(
            "“{name}” is not registered any more, or cannot be searched at the moment; all "
            "collections are asked now."
        ),
        column_folder="Folder",
        column_documents="Documents",
        column_generation="Generation",
        column_state="State",
        ready="ready",
        restored="ready, an earlier generation restored",
        no_index="no index yet",
        no_folder="folder not found",
        unusable="index not usable: {reason}",
        none="No collection is registered. Register one: yiju collections add NAME FOLDER",
        index_at="index at {index}",
        added="Registered “{name}”: {folder}. Index it: yiju index --collection {quoted}",
        removed=(
            "“{name}” is registered no more. Its documents are still in {folder} and its index in "
            "{index}; nothing was deleted."
        ),
        renamed="“{old}” is now called “{new}”.",
        between=", ",
        not_both=(
            "Use --collection, or --documents and --index, not both: a collection has its own "
            "folder and index."
        ),
        one_only="This takes one collection. Choose it with --collection: {names}",
        cannot_search="“{name}” cannot be searched and is left out: {reason}",
        building="Collection “{name}”",
        failed="“{name}”: {reason}",
    ),
}
