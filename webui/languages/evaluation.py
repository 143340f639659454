"""What ``yiju eval`` says, in every language of the interface."""

from collections.abc import Mapping
from dataclasses import dataclass

from rag.evaluation_file import FileProblemKind


@dataclass(frozen=True, slots=True)
class EvaluationTexts:
    """All words of an evaluation in one language; ``{name}`` marks what is filled in."""

    bad_file: str  # {path}
    file_problems: Mapping[FileProblemKind, str]  # {detail}
    in_line: str  # {line}, {problem}
    more_problems: str  # {count}
    asking: str
    unknown_source: str  # {line}, {source}
    summary: str  # {questions}, {answerable}, {unanswerable}
    outcome: str  # head of the column of these four
    sure: str
    unsure: str
    not_found: str
    together: str
    n_questions: str  # head
    n_right: str  # head
    refused: str  # {refused}, {count}
    avoided: str  # {avoided}, {count}
    quote: str  # {percent}
    source: str  # {percent}
    language: str  # head
    metric: str  # head
    ece: str  # {error}
    latency: str  # {median}, {p90}
    all_right: str
    wrong: str  # {count}
    expected: str  # {answers}
    expected_nothing: str
    expected_not: str  # {answers}
    expected_any: str
    expected_source: str  # {source}


