"""Closed classes of Chinese: what asks, points, opens a follow-up or names an attribute; folded."""

import re
from enum import StrEnum

from rag.conversation.phrases import word_set


class Asked(StrEnum):
    """What an interrogative asks for."""

    TIME = "time"
    PLACE = "place"
    REASON = "reason"
    MANNER = "manner"
    PERSON = "person"
    NUMBER = "number"
    THING = "thing"


ADVERBIAL = frozenset({Asked.TIME, Asked.PLACE, Asked.REASON, Asked.MANNER})

_MEASURES = "个位名种次人家所座条项部本年岁天届只头章层处份台辆间场倍度级分页"
ASKING = re.compile(
    r"(?P<time>什么时候|什么时间|什么日期|何时|何日|何年|哪一?[年天日]|哪个?月|哪个时[间候]"
    r"|几月几[日号]|几[月日号点]"
    r"|星期几|周几|哪个?(?:日期|年份))"
    r"|(?P<place>[在于从到]?(?:哪里|哪儿|何处|何地|什么地[方点]|哪个?地[方点]))"
    r"|(?P<reason>(?<![改作成称认定命名设列分])为什么|为何|因为什么|什么原因|因何|为啥)"
    r"|(?P<person>谁|哪一?位|哪几位|何人|什么人|哪个人|哪些人)"
    rf"|(?P<number>多少(?:钱|人|元|天|个|名|次|年)?|几[{_MEASURES}](?:人|月|小时)?"
    r"|多[大高长远久重宽深](?:时间)?)"
    r"|(?P<manner>怎么样?|怎样|如何)"
    r"|(?P<thing>什么|哪[个些家种项条座所届一]?|何种|啥)"
)
YES_NO = re.compile(r"是否|有没有|能否|可否|会不会|是不是|要不要|能不能|可不可以|吗$")

# What somebody or something is, not what happens: 她是什么职务, 主持人是谁.
STATE = re.compile(r"(?:^|[^的])(?:是|担任|叫|有)(?:什么|哪|谁|多少|几)[^时地]{0,6}$")

# What may stand around an interrogative that is a whole follow-up: 是在哪里的, 又有多少呢.
AROUND = re.compile(r"[是在于从由被到有又要会都共一具体大概约也]*")
AFTER = re.compile(r"[吨个人元米亩次家天年名种]?公?[里斤]?[的了啊呀呢吗]*")

OPENERS = frozenset(["那", "那么", "然后", "还有", "至于", "另外", "此外", "再", "那请问", "以及"])
POLITE = frozenset(["请问", "麻烦", "请", "想问", "对了", "嗯", "好", "好的", "谢谢"])

HE = frozenset(
    ["他", "她", "他们", "她们", "他俩", "此人", "该人", "这个人", "那个人", "这人", "这位"]
)
IT = frozenset(["它", "它们", "其"])
THERE = frozenset(["那里", "那儿", "那边", "当地", "该地"])
THEN = frozenset(
    ["那时", "当时", "那时候", "那年", "那天", "那一年", "那一天", "当年", "当天", "同年", "该年"]
)
AT_START_ONLY = frozenset(["当年", "当天", "当地", "同年"])  # 会议当天 leans on nothing
OTHERS = word_set("他国 他乡 他处 他方 他日 他年 他山 他杀 他律")  # not of a "he"
POINTING = re.compile(r"(?:该|此|这|那|上述|前述)(?:一)?[家个次位座场份项届种条本些所部]?")
PLURAL = frozenset(["他们", "她们", "他俩", "它们"])

# What only a person has.
OF_PERSONS = word_set(
    "职务 年龄 籍贯 生日 性别 学历 职称 家乡 爱好 妻子 丈夫 秘书 身份 头衔 姓名 名字 简历"
)
_ATTRIBUTES = {
    Asked.TIME: "时间 日期 时候 年份",
    Asked.PLACE: "地点 地址 位置 地方 场所",
    Asked.REASON: "原因 理由 缘由",
    Asked.PERSON: "主持人 记录人 联系人 负责人 主办方 发起人 创始人 董事长 总经理 经理 书记"
    " 县长 市长 局长"
    " 处长 所长 主任 主席 副主席 会长 副会长 院长 校长 馆长 秘书长 秘书 站长 队长 组长 作者"
    " 设计师 建筑师 记者"
    " 施工单位 监理单位 设计单位 委托单位 执行单位 主办单位 承办单位 缺席人员 出席人员"
    " 副总经理 副局长 副主任 班长"
    " 调查员 理事长 总干事 发言人 嘉宾",
    Asked.NUMBER: "人数 价格 费用 票价 面积 长度 高度 宽度 深度 重量 容量 数量 比例 金额 经费"
    " 投资 产量 产值 收入 利润"
    " 成本 成交额 增长率 电话 号码 分机 频率 温度 功率 速度 期限 年龄 规模 预算 总额 编号"
    " 人口 海拔 距离 押金 罚款"
    " 工资 销量 销售额 净利润 营业额 造价 工期 寿命 电压 全长 总长 总面积 总数 总投资 单价"
    " 定价 月租 租金 门票 年薪 限额 上限 下限 重量 直径 厚度",
    Asked.THING: "主题 名称 结果 目的 内容 职务 条件 要求 材料 用途 标准 依据 方法 步骤 流程"
    " 原料 型号 邮箱 邮件"
    " 结论 影响 措施 议题 籍贯 学历 职称 颜色 形状",
}
ATTRIBUTES = {word: asked for asked, words in _ATTRIBUTES.items() for word in words.split()}
# (simplified, traditional): what asks for an attribute of each sort.
ASKING_FOR = {
    Asked.TIME: ("什么时候", "什麼時候"),
    Asked.PLACE: ("在哪里", "在哪裡"),
    Asked.REASON: ("为什么", "為什麼"),
    Asked.PERSON: ("谁", "誰"),
    Asked.NUMBER: ("多少", "多少"),
    Asked.THING: ("什么", "什麼"),
}

