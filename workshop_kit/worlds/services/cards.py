"""The services of the state of Ellowin as data: one card each, and what changes it for whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

STATE = "Ellowin"
COUNTY = "County Service Center"
HELP = "State Help Line"
# What a person may be or need that changes a card.
SENIOR, URGENT, OUTSIDE = "senior", "urgent", "outside"
TOPICS = (
    ("land", "Trees and land", "Fallen trees, fences and boundaries."),
    ("water", "Water", "Flooded cellars and tap water."),
    ("papers", "Lost papers", "Driver licenses and birth certificates."),
    ("housing", "Homes and neighbors", "Heating, eviction and noise."),
    ("animals", "Animals", "Lost pets and rats."),
    ("traffic", "Cars and parking", "Towed cars and parking permits."),
    ("family", "Money and family", "Power bills, lost jobs and child care."),
    ("trade", "Food stalls and building work", "Permits for stalls and quarrels with builders."),
    ("help", "When this guide does not say", "Whom to ask about everything else."),
)
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 8: "eight", 9: "nine", 10: "ten", 20: "twenty"}


@dataclass(frozen=True)
class Desk:
    """An office: its name, its fee in dollars (0: free), how long people wait and what has happened by then."""

    name: str
    fee: int
    wait: str
    done: str


@dataclass(frozen=True)
class Service:
    """A card: the office with its fee and wait, the paper, the first step, and for whom the card changes.

    `steps` are two wordings of what to do first; `step_words` and `paper_words` are what a reader accepts for it.
    `named` are two names of the service for look-ups: in training rows, and in practice and hidden questions.
    `covers` tells what the office is there for.
    """

    id: str
    topic: str
    desk: Desk
    matter: str
    paper: str
    paper_words: tuple[str, ...]
    steps: tuple[str, str]
    step_words: tuple[str, ...]
    named: tuple[str, str]
    covers: str
    changes: tuple[str, ...] = ()

    @property
    def office(self) -> str:
        """The name of the office."""
        return self.desk.name

    @property
    def fee(self) -> int:
        """The fee in dollars; 0 where there is none."""
        return self.desk.fee

    @property
    def wait(self) -> str:
        """The wait as "3 days"."""
        return self.desk.wait

    @property
    def done(self) -> str:
        """What has happened after the wait."""
        return self.desk.done

    @property
    def price(self) -> str:
        """The fee as "$30"; "" where there is none."""
        return f"${self.fee}" if self.fee else ""

    @property
    def waits(self) -> tuple[str, ...]:
        """The wait in figures and in words."""
        return wait_words(self.wait)


def wait_words(wait: str) -> tuple[str, ...]:
    """A time in figures and in words: "3 days", "three days"."""
    number, unit = wait.split()
    return (wait, f"{_NUMBERS[int(number)]} {unit}")


# Topic -> its office. One office, fee and wait a topic keep the cards learnable from 150 rows.
DESKS = {
    "land": Desk("Land Office", 30, "3 days", "a crew comes"),
    "water": Desk("Water Office", 45, "5 hours", "a truck comes"),
    "papers": Desk("Records Office", 20, "9 days", "the paper is mailed"),
    "housing": Desk("Housing Office", 0, "2 days", "an adviser calls you"),
    "animals": Desk("Animal Office", 25, "6 days", "a catcher sets out"),
    "traffic": Desk("Traffic Office", 80, "4 hours", "you get an answer"),
    "family": Desk("Family Office", 0, "8 days", "help begins"),
    "trade": Desk("Trade Office", 60, "20 days", "the board decides"),
}
SERVICES = (
    Service(
        "fallen-tree", "land", DESKS["land"], "a fallen tree", "photos of the damage",
        ("photos of the damage", "pictures of the damage", "damage photos", "photos of damage"),
        ("stay clear of the tree", "stay clear of the tree and its branches"),
        ("stay clear", "keep clear", "stay away", "keep away"),
        ("the removal of a fallen tree", "having a fallen tree taken away"),
        "The crew clears any tree, trunk or branch that a storm or rot has brought down on a house, roof, shed, garage, car, fence or path.",
        (SENIOR, URGENT, OUTSIDE),
    ),
    Service(
        "fence", "land", DESKS["land"], "a boundary", "the property deed",
        ("property deed", "deed to the property", "deed of the property", "deed"),
        ("leave the fence as it is", "leave the fence as it is until the line is clear"),
        ("leave the fence", "leave everything as it is", "do not move the fence"),
        ("a boundary survey", "having the line between two yards measured"),
        "It is asked when neighbors quarrel over a fence, hedge, wall or driveway, or when nobody knows where a lot, yard or farm ends.",
        (SENIOR, URGENT, OUTSIDE),
    ),
    Service(
        "flooded-cellar", "water", DESKS["water"], "a flooded cellar", "your water meter number",
        ("water meter number", "meter number", "number of your water meter", "number of the water meter"),
        ("switch off the power", "switch off the power to the cellar"),
        ("switch off the power", "switch the power off", "turn off the power", "turn the power off"),
        ("pumping out a cellar", "having a flooded cellar pumped dry"),
        "It does not matter whether rain, a river or a burst pipe has put the cellar or basement under water.",
        (SENIOR, URGENT, OUTSIDE),
    ),
    Service(
        "tap-water", "water", DESKS["water"], "bad tap water", "a water sample",
        ("water sample", "sample of the water", "sample of your water"),
        ("drink bottled water", "drink bottled water until you know more"),
        ("bottled water", "water from bottles"),
        ("a tap water test", "having drinking water checked"),
        "It finds out what is in water that fills a glass or bath from the faucet with a strange color, smell or taste, or with flakes in it.",
        (SENIOR, URGENT, OUTSIDE),
    ),
    Service(
        "license", "papers", DESKS["papers"], "a lost driver license", "the police report",
        ("police report", "report from the police", "report of the police"),
        ("report the loss online", "report the loss online before anything else"),
        ("report the loss", "report it", "report your loss", "reporting the loss"),
        ("a replacement driver license", "getting a new driver license in place of a lost one"),
        "It replaces a driver license that was stolen, damaged or lost with a wallet, purse or bag.",
        (SENIOR, URGENT),
    ),
    Service(
        "birth-certificate", "papers", DESKS["papers"], "a birth certificate", "a photo ID",
        ("photo ID", "photo identification", "ID with a photo"),
        ("fill in the yellow request form", "fill in the yellow request form in ink"),
        ("yellow request form", "yellow form"),
        ("a copy of a birth certificate", "a fresh copy of a birth record"),
        "Schools, employers, clubs and passport clerks accept the copy as proof of when and where a person was born.",
        (SENIOR, URGENT),
    ),
    Service(
        "no-heat", "housing", DESKS["housing"], "a home without heating", "your lease",
        ("lease", "rental contract", "rental agreement"),
        ("tell the landlord in writing", "tell the landlord in writing that the heating is off"),
        ("in writing", "write to the landlord", "write to your landlord", "written notice"),
        ("a heating inspection", "having a cold apartment inspected"),
        "It steps in when a landlord or owner does not repair the boiler, furnace or radiators and a rented home stays cold.",
        (URGENT, OUTSIDE),
    ),
    Service(
        "eviction", "housing", DESKS["housing"], "an eviction", "the court notice",
        ("court notice", "notice from the court", "notice of the court"),
        ("do not move out yet", "do not move out yet, even if you are told to"),
        ("not move out", "don't move out", "stay in your home"),
        ("help against an eviction", "a lawyer's help when you are told to leave your home"),
        "It stands by tenants who are losing their home because a landlord or owner tells them to leave, changes the locks or goes to a judge.",
        (URGENT, OUTSIDE),
    ),
    Service(
        "noise", "housing", DESKS["housing"], "noise at night", "a noise diary",
        ("noise diary", "diary of the noise", "noise log"),
        ("write down each disturbance", "write down each disturbance with its hour"),
        ("write down", "note down", "keep a record"),
        ("a noise complaint", "a complaint about loud neighbors"),
        "Loud music, parties, drums, speakers, barking and motorbikes next door or across the hall are all its business after dark.",
        (URGENT, OUTSIDE),
    ),
    Service(
        "lost-pet", "animals", DESKS["animals"], "a lost pet", "the vaccination card",
        ("vaccination card", "vaccination record", "card of vaccinations"),
        ("put up a picture of your pet", "put up a picture of your pet near your home"),
        ("picture of your pet", "photo of your pet", "picture of the animal", "picture of your"),
        ("a search for a lost pet", "having all kennels searched for a runaway animal"),
        "It searches every street for dogs, cats, birds, rabbits and any other animal that escaped, flew or ran away, or never came back.",
        (SENIOR, URGENT, OUTSIDE),
    ),
    Service(
        "rats", "animals", DESKS["animals"], "rats", "a sketch of the yard",
        ("sketch of the yard", "sketch of your yard", "yard sketch", "drawing of the yard"),
        ("seal all food", "seal all food and trash"),
        ("seal all food", "seal your food", "seal food", "seal up food", "food sealed"),
        ("rat control", "getting rid of rodents"),
        "It drives rats and other rodents with their tails and droppings out of houses, kitchens, attics, bins, gardens and yards.",
        (SENIOR, URGENT, OUTSIDE),
    ),
    Service(
        "towed-car", "traffic", DESKS["traffic"], "a towed car", "the vehicle registration",
        ("vehicle registration", "car registration", "registration of the vehicle", "registration of the car"),
        ("look up your plate number online", "look up your plate number online to see where it stands"),
        ("plate number", "license plate", "look up your plate"),
        ("the release of a towed car", "getting a car back that was hauled away"),
        "Cars, wagons, vans and motorbikes that a tow truck hauled away or the police removed wait there.",
        (SENIOR, URGENT),
    ),
    Service(
        "parking-permit", "traffic", DESKS["traffic"], "a parking permit", "a utility bill",
        ("utility bill", "bill from a utility"),
        ("note the zone letter", "note the zone letter on your street sign"),
        ("zone letter", "letter of your zone", "letter of the zone"),
        ("a resident parking permit", "a sticker for parking on one's own street"),
        "Residents need its sticker to leave a car or van on a street with permit parking, or they get tickets and fines.",
        (SENIOR, URGENT),
    ),
    Service(
        "power-bill", "family", DESKS["family"], "a power bill", "a meter reading",
        ("meter reading", "reading of the meter", "reading of your meter"),
        ("ask the power company for a payment plan", "ask the power company for a payment plan before the due date"),
        ("payment plan", "pay in installments"),
        ("help with a power bill", "aid with electric debts"),
        "It helps people who are behind with the electric company or another utility and may have their electricity stopped.",
        (URGENT,),
    ),
    Service(
        "job-loss", "family", DESKS["family"], "a lost job", "the dismissal letter",
        ("dismissal letter", "letter of dismissal", "termination letter", "layoff letter"),
        ("register as a job seeker", "register as a job seeker online"),
        ("register as a job seeker", "register as looking for work", "job seeker"),
        ("pay after losing a job", "money from the state for people who lost their work"),
        "It pays people who were fired, laid off or dismissed, whose contract or position was cut, or whose shop or company closed or went bankrupt.",
        (URGENT,),
    ),
    Service(
        "child-care", "family", DESKS["family"], "child care", "your pay stubs",
        ("pay stubs", "pay stub", "pay slips"),
        ("choose three centers from the list", "choose three centers from the list, best one first"),
        ("three centers", "3 centers"),
        ("a child care place", "finding a spot for a small child in day care"),
        "It finds day care or a nursery where a baby, a toddler or other little one is looked after among kids while the parents work.",
        (URGENT,),
    ),
    Service(
        "vendor", "trade", DESKS["trade"], "a food stall", "a kitchen certificate",
        ("kitchen certificate", "certificate for the kitchen", "certificate for your kitchen", "certificate of the kitchen"),
        ("pick a spot on the vendor map", "pick a spot on the vendor map and note its number"),
        ("vendor map", "map of vendors", "map for vendors"),
        ("a street vendor permit", "permission to sell food from a cart"),
        "Anybody who wants to offer or sell food, fruit, coffee or other drinks from a cart, wagon or stand on a street, square or market needs its permit.",
        (SENIOR, URGENT),
    ),
    Service(
        "builder", "trade", DESKS["trade"], "bad building work", "the signed contract",
        ("signed contract", "contract with signatures", "contract you signed"),
        ("stop all payments", "stop all payments to the builder"),
        ("stop all payments", "stop paying", "stop payments", "stop any payments", "pay nothing more"),
        ("a complaint about a builder", "a complaint about poor work by a contractor"),
        "It looks into a roof, window, wall, deck or stair that people paid for and that a builder, contractor, carpenter, mason, plumber or other firm left bad or half done.",
        (SENIOR, URGENT),
    ),
)  # fmt: skip


def catalog(edition: int) -> dict[str, Service]:
    """The cards by id. Another edition deals the same fees and waits to other services of a like kind."""
    cards = {service.id: service for service in SERVICES}
    if not edition:
        return cards
    chance = Random(f"services/cards/{edition}")
    waits = chance.sample([desk.wait for desk in DESKS.values()], len(DESKS))
    fees = chance.sample([desk.fee for desk in DESKS.values() if desk.fee], sum(bool(d.fee) for d in DESKS.values()))
    desks = {}
    for (topic, desk), wait in zip(DESKS.items(), waits, strict=True):
        desks[topic] = replace(desk, wait=wait, fee=fees.pop() if desk.fee else 0)
    return {card.id: replace(card, desk=desks[card.topic]) for card in SERVICES}