EVALUATION_TEXTS: Mapping[str, EvaluationTexts] = {
    "zh-Hans": EvaluationTexts(
        bad_file="{path} 不能用：",
        file_problems={
            FileProblemKind.UNREADABLE: "读不出来：{detail}",
            FileProblemKind.UNKNOWN_FORMAT: "文件名要以 .jsonl 或 .csv 结尾，不能是“{detail}”",
            FileProblemKind.NO_COLUMNS: "首行要写列名，缺：{detail}",
            FileProblemKind.NO_QUESTIONS: "里面没有问题",
            FileProblemKind.NOT_AN_OBJECT: "不是 JSON 对象",
            FileProblemKind.BAD_CSV: "不是正确的 CSV：{detail}",
            FileProblemKind.TOO_MANY_CELLS: "格子比列名多；含逗号的格子要用英文双引号括起来",
            FileProblemKind.NO_QUESTION: "没有 question（问题）",
            FileProblemKind.NO_ANSWER: '没有 answer（答案）；文档里没有答案就写 ""',
            FileProblemKind.BAD_ANSWER: "answer（答案）要是文字，或由文字组成的列表",
            FileProblemKind.BAD_NOT_ANSWER: "not_answer（错误答案）要是文字，或由文字组成的列表",
            FileProblemKind.BAD_SOURCE: "source（出处）要是文字",
        },
        in_line="第 {line} 行：{problem}",
        more_problems="还有 {count} 处",
        asking="正在提问",
        unknown_source="注意：第 {line} 行的出处 {source} 不在这些文档里。",
        summary="{questions} 个问题：{answerable} 个有答案，{unanswerable} 个没有",
        outcome="有答案的",
        sure="有把握",
        unsure="不确定",
        not_found="没找到",
        together="合计",
        n_questions="问题",
        n_right="答对",
        refused="没有答案的：{count} 个里直说没有的 {refused} 个",
        avoided="只知道错误答案的：{count} 个里没再答错的 {avoided} 个",
        quote="引文含有正确答案：{percent}",
        source="出处正确：{percent}",
        language="提问语言",
        metric="指标",
        ece="把握的校准误差（ECE，给出的答案）：{error}",
        latency="每问用时：中位数 {median} 毫秒，九成不超过 {p90} 毫秒",
        all_right="全部答对。",
        wrong="没答对的（{count}）",
        expected="应为：{answers}",
        expected_nothing="应为：文档里没有",
        expected_not="不应为：{answers}",
        expected_any="应当找到",
        expected_source="出处 {source}",
    ),
    "zh-Hant": EvaluationTexts(
        bad_file="{path} 不能用：",
        file_problems={
            FileProblemKind.UNREADABLE: "讀不出來：{detail}",
            FileProblemKind.UNKNOWN_FORMAT: "檔名要以 .jsonl 或 .csv 結尾，不能是「{detail}」",
            FileProblemKind.NO_COLUMNS: "首行要寫欄名，缺：{detail}",
            FileProblemKind.NO_QUESTIONS: "裡面沒有問題",
            FileProblemKind.NOT_AN_OBJECT: "不是 JSON 物件",
            FileProblemKind.BAD_CSV: "不是正確的 CSV：{detail}",
            FileProblemKind.TOO_MANY_CELLS: "格子比欄名多；含逗號的格子要用英文雙引號括起來",
            FileProblemKind.NO_QUESTION: "沒有 question（問題）",
            FileProblemKind.NO_ANSWER: '沒有 answer（答案）；文件裡沒有答案就寫 ""',
            FileProblemKind.BAD_ANSWER: "answer（答案）要是文字，或由文字組成的列表",
            FileProblemKind.BAD_NOT_ANSWER: "not_answer（錯誤答案）要是文字，或由文字組成的列表",
            FileProblemKind.BAD_SOURCE: "source（出處）要是文字",
        },
        in_line="第 {line} 行：{problem}",
        more_problems="還有 {count} 處",
        asking="正在提問",
        unknown_source="注意：第 {line} 行的出處 {source} 不在這些文件裡。",
        summary="{questions} 個問題：{answerable} 個有答案，{unanswerable} 個沒有",
        outcome="有答案的",
        sure="有把握",
        unsure="不確定",
        not_found="沒找到",
        together="合計",
        n_questions="問題",
        n_right="答對",
        refused="沒有答案的：{count} 個裡直說沒有的 {refused} 個",
        avoided="只知道錯誤答案的：{count} 個裡沒再答錯的 {avoided} 個",
        quote="引文含有正確答案：{percent}",
        source="出處正確：{percent}",
        language="提問語言",
        metric="指標",
        ece="把握的校準誤差（ECE，給出的答案）：{error}",
        latency="每問用時：中位數 {median} 毫秒，九成不超過 {p90} 毫秒",
        all_right="全部答對。",
        wrong="沒答對的（{count}）",
        expected="應為：{answers}",
        expected_nothing="應為：文件裡沒有",
        expected_not="不應為：{answers}",
        expected_any="應當找到",
        expected_source="出處 {source}",
    ),
    "en": EvaluationTexts(
        bad_file="{path} cannot be used:",
        file_problems={
            FileProblemKind.UNREADABLE: "it cannot be read: {detail}",
            FileProblemKind.UNKNOWN_FORMAT: 'its name must end in .jsonl or .csv, not "{detail}"',
            FileProblemKind.NO_COLUMNS: "the first line must name the columns; missing: {detail}",
            FileProblemKind.NO_QUESTIONS: "it has no questions",
            FileProblemKind.NOT_AN_OBJECT: "not a JSON object",
            FileProblemKind.BAD_CSV: "not proper CSV: {detail}",
            FileProblemKind.TOO_MANY_CELLS: (
                "more cells than columns; put a cell that holds commas in double quotes"
            ),
            FileProblemKind.NO_QUESTION: "no question",
            FileProblemKind.NO_ANSWER: 'no answer; write "" if the documents do not hold one',
            FileProblemKind.BAD_ANSWER: "the answer must be a text or a list of texts",
            FileProblemKind.BAD_NOT_ANSWER: "not_answer must be a text or a list of texts",
            FileProblemKind.BAD_SOURCE: "the source must be a text",
        },
        in_line="line {line}: {problem}",
        more_problems="and {count} more",
        asking="Asking",
        unknown_source="Note: line {line} names {source}, which is not among these documents.",
        summary="{questions} questions: {answerable} with an answer, {unanswerable} without",
        outcome="With an answer",
        sure="sure",
        unsure="not sure",
        not_found="not found",
        together="together",
        n_questions="Questions",
        n_right="Right",
        refused="Without an answer: {refused} of {count} refused",
        avoided="With only a wrong answer known: {avoided} of {count} avoid it",
        quote="Quote holds a right answer: {percent}",
        source="Right source: {percent}",
        language="Asked in",
        metric="Metric",
        ece="Calibration error of the confidence (ECE, of answers given): {error}",
        latency="Time for a question: median {median} ms, nine in ten within {p90} ms",
        all_right="All are right.",
        wrong="Not right ({count})",
        expected="expected: {answers}",
        expected_nothing="expected: not in the documents",
        expected_not="not expected: {answers}",
        expected_any="expected: to be found",
        expected_source="in {source}",
    ),
}
