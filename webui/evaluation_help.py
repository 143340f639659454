"""What ``yiju eval --help`` teaches; apart from the command so that the help loads nothing else."""

EVALUATION_HELP = "\n\n".join(
    (
        "用你自己的问题检验答得好不好：逐个提问，与你写的答案比较，列出没答对的。",
        "Ask your own questions, compare with the answers you expect, and list what is not right.",
        "FILE 是 JSONL（每行一个问题）或 CSV（首行为列名 question,answer,source）。answer 是"
        "文档里的原话：有几种说法时，JSONL 写成列表，CSV 用 | 隔开；文档里没有答案就留空。source "
        "是答案所在的文件，可以不写。",
        "FILE is JSONL (a question a line) or CSV (its first line: question,answer,source). An "
        "answer is the documents' own words: several are a list in JSONL and stand between | in "
        "CSV; leave it empty when the documents do not hold one. The source, the file that holds "
        "the answer, may be left out.",
        '{"question": "大会是哪一天召开的？", "answer": ["2月5日", "2月5日下午"], '
        '"source": "纪要.txt"}',
        '{"question": "Who won the lottery?", "answer": ""}',
        'JSONL 里还可写 not_answer：已知的错误答案，不必写 answer；写成 "" 表示应当找到。',
        "In JSONL, not_answer names what is known to be wrong, and the answer may be left out; an "
        'empty one ("") says that an answer must be found.',
        '{"question": "门票多少钱？", "not_answer": "120元"}',
        "--feedback 不用 FILE，问网页上点过👍👎的问题；见 yiju feedback。",
        "--feedback asks, instead of a FILE, the questions judged with 👍 and 👎 on the page; see "
        "yiju feedback.",
        "退出码 Exit status: 0 完成 done, 2 出错 error.",
        "例 Example: yiju eval questions.jsonl --documents ./docs    yiju eval 问题.csv --json",
    )
)
