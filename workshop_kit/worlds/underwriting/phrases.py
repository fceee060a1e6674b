"""The sentences around the rules: who asks and how, how an answer opens, decides and closes.

Every table is (for training rows, for practice and hidden questions): no question frame stands in both.
"""

from __future__ import annotations

from workshop_kit.worlds.underwriting.rules import CONDITIONS, DECLINE, GOOD, REFER

HOMES = ("house", "cottage", "bungalow", "farmhouse", "family home", "row house")
HOMES_OTHER = ("townhouse", "cabin", "villa", "lake house")

# Persona -> how the case is told, with {s} for what is to be insured.
INTROS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "broker": (
        ("My client wants cover for {s}.", "I have a client on the line with {s}.", "Quote needed for {s}.", "A client of mine has bought {s}."),
        ("Client in front of me, {s}.", "I am placing {s} for a client.", "Need a quick yes or no on {s}."),
    ),
    "trainee": (
        ("I am new here and have a file on {s}.", "My first case today is {s}.", "For practice I was given {s}.", "I am trying to work out the terms for {s}."),
        ("Still learning, so bear with me: {s}.", "The file they gave me is about {s}.", "I would like to get this one right: {s}."),
    ),
    "claims-handler": (
        ("I am settling a loss at {s}.", "An old file lies before me about {s}.", "We had a call about a loss at {s}.", "I need to see what should have been agreed for {s}."),
        ("There has been damage at {s}.", "I am checking a policy after a loss, for {s}.", "Before I pay out, a look back at {s}."),
    ),
    "branch-clerk": (
        ("A proposal came in for {s}.", "I am preparing a quote for {s}.", "At the counter there is somebody with {s}.", "On my desk is a proposal for {s}."),
        ("The post brought an application for {s}.", "I have to fill in the quote sheet for {s}.", "Somebody walked in and asked about {s}."),
    ),
    "customer": (
        ("We would like to insure {s}.", "I am looking for cover for {s}.", "We have just bought {s}.", "I need insurance for {s}."),
        ("Our family is taking over {s}.", "Next month I get the keys to {s}.", "I was told to ask you about {s}."),
    ),
}  # fmt: skip
ASKS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "broker": (
        ("What can we offer?", "What is your decision?", "Terms, please?", "Can you take it?"),
        ("What do I tell them?", "Where do you stand on it?", "What would it take?"),
    ),
    "trainee": (
        ("How should I decide, and why?", "Accept, refer or decline?", "What terms apply here?", "Could you explain the terms?"),
        ("What would you do with it?", "Which rules come into play?", "Can you walk me through it?"),
    ),
    "claims-handler": (
        ("What terms should have applied?", "What does the manual say about it?", "Which terms belong to it?", "What was right to agree?"),
        ("How should it have been written?", "What ought to be in the policy?", "On what terms was it ours to take?"),
    ),
    "branch-clerk": (
        ("What do I put in the quote?", "May I quote it, and on what terms?", "What should I write down?", "How do we go on?"),
        ("Is that one I can send out?", "What goes on the sheet?", "What am I to answer?"),
    ),
    "customer": (
        ("Will you insure us, and on what terms?", "What would you ask of us?", "Can you cover it?", "What do we have to know?"),
        ("Is that something you would take on?", "What should we be ready for?", "How does that look to you?"),
    ),
}  # fmt: skip
WORRIES = (
    ("We are worried that nobody will have us.", "To be honest, we are nervous about it.", "It has been a hard year for us."),
    ("I have not slept well over this.", "Two other companies never wrote back, and we feel lost.", "All of this frightens us a little."),
)  # fmt: skip
GREETINGS = (
    ("", "", "", "Hello. ", "Good morning. ", "Hi there. "),
    ("", "", "", "Good afternoon. ", "Hello, just quickly. ", "Thanks for taking this. "),
)
SECOND_NEED = (
    ("And one more thing: {q}", "While I have you: {q}", "Also, {q}"),
    ("There is a second question: {q}", "On another matter, {q}", "And separately, {q}"),
)
LOOKUPS = (
    ("what does the manual say about {np}?", "how do we treat {np}?", "what are our terms for {np}?", "which rule is there for {np}?"),
    ("can you remind me of the rule for {np}?", "what do I need to know about {np}?", "what follows from {np}?"),
)  # fmt: skip
LOOKUP_OPENERS = (
    ("", "", "Quick question: ", "For a quote I am writing: ", "A client asks: ", "I am new here: "),
    ("", "Sorry to bother you: ", "Just so that I get it right: ", "Before I call back: "),
)

# (persona or "", level) -> the decision in words. Only the decision that is meant may stand in an answer.
DECISIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("", GOOD): ("we can accept this on standard terms", "accept this on standard terms"),
    ("", CONDITIONS): ("we can accept this with conditions", "accept this with conditions"),
    ("", REFER): ("we must refer this", "refer this"),
    ("", DECLINE): ("we must decline this", "decline this"),
    ("customer", GOOD): ("we can accept this on standard terms",),
    ("customer", CONDITIONS): ("we can accept this with conditions",),
    ("customer", REFER): ("we must refer this",),
    ("customer", DECLINE): ("we must decline this",),
    ("claims-handler", GOOD): ("this should have been accepted on standard terms",),
    ("claims-handler", CONDITIONS): ("this should have been accepted with conditions",),
    ("claims-handler", REFER): ("this should have been referred",),
    ("claims-handler", DECLINE): ("this should have been declined",),
}  # fmt: skip
# What a reader may write for the decision; the others' wordings contradict it.
DECISION_WORDINGS: dict[str, tuple[str, ...]] = {
    GOOD: ("standard terms", "without conditions", "no conditions", "without any conditions"),
    CONDITIONS: ("with conditions", "with these conditions", "with some conditions", "on conditions", "under conditions", "with the following conditions"),
    REFER: ("refer", "referred", "referral", "referring", "refers"),
    DECLINE: ("decline", "declined", "declining", "declines", "cannot accept", "can't accept", "not accept", "turn it down", "turned down", "cannot insure", "can't insure"),
}  # fmt: skip
DECISION_FACTS = {
    GOOD: "Accept on standard terms.",
    CONDITIONS: "Accept with conditions.",
    REFER: "Refer the case.",
    DECLINE: "Decline the case.",
}

