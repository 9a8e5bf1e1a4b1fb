"""Dates as people write them, read at their widest.

A register holds "3 March 2019", "spring 2019", "2021/22" and "since 2015" side by side. What is written is kept; this
module says between which days it can lie. Two rules hold throughout: where words can mean more than one span, the
reading covers all of them; and no year is ever guessed ("last spring", "3 March", "03/03/19" are not read).

Pure functions of their text: no clock, no settings, no database.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

LONGEST = 200  # nobody writes a date longer than this; longer text is not read
FIRST_YEAR, LAST_YEAR = 1800, 2199

_MONTH_NAMES = "january february march april may june july august september october november december".split()
MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "fall": (9, 11)}  # winter crosses the year

_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?(?: of)?"
_MONTH = rf"(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.?"
_YEAR = r"(?P<year>[0-9]{4})"
_PART = r"(?P<part>early|mid|middle of|late|beginning of|start of|end of|first half of|second half of)(?: |-)?(?:the )?"
_FINANCIAL = r"(?P<year>[0-9]{4}) ?/ ?(?P<next>[0-9]{4}|[0-9]{2})"

_NOISE = re.compile(
    r"^(?:(?:in|during|throughout|on|the|held|over|dated|month of|around the time of)\s+)+|"
    r"^(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+(?:the\s+)?(?=[0-9])"
)
_TIME = re.compile(r"(?<=[0-9])[t ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?: ?z|[+-][0-9]{2}:?[0-9]{2})?$")
_ASIDE = re.compile(r"\s*(?:\((?:planned|estimated|expected|pilot|tbc)\)|;\s*(?:report|results?|published)\b.*)$")
_OFTEN = re.compile(
    r"^(?:held\s+)?(?:annual(?:ly)?|yearly|monthly|weekly|quarterly|twice a year|(?:every|each|once a) (?:year|month))"
    r",?\s+(?=since|from|[0-9]|in )"
)
_NOW = (
    r"(?:ongoing|on-going|present|the present|present day|now|today|current|continuing|date|to date|rolling"
    r"|open-ended|no end date|still running)"
)
_SINCE = re.compile(
    r"^(?P<ongoing>ongoing |continuing |running )?(?:since|from|starting|beginning)(?: in| on)? (?P<start>.+)$"
)
_BEGAN = re.compile(
    r"^(?:launched|started|began|begun|opened|established|founded|introduced|set up)(?: in| on)? "
    rf"(?P<start>.+?)(?P<open>,? (?:and )?(?:is )?{_NOW})?$"
)
_UNTIL = re.compile(
    r"^(?:to|until|till|up to|ended|ending|closed|finished|completed|concluded)(?: in| on)? (?P<end>.+)$"
)
_ONWARDS = re.compile(
    rf"^(?:from |since )?(?P<start>.+?)(?: ?,? onwards?| ?(?:-|to|until)? {_NOW}| ?- ?{_NOW}| ?\({_NOW}\)| ?-|\+)$"
)
_BETWEEN = re.compile(r"^(?:from|between) ")
_SEPARATORS = (r" (?:to|until|till|through) ", r" - ", r" and | & |, ", r"-", r"/")


@dataclass(frozen=True)
class Reading:
    """The days between which a written date lies: the earliest and the latest that it can mean, both included."""

    earliest: date
    latest: date

    def __post_init__(self):
        if self.latest < self.earliest:
            raise ValueError("a reading ends before it starts")


@dataclass(frozen=True)
class Period:
    """When something began and ended, each at its widest; None is not known.

    ``open_ended`` is true when the words say that it goes on ("since 2015", "ongoing").
    """

    start: Reading | None
    end: Reading | None
    open_ended: bool = False


def spreadsheet_day(text: str) -> date | None:
    """Return the day that a spreadsheet counts as ``text`` ("44197", days since 1899): from 1954 to 2119, else None.

    Only for cells that should hold a day: a number by itself is no date.
    """
    found = re.fullmatch(r"([2-7][0-9]{4}|80000)(?:\.[0-9]+)?", text.strip())
    return date(1899, 12, 30) + timedelta(days=int(found[1])) if found and found[1].isascii() else None


@lru_cache(maxsize=8192)
def read_date(text: str | None) -> Reading | None:
    """Return the days that a written date can mean, or None when it names no year or no real day.

    Figures are in British order, so 03/04/2019 is 3 April. Two figures are never a year by themselves; "Mar '21" says
    with its apostrophe that they are one. A year with two more figures (2021/22) is the NHS year from 1 April to 31
    March; with a hyphen (2015-16) it may also be two calendar years, so the reading covers both. Where the two figures
    can be no later year (2021/03) they are a month. Quarters of a calendar year may be the NHS year's: both count.
    """
    words = _plain(text)
    if not words:
        return None
    words = _NOISE.sub("", _NOISE.sub("", words))
    for form, read in _FORMS:
        found = form.fullmatch(words)
        if found:
            try:
                return read(found.groupdict())
            except ValueError:  # 31 June, month 13, year 0
                return None
    return None


@lru_cache(maxsize=8192)
def read_period(text: str | None) -> Period | None:
    """Return when something ran, from words such as "19-28 January 2021" or "2019 ongoing"; None when unreadable.

    One date alone ("October 2025") is start and end alike: it happened within it. The part that two ends share may be
    written once ("April-June 2017"). Words about a report of it ("reported 2019", "published in May") are no date of
    it and are not read.
    """
    words = _plain(text)
    if not words:
        return None
    words = _OFTEN.sub("", words)
    if re.fullmatch(rf"(?:currently )?{_NOW}|running|in progress", words):
        return Period(None, None, True)
    single = read_date(words)
    if single:
        return Period(single, single)
    between = _range(_BETWEEN.sub("", words))
    if between:
        return between
    for form, build in _OPEN_FORMS:
        found = form.fullmatch(words)
        period = build(found) if found else None
        if period:
            return period
    return None


def _plain(text: str | None) -> str:
    """Return the text in lower case, its dashes, quotes and spaces made alike; "" when there is nothing to read."""
    if not text or len(text) > LONGEST:
        return ""
    words = unicodedata.normalize("NFKC", text).casefold()
    words = re.sub(r"[‐‑‒–—−]", "-", words).replace("’", "'")
    words = " ".join(words.split()).strip(" .'\"")
    words = _TIME.sub("", words)
    return _ASIDE.sub("", words).strip(" .'\"")


def _range(words: str) -> Period | None:
    """Read "A to B", where A may leave out what it shares with B."""
    for left, right in _splits(words):
        end = read_date(right)
        if not end:
            continue
        for candidate in _completed(left, right):
            start = read_date(candidate)
            if start and start.earliest <= end.latest and start.latest <= max(end.latest, start.earliest):
                return Period(start, end)
    return None


def _splits(words: str) -> Iterator[tuple[str, str]]:
    """Yield the ways to cut the words in two, the plainest separators first."""
    for separator in _SEPARATORS:
        for found in re.finditer(separator, words):
            left, right = words[: found.start()].strip(), words[found.end() :].strip()
            if left and right:
                yield left, right


def _completed(left: str, right: str) -> Iterator[str]:
    """Yield the left end as written, then with what follows in the right end: "19" + "January 2021"."""
    yield left
    tail = right.split()
    for cut in range(1, len(tail)):
        yield f"{left} {' '.join(tail[cut:])}"


def _since(found: re.Match) -> Period | None:
    start = read_date(found["start"])
    return Period(start, None, True) if start else None


def _began(found: re.Match) -> Period | None:
    start = read_date(found["start"])
    return Period(start, None, bool(found["open"])) if start else None


def _until(found: re.Match) -> Period | None:
    end = read_date(found["end"])
    return Period(None, end) if end else None


_OPEN_FORMS = ((_SINCE, _since), (_UNTIL, _until), (_BEGAN, _began), (_ONWARDS, _since))


def _year(parts: dict) -> int:
    year = int(parts["year"])
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError("not a year that a register would hold")
    return year


def _month(parts: dict) -> int:
    return int(parts["month"]) if parts["month"].isdigit() else MONTHS[parts["month"]]


def _months(year: int, first: int, last: int) -> Reading:
    """Return whole months; ``last`` may run on into the next year (13 is its January)."""
    end_year, end_month = year + (last - 1) // 12, (last - 1) % 12 + 1
    return Reading(date(year, first, 1), date(end_year, end_month, monthrange(end_year, end_month)[1]))


def _one_day(parts: dict) -> Reading:
    day = date(_year(parts), _month(parts), int(parts["day"]))
    return Reading(day, day)


def _one_week(parts: dict) -> Reading:
    first = _one_day(parts).earliest
    return Reading(first, first + timedelta(days=6))


def _one_month(parts: dict) -> Reading:
    month = _month(parts)
    if not 1 <= month <= 12:
        raise ValueError("no such month")
    return _months(_year(parts), month, month)


def _part_of_month(parts: dict) -> Reading:
    whole = _one_month(parts)
    first, last = {"early": (1, 15), "mid": (8, 23), "late": (16, 31)}[_which_part(parts)]
    return Reading(whole.earliest.replace(day=first), whole.earliest.replace(day=min(last, whole.latest.day)))


def _one_year(parts: dict) -> Reading:
    return _months(_year(parts), 1, 12)


def _part_of_year(parts: dict) -> Reading:
    """Halves, and the middle two quarters: "early" says no more than "not late"."""
    return _months(_year(parts), *{"early": (1, 6), "mid": (4, 9), "late": (7, 12)}[_which_part(parts)])


def _which_part(parts: dict) -> str:
    words = parts["part"]
    if words.startswith(("early", "beginning", "start", "first")):
        return "early"
    return "mid" if words.startswith("mid") else "late"


def _next_year(parts: dict) -> tuple[int, int]:
    """Return both years of "2021/22"; a ValueError when the second does not come after the first."""
    year, tail = _year(parts), parts["next"]
    following = int(tail) if len(tail) == 4 else year - year % 100 + int(tail)
    if len(tail) == 2 and following < year and year % 100 == 99:
        following += 100
    if not year < following <= LAST_YEAR:
        raise ValueError("the second year is not after the first")
    return year, following


def _financial_year(parts: dict) -> Reading:
    year, following = _next_year(parts)
    if following > year + 1:
        return Reading(date(year, 1, 1), date(following, 12, 31))
    return Reading(date(year, 4, 1), date(following, 3, 31))


def _short_financial_year(parts: dict) -> Reading:
    """Read FY22, which some mean to start in 2022 and others to end then. The letters say that it is a year."""
    year = 2000 + int(parts["short"])
    return Reading(date(year - 1, 4, 1), date(year + 1, 3, 31))


def _short_financial_years(parts: dict) -> Reading:
    year, following = 2000 + int(parts["short"]), 2000 + int(parts["next"])
    if following != year + 1:
        raise ValueError("no such financial year")
    return Reading(date(year, 4, 1), date(following, 3, 31))


def _school_year(parts: dict) -> Reading:
    year, following = _next_year(parts)
    if following != year + 1:
        raise ValueError("no such school year")
    return _months(year, 8, 20)


def _hyphened_years(parts: dict) -> Reading:
    """Read 2015-16 as both years whole, and 2019-03, which cannot be two years, as March 2019."""
    if int(parts["next"]) <= 12 and int(parts["next"]) <= int(parts["year"]) % 100:
        return _one_month({"year": parts["year"], "month": parts["next"]})
    year, following = _next_year(parts)
    return Reading(date(year, 1, 1), date(following, 12, 31))


def _month_or_financial_year(parts: dict) -> Reading:
    """Read 2021/03, which cannot be two years, as March 2021, and 2011/12 as the NHS year."""
    if int(parts["next"]) <= int(parts["year"]) % 100:
        return _one_month({"year": parts["year"], "month": parts["next"]})
    return _financial_year(parts)


def _month_of_short_year(parts: dict) -> Reading:
    """Read "Mar '21": the apostrophe says that it is a year. It stands for this century up to '49."""
    short = int(parts["short"])
    return _one_month(parts | {"year": str(short + (2000 if short < 50 else 1900))})


