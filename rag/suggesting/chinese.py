"""Suggestion rules for Chinese: a statement → questions that keep its words and their order.

Each rule replaces one thing that a clause tells, such as a person, a date or a number, by the
question word that fits. Rules match the simplified copy and write the question in the
document's own characters.
"""

import re
from collections.abc import Callable, Iterator

import rjieba

from rag.suggesting import words
from rag.suggesting.draft import Draft, Kind, Statement, is_balanced, simplify

_MAX_CHARS = 34
_MIN_CHARS = 6
_MIN_TOPIC_CHARS = 4  # "全长" does not say of what
_NOUNS = ("n", "v", "eng", "j", "b", "s", "l", "i", "a", "z", "q", "f", "t")

_LEANS = re.compile(words.LEANS)
_CLUMSY = re.compile(r"[，。；：:！!]|的的|是是|其|则|约[有是]|容纳有|[为是]由")

_LABEL = re.compile(
    r"^(?P<label>[^：:，。、]{2,14})[：:]\s*(?P<value>[^：，。、]{1,26}|.{1,26}\d.{0,6})$"
)
_PERSON_LABEL = re.compile(rf"(?:[人者长]|{words.ROLE})$")
_PERSON_VALUE = re.compile(rf"(?:^|{words.ROLE}\s*|\s)(?P<value>{words.NAME})(?:\s*[（(].*)?$")
_NUMBER_VALUE = re.compile(rf"^{words.VALUE}(?:\s*[（(].*)?$")
_DATE_LABEL = re.compile(r"(?:时间|日期)$")
_DATE_VALUE = re.compile(rf"^(?P<value>{words.DATE}|\D{{0,8}}\d{{1,2}}[:：时].{{2,12}})")
_PLACE_LABEL = re.compile(r"(?:地点|地址|位置|场所)$")
_PLACE_VALUE = re.compile(r"^(?P<value>[^\s（(]{3,20})")
_OF_DOCUMENT = re.compile(r".日期$|^(?:批准|审核|编制|审批)")
_QUANTITY = re.compile(words.QUANTITY)
_PART = r"[^、由的是为在了着过及和与对向]"  # of an organisation's or a post's name
_POST = re.compile(
    rf"(?P<role>(?:{_PART}{{0,22}}{words.ROLE}、)?{_PART}{{0,24}}?{words.ROLE})\s*"
    rf"(?P<name>{words.NAME}){words.AFTER_NAME}"
)
_IS_NAME = re.compile(rf"^(?P<role>.{{0,14}}?{words.ROLE})(?:为|是)(?P<name>{words.NAME})$")
_BY = re.compile(
    rf"^(?P<what>.{{2,18}}?)\s*由(?P<who>[^并经]{{2,24}}?)(?P<verb>{words.AGENT_VERB})(?P<rest>.{{0,10}})$"
)
_NAME_AT_END = re.compile(rf"{words.NAME}$")
_ONLY_DATE = re.compile(rf"^{words.DATE}$")
_EVENT = re.compile(
    rf"^(?P<what>[^被于]{{2,20}}?)(?P<rest>(?:被[^被]{{2,14}})?(?:在[^在]{{2,10}})?(?:正式|顺利|如期)?(?:对外)?{words.EVENT}.{{0,14}})$"
)
_DATED = re.compile(
    rf"^(?P<what>[^被于]{{2,20}}?)(?P<by>被.{{2,14}}?)?(?P<will>将|拟|计划)?于\s*(?P<date>{words.DATE})\s*"
    rf"(?P<rest>.{{0,4}}{words.EVENT}.{{0,6}})$"
)
_NUMBER = re.compile(words.NUMBER)
_ANY_NUMBER = re.compile(r"\d|[一二三四五六七八九十百千]{2,}")
_COUNTED = re.compile(words.COUNTED)
_IS_VALUE = re.compile(
    rf"^(?P<what>[^由]{{3,20}}(?<![设改定整作可分仅多均也计共]))(?:为|达到|达|是)\s*{words.VALUE}$"
)
_DURATION = re.compile(words.DURATION)
_PLACED = re.compile(
    rf"^(?P<what>[^了着过为是]{{2,20}}?)[请均都]?(?P<verb>{words.PLACED})(?P<where>.{{2,24}})$"
)
_TITLE = re.compile(
    rf"^(?P<what>.{{2,16}}?(?:了|过|执行|依照|按照|参照))(?P<title>《[^《》]{{2,40}}》)"
    rf"(?P<rest>[{words.HAN}]{{1,6}})$"
)
_BODY = re.compile(
    rf"^(?P<body>(?:(?![由被让向对的了和与及本该])[{words.HAN}]){{2,14}}?(?P<sort>{'|'.join(words.BODIES)}))"
    rf"(?P<rest>(?:为.{{2,6}})?(?:{words.AGENT_VERB}|提供|发布).{{2,18}})$"
)
_EVERY = re.compile(
    rf"^(?P<what>[{words.HAN}A-Za-z]{{2,10}}?)(?P<must>应当|应|须|需|要)?"
    rf"(?P<every>每隔?半?\s*\d*\s*(?:个?[月年周天日]|小时|季度?|星期))(?P<verb>[{words.HAN}]{{1,6}})一次"
)
_MATTER = re.compile(rf"^(?P<what>.{{2,18}}{words.MATTER})(?:是|为)(?P<that>[^是：:]{{3,40}})$")


