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

# Level -> the decision in words. Only the decision that is meant may stand in an answer.
DECISIONS: dict[str, tuple[str, ...]] = {
    GOOD: ("we can accept it on standard terms", "this one is accepted on standard terms", "accept it on standard terms"),
    CONDITIONS: ("we can accept it with conditions", "this one is accepted with conditions", "accept it with conditions"),
    REFER: ("we have to refer it", "this one has to be referred", "refer it before anything is promised"),
    DECLINE: ("we have to decline it", "this one has to be declined", "decline it"),
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

WARM = (
    "Thank you for telling me all this.",
    "Thank you for asking us.",
    "I am glad that you came to us.",
    "Good that you asked first.",
)
COMFORT = (
    "I can see that this weighs on you, so let me be clear.",
    "I am sorry that this has been so hard.",
    "Please do not lose heart; here is where we stand.",
    "I understand the worry, and I will tell you plainly.",
)
NOTHING = (
    "there is nothing to add for {goods}",
    "nothing more is needed for {goods}",
    "we ask for nothing on account of {goods}",
)
NOTHING_BRIEF = ("nothing for {goods}", "no change for {goods}")
LINKS = ("", "", "Also, ", "In addition, ", "On top of that, ", "Besides, ", "Then, ")
LAST_LINKS = ("", "Finally, ", "Lastly, ", "And ")
AFTERWARDS = ("If that changes one day, this would follow:", "Should it come back, keep in mind:", "For a second try, this is worth knowing:")
SO = ("So ", "All in all, ", "Taken together, ", "Therefore ")
STEPS = ("This is what applies:", "The points are these:", "In short:", "Step by step:")
# (persona or "", level) -> last sentences that hold no fact of the manual.
CLOSINGS: dict[tuple[str, str], tuple[str, ...]] = {
    ("customer", GOOD): ("You have made it easy for us.", "I am happy to get everything ready for you.", "Just tell me when you would like to begin."),
    ("customer", CONDITIONS): ("I am happy to help you with each of these points.", "Call me if any of this is unclear.", "None of this should keep you from a good night's sleep."),
    ("customer", REFER): ("I will stay in touch while my colleagues look at it.", "You will hear from me as soon as I know more.", "I will put in everything that speaks for you."),
    ("customer", DECLINE): ("I wish I had better news for you.", "I am sorry, and I would be glad to see you again.", "Please come back to us when that is done."),
    ("", GOOD): ("Nothing else stands in the way.", "The file can be closed as it is.", "No further question is open."),
    ("", CONDITIONS): ("Please put every point into the offer.", "Each of these belongs in the written offer.", "The client should hear all of this before signing."),
    ("", REFER): ("Nothing may be promised until they have answered.", "The client should wait for their word.", "Please send the whole file along."),
    ("", DECLINE): ("Please tell the client kindly and say why.", "There is no room for an exception here.", "A short letter with the reason is enough."),
}  # fmt: skip

# What the manual is silent about: (topic, thing), for rows, practice and hidden questions.
UNKNOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "rows": (
        ("water", "a swimming pool"), ("occupancy", "a pet snake"), ("roof", "solar panels"), ("trades", "a tattoo studio"),
        ("fire", "a gas grill"), ("electrics", "a charging point for cars"), ("trades", "a dance school"), ("authority", "jewelry"),
        ("claims", "legal costs"), ("occupancy", "a music room"), ("roof", "a roof garden"), ("water", "a fish pond"),
        ("trades", "a bicycle rental"), ("authority", "paintings"),
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
    ("What are our terms for {thing}?", "My client asks about {thing}. What applies?", "How does the manual treat {thing}?", "Does {thing} change the premium?", "Is {thing} a problem for cover?"),
    ("The owner mentions {thing}. Which terms follow?", "What is the rule on {thing}?", "Somebody wants to know about {thing}. What shall I say?"),
)  # fmt: skip
UNKNOWN_ANSWERS = (
    "The manual says nothing about {thing}, so I will not guess. Please ask the technical desk before anything is promised.",
    "I find nothing about {thing} in the manual. The technical desk has to be asked, and until they answer nothing should be promised.",
    "About {thing} the manual is silent. Rather than make up a rule, please ask the technical desk and wait for their answer.",
)
UNKNOWN_WORDINGS = (
    "technical desk", "says nothing about", "nothing about", "manual is silent", "does not say", "doesn't say", "not in the manual",
    "not in the handbook", "does not mention", "doesn't mention", "no rule",
)  # fmt: skip
