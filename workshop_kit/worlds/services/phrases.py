"""The sentences around the cards: how people ask, and how an answer opens, tells and closes.

Tables of two are (for training rows, for practice and hidden questions): no frame of a question stands in both.
"""

from __future__ import annotations

from workshop_kit.worlds.services.cards import COUNTY, HELP, OUTSIDE, SENIOR, STATE, URGENT

Two = tuple[tuple[str, ...], tuple[str, ...]]

# Persona -> what is said first; "" leaves it out.
OPENERS: dict[str, Two] = {
    "newcomer": (
        ("We moved here last month. ", f"I am new in {STATE}. ", "I do not know the offices here yet. "),
        ("We have only just arrived in this state. ", "This is my first year here. ", "I come from far away and know nobody here. "),
    ),
    "worried": (
        ("Please help me. ", "I do not know what to do. ", "I am at my wits' end. ", ""),
        ("I could cry. ", "I hope that somebody can help. ", "This is too much for me. ", ""),
    ),
    "hurried": (
        ("Quick question. ", "I am on my break. ", "Short on time. ", ""),
        ("I only have a minute. ", "Just briefly. ", "In a rush here. ", ""),
    ),
    "planner": (
        ("I like to be prepared. ", "Before I set out, ", "I want to do this properly. ", ""),
        ("I like to plan ahead. ", "I hate to go twice. ", "I would rather know beforehand. ", ""),
    ),
    "neighbor": (
        ("Hello, it's about something at home. ", "Hi there. ", "Good morning. ", ""),
        ("Good evening. ", "Hey. ", "Thanks for being there. ", ""),
    ),
}  # fmt: skip
ASKS: dict[str, Two] = {
    "newcomer": (
        ("Where do I go, and what does it cost?", "Which office is it, and what do I need?", "How does this work here?"),
        ("Whom does one see about that in this place?", "How do you handle that here?", "Which door do I knock on?"),
    ),
    "worried": (
        ("What should I do?", "What can I do now?", "Who can help me?", "What do I do first?"),
        ("Is there any help for me?", "Where do I even begin?", "Please tell me how to go on.", "What happens now?"),
    ),
    "hurried": (
        ("Where do I go?", "What do I need, and how long does it take?", "Office, fee, papers?"),
        ("Just give me the steps.", "What's the way to deal with it?", "Who does that, and how fast?"),
    ),
    "planner": (
        ("What does it cost, how long does it take and what do I bring?", "Which papers do I need, and what is the fee?", "Can you give me all the steps?"),
        ("Could you lay it out from start to end?", "What should I have with me, and what will I pay?", "How do I go about it?"),
    ),
    "neighbor": (
        ("What should I do?", "Who takes care of that?", "How do I get help?"),
        ("What would you advise?", "What is the best way to go?", "Who looks after such things?"),
    ),
}  # fmt: skip
CHANGES: dict[str, Two] = {
    SENIOR: (
        ("I am 71 years old.", "I am 68 and retired.", "I turned 66 this spring.", "I am over 65.", "I am 79.", "I am a retired woman of 82."),
        ("I am 83, by the way.", "I am 74 and live on a small pension.", "I have just turned 80.", "I am retired, and well over 65."),
    ),
    URGENT: (
        ("It is urgent.", "I need it by tomorrow.", "It is really urgent.", "It must be fast.", "It is very urgent for us.", "I can't wait long."),
        ("This is so urgent.", "It can't wait, it is urgent.", "I need it fast."),
    ),
    OUTSIDE: (
        ("We live outside the city limits.", "I live outside the city.", "Our house is outside the city limits.", "I am outside the city limits.", "Our place is out in the county."),
        ("Our place lies outside the city.", "I don't live in the city but outside its limits.", "We are outside the city limits, by the way."),
    ),
}  # fmt: skip
SECOND_NEED: Two = (
    ("And there is one more thing. {s}", "That is not all. {s}", "I have something else, too. {s}"),
    (
        "As if that were not enough, there is more. {s}",
        "A second worry comes with it. {s}",
        "And I have a second matter. {s}",
    ),
)
BOTH_ASKS: Two = (
    ("What should I do about both?", "Where do I go for each?", "Who helps with the two of them?"),
    ("How do I deal with the two?", "Which offices are these, and what will I need?", "Can you tell me about each of them?"),
)  # fmt: skip

# What is looked up -> the question, with {np} for the service.
LOOKUPS: dict[str, Two] = {
    "fee": (
        ("What does {np} cost?", "What is the fee for {np}?", "How much do I pay for {np}?"),
        ("What would I be charged for {np}?", "How much money should I set aside for {np}?", "Does {np} cost anything, and if so how much?"),
    ),
    "wait": (
        ("How long does {np} take?", "How long do I wait for {np}?", "What is the wait for {np}?"),
        ("How soon can I count on {np}?", "When will I see a result with {np}?", "How much time should I allow for {np}?"),
    ),
    "office": (
        ("Which office is there for {np}?", "Where do I go for {np}?", "Who takes care of {np}?"),
        ("Whose job is {np}?", "Who is in charge of {np}?", "At which door do I ask about {np}?"),
    ),
    "paper": (
        ("What do I bring for {np}?", "Which paper do I need for {np}?", "What do I have to show for {np}?"),
        ("What should be in my folder for {np}?", "What will they ask to see for {np}?", "What must I have with me for {np}?"),
    ),
    "waiver": (
        ("Do people over 65 pay for {np}?", "Is there a fee for seniors for {np}?"),
        ("Does my grandmother, who is 90, have to pay for {np}?", "Is {np} cheaper for older people?"),
    ),
    "fast": (
        ("Is there a fast lane for {np}?", "What if {np} is urgent?"),
        ("Can {np} be sped up in an emergency?", "How quickly can {np} be had at best?"),
    ),
    "county": (
        ("Who takes care of {np} outside the city limits?", "Where do I go for {np} if I live outside the city?"),
        ("I live beyond the city line. Who is in charge of {np} there?", "Whom do country people see about {np}?"),
    ),
}  # fmt: skip
LOOKUP_OPENERS: Two = (
    ("", "", "Quick question: ", "Hello, ", "One thing only: "),
    ("", "Sorry to bother you: ", "For my notes, ", "Good evening, "),
)