# Verbs that say nothing without what they are about, so that "由谁主持" leans on what came before.
NEEDS_TOPIC = word_set(
    "主持 召开 举行 举办 开始 结束 成立 发布 实施 施行 生效 签订 签署 批准 发现 建成 竣工"
    " 完工 开幕 闭幕 召集 参加"
    " 出席 通过 提出 导致 造成 引起 负责 建造 设计 创办 创建 承办 主办 修建 开工 公布 颁布"
    " 起草 解释 记录 组织 执行"
    " 完成 编制 制定 审核 调查 到场 到会 获奖 出版 上线 停用 启用 废止 落成 揭幕 发起 赞助"
    " 投资 承建 监理 去 到达 主讲 主编 授课 致辞 设立 签发 评审 监督 管理 维护 保管"
)
LIGHT_VERBS = word_set("是 有 会 能 可以 要 应该 应 需要 被 由 在 来 将 可 得")
# Nouns that a topic-less question may hold all the same: 有多少人出席.
BLANK_NOUNS = word_set("人 钱 时间 时候 单位 公司 部门 地方 元 天 年")

_SINGLE = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗"
    "凤花方俞任袁柳酆鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安常乐于时傅皮卞齐康伍余元卜顾孟平黄和穆萧尹姚邵湛汪祁毛"
    "禹狄米贝明臧计伏成戴谈宋茅庞熊纪舒屈项祝董梁杜阮蓝闵席季麻强贾路娄危江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌"
    "霍虞万支柯昝管卢莫经房裘缪干解应宗丁宣贲邓郁单杭洪包诸左石崔吉钮龚程嵇邢滑裴陆荣翁荀羊於惠甄曲家封芮羿储靳"
    "汲邴糜松井段富巫乌焦巴弓牧隗山谷车侯宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖武符刘景詹束龙叶幸司韶郜黎蓟薄印"
    "宿白怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴郁胥能苍双闻莘党翟谭贡劳逄姬申扶堵冉宰郦雍却璩桑桂濮牛寿通边扈燕冀郏浦"
    "尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容向古易慎戈廖庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍"
    "聂晁勾敖融冷訾辛阚那简饶空曾毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公苻佟占岳帅仝丛代覃晋涂肖付闫商佘佴"
)
_COMPOUND = (
    "万俟|司马|上官|欧阳|夏侯|诸葛|闻人|东方|赫连|皇甫|尉迟|公羊|澹台|公冶|宗政|濮阳|淳于"
    "|单于|太叔|申屠|公孙|仲孙"
    "|轩辕|令狐|钟离|宇文|长孙|慕容|鲜于|闾丘|司徒|司空|亓官|司寇|端木|百里|东郭|南门|呼延"
    "|西门|南宫|独孤|第五"
)
_AFTER_NAME = (
    "是|在|的|由|担任|有|说|对|曾|于|何|什么|哪|几|多|和|与|、|出席|主持|要求|指出|提出|负责"
    "|毕业|出生|住|为|被|属|怎"
    "|会|能|可以|上任|辞|获|来自|代表|认为|强调|写|做|讲|介绍|宣布|建议|发现|参加|兼|当|任|去"
    "|到|从|什|谁|呢|，|,|了|$"
)
NAME = re.compile(rf"(?:{_COMPOUND}|[{_SINGLE}])[\u4e00-\u9fa5]{{1,2}}?(?={_AFTER_NAME})")
FULL_NAME = re.compile(
    rf"(?:{_COMPOUND})[\u4e00-\u9fa5]{{1,2}}|[{_SINGLE}][\u4e00-\u9fa5]{{1,2}}"
    rf"|[\u4e00-\u9fa5]{{2,4}}·[\u4e00-\u9fa5·]{{1,12}}"
)