def _quarter(parts: dict) -> Reading:
    first = int(parts["quarter"]) * 3 - 2
    return _months(_year(parts), first, first + 5)  # the calendar's quarter and the NHS year's, which follows it


def _half(parts: dict) -> Reading:
    """Read H1 2021 as the calendar's half and the NHS year's, which begins three months later."""
    first = int(parts["half"]) * 6 - 5
    return _months(_year(parts), first, first + 8)


def _quarter_in_words(parts: dict) -> Reading:
    return _quarter(parts | {"quarter": {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}[parts["which"]]})


def _christmas(parts: dict) -> Reading:
    return _months(_year(parts), 12, 13)


def _easter(parts: dict) -> Reading:
    return _months(_year(parts), 3, 4)


def _financial_quarter(parts: dict) -> Reading:
    year, following = _next_year(parts)
    if following != year + 1:
        raise ValueError("no such financial year")
    first = int(parts["quarter"]) * 3 + 1
    return _months(year, first, first + 2) if first <= 12 else _months(following, first - 12, first - 10)


def _season(parts: dict) -> Reading:
    return _months(_year(parts), *SEASONS[parts["season"]])


def _winter(parts: dict) -> Reading:
    """The winter of one year may be the one that it starts in or the one that it ends in."""
    year = _year(parts)
    return _months(year - 1, 12, 26)