def draft_chinese(statement: Statement) -> Iterator[Draft]:
    """Make the questions that a clause answers.

    :param statement: A clause.
    :return: Drafts that read well.
    """
    for rule in _RULES:
        yield from filter(_reads_well, rule(statement))


def _reads_well(draft: Draft) -> bool:
    body = simplify(draft.question.removesuffix("？"))
    return (
        _MIN_CHARS <= len(body) < _MAX_CHARS
        and is_balanced(body)
        and draft.words not in draft.question
        and not (_LEANS.match(body) or _CLUMSY.search(body))
        and (body.startswith("哪") or rjieba.tag(body.lstrip("《"))[0][1].startswith(_NOUNS))
    )


def _draft_label(said: Statement) -> Iterator[Draft]:
    """Turn "主持人：尉迟岚" into "…的主持人是谁？"."""
    match = _LABEL.match(said.simple)
    if not match:
        return
    label, value = match["label"].strip(), match["value"].strip()
    name = said.part(match, "label")
    for is_kind, pattern, word in (
        (_PERSON_LABEL, _PERSON_VALUE, "谁"),
        (_DATE_LABEL, _DATE_VALUE, "什么时候"),
        (_PLACE_LABEL, _PLACE_VALUE, "哪里"),
        (_QUANTITY, _NUMBER_VALUE, "多少"),
    ):
        found = pattern.search(value) if is_kind.search(label) else None
        if found:
            start = match.start("value") + found.start("value")
            words_ = said.text[start : start + len(found["value"])].strip()
            for topic in _name_topic(said, "" if label in ("时间", "日期") else name, label):
                yield Draft(Kind.LABEL, f"{topic}是{said.word(word)}？", words_)


def _name_topic(said: Statement, name: str, label: str = "") -> Iterator[str]:
    """Say whose label it is where the title tells; else only a long label speaks for itself."""
    if said.title and _OF_DOCUMENT.search(label):
        yield f"《{said.title}》的{name}"
    elif said.subject and not name:
        yield said.subject
    elif said.subject and said.subject not in name and "的" not in name:
        yield f"{said.subject}的{name}"
    elif len(name) > 3:
        yield name


def _draft_post(said: Statement) -> Iterator[Draft]:
    """Turn "山东太阳纸业董事长李娜" into "山东太阳纸业董事长是谁？"."""
    for match in _POST.finditer(said.simple):
        role, name = said.part(match, "role"), said.part(match, "name")
        yield Draft(Kind.PERSON, f"{role}是{said.word('谁')}？", name)


def _draft_name(said: Statement) -> Iterator[Draft]:
    """Turn "董事长为顾汝舟" into "…的董事长是谁？"."""
    if match := _IS_NAME.match(said.simple):
        for topic in _name_topic(said, said.part(match, "role")):
            yield Draft(Kind.PERSON, f"{topic}是{said.word('谁')}？", said.part(match, "name"))


def _draft_agent(said: Statement) -> Iterator[Draft]:
    """Turn "原始记录由水质室档案员苗子瑜保管" into "原始记录由谁保管？"."""
    if match := _BY.match(said.simple):
        who = said.part(match, "who")
        name = _NAME_AT_END.search(match["who"])
        question = (
            f"{said.part(match, 'what')}由{said.word('谁')}"
            f"{said.part(match, 'verb')}{said.part(match, 'rest')}？"
        )
        yield Draft(Kind.AGENT, question, who[-len(name.group()) :] if name else who)


