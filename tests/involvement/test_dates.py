"""Dates as people write them: what is read, how widely, and what is left alone."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from involvement.dates import Period, Reading, read_date, read_period

DATES = [
    ("3 March 2019", "2019-03-03", "2019-03-03"),
    ("3rd of March 2019", "2019-03-03", "2019-03-03"),
    ("Tuesday the 3rd March, 2019", "2019-03-03", "2019-03-03"),
    ("March 3rd, 2019", "2019-03-03", "2019-03-03"),
    ("3 Mar. 2019", "2019-03-03", "2019-03-03"),
    ("3-Sept-2019", "2019-09-03", "2019-09-03"),
    ("2019-03-04", "2019-03-04", "2019-03-04"),
    ("2019-03-04 00:00:00", "2019-03-04", "2019-03-04"),
    ("2019-03-04T09:30:00Z", "2019-03-04", "2019-03-04"),
    ("20190304", "2019-03-04", "2019-03-04"),
    ("03/04/2019", "2019-04-03", "2019-04-03"),
    ("3.4.2019", "2019-04-03", "2019-04-03"),
    ("29 February 2024", "2024-02-29", "2024-02-29"),
    ("w/c 4 March 2019", "2019-03-04", "2019-03-10"),
    ("March 2019", "2019-03-01", "2019-03-31"),
    ("  MARCH   2019. ", "2019-03-01", "2019-03-31"),
    ("03/2019", "2019-03-01", "2019-03-31"),
    ("2019-03", "2019-03-01", "2019-03-31"),
    ("February 2024", "2024-02-01", "2024-02-29"),
    ("2019/03", "2019-03-01", "2019-03-31"),
    ("2011/12", "2011-04-01", "2012-03-31"),
    ("2019.03", "2019-03-01", "2019-03-31"),
    ("2019, March", "2019-03-01", "2019-03-31"),
    ("month of March 2019", "2019-03-01", "2019-03-31"),
    ("Mar '19", "2019-03-01", "2019-03-31"),
    ("Sept. ’98", "1998-09-01", "1998-09-30"),
    ("end March 2019", "2019-03-16", "2019-03-31"),
    ("early March 2019", "2019-03-01", "2019-03-15"),
    ("late February 2019", "2019-02-16", "2019-02-28"),
    ("spring 2019", "2019-03-01", "2019-05-31"),
    ("Autumn of 2019", "2019-09-01", "2019-11-30"),
    ("winter 2019", "2018-12-01", "2020-02-29"),
    ("winter 2018/19", "2018-12-01", "2019-02-28"),
    ("2019", "2019-01-01", "2019-12-31"),
    ("in 2019", "2019-01-01", "2019-12-31"),
    ("early 2019", "2019-01-01", "2019-06-30"),
    ("mid-2019", "2019-04-01", "2019-09-30"),
    ("end of 2019", "2019-07-01", "2019-12-31"),
    ("second half of 2019", "2019-07-01", "2019-12-31"),
    ("Q2 2019", "2019-04-01", "2019-09-30"),
    ("2019 Q4", "2019-10-01", "2020-03-31"),
    ("Q4 2019/20", "2020-01-01", "2020-03-31"),
    ("Q2 2019/20", "2019-07-01", "2019-09-30"),
    ("2021/22", "2021-04-01", "2022-03-31"),
    ("FY 2021/2022", "2021-04-01", "2022-03-31"),
    ("1999/00", "1999-04-01", "2000-03-31"),
    ("2015-16", "2015-01-01", "2016-12-31"),
    ("the 2010s", "2010-01-01", "2019-12-31"),
    ("early 1997 (planned)", "1997-01-01", "1997-06-30"),
    ("Nov 2022 (tbc)", "2022-11-01", "2022-11-30"),
    ("FY22", "2021-04-01", "2023-03-31"),
    ("FY 21/22", "2021-04-01", "2022-03-31"),
    ("2021/22 Q4", "2022-01-01", "2022-03-31"),
    ("first quarter of 2021", "2021-01-01", "2021-06-30"),
    ("H2 2021", "2021-07-01", "2022-03-31"),
    ("academic year 2020/21", "2020-08-01", "2021-08-31"),
    ("Christmas 2019", "2019-12-01", "2020-01-31"),
    ("Easter 2020", "2020-03-01", "2020-04-30"),
]

NO_DATES = [
    "21/22",
    "Apr-19",
    "44197",
    "tbc",
    "c. 2015",
    None,
    "",
    "   ",
    "last spring",
    "spring",
    "3 March",
    "03/03/19",
    "Mar-19",
    "March 19",
    "2019/13",
    "'19",
    "12/25/2019",
    "31 June 2019",
    "29 February 2023",
    "31/02/2019",
    "2019-13-01",
    "0000",
    "9999",
    "about 2019",
    "2015 (reported)",
    "published 2019",
    "18 months",
    "tbc",
    "2021/20",
    "Q5 2019",
    "2019" * 100,
    "٢٠١٩ march",
    "💥 2019",
]

PERIODS = [
    ("19-28 January 2021", ("2021-01-19", "2021-01-19"), ("2021-01-28", "2021-01-28"), False),
    ("19–28 January 2021", ("2021-01-19", "2021-01-19"), ("2021-01-28", "2021-01-28"), False),
    ("2 July to 8 October 2012", ("2012-07-02", "2012-07-02"), ("2012-10-08", "2012-10-08"), False),
    ("April-June 2017", ("2017-04-01", "2017-04-30"), ("2017-06-01", "2017-06-30"), False),
    ("August 2010 to 2013", ("2010-08-01", "2010-08-31"), ("2013-01-01", "2013-12-31"), False),
    ("2013 to February 2014", ("2013-01-01", "2013-12-31"), ("2014-02-01", "2014-02-28"), False),
    ("2013-2019", ("2013-01-01", "2013-12-31"), ("2019-01-01", "2019-12-31"), False),
    ("2016/17 to 2017/18", ("2016-04-01", "2017-03-31"), ("2017-04-01", "2018-03-31"), False),
    ("from March 2019 to May 2020", ("2019-03-01", "2019-03-31"), ("2020-05-01", "2020-05-31"), False),
    ("2019-03-03 - 2019-04-01", ("2019-03-03", "2019-03-03"), ("2019-04-01", "2019-04-01"), False),
    ("03/03/2019-05/03/2019", ("2019-03-03", "2019-03-03"), ("2019-03-05", "2019-03-05"), False),
    ("2023 and 2024", ("2023-01-01", "2023-12-31"), ("2024-01-01", "2024-12-31"), False),
    ("October 2025", ("2025-10-01", "2025-10-31"), ("2025-10-01", "2025-10-31"), False),
    ("2021/22", ("2021-04-01", "2022-03-31"), ("2021-04-01", "2022-03-31"), False),
    ("October-November 2018; report February 2019", ("2018-10-01", "2018-10-31"), ("2018-11-01", "2018-11-30"), False),
    ("since 2015", ("2015-01-01", "2015-12-31"), None, True),
    ("2019 ongoing", ("2019-01-01", "2019-12-31"), None, True),
    ("2019 – present", ("2019-01-01", "2019-12-31"), None, True),
    ("2019-", ("2019-01-01", "2019-12-31"), None, True),
    ("ongoing since March 2015", ("2015-03-01", "2015-03-31"), None, True),
    ("2018+", ("2018-01-01", "2018-12-31"), None, True),
    ("Started 2019, ongoing", ("2019-01-01", "2019-12-31"), None, True),
    ("Rolling", None, None, True),
    ("annually since 2015", ("2015-01-01", "2015-12-31"), None, True),
    ("November 2016 onwards", ("2016-11-01", "2016-11-30"), None, True),
    ("from 31 October 2023", ("2023-10-31", "2023-10-31"), None, True),
    ("launched June 2021", ("2021-06-01", "2021-06-30"), None, False),
    ("to 2023", None, ("2023-01-01", "2023-12-31"), False),
    ("ended 21 June 2016", None, ("2016-06-21", "2016-06-21"), False),
    ("Ongoing", None, None, True),
    ("Jan-Mar '21", ("2021-01-01", "2021-01-31"), ("2021-03-01", "2021-03-31"), False),
    ("2021/03 - 2021/05", ("2021-03-01", "2021-03-31"), ("2021-05-01", "2021-05-31"), False),
    ("completed March 2019", None, ("2019-03-01", "2019-03-31"), False),
]

NO_PERIODS = [
    None,
    "",
    "two years",
    "year one evaluated",
    "3-4 March (year not given)",
    "12 February to 31 March",
    "published 2019",
    "reported April 2024",
    "July 2018 stays; published June 2019",
    "by 2020",
    "2019 to 2013",
    "December - February 2020",
    "since the merger",
    "last spring to 2019 summerish",
]


def _reading(days):
    return days and Reading(date.fromisoformat(days[0]), date.fromisoformat(days[1]))


@pytest.mark.parametrize(("text", "earliest", "latest"), DATES)
def test_a_date_is_read_at_its_widest(text, earliest, latest):
    assert read_date(text) == _reading((earliest, latest))


@pytest.mark.parametrize("text", NO_DATES)
def test_what_names_no_year_or_no_real_day_is_not_read(text):
    assert read_date(text) is None


@pytest.mark.parametrize(("text", "start", "end", "open_ended"), PERIODS)
def test_a_period_keeps_its_two_ends_apart(text, start, end, open_ended):
    assert read_period(text) == Period(_reading(start), _reading(end), open_ended)


@pytest.mark.parametrize("text", NO_PERIODS)
def test_a_period_without_years_is_not_read(text):
    assert read_period(text) is None


@given(st.dates(min_value=date(1800, 1, 1), max_value=date(2199, 12, 31)))
def test_a_day_is_read_alike_however_it_is_written(day):
    exact = Reading(day, day)
    month = f"{day:%B}"
    for text in (
        day.isoformat(),
        f"{day:%d/%m/%Y}",
        f"{day.day}/{day.month}/{day.year}",
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"{day.day} {month[:3]} {day.year}",
        f"{day.isoformat()} 00:00:00",
    ):
        assert read_date(text) == exact, text
        assert read_period(text) == Period(exact, exact), text
    for wider in (f"{month} {day.year}", f"{day.year}"):
        reading = read_date(wider)
        assert reading.earliest <= day <= reading.latest


@given(st.dates(min_value=date(1800, 1, 1)), st.dates(min_value=date(1800, 1, 1)))
def test_two_days_make_a_period_only_in_their_order(first, second):
    if second.year > 2199 or first.year > 2199:
        return
    period = read_period(f"{first.isoformat()} to {second.isoformat()}")
    if first <= second:
        assert period == Period(Reading(first, first), Reading(second, second))
    else:
        assert period is None


_PIECES = st.sampled_from(
    "2019 19 3 31 March Feb to - – / and since ongoing Q2 early spring winter".split()
    + "2020/21 2015-16 from until ( ) ; , . 's w/c".split()
)


@given(st.one_of(st.text(max_size=300), st.lists(_PIECES, max_size=9).map(" ".join)))
def test_any_text_is_read_in_order_or_not_at_all(text):
    reading = read_date(text)
    assert reading is None or reading.earliest <= reading.latest
    period = read_period(text)
    if period and period.start and period.end:
        assert period.start.earliest <= period.end.latest
    if period and not any(figure in text for figure in "0123456789０１２３４５６７８９"):
        assert period.start is None or not text.isascii(), "a year was guessed"
