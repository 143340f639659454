"""Short names: a company's full name → what people call it when they ask."""

from __future__ import annotations

import re
from random import Random

from rag.training.synthesis.tables import load_table

_CITIES = tuple(load_table("chinese_names.toml")["words"]["cities"].split())
_PLACE = re.compile(rf"^(?:中国|[一-鿿]{{2,3}}[省市县区]|{'|'.join(_CITIES)})(?=[一-鿿]{{2}})")
_END = re.compile(
    r"(?:(?:[((][一-鿿]+[))])?(?:科技|实业|工业|控股|投资)?(?:集团)?(?:股份)?(?:有限)?(?:责任)?公司"
    r"|(?:控股)?集团|股份|研究院|委员会|管理局|总局)$"
)
_MIN_CHARS = 2


def shorten(name: str, random: Random) -> str:
    """Drop the place before a name, the kind of company after it, or both.

    :param name: Of an organisation.
    :param random: Decides which.
    :return: The short name; the name itself where nothing can be dropped.
    """
    short = name
    if random.random() < 0.8:
        short = _drop(_END, short)
    if random.random() < 0.6:
        short = _drop(_PLACE, short)
    return short


def _drop(pattern: re.Pattern[str], name: str) -> str:
    rest = pattern.sub("", name, count=1)
    return rest if len(rest) >= _MIN_CHARS else name
