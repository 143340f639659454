"""Closed classes of English: function words, what asks, what points; lower case."""

import re

from rag.conversation.phrases import word_set

FUNCTION = word_set(
    "a an the of in on at to for from by with as about into over under during after before since"
    " until between within without per than and or but nor so if when while because although that"
    " which who whom whose what where why how is are was were be been being am do does did"
    " have has"
    " had having will would can could should may might must shall not no any some all each every"
    " this these those it its he him his she her they them their there then here i you we me"
    " us my"
    " your our much many long often old far big tall late early ever also just only exactly still"
    " please up out off s t re"
)
DETERMINERS = word_set("a an the this that these those each every any some all its")
AUXILIARIES = word_set(
    "is are was were be been am do does did have has had will would can could should may"
    " might must"
    " shall"
)
SUBORDINATORS = word_set(
    "if when while because although that which who whom before after and or but as once unless"
    " until since whether than"
)
PREPOSITIONS = word_set(
    "of in on at to for from by with about during after before since until between within under"
    " over per through against near"
)
ASKING = re.compile(
    r"\b(?P<time>(?:since|until|by|from) when|when|(?:at |in |on )?(?:what|which) (?:time"
    r"|year|date|day|month))\b"
    r"|\b(?P<place>(?:from )?where|(?:in |at )?(?:what|which) (?:place|city|town|country))\b"
    r"|\b(?P<reason>why|how come)\b"
    r"|\b(?P<person>(?:by |to |with |for )?(?:whom?|whose))\b"
    r"|\b(?P<number>(?:for |at )?how (?:much|many|long|often|old|tall|high|far|large|big|deep"
    r"|wide|fast|heavy|late|early))\b"
    r"|\b(?P<manner>how)\b"
    r"|\b(?P<thing>what|which)\b"
)
ADVERBIAL = frozenset({"time", "place", "reason", "manner"})

OPENER = re.compile(
    r"(?:(?:and|so|then|ok(?:ay)?|also|but|now|well|thanks|thank you)[, ]+)*"
    r"(?P<about>(?:what|how) about |what of )?",
)
# It stands for nothing: it takes …, is it possible to …, what time is it.
EMPTY_IT = re.compile(
    r"\bit (?:takes?|took|costs?|be|is|was|rains?|snows?)\b.*\b(?:to|that|for)\b"
    r"|\b(?:does|did|will|would|can|could|should|may|might|must) it (?:take|cost|be|rain|snow"
    r"|matter)\b.*\b(?:to|that|if)\b"
    r"|\b(?:is|was) it (?:ok|okay|possible|allowed|necessary|required|permitted|mandatory|legal"
    r"|true|safe|compulsory|forbidden|free|mandatory|better|important|necessary|acceptable)\b.*"
    r"\b(?:to|that|for)\b"
    r"|\bis it to\b|^it(?: is|'s|’s) (?:\w+ing|true|late|early|cold|hot|dark)\b"
    r"|\btime is it\b|\bwho is it\b|\bit (?:possible|allowed|necessary|required|mandatory) to\b"
)
EMPTY_THERE = re.compile(
    r"\bthere (?:is|are|was|were|be|been|a|any|an|no|will|has|have|must|should)\b"
    r"|\b(?:is|are|was|were|be|been|will|has|have|can|should|must) there\b"
)
POINTING = re.compile(
    r"\b(?P<pointer>this|that|these|those|the (?:same|said)|such (?:an? )?) ?(?P<head>[a-z]+)\b"
)
HEADS_OF_TIME = word_set("year day date month time week century decade")

# What a verb looks like when it stands alone at the end of a noun phrase.
_OFTEN_NOUNS = (
    "approach change charge claim close cost cover cut damage design drive drop end exchange fall"
    " fit hire hold host increase join lead leave lend limit live measure move name need"
    " offer open"
    " order own plan plant promise raise record rent repair report return rise run say scale set"
    " show sign sleep stand start state stay stop store study support supply train travel"
    " turn use"
    " visit vote wait walk weigh win work head chair produce request test trade transport"
    " fund found"
    " meet call long high tall old"
)
_VERBS = (
    "borrow enter smoke park swim ride bring eat drink apply approve arrive ask attend become"
    " begin belong bring build buy call carry cause chair"
    " change charge claim close come contain contribute cost cover cross cut damage decide"
    " deliver"
    " derail describe design detect develop die direct discover do donate drive drop earn eat"
    " elect"
    " employ end enter expire explain fail fall find finish fit fix found fund gain get give go"
    " grow handle happen have head held help hire hold host include increase injure inspect"
    " install"
    " invent invest join keep kill know last lay lead leave lend let lie limit list live locate"
    " lose made make manage mean measure meet move name need negotiate offer open operate order"
    " organise organize own paint pay plan plant play prefer produce promise propose protect"
    " provide"
    " publish put raise reach read receive recommend record recover reject remain remove rent"
    " repair"
    " replace report represent require resign restore retire return rise run say scale see"
    " sell send"
    " serve set show sign sit sleep speak spend stand start state stay stop store study submit"
    " suffer suggest supply support take teach tell thank think train travel turn use visit vote"
    " wait walk want warn wear weigh win work write built written made found led held lost"
    " won paid"
    " sold sent kept begun chosen drawn driven given grown known laid meant met put read run seen"
    " set shown shut spent stood taken taught told thrown understood worn hurt cut open"
    " closed due"
    " located responsible situated available old tall long high"
)
OFTEN_NOUNS = frozenset(_OFTEN_NOUNS.split())  # which may stand in a noun phrase, too
VERBS = frozenset(_VERBS.split()) | OFTEN_NOUNS

TITLES = word_set(
    "mr mrs ms dr prof professor mayor deputy councillor councilor clerk treasurer captain"
    " sir lady"
    " lord president chairman chair director manager inspector investigator"
)
ORGANISATIONS = word_set(
    "company council trust bureau analytics ltd inc university committee museum library junction"
    " street society group corporation board agency office ministry department institute school"
    " college hospital bank club union association foundation port quarry lane road square estate"
    " lighthouse point ways station report handbook exchange app gateway api park bridge"
)
ATTRIBUTES = {
    **dict.fromkeys(word_set("time date day year deadline"), "time"),
    **dict.fromkeys(word_set("place location venue address"), "place"),
    **dict.fromkeys(word_set("reason cause motive"), "reason"),
}
NOUNS_IN_ING = word_set(
    "meeting building training funding parking opening heating reading writing hearing painting"
    " warning wedding clothing housing lighting engineering crossing landing spring string thing"
    " anything something everything nothing evening morning king ring wing bearing rating"
    " briefing"
    " recording setting finding ceiling shilling"
)
# Nouns that belong to something, which is what a question with them is about.
OF_THINGS = word_set(
    "name height length width depth weight cost price fee area capacity size age date time"
    " purpose"
    " aim result number amount budget location address colour color title population speed limit"
    " author owner head chair chairman director manager mayor leader founder president secretary"
    " cause reason effect maximum minimum phone telephone email deadline duration voltage"
)