def _draft_event(said: Statement) -> Iterator[Draft]:
    """Turn "4月16日，大会在县城召开" into "大会是什么时候在县城召开的？"."""
    match = _EVENT.match(said.simple.rpartition("——")[2])
    shift = len(said.simple) - len(said.simple.rpartition("——")[2])
    if match and _ONLY_DATE.match(said.before):
        what, rest = (said.text[shift:][slice(*match.span(g))] for g in ("what", "rest"))
        yield Draft(Kind.DATE, f"{what}是{said.word('什么时候')}{rest}的？", said.before)


def _draft_date(said: Statement) -> Iterator[Draft]:
    """Turn "新厂区于9月12日投产" into "新厂区是什么时候投产的？"."""
    if match := _DATED.match(said.simple):
        what, by, will, rest = (said.part(match, name) for name in ("what", "by", "will", "rest"))
        when = said.word("什么时候")
        question = f"{what}{by}{will}于{when}{rest}？" if will else f"{what}是{when}{by}{rest}的？"
        yield Draft(Kind.DATE, question, said.part(match, "date"))


def _draft_number(said: Statement) -> Iterator[Draft]:
    """Turn "茶园面积达到12.8万亩" into "茶园面积达到多少亩？"."""
    if match := _IS_VALUE.match(said.simple):
        much = said.word("多长时间" if _DURATION.search(match["value"]) else "多少")
        yield Draft(Kind.NUMBER, f"{said.part(match, 'what')}是{much}？", said.part(match, "value"))
        return
    match = _NUMBER.search(said.simple)
    if not match or _ANY_NUMBER.search(said.simple[: match.start()]):
        return
    what = said.text[: match.start()].strip()
    flags = [flag for _, flag in rjieba.tag(said.simple[: match.start()].strip())]
    is_clear = len(what) >= _MIN_TOPIC_CHARS and flags[0] not in ("v", "vn") and "由" not in what
    if not is_clear or flags[-1][0] not in "nvjb" or flags[-1] == "nr":
        return
    is_counted = flags[-1][0] == "n" and _COUNTED.search(match["unit"]) is not None
    have = "有" if is_counted and ("的" in what or not {"v", "vn"} & set(flags)) else ""
    unit, tail = said.part(match, "unit"), said.part(match, "tail")
    yield Draft(Kind.NUMBER, f"{what}{have}多少{unit}{tail}？", said.part(match, "n"))


def _draft_place(said: Statement) -> Iterator[Draft]:
    """Turn "白鹭溪发源于北望山" into "白鹭溪发源于哪里？"."""
    if match := _PLACED.match(said.simple):
        what, verb = said.part(match, "what"), said.part(match, "verb")
        yield Draft(Kind.PLACE, f"{what}{verb}{said.word('哪里')}？", said.part(match, "where"))


def _draft_title(said: Statement) -> Iterator[Draft]:
    """Turn "播放了《…》专题片" into "播放了什么专题片？"."""
    if match := _TITLE.match(said.simple):
        what, title, rest = (said.part(match, group) for group in ("what", "title", "rest"))
        front = said.before if said.before in ("会上", "大会") else ""
        yield Draft(Kind.TITLE, f"{front}{what}{said.word('什么')}{rest}？", title.strip("《》"))


def _draft_body(said: Statement) -> Iterator[Draft]:
    """Turn "市文化主管部门负责监督管理" into "哪个部门负责监督管理？"."""
    if match := _BODY.match(said.simple):
        which = said.word(words.BODIES[match["sort"]])
        question = f"{which}{said.part(match, 'sort')}{said.part(match, 'rest')}？"
        yield Draft(Kind.AGENT, question, said.part(match, "body"))


def _draft_every(said: Statement) -> Iterator[Draft]:
    """Turn "钢丝绳应每月检查一次" into "钢丝绳应多久检查一次？"."""
    if match := _EVERY.match(said.simple):
        what, must, verb = (said.part(match, group) for group in ("what", "must", "verb"))
        yield Draft(Kind.NUMBER, f"{what}{must}多久{verb}一次？", said.part(match, "every"))


def _draft_matter(said: Statement) -> Iterator[Draft]:
    """Turn "净利润下降的主要原因是钢材涨价" into "净利润下降的主要原因是什么？"."""
    if match := _MATTER.match(said.simple):
        that = said.part(match, "that").rpartition("的")[2]
        question = f"{said.part(match, 'what')}是{said.word('什么')}？"
        yield Draft(Kind.MATTER, question, that)


_RULES: tuple[Callable[[Statement], Iterator[Draft]], ...] = (
    _draft_label,
    _draft_post,
    _draft_name,
    _draft_agent,
    _draft_event,
    _draft_date,
    _draft_number,
    _draft_place,
    _draft_title,
    _draft_body,
    _draft_every,
    _draft_matter,
)