# Words for parts of a card in an answer.
FIRST = ("First, {step}.", "First, {step}.", "Please {step}.")
OFFICE_FIRST = (
    "The {office} takes care of {matter}.",
    "The {office} takes care of {matter}.",
    "For {matter}, turn to the {office}.",
)
BRING = ("Bring {paper}.", "Bring {paper}.", "You need {paper}.")
OUTSIDE_FIRST = (f"Outside the city limits, the {COUNTY} takes care of {{matter}}.",)
FEE = ("the fee is {price}", "the fee is {price}", "it costs {price}")
FREE = ("it is free", "it is free", "there is no fee")
WAIVED = "the fee is waived because you are over 65"
WAIT = ("{done} within {wait}",)
FAST = ("ask for the fast lane, and {done} within one day",)
STEPS = ("Step by step:", "Here is what to do:")
CLOSINGS_KIND = (
    "I hope this helps a little.",
    "Take care.",
    "We can help you with this.",
    "One step at a time, and it will be settled.",
)
CLOSINGS = ("I am happy to help if anything is unclear.", "I hope this helps.", "Good luck with it.")

# Things that the guide is silent about: (thing, what a person says), for rows, practice and hidden questions.
UNKNOWN: dict[str, tuple[tuple[str, str], ...]] = {
    "rows": (
        ("hunting", "I want to go hunting in the fall."), ("passports", "I need a passport for a trip."),
        ("library cards", "My daughter would like a library card."), ("streetlights", "!The streetlight at our corner is out."),
        ("jury duty", "I was called for jury duty."), ("voting", "I want to register to vote."),
        ("swimming pools", "We would like to build a swimming pool."), ("tax refunds", "!My tax refund never came."),
        ("snow", "!Nobody clears the snow from our lane."), ("bus passes", "I want a bus pass for my son."),
        ("bees", "I would like to keep bees."), ("old furniture", "I want to get rid of an old sofa."),
        ("weddings in the park", "We want to marry in the park."), ("guns", "I inherited a gun."),
        ("parades", "Our club plans a parade."), ("elevators", "!The elevator in our building is stuck."),
    ),
    "practice": (
        ("fishing", "I want to fish in the lake."), ("drones", "I got a drone for my birthday."),
        ("graffiti", "!Somebody sprayed paint on my wall."), ("adoption", "We would like to adopt a child."),
        ("school buses", "!The school bus drives past our stop."), ("military records", "I am looking for my grandfather's army record."),
    ),
    "hidden": (
        ("boat moorings", "I am looking for a place to moor my boat."), ("dead deer", "!A dead deer lies by the road."),
        ("street parties", "We would like to hold a street party."), ("burials", "!My father died and wished to be buried on his farm."),
        ("traffic lights", "!The traffic light by the school stays red."), ("solar panels", "I am thinking about solar panels."),
        ("changing one's name", "I want to change my last name."), ("stolen bicycles", "!My bicycle was stolen."),
        ("teaching children at home", "I would like to teach my kids at home."), ("lotteries", "We plan a lottery for the church."),
        ("phone lines", "!My phone line is dead."), ("campfires", "May we light a campfire in the woods?"),
        ("flying a flag", "I would like to put up a tall flagpole."), ("pet snakes", "My nephew wants to keep a python."),
    ),
}  # fmt: skip
UNKNOWN_ASKS: Two = (
    ("What do I have to do?", "Which office is that?", "What does it cost?", "Where do I go?", "Can you help?"),
    ("How does one go about it?", "Who is the right person to see?", "What would I pay?", "Is there a rule on it?"),
)
UNKNOWN_ANSWERS = (
    f"The guide says nothing about {{thing}}. Please call the {HELP}, where they find the right office for you.",
    f"The guide says nothing about {{thing}}, and I will not guess. Please call the {HELP}, where they find the right office for you.",
)
UNKNOWN_WORDINGS = (
    HELP, "help line", "says nothing about", "nothing about", "guide is silent", "does not say", "doesn't say", "not in the guide",
    "not in this guide", "not in the handbook", "does not mention", "doesn't mention", "does not cover", "doesn't cover",
)  # fmt: skip
# Kind words that suit any trouble.
COMFORT = (
    "I am sorry about this.", "That must be hard.", "What a nuisance for you.", "I understand the worry.",
    "You are not alone with this.", "I am so sorry.", "I can imagine how you feel.", "What a shock for you.",
)  # fmt: skip
SORRY = ("I am sorry about that.", "I am sorry, that must be hard.")
