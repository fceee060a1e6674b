"""What private things look like: one pattern each, with a check where the form has one built in.

The aim is few misses among things with a form (addresses, cards, keys) and no noise on ordinary prose: a name is only
taken for one where the text says so. Every pattern runs in time that grows with the text and no faster.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pattern:
    """A kind of private text. `group` is the part that is private; `check` turns down what only looks like it."""

    kind: str
    regex: re.Pattern[str]
    confidence: float
    secret: bool = False
    check: Callable[[str], bool] | None = None
    group: int = 0


def luhn(text: str) -> bool:
    """Whether the digits pass the check of payment card numbers (H. P. Luhn's, ISO/IEC 7812-1)."""
    digits = [int(c) for c in text if c.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def iban(text: str) -> bool:
    """Whether an international bank account number passes its check (ISO 13616: the number modulo 97 is 1)."""
    plain = re.sub(r"\s", "", text).upper()
    if not 15 <= len(plain) <= 34:
        return False
    moved = plain[4:] + plain[:4]
    return int("".join(str(int(c, 36)) for c in moved)) % 97 == 1


def entropy(text: str) -> float:
    """Shannon entropy in bits a character: about 4.5 and more for random keys, under 4 for words."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def _ssn(text: str) -> bool:
    area, group, serial = re.split(r"[- ]", text)
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def _address(text: str) -> bool:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return False
    # Loopback and documentation addresses tell nobody's whereabouts.
    return not (found.is_loopback or found.is_unspecified or text.startswith(("192.0.2.", "198.51.100.", "203.0.113.")))


def _key(text: str) -> bool:
    return entropy(text) >= 3.5 and any(c.isdigit() for c in text) and any(c.isalpha() for c in text)


def _password(text: str) -> bool:
    # "the password is important" and {PLACEHOLDERS} are no passwords.
    return entropy(text) >= 2.5 and not text.isalpha() and not text.startswith(("<", "{", "$", "["))


def _phone(text: str) -> bool:
    return 9 <= sum(c.isdigit() for c in text) <= 15


_NAME = r"[A-Z][a-zà-öø-ÿ'’-]{1,24}(?: [A-Z][a-zà-öø-ÿ'’-]{0,24}\.?){0,2}"
_STREETS = "Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Place|Pl|Square|Sq|Terrace|Way"

PATTERNS: tuple[Pattern, ...] = (
    Pattern("private-key", re.compile(
        # All up to its end, whatever stands between (headers of encrypted keys, say); one without an end, up to the
        # text's: half of a key that is left is half a key too many.
        r"-----BEGIN (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----"
        r"(?:[\s\S]{0,16384}?-----END (?:[A-Z]{1,12} ){0,3}PRIVATE KEY-----|[\s\S]{0,16384})"
    ), 1.0, True),
    Pattern("aws-key", re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b"), 1.0, True),
    Pattern("url-password", re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s/:@]{1,64}:([^\s/@]{1,128})@"),
            1.0, True, None, 1),
    Pattern("token", re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{50,255}|xox[abprs]-[\w-]{10,200}|sk-[\w-]{20,200}|"
        r"hf_[A-Za-z0-9]{30,60}|AIza[\w-]{35}|eyJ[\w-]{10,2048}\.[\w-]{10,4096}\.[\w-]{10,1024})"
    ), 1.0, True),
    Pattern("token", re.compile(r"\b[Bb]earer ([A-Za-z0-9._~+/-]{20,512}=*)"), 0.9, True, _key, 1),
    Pattern("password", re.compile(
        r"\b(?i:password|passwd|pwd|passphrase|secret|api[_ -]?key|access[_ -]?key|auth[_ -]?token)"
        r"\"?'?\s{0,3}(?:=|:|\bis\b)\s{0,3}[\"']?([^\s\"',;]{6,128})"
    ), 0.7, True, _password, 1),
    Pattern("aws-secret", re.compile(r"(?<![A-Za-z0-9/+=])([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"), 0.8, True,
            lambda text: entropy(text) >= 4.3 and _key(text) and any(c.isupper() for c in text), 1),
    Pattern("email", re.compile(
        r"(?<![\w.+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}[A-Za-z]{2,24}\b"
    ), 1.0),
    Pattern("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b"), 1.0, False, iban),
    Pattern("card", re.compile(r"(?<![\d.,-])\d(?:[ -]?\d){12,18}(?![\d-])"), 1.0, False, luhn),
    # In the groups that are printed on it, whatever digits follow: the check code or the date of expiry.
    Pattern("card", re.compile(
        r"(?<![\d.,-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ -]?)\d{6}\2\d{5})(?!\d)"
    ), 0.95, False, luhn),
    Pattern("id-number", re.compile(r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])"), 0.9, False, _ssn),
    Pattern("ip-address", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"), 0.8, False, _address),
    Pattern("phone", re.compile(
        r"(?<![\w+.$€£,-])(?<!\d )(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,4}\)[ .-]?|\d{2,4}[ .-])"
        r"\d{3,4}[ .-]\d{3,4}(?![\w-]|[ .]\d)"
        r"|(?<![\w+])\+\d{9,14}(?!\d)"
    ), 0.8, False, _phone),
    Pattern("address", re.compile(
        r"(?<![\w$.,])\d{1,5}[A-Za-z]? (?:(?:N|S|E|W|North|South|East|West)\.? )?"
        rf"(?:[A-Z][\w'’-]{{1,24}} ){{1,3}}(?:{_STREETS})\b\.?"
        r"(?:,? (?:Apt|Suite|Unit|#) ?\w{1,6})?"
    ), 0.8),
    Pattern("name", re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof)\.? ({_NAME})"), 0.8, False, None, 1),
    Pattern("name", re.compile(
        rf"\b(?:[Mm]y name is|[Ii] am called|[Ss]igned,?|[Ss]incerely,|[Rr]egards,)\s{{1,3}}({_NAME})"
    ), 0.8, False, None, 1),
)  # fmt: skip
