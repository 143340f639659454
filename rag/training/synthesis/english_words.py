"""The closed classes of English and its irregular verbs, as lists."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _names(text: str) -> frozenset[str]:
    return frozenset(" ".join(name.split()) for name in text.split("|"))


DETERMINERS = _words(
    """
    the a an this these those some any each every no all both another many several few its his
    her their our my your most such
    """
)

PRONOUNS = _words(
    """
    he she it they we i you there this that these those one him her them us me who himself
    herself itself themselves myself yourself ourselves
    """
)

PREPOSITIONS = _words(
    """
    of in on at by for with from to into onto over under about against between among through
    during within without near across along behind beyond despite toward towards upon via per
    around like throughout amid inside outside off since until above below including following
    than
    """
)

SUBORDINATORS = _words(
    """
    because when while although though if unless after before as which who whom whose where
    whereas that whether what how why once whenever
    """
)

MODALS = _words(
    """
    will would can could may might must should shall cannot won't wouldn't can't couldn't
    """
)

BE = _words(
    """
    is are was were isn't aren't wasn't weren't
    """
)

HAVE = _words(
    """
    has have had hasn't haven't hadn't
    """
)

DO = _words(
    """
    do does did don't doesn't didn't
    """
)

AUXILIARIES = MODALS | BE | HAVE | DO
HEDGES = _names(
    """
    more than | less than | fewer than | at least | up to | as many as | about | nearly | around
    | over | almost | approximately | some | only
    """
)
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

ADVERBS = _words(
    """
    also not never always often now then still already only just even ever again soon later once
    here there too very well almost nearly currently recently usually rather perhaps maybe
    instead first so thus therefore however today yesterday tomorrow yet n't reportedly
    """
)

NUMBER_WORDS = _words(
    """
    two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty
    forty fifty sixty hundreds thousands millions dozens
    """
)

SCALES = _words(
    """
    million billion trillion thousand hundred percent
    """
)

TITLES = _words(
    """
    Mr Mrs Ms Dr Sir President Minister Premier Chancellor Senator Judge Justice Professor Prof
    Governor Mayor Secretary King Queen Prince Princess Pope Captain General Colonel Lord Lady
    Chairman CEO Director
    """
)

FIRST_NAMES = _words(
    """
    James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel
    Matthew Anthony Mark Donald Steven Paul Andrew Joshua Kenneth Kevin Brian George Edward
    Ronald Timothy Jason Jeffrey Ryan Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin
    Scott Brandon Benjamin Samuel Gregory Frank Alexander Raymond Patrick Jack Dennis Jerry
    Tyler Aaron Jose Adam Nathan Henry Peter Zachary Kyle Noah Ethan Mary Patricia Jennifer
    Linda Elizabeth Barbara Susan Jessica Sarah Karen Lisa Nancy Betty Margaret Sandra Ashley
    Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Sharon Laura
    Cynthia Kathleen Amy Angela Shirley Anna Brenda Pamela Emma Nicole Helen Samantha Katherine
    Christine Debra Rachel Carolyn Janet Maria Catherine Heather Diane Olivia Julie Joyce
    Victoria Kelly Christina Joan Evelyn Lauren Judith Megan Andrea Cheryl Hannah Jean Alice
    Julia Grace Boris Joe Barack Hillary Bill Bob Jim Tom Tim Steve Mike Chris Dan Matt Ben Sam
    Alex Nick Tony Greg Rob Simon Ian Graham Neil Martin Keith Alan Colin Harry Meghan Kate
    Vladimir Dmitry Sergei Sergey Alexei Ivan Mikhail Angela Emmanuel Nicolas François Pierre
    Jacques Hans Klaus Karl Jürgen Wolfgang Carlos Juan Luis Miguel Pedro Antonio Francisco
    Giuseppe Marco Mohammed Muhammad Mohamed Ahmed Ali Hassan Omar Narendra Rahul Xi Li Wang
    Zhang Liu Chen Yang Zhao Shinzo Jamie Oliver Lewis Max Leon Lucas Oscar Felix Hugo Victor
    Walter Arthur Albert Fred Charlie Ray Roger Phil Jenny Lucy Sophie Charlotte Claire Jane
    Ruth Rose Diana Eva Nina Elena Olga Natalia Tatiana Svetlana
    """
)

PLACES = _names(
    """
    China | Japan | France | Germany | Spain | Italy | Russia | India | Britain | England |
    Scotland | Wales | Ireland | Australia | Canada | Mexico | Brazil | Argentina | Chile | Peru
    | Egypt | Turkey | Iran | Iraq | Israel | Syria | Ukraine | Poland | Greece | Portugal |
    Sweden | Norway | Finland | Denmark | Austria | Switzerland | Belgium | Netherlands | Kenya
    | Nigeria | Ethiopia | South Africa | South Korea | North Korea | Vietnam | Thailand |
    Indonesia | Malaysia | Singapore | Philippines | Pakistan | Afghanistan | United States |
    U.S. | US | UK | United Kingdom | Saudi Arabia | New Zealand | Cuba | Colombia | Venezuela |
    Hungary | Romania | Bulgaria | Serbia | Croatia | Belarus | Kazakhstan | Mongolia | Myanmar
    | Cambodia | Nepal | Bangladesh | Sri Lanka | Morocco | Algeria | Libya | Sudan | Somalia |
    Yemen | Lebanon | Jordan | Qatar | Kuwait
    """
)

CITIES = _names(
    """
    London | Paris | Berlin | Beijing | Shanghai | Tokyo | New York | Washington | Moscow | Rome
    | Madrid | Hong Kong | Los Angeles | Chicago | Vienna | Brussels | Sydney | Melbourne |
    Toronto | Mumbai | Delhi | New Delhi | Istanbul | Cairo | Seoul | Bangkok | Munich | Hamburg
    | Geneva | Zurich | Boston | San Francisco | Houston | Miami | Seattle | Dublin | Edinburgh
    | Manchester | Liverpool | Glasgow | Kyiv | Kiev | Warsaw | Prague | Budapest | Athens |
    Lisbon | Stockholm | Oslo | Copenhagen | Helsinki | Guangzhou | Shenzhen | Wuhan | Chengdu |
    Nanjing | Hangzhou | Tianjin | Osaka | Kyoto | Jakarta | Manila | Tehran | Baghdad |
    Jerusalem | Riyadh | Dubai | Nairobi | Johannesburg | Barcelona | Milan | Frankfurt |
    Philadelphia | San Diego
    """
)

ROLES = _names(
    """
    prime minister | foreign minister | finance minister | health minister | defence minister |
    defense minister | interior minister | president | vice president | chief executive | ceo |
    cfo | chairman | chairwoman | chair | founder | co-founder | director | managing director |
    executive director | secretary | secretary-general | general secretary | governor | mayor |
    spokesman | spokeswoman | spokesperson | head | leader | manager | coach | head coach |
    captain | editor | author | professor | analyst | economist | ambassador | commissioner |
    chancellor | owner | partner | lawyer | attorney | creator | producer | designer | chief |
    deputy director | co-author | actor | singer | researcher | senator
    """
)
_IRREGULAR = """
    be:was:been become:became:become begin:began:begun bend:bent:bent bet:bet:bet
    bite:bit:bitten blow:blew:blown break:broke:broken bring:brought:brought build:built:built
    burn:burnt:burnt buy:bought:bought catch:caught:caught choose:chose:chosen come:came:come
    cost:cost:cost cut:cut:cut deal:dealt:dealt dig:dug:dug draw:drew:drawn drink:drank:drunk
    drive:drove:driven eat:ate:eaten fall:fell:fallen feed:fed:fed feel:felt:felt
    fight:fought:fought find:found:found flee:fled:fled fly:flew:flown forget:forgot:forgotten
    forgive:forgave:forgiven freeze:froze:frozen get:got:got give:gave:given go:went:gone
    grow:grew:grown hang:hung:hung hear:heard:heard hide:hid:hidden hit:hit:hit hold:held:held
    hurt:hurt:hurt keep:kept:kept know:knew:known lay:laid:laid lead:led:led learn:learnt:learnt
    leave:left:left lend:lent:lent let:let:let lie:lay:lain lose:lost:lost make:made:made
    mean:meant:meant meet:met:met overcome:overcame:overcome oversee:oversaw:overseen
    pay:paid:paid prove:proved:proven put:put:put quit:quit:quit read:read:read ride:rode:ridden
    ring:rang:rung rise:rose:risen run:ran:run say:said:said see:saw:seen seek:sought:sought
    sell:sold:sold send:sent:sent set:set:set shake:shook:shaken shed:shed:shed
    shine:shone:shone shoot:shot:shot show:showed:shown shrink:shrank:shrunk shut:shut:shut
    sing:sang:sung sink:sank:sunk sit:sat:sat sleep:slept:slept slide:slid:slid
    speak:spoke:spoken spend:spent:spent spread:spread:spread stand:stood:stood
    steal:stole:stolen stick:stuck:stuck strike:struck:struck strive:strove:striven
    swear:swore:sworn sweep:swept:swept swim:swam:swum swing:swung:swung take:took:taken
    teach:taught:taught tear:tore:torn tell:told:told think:thought:thought throw:threw:thrown
    undergo:underwent:undergone understand:understood:understood undertake:undertook:undertaken
    wake:woke:woken wear:wore:worn win:won:won withdraw:withdrew:withdrawn write:wrote:written
    have:had:had do:did:done
