"""What the page and the terminal say of why nothing was found, in every language of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass

from rag.answer_type import AnswerType


@dataclass(frozen=True, slots=True)
class WhyTexts:
    """All words of an explanation in one language; ``{name}`` marks what is filled in."""

    ask: str
    cut: str
    word: str  # {count}
    word_nowhere: str
    no_words: str
    absent: str  # {words}
    all_foreign: str
    expects: Mapping[AnswerType, str]
    misses: str
    would_be: str  # {words}, {percent}
    lacks: str  # {words}
    lacks_none: str
    not_of_type: Mapping[AnswerType, str]
    files: str  # {count}
    more_files: str  # {count}
    separator: str


_ZH_HANS = WhyTexts(
    ask="为什么没有找到？",
    cut="问题是这样拆开查的（数字是含有这个词的片段数）：",
    word="{count} 个片段",
    word_nowhere="文档里没有",
    no_words="问题里没有可查的词。",
    absent="没有找到一字不差地写着“{words}”的片段：去掉引号，或者少引几个字再试试。",
    all_foreign="文档里没有问题里的任何一个词：换成文档用的语言或说法再问试试。",
    expects={
        AnswerType.NUMBER: "问的是数量，所以答案里应该有数字。",
        AnswerType.TIME: "问的是时间，所以答案里应该有日期或时间。",
        AnswerType.OTHER: "",
    },
    misses="最接近的几处，以及它们差在哪里：",
    would_be="最像答案的是“{words}”，但只有 {percent} 的把握。",
    lacks="这一段里没有：{words}。",
    lacks_none="问题里的词这一段都有，但没有读出答案。",
    not_of_type={
        AnswerType.NUMBER: "它不是数量。",
        AnswerType.TIME: "它不是时间。",
        AnswerType.OTHER: "",
    },
    files="{count} 个文件没有读进来，答案也许在里面：",
    more_files="还有 {count} 个。",
    separator="、",
)

_ZH_HANT = WhyTexts(
    ask="為什麼沒有找到？",
    cut="問題是這樣拆開查的（數字是含有這個詞的片段數）：",
    word="{count} 個片段",
    word_nowhere="文件裡沒有",
    no_words="問題裡沒有可查的詞。",
    absent="沒有找到一字不差地寫著「{words}」的片段：去掉引號，或者少引幾個字再試試。",
    all_foreign="文件裡沒有問題裡的任何一個詞：換成文件用的語言或說法再問試試。",
    expects={
        AnswerType.NUMBER: "問的是數量，所以答案裡應該有數字。",
        AnswerType.TIME: "問的是時間，所以答案裡應該有日期或時間。",
        AnswerType.OTHER: "",
    },
    misses="最接近的幾處，以及它們差在哪裡：",
    would_be="最像答案的是「{words}」，但只有 {percent} 的把握。",
    lacks="這一段裡沒有：{words}。",
    lacks_none="問題裡的詞這一段都有，但沒有讀出答案。",
    not_of_type={
        AnswerType.NUMBER: "它不是數量。",
        AnswerType.TIME: "它不是時間。",
        AnswerType.OTHER: "",
    },
    files="{count} 個檔案沒有讀進來，答案也許在裡面：",
    more_files="還有 {count} 個。",
    separator="、",
)

_EN = WhyTexts(
    ask="Why was nothing found?",
    cut="The question was cut into these words (with the number of passages that hold each):",
    word="{count} passages",
    word_nowhere="in no document",
    no_words="The question has no word to search for.",
    absent="No passage was found that holds “{words}” exactly: try without the quotation marks, "
    "or quote fewer words.",
    all_foreign="No document holds any word of the question: ask in the documents' own language "
    "or words.",
    expects={
        AnswerType.NUMBER: "It asks for a number, so the answer should hold one.",
        AnswerType.TIME: "It asks for a time, so the answer should hold a date or a time.",
        AnswerType.OTHER: "",
    },
    misses="The closest places, and what they lack:",
    would_be="The likeliest words are “{words}”, but with only {percent} confidence.",
    lacks="This passage lacks: {words}.",
    lacks_none="The passage has every word of the question, but no answer was read in it.",
    not_of_type={
        AnswerType.NUMBER: "They are no number.",
        AnswerType.TIME: "They are no time.",
        AnswerType.OTHER: "",
    },
    files="{count} files were not read; the answer may be in them:",
    more_files="{count} more.",
    separator=", ",
)

WHY_TEXTS: Mapping[str, WhyTexts] = {"zh-Hans": _ZH_HANS, "zh-Hant": _ZH_HANT, "en": _EN}
