"""The services of the state of Ellowin as data: one card each, and what changes it for whom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

STATE = "Ellowin"
COUNTY = "County Service Center"
HELP = "State Help Line"
# What a person may be or need that changes a card.
SENIOR, BENEFITS, URGENT, OUTSIDE = "senior", "benefits", "urgent", "outside"
TOPICS = (
    ("storms", "Storms and floods", "Fallen trees and water in the cellar."),
    ("papers", "Lost papers", "Driver licenses and birth certificates."),
    ("housing", "Renting a home", "Heating, deposits and eviction."),
    ("neighbors", "Neighbors and animals", "Noise, fences and lost pets."),
    ("vehicles", "Cars and streets", "Towing, parking and potholes."),
    ("support", "Money and family", "Power bills, lost jobs and child care."),
    ("business", "Trade and building work", "Street vendors and quarrels with builders."),
    ("health", "Water and pests", "Tap water and rats."),
    ("help", "When this guide does not say", "Whom to ask about everything else."),
)
_NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten"}
_NUMBERS |= {11: "eleven", 12: "twelve", 15: "fifteen", 18: "eighteen", 20: "twenty", 30: "thirty", 60: "sixty"}


@dataclass(frozen=True)
class Service:
    """A card: `fee` in dollars (0: free), `wait` as "3 days", and for whom the card changes.

    `steps` are two wordings of what to do first; `step_words` and `paper_words` are what a reader accepts for it.
    `covers` tells what the office is there for. `named` are two names of the service for look-ups: in training rows, and in practice and hidden questions.
    """

    id: str
    topic: str
    matter: str
    office: str
    fee: int
    wait: str
    done: str
    paper: str
    paper_words: tuple[str, ...]
    steps: tuple[str, str]
    step_words: tuple[str, ...]
    named: tuple[str, str]
    comfort: tuple[str, ...]
    covers: str
    changes: tuple[str, ...] = ()

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


SERVICES = (
    Service(
        "fallen-tree", "storms", "a fallen tree", "Tree Office", 30, "3 days", "a crew comes", "photos of the damage",
        ("photos of the damage", "pictures of the damage", "damage photos", "photos of damage"),
        ("stay clear of the tree", "stay clear of the tree and its branches"),
        ("stay clear", "keep clear", "stay away", "keep away"),
        ("the removal of a fallen tree", "having a fallen tree taken away"),
        ("I am sorry about the damage.", "What a shock, I am sorry."),
        "The crew clears any tree, trunk or branch that a storm or rot has brought down on a house, roof, shed, garage, car, fence or path.",
        (SENIOR, BENEFITS, URGENT, OUTSIDE),
    ),
    Service(
        "flooded-cellar", "storms", "a flooded cellar", "Flood Pump Service", 55, "5 hours", "a pump truck arrives", "your water meter number",
        ("water meter number", "meter number", "number of your water meter", "number of the water meter"),
        ("switch off the power", "switch off the power to the cellar"),
        ("switch off the power", "switch the power off", "turn off the power", "turn the power off"),
        ("pumping out a cellar", "having a flooded cellar pumped dry"),
        ("I am sorry about the water.", "That must be stressful."),
        "It does not matter whether rain, a river or a burst pipe has put the cellar or basement under water.",
        (SENIOR, BENEFITS, OUTSIDE),
    ),
    Service(
        "license", "papers", "a lost driver license", "Driver License Office", 22, "9 days", "the new card is mailed", "the police report",
        ("police report", "report from the police", "report of the police"),
        ("report the loss online", "report the loss online before anything else"),
        ("report the loss", "report it", "report your loss", "reporting the loss"),
        ("a replacement driver license", "getting a new driver license in place of a lost one"),
        ("I am sorry, that is a nuisance.", "I am sorry that it is gone."),
        "It replaces a driver license that was stolen, damaged or lost with a wallet, purse or bag.",
        (SENIOR, BENEFITS, URGENT),
    ),
    Service(
        "birth-certificate", "papers", "a birth certificate", "Vital Records Office", 14, "12 days", "the copy is mailed", "a photo ID",
        ("photo ID", "photo identification", "ID with a photo"),
        ("fill in the yellow request form", "fill in the yellow request form in ink"),
        ("yellow request form", "yellow form"),
        ("a copy of a birth certificate", "a fresh copy of a birth record"),
        ("I understand the worry.", "I am sorry that it is missing."),
        "Schools, employers, clubs and passport clerks accept the copy as proof of when and where a person was born.",
        (SENIOR, BENEFITS, URGENT),
    ),
    Service(
        "no-heat", "housing", "a home without heating", "Housing Inspection Office", 0, "2 days", "an inspector visits", "your lease",
        ("lease", "rental contract", "rental agreement"),
        ("tell the landlord in writing", "tell the landlord in writing that the heating is off"),
        ("in writing", "write to the landlord", "write to your landlord", "written notice"),
        ("a heating inspection", "having a cold apartment inspected"),
        ("I am sorry that you are cold.", "I am sorry, that must be hard."),
        "It steps in when a landlord or owner does not repair the boiler, furnace or radiators and a rented home stays cold.",
        (URGENT, OUTSIDE),
    ),
    Service(
        "deposit", "housing", "a deposit that is kept back", "Tenant Mediation Desk", 16, "4 weeks", "both sides are heard", "the deposit receipt",
        ("deposit receipt", "receipt for the deposit", "receipt for your deposit", "receipt of the deposit"),
        ("send the landlord your new address", "send the landlord your new address by letter"),
        ("your new address", "new address"),
        ("deposit mediation", "settling a quarrel over a deposit"),
        ("I am sorry that you have to chase your money.", "That is frustrating, I am sorry."),
        "It deals with landlords and owners who hold on to the security money that a tenant paid or put down, long after the keys were handed in.",
    ),
    Service(
        "eviction", "housing", "an eviction", "Eviction Defense Office", 0, "4 days", "a lawyer calls you", "the court notice",
        ("court notice", "notice from the court", "notice of the court"),
        ("do not move out yet", "do not move out yet, even if you are told to"),
        ("not move out", "don't move out", "stay in your home"),
        ("help against an eviction", "a lawyer's help when you are told to leave your home"),
        ("I am sorry, that must be frightening.", "I am sorry, and you are not alone."),
        "It stands by tenants who are losing their home because a landlord or owner tells them to leave, changes the locks or goes to a judge.",
    ),
    Service(
        "noise", "neighbors", "noise at night", "Quiet Hours Desk", 0, "10 days", "an officer speaks to them", "a noise diary",
        ("noise diary", "diary of the noise", "noise log"),
        ("write down each disturbance", "write down each disturbance with its hour"),
        ("write down", "note down", "keep a record"),
        ("a noise complaint", "a complaint about loud neighbors"),
        ("I am sorry that you get no rest.", "I am sorry, that must be hard."),
        "Loud music, parties, drums, speakers, barking and motorbikes next door or across the hall are all its business after dark.",
        (OUTSIDE,),
    ),
    Service(
        "fence", "neighbors", "a boundary", "Land Survey Office", 120, "7 weeks", "a surveyor marks the line", "the property deed",
        ("property deed", "deed to the property", "deed of the property", "deed"),
        ("leave the fence as it is", "leave the fence as it is until the line is clear"),
        ("leave the fence", "leave everything as it is", "do not move the fence"),
        ("a boundary survey", "having the line between two yards measured"),
        ("I am sorry about the quarrel.", "I understand, that is upsetting."),
        "It is asked when neighbors quarrel over a fence, hedge, wall or driveway, or when nobody knows where a lot, yard or farm ends.",
        (OUTSIDE,),
    ),
    Service(
        "lost-pet", "neighbors", "a lost pet", "Animal Finder Desk", 25, "6 days", "all kennels are searched", "the vaccination card",
        ("vaccination card", "vaccination record", "card of vaccinations"),
        ("put up a picture of your pet", "put up a picture of your pet near your home"),
        ("picture of your pet", "photo of your pet", "picture of the animal", "picture of your"),
        ("a search for a lost pet", "having all kennels searched for a runaway animal"),
        ("I am sorry, I can see how you miss your pet.", "I am sorry, that must be upsetting."),
        "It searches every street for dogs, cats, birds, rabbits and any other animal that escaped, flew or ran away, or never came back.",
        (SENIOR, BENEFITS, OUTSIDE),
    ),
    Service(
        "towed-car", "vehicles", "a towed car", "Impound Lot", 140, "2 hours", "the car is released", "the vehicle registration",
        ("vehicle registration", "car registration", "registration of the vehicle", "registration of the car"),
        ("look up your plate number online", "look up your plate number online to see where it stands"),
        ("plate number", "license plate", "look up your plate"),
        ("the release of a towed car", "getting a car back that was hauled away"),
        ("I am sorry, what a shock.", "I am sorry about your car."),
        "Cars, wagons, vans and motorbikes that a tow truck hauled away or the police removed wait there.",
    ),
    Service(
        "parking-permit", "vehicles", "a parking permit", "Parking Permit Counter", 40, "8 days", "the sticker is mailed", "a utility bill",
        ("utility bill", "bill from a utility"),
        ("note the zone letter", "note the zone letter on your street sign"),
        ("zone letter", "letter of your zone", "letter of the zone"),
        ("a resident parking permit", "a sticker for parking on one's own street"),
        ("I understand, that is frustrating.", "I am sorry about the trouble."),
        "Residents need its sticker to leave a car or van on a street with permit parking, or they get tickets and fines.",
        (SENIOR, BENEFITS),
    ),
    Service(
        "pothole", "vehicles", "damage from a pothole", "Road Claims Office", 10, "60 days", "the claim is decided", "the repair invoice",
        ("repair invoice", "repair bill", "invoice for the repair", "invoice of the repair"),
        ("photograph the pothole", "photograph the pothole with the street name"),
        ("photograph the pothole", "photo of the pothole", "photos of the pothole", "picture of the pothole", "photograph the hole"),
        ("a pothole claim", "being paid back for damage done by a bad road"),
        ("I am sorry about your car.", "I am sorry, that is annoying."),
        "It decides who pays for a tire, wheel, rim, axle or bumper that was broken or bent by a hole in the road, lane or asphalt.",
    ),
    Service(
        "power-bill", "support", "a power bill that is too high to pay", "Energy Aid Office", 0, "15 days", "help is paid", "a meter reading",
        ("meter reading", "reading of the meter", "reading of your meter"),
        ("ask the power company for a payment plan", "ask the power company for a payment plan before the due date"),
        ("payment plan", "pay in installments"),
        ("help with a power bill", "aid with electric debts"),
        ("I am sorry that money is so tight.", "I understand the worry."),
        "It helps people who are behind with the electric company or another utility and may have their electricity stopped.",
        (URGENT,),
    ),
    Service(
        "job-loss", "support", "a lost job", "Job Loss Office", 0, "3 weeks", "the first payment comes", "the dismissal letter",
        ("dismissal letter", "letter of dismissal", "termination letter", "layoff letter"),
        ("register as a job seeker", "register as a job seeker online"),
        ("register as a job seeker", "register as looking for work", "job seeker"),
        ("pay after losing a job", "money from the state for people who lost their work"),
        ("I am sorry that you lost your job.", "I am sorry, that must be hard."),
        "It pays people who were fired, laid off or dismissed, whose contract or position was cut, or whose shop or company closed or went bankrupt.",
    ),
    Service(
        "child-care", "support", "child care", "Child Care Office", 12, "20 days", "a place is offered", "your pay stubs",
        ("pay stubs", "pay stub", "pay slips"),
        ("choose three centers from the list", "choose three centers from the list, best one first"),
        ("three centers", "3 centers"),
        ("a child care place", "finding a spot for a small child in day care"),
        ("I understand, that is stressful.", "I am sorry that it is so hard."),
        "It finds day care or a nursery where a baby, a toddler or other little one is looked after among kids while the parents work.",
    ),
    Service(
        "vendor", "business", "a street stall", "Street Vendor Office", 65, "18 days", "the permit is issued", "a kitchen certificate",
        ("kitchen certificate", "certificate for the kitchen", "certificate for your kitchen", "certificate of the kitchen"),
        ("pick a spot on the vendor map", "pick a spot on the vendor map and note its number"),
        ("vendor map", "map of vendors", "map for vendors"),
        ("a street vendor permit", "permission to sell food from a cart"),
        ("I understand the worry.", "I am sorry about the trouble."),
        "Anybody who wants to offer or sell food, fruit, coffee or other drinks from a cart, wagon or stand on a street, square or market needs its permit.",
    ),
    Service(
        "builder", "business", "bad building work", "Builder Complaints Board", 35, "30 days", "an expert inspects the work", "the signed contract",
        ("signed contract", "contract with signatures", "contract you signed"),
        ("stop all payments", "stop all payments to the builder"),
        ("stop all payments", "stop paying", "stop payments", "stop any payments", "pay nothing more"),
        ("a complaint about a builder", "a complaint about poor work by a contractor"),
        ("I am sorry that you were let down.", "I am sorry, that is frustrating."),
        "It looks into a roof, window, wall, deck or stair that people paid for and that a builder, contractor, carpenter, mason, plumber or other firm left bad or half done.",
    ),
    Service(
        "tap-water", "health", "bad tap water", "Water Testing Lab", 18, "5 days", "the result is sent", "a water sample",
        ("water sample", "sample of the water", "sample of your water"),
        ("drink bottled water", "drink bottled water until you know more"),
        ("bottled water", "water from bottles"),
        ("a tap water test", "having drinking water checked"),
        ("I am sorry, that is worrying.", "I understand the worry."),
        "It finds out what is in water that fills a glass or bath from the faucet with a strange color, smell or taste, or with flakes in it.",
        (SENIOR, BENEFITS, URGENT, OUTSIDE),
    ),
    Service(
        "rats", "health", "rats", "Pest Control Office", 28, "11 days", "a treatment team comes", "a sketch of the yard",
        ("sketch of the yard", "sketch of your yard", "yard sketch", "drawing of the yard"),
        ("seal all food", "seal all food and trash"),
        ("seal all food", "seal your food", "seal food", "seal up food", "food sealed"),
        ("rat control", "getting rid of rodents"),
        ("I am sorry, that is upsetting.", "I am sorry, nobody wants that at home."),
        "It drives rats and other rodents with their tails and droppings out of houses, kitchens, attics, bins, gardens and yards.",
        (SENIOR, BENEFITS, OUTSIDE),
    ),
)  # fmt: skip


def catalog(edition: int) -> dict[str, Service]:
    """The cards by id. Another edition deals the same fees and waits to other services of a like kind."""
    cards = {service.id: service for service in SERVICES}
    if not edition:
        return cards
    chance = Random(f"services/cards/{edition}")
    for low, high in ((1, 24), (25, 999)):
        group = [card for card in SERVICES if low <= card.fee <= high]
        fees = chance.sample([card.fee for card in group], len(group))
        for card, fee in zip(group, fees, strict=True):
            cards[card.id] = replace(cards[card.id], fee=fee)
    for unit in ("hours", "days", "weeks"):
        group = [card for card in SERVICES if card.wait.endswith(unit)]
        waits = chance.sample([card.wait for card in group], len(group))
        for card, wait in zip(group, waits, strict=True):
            cards[card.id] = replace(cards[card.id], wait=wait)
    return cards