def _winter_of_two(parts: dict) -> Reading:
    year, following = _next_year(parts)
    if following != year + 1:
        raise ValueError("no such winter")
    return _months(year, 12, 14)


def _decade(parts: dict) -> Reading:
    year = _year(parts)
    return Reading(date(year, 1, 1), date(year + 9, 12, 31))


_FORMS = tuple(
    (re.compile(form), read)
    for form, read in (
        (rf"{_YEAR}[-/.](?P<month>[0-9]{{1,2}})[-/.](?P<day>[0-9]{{1,2}})", _one_day),
        (r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})", _one_day),
        (rf"(?P<day>[0-9]{{1,2}}) ?([-/.]) ?(?P<month>[0-9]{{1,2}}) ?\2 ?{_YEAR}", _one_day),
        (rf"{_DAY}[ -]?{_MONTH}[ ,-]*{_YEAR}", _one_day),
        (rf"{_MONTH} {_DAY}(?:,| ) ?{_YEAR}", _one_day),
        (rf"(?:w/c|w/b|week (?:commencing|beginning|of|starting)):? {_DAY} {_MONTH},? {_YEAR}", _one_week),
        (rf"{_MONTH}[ ,/-]*(?:of )?{_YEAR}", _one_month),
        (rf"{_YEAR},? {_MONTH}", _one_month),
        (rf"{_MONTH} ?'(?P<short>[0-9]{{2}})", _month_of_short_year),
        (rf"{_YEAR}\.(?P<month>[0-9]{{2}})", _one_month),
        (rf"(?P<month>[0-9]{{1,2}}) ?[-/.] ?{_YEAR}", _one_month),
        (rf"(?P<part>early|mid|late|(?:beginning|start|end)(?: of)?)[ -]{_MONTH},? {_YEAR}", _part_of_month),
        (rf"(?:calendar year |the year |year )?{_YEAR}", _one_year),
        (rf"{_PART}{_YEAR}", _part_of_year),
        (r"(?P<year>[0-9]{4})/(?P<next>0[1-9]|1[0-2])", _month_or_financial_year),
        (rf"(?:financial year |fy ?)?{_FINANCIAL}", _financial_year),
        (r"(?:financial year |fy ?)?(?P<year>[0-9]{4})-(?P<next>[0-9]{2})", _hyphened_years),
        (rf"(?:q|quarter )(?P<quarter>[1-4])[ ,/-]*(?:of )?{_YEAR}", _quarter),
        (rf"{_YEAR}[ /-]?q(?P<quarter>[1-4])", _quarter),
        (rf"(?:q|quarter )(?P<quarter>[1-4])[ ,-]*(?:of )?{_FINANCIAL}", _financial_quarter),
        (rf"{_FINANCIAL}[ ,-]*q(?P<quarter>[1-4])", _financial_quarter),
        (rf"(?:the )?(?P<which>first|second|third|fourth|last) quarter(?: of)? {_YEAR}", _quarter_in_words),
        (rf"h(?P<half>[12])[ ,/-]*{_YEAR}", _half),
        (r"(?:financial year |fy) ?'?(?P<short>[0-9]{2})", _short_financial_year),
        (r"(?:financial year |fy) ?'?(?P<short>[0-9]{2}) ?[-/] ?(?P<next>[0-9]{2})", _short_financial_years),
        (rf"(?:academic|school) year {_FINANCIAL}", _school_year),
        (r"(?:academic|school) year (?P<year>[0-9]{4})-(?P<next>[0-9]{4}|[0-9]{2})", _school_year),
        (rf"(?:christmas|xmas),? {_YEAR}", _christmas),
        (rf"easter,? {_YEAR}", _easter),
        (rf"(?P<season>{'|'.join(SEASONS)})(?: of)?,? {_YEAR}", _season),
        (rf"winter(?: of)?,? {_YEAR}", _winter),
        (r"winter(?: of)?,? (?P<year>[0-9]{4}) ?[-/] ?(?P<next>[0-9]{4}|[0-9]{2})", _winter_of_two),
        (r"(?:the )?(?P<year>[0-9]{3}0)'?s", _decade),
    )
)