"""


_FORMS = [row.split(":") for row in _IRREGULAR.split()]
PAST_LEMMA = {past: base for base, past, _ in _FORMS}
PAST_OF = {base: past for base, past, _ in _FORMS}
PARTICIPLE_LEMMA = {participle: base for base, _, participle in _FORMS}
AMBIGUOUS_PRESENT = _words("cut put set hit let cost read spread shut quit bet shed hurt")
PERSON_NOUNS = _words(
    """
    minister president spokesman spokeswoman spokesperson officials official police man woman men
    women people researchers scientists experts doctors doctor teacher teachers students student
    author director manager coach players player actor actress singer artist writer journalist
    lawyer judge leader leaders members chairman mayor governor ambassador professor father mother
    son daughter brother sister wife husband victim victims driver residents resident workers
    employees owner founder king queen prince users customers voters investors critics analysts
    economists farmers parents children protesters soldiers officers officer senator lawmakers
    """
)
SPEECH_VERBS = _words(
    "say announce report claim state warn add explain believe argue insist note suggest admit"
)
HUMAN_VERBS = SPEECH_VERBS | _words(
    """
    think know feel tell ask write sit speak meet love marry look turn expect wear leave ride walk
    talk smile live hope want try score play go come take make get give see hear die stand study
    learn
    """
)
TWO_OBJECT_VERBS = _words(
    "give award call name offer grant elect appoint nickname dub title pay send show teach"
)
CATENATIVE_VERBS = _words(
    """
    want plan decide agree try hope refuse promise intend seek need aim vow threaten pledge attempt
    expect fail
    """
)
DURATIONS = _words(
    "year years month months week weeks day days hour hours minute minutes decade decades"
)
CURRENCIES = _words("dollars euros pounds yuan rubles yen francs")
DANGLING = DETERMINERS | _words("and or how that which until than because if when very more not")
