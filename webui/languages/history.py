"""What ``yiju index log``, ``diff`` and ``rollback`` say, in every language of the interface."""

from collections.abc import Mapping
from dataclasses import dataclass

from rag.drift import Drift


@dataclass(frozen=True, slots=True)
class HistoryTexts:
    """All words about generations in one language; ``{name}`` marks what is filled in."""

    generation: str  # head
    time: str  # head
    documents: str  # head
    chunks: str  # head
    changes: str  # head
    size: str  # head
    live: str
    added: str  # {count}
    edited: str  # {count}
    removed: str  # {count}
    renamed: str  # {count}
    no_changes: str
    unknown_changes: str
    between: str  # joins the counts
    restored_from: str  # {generation}
    total: str  # {size}
    difference: str  # {before}, {after}
    chunk_changes: str  # {added}, {removed}
    answers: str  # {count}
    drifts: Mapping[Drift, str]
    answer_before: str
    answer_after: str
    rolled_back: str  # {generation}, {restored}


HISTORY_TEXTS: Mapping[str, HistoryTexts] = {
    "zh-Hans": HistoryTexts(
        generation="代",
        time="时间",
        documents="文档",
        chunks="片段",
        changes="与上一代相比",
        size="占用",
        live="当前",
        added="新增 {count}",
        edited="修改 {count}",
        removed="删除 {count}",
        renamed="改名 {count}",
        no_changes="文档没有改动",
        unknown_changes="上一代已清理",
        between="，",
        restored_from="恢复自 {generation}",
        total="共占用 {size}",
        difference="从第 {before} 代到第 {after} 代",
        chunk_changes="片段：新增 {added}，删除 {removed}",
        answers="{count} 个问题的答案",
        drifts={
            Drift.BETTER: "变好",
            Drift.WORSE: "变差",
            Drift.GONE: "找不到了",
            Drift.UNCHANGED: "没变",
            Drift.MOVED: "原话没变，位置变了",
            Drift.REWORDED: "换了说法",
        },
        answer_before="之前：",
        answer_after="之后：",
        rolled_back=(
            "已恢复第 {restored} 代，现在是第 {generation} 代。文档本身没有变：改动不再自动收入"
            "索引，直到运行 yiju index。"
        ),
    ),
    "zh-Hant": HistoryTexts(
        generation="代",
        time="時間",
        documents="文件",
        chunks="片段",
        changes="與上一代相比",
        size="佔用",
        live="目前",
        added="新增 {count}",
        edited="修改 {count}",
        removed="刪除 {count}",
        renamed="改名 {count}",
        no_changes="文件沒有改動",
        unknown_changes="上一代已清理",
        between="，",
        restored_from="復原自 {generation}",
        total="共佔用 {size}",
        difference="從第 {before} 代到第 {after} 代",
        chunk_changes="片段：新增 {added}，刪除 {removed}",
        answers="{count} 個問題的答案",
        drifts={
            Drift.BETTER: "變好",
            Drift.WORSE: "變差",
            Drift.GONE: "找不到了",
            Drift.UNCHANGED: "沒變",
            Drift.MOVED: "原話沒變，位置變了",
            Drift.REWORDED: "換了說法",
        },
        answer_before="之前：",
        answer_after="之後：",
        rolled_back=(
            "已復原第 {restored} 代，現在是第 {generation} 代。文件本身沒有變：改動不再自動收入"
            "索引，直到執行 yiju index。"
        ),
    ),
    "en": HistoryTexts(
        generation="Generation",
        time="Time",
        documents="Documents",
        chunks="Chunks",
        changes="Since the one before",
        size="Size",
        live="live",
        added="{count} added",
        edited="{count} edited",
        removed="{count} removed",
        renamed="{count} renamed",
        no_changes="the same documents",
        unknown_changes="the one before is gone",
        between=", ",
        restored_from="restored from {generation}",
        total="{size} in all",
        difference="From generation {before} to {after}",
        chunk_changes="Chunks: {added} added, {removed} removed",
        answers="Answers to {count} questions",
        drifts={
            Drift.BETTER: "better",
            Drift.WORSE: "worse",
            Drift.GONE: "gone",
            Drift.UNCHANGED: "unchanged",
            Drift.MOVED: "the same words elsewhere",
            Drift.REWORDED: "other words",
        },
        answer_before="before:",
        answer_after="after: ",
        rolled_back=(
            "Generation {restored} is back as {generation}. The documents themselves have not "
            "changed: what changes in them is not taken in until yiju index is run."
        ),
    ),
}
