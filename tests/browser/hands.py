"""Two ways to use a page: with a pointer, and with a keyboard alone. A journey is written once, for either."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

LONGEST_WALK = 250  # more presses of Tab than any page of ours has stops

# The box itself or the mark that its label draws for it has an outline or a ring.
FOCUS_IS_SEEN = """() => {
    const at = document.activeElement;
    const looks = [getComputedStyle(at), ...[...(at.labels || [])].map(label => getComputedStyle(label, "::before"))];
    return looks.some(look => look.outlineStyle !== "none" || look.boxShadow !== "none");
}"""


class Pointer:
    """Clicks and types. Everything is found as a person finds it: by role, name and label."""

    def __init__(self, page: Page):
        self.page = page

    def follow(self, name: str, *, within: str = "body") -> None:
        """Go where the link ``name`` leads, and wait until that page is there. A folded menu is opened first."""
        fold = self.page.locator(f"{within} details.app-menu:not([open]) > summary").first
        if within != "body" and fold.is_visible():
            self._open(fold)
        self._leave(self._one(self.page.locator(within).get_by_role("link", name=name)))

    def follow_link(self, link: Locator) -> None:
        """Go where ``link`` leads."""
        self._leave(link)

    def press(self, name: str) -> None:
        """Press the button ``name`` of the page's main part, which sends a form."""
        self._leave(self._one(self.page.get_by_role("main").get_by_role("button", name=name)))

    def write(self, label: str, text: str, *, within: str = "main") -> None:
        """Write ``text`` into the box called ``label``."""
        self._one(self.page.locator(within).get_by_label(label, exact=True)).fill(text)

    def select(self, label: str, option: str) -> None:
        """Choose ``option`` of the list called ``label``."""
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def choose(self, question: str, answer: str) -> None:
        """Choose ``answer`` in the group ``question``: one of several radios, or a tick."""
        box = self._choice(question, answer)
        box.check(force=True)  # the box itself lies under the mark that is drawn for it
        expect(box).to_be_checked()

    def tick(self, label: str) -> None:
        """Tick the box called ``label``."""
        box = self.page.get_by_role("main").get_by_label(label, exact=True)
        self._tick(box)
        expect(box).to_be_checked()

    def day(self, question: str, day) -> None:
        """Write ``day`` into the three boxes of ``question``."""
        boxes = self.page.get_by_role("group", name=question)
        for label, number in (("Day", day.day), ("Month", day.month), ("Year", day.year)):
            self._type(boxes.get_by_label(label, exact=True), str(number))

    def _choice(self, question: str, answer: str) -> Locator:
        group = self.page.get_by_role("group", name=question)
        return self._one(group.get_by_label(answer))

    def _tick(self, box: Locator) -> None:
        box.check(force=True)

    def _one(self, found: Locator) -> Locator:
        return found.first

    def _type(self, box: Locator, text: str) -> None:
        box.fill(text)

    def _open(self, fold: Locator) -> None:
        fold.click()

    def _leave(self, target: Locator) -> None:
        with self.page.expect_navigation():
            target.click()


class Keyboard(Pointer):
    """Tab, Space, Enter, arrows and letters; never a pointer, and never a focus that no key gave."""

    def write(self, label: str, text: str, *, within: str = "main") -> None:
        self._type(self._one(self.page.locator(within).get_by_label(label, exact=True)), text)

    def select(self, label: str, option: str) -> None:
        box = self.page.get_by_label(label, exact=True)
        self._walk_to(box)
        self.page.keyboard.type(option)
        expect(box.locator("option:checked")).to_have_text(option)

    def choose(self, question: str, answer: str) -> None:
        box = self._choice(question, answer)
        if box.get_attribute("type") == "radio":
            self._walk_to(box, "(box, at) => at.type === 'radio' && at.name === box.name && at.form === box.form")
            for _step in range(20):
                if self._is_at(box):
                    break
                self.page.keyboard.press("ArrowDown")
        else:
            self._walk_to(box)
        assert self._is_at(box), f"{answer} cannot be reached with the arrows"
        if not box.is_checked():
            self.page.keyboard.press("Space")
        expect(box).to_be_checked()

    def _type(self, box: Locator, text: str) -> None:
        self._walk_to(box)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def _tick(self, box: Locator) -> None:
        self._walk_to(box)
        self.page.keyboard.press("Space")

    def _open(self, fold: Locator) -> None:
        self._walk_to(fold)
        self.page.keyboard.press("Enter")

    def _leave(self, target: Locator) -> None:
        self._walk_to(target)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def _is_at(self, target: Locator, test: str = "(box, at) => box === at") -> bool:
        return target.evaluate(f"box => !!document.activeElement && ({test})(box, document.activeElement)")

    def _walk_to(self, target: Locator, test: str = "(box, at) => box === at") -> None:
        """Press Tab until ``target`` has the focus, which has to be seen."""
        expect(target).to_be_attached()
        for _step in range(LONGEST_WALK):
            if self._is_at(target, test):
                break
            self.page.keyboard.press("Tab")
        else:
            raise AssertionError(f"Tab never comes to {target} on {urlsplit(self.page.url).path}")
        assert self.page.evaluate(FOCUS_IS_SEEN), f"the focus on {target} cannot be seen"