WARM = ("Thank you for asking us.", "Thank you for telling us all this.")
COMFORT = ("I understand the worry, so let me be clear.", "I am sorry that this has been so hard.")
NOTHING = ("there is nothing to add for {goods}", "nothing more is needed for {goods}")
# Why a case is accepted on standard terms.
PLAIN = ", because no point brings a condition, a deductible or more premium"
LINKS = ("", "", "Also, ", "In addition, ")
LAST_LINKS = ("", "Finally, ")
AFTERWARDS = ("If that changes, ", "If that changes one day, ")
SO = ("So ", "All in all, ")
STEPS = ("These points apply:", "This is what follows:")
# (persona or "", level) -> last sentences that hold no fact of the manual.
CLOSINGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("customer", GOOD): ("You have made it easy for us.", "I am happy to get everything ready for you."),
    ("customer", CONDITIONS): ("I am happy to help you with each of these points.", "Call me if any of this is unclear."),
    ("customer", REFER): ("I will stay in touch while my colleagues look at it.", "You will hear from me as soon as I know more."),
    ("customer", DECLINE): ("I wish I had better news for you.", "I would be glad to hear from you again."),
    ("claims-handler", GOOD): ("The file should hold no surprise.", "There is nothing more to look for."),
    ("claims-handler", CONDITIONS): ("Please see whether the policy names every point.", "Each of these should be in the file."),
    ("claims-handler", REFER): ("Please look for their answer in the file.", "Their answer should be in the file."),
    ("claims-handler", DECLINE): ("Please talk to your team leader before you go on.", "How it came to be written is another question."),
    ("", GOOD): ("Nothing else stands in the way.", "No further question is open."),
    ("", CONDITIONS): ("Please put every point into the offer.", "The client should hear all of this before signing."),
    ("", REFER): ("Nothing may be promised before they answer.", "Please send the whole file along."),
    ("", DECLINE): ("Please tell the client kindly and say why.", "There is no room for an exception here."),
}  # fmt: skip

# What the manual is silent about: (topic, thing), for rows, practice and hidden questions.
UNKNOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "rows": (
        ("water", "a swimming pool"), ("occupancy", "a pet snake"), ("roof", "solar panels"), ("trades", "a tattoo studio"),
        ("fire", "a gas grill"), ("electrics", "a charging point for cars"), ("trades", "a dance school"), ("authority", "jewelry"),
        ("claims", "legal costs"), ("occupancy", "a music room"), ("roof", "a roof garden"), ("water", "a fish pond"),
        ("trades", "a bicycle rental"), ("authority", "paintings"),
        ("occupancy", "a parrot"), ("trades", "a toy store"), ("water", "a rain barrel"), ("fire", "a smokehouse"),
        ("electrics", "a lift"), ("roof", "a weather vane"), ("trades", "a music school"), ("authority", "a wine cellar"),
        ("occupancy", "a gym in the garage"), ("claims", "a stolen bicycle"), ("trades", "a pet salon"), ("roof", "a skylight"),
    ),
    "practice": (
        ("occupancy", "a horse in the yard"), ("roof", "a satellite dish"), ("trades", "a yoga studio"), ("fire", "a bread oven in the garden"),
        ("water", "a sauna"), ("authority", "a stamp collection"),
    ),
    "hidden": (
        ("occupancy", "beehives"), ("trades", "a flower stand"), ("roof", "a wind turbine"), ("authority", "a coin collection"),
        ("water", "a hot tub"), ("electrics", "a home battery"), ("trades", "a pottery"), ("claims", "a lost wedding ring"),
        ("fire", "a candle workshop"), ("occupancy", "a tree house"), ("authority", "a sailing boat"), ("trades", "a food truck"),
    ),
}  # fmt: skip
UNKNOWN_ASKS = (
    ("What are our terms for {thing}?", "What does the manual say about {thing}?", "How do we treat {thing}?", "Is there more premium for {thing}?", "What applies to {thing}?"),
    ("What is the rule on {thing}?", "What shall I say about {thing}?", "Is there a rule for {thing}?"),
)  # fmt: skip
UNKNOWN_ANSWERS = (
    "The manual says nothing about {thing}. Please ask the technical desk before anything is promised.",
    "The manual says nothing about {thing}, so I will not guess. Please ask the technical desk and wait for their answer.",
)
UNKNOWN_WORDINGS = (
    "technical desk", "says nothing about", "nothing about", "manual is silent", "does not say", "doesn't say", "not in the manual",
    "not in the handbook", "does not mention", "doesn't mention", "no rule",
)  # fmt: skip


def voice(persona: str) -> str:
    """The key of a persona in the tables of decisions and closings."""
    return persona if persona in ("customer", "claims-handler") else ""
