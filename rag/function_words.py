"""Words that ask or bind and name nothing: interrogatives, particles, auxiliaries, pronouns.

A chunk need not hold them to answer, so they do not count towards coverage. Closed classes as
grammars list them, folded: Chinese, English, the commonest of Japanese, German, Spanish, French.
"""

_WORDS = """
    的 地 得 了 着 过 吗 呢 吧 啊 呀 么 嘛 是 在 有 和 与 及 或 由 被 把 对 于 从 到 向 为 以
    之 其 所 也 都 又 就 才 还 很 谁 何 啥 哪 几 多少 什么 怎么 怎样 怎么样 如何 为什么 为何
    哪个 哪些 哪里 哪儿 哪位 哪种 哪年 哪一 哪天 哪一天 哪一年 哪一个 何时 何地 何人 何处
    什么样 什么时候 时候 多久 多长 多大 多高 多远 多 会 能 可以 应该 请问 请 我 你 他 她 它
    我们 你们 他们 这 那 这个 那个 这些 那些 一 个 位 家 是否 有没有 哪几 哪几个 几个 个人 叫
    做 一个 a an the of in on at to for from by with as and or is are was were be been being am
    do does did have has had will would can could should may might must shall what who whom
    whose which when where why how many much long old often that this these those it its he she
    they them his her their i you we my your our me us there any some s t どこ いつ だれ 誰
    なに なん どの どれ どう なぜ いくつ いくら der die das ein eine wer wann wo wie warum ist
    war und von el la los las un una que quien cuando donde como es le les une qui quand ou
    comment est de du des
"""

FUNCTION_WORDS = frozenset(_WORDS.split())
