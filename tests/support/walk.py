"""A new owner with the keyboard alone, in whatever Dashboard frames the app."""

from playwright.sync_api import Frame, Page

from tests.support.dashboard import PATIENCE

MOST_TABS = 150
FOCUSED = """() => {
  const at = document.activeElement, style = getComputedStyle(at);
  return {
    href: at.getAttribute("href"), id: at.id, name: at.name ?? null, value: at.value ?? null,
    seen: style.outlineStyle !== "none" || style.boxShadow !== "none",
  };
}"""


class Walker:
    """`app` is where the app's own pages come from: the frame that shows one is the app's."""

    def __init__(self, page: Page, app: str) -> None:
        self.page, self.app = page, app
        page.set_default_timeout(PATIENCE)

    @property
    def frame(self) -> Frame:
        return next(one for one in self.page.frames if one.url.startswith(self.app))

    def framed(self) -> None:
        """A Dashboard loads a page of ours twice, the second time with its theme: whatever the
        first shows is gone a moment later.
        """
        within = self.page.locator("iframe").element_handle().content_frame()
        assert within
        within.wait_for_url("**theme=**")

    def shows(self, selector: str) -> None:
        self.page.frame_locator("iframe").locator(selector).first.wait_for()

    def reaches(self, **what: str) -> None:
        """Tab, until the focus is there; wherever it is on the way, it can be seen."""
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            at = self.frame.evaluate(FOCUSED)
            if all(at[name] == value for name, value in what.items()):
                assert at["seen"], f"the focus on {what} can't be seen"
                return
        raise AssertionError(f"Tab never came to {what}")

    def follows(self, href: str, until: str) -> None:
        self.reaches(href=href)
        self.page.keyboard.press("Enter")
        self.shows(until)

    def presses(self, button: str, until: str) -> None:
        """`button`: what a form is told to do by it."""
        self.reaches(name="do", value=button)
        self.page.keyboard.press("Enter")
        self.shows(until)

    def sets_up(self, locale: str) -> None:
        """From the page that a new shop shows to its first journey, as the guide leads."""
        self.shows(f'#main[lang="{locale}"] #guide')
        self.follows("/app/offers", "#settings")
        self.presses("save", "#settings .note.good")
        self.follows("/app", "#guide")
        self.follows("/app/sending", "#sending")
        for id_, text in (("email-url", "mailbox:"), ("email-sender", "Shop <hi@shop.example>")):
            self.reaches(id=id_)
            self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.shows("#sending .note.good")
        self.follows("/app/automations", "#automations")
        self.follows("/app/automations/cart", "#automation")
        self.presses("on_skip", "#automation .note.good")
        self.follows("/app", "#guide")


class Owner(Walker):
    """In front of a real Dashboard's own pages; then in the app's, within them."""

    def __init__(self, page: Page, app: str, dashboard: str) -> None:
        super().__init__(page, app)
        self.dashboard = dashboard

    def signs_in(self, email: str, password: str) -> None:
        self.page.goto(f"{self.dashboard}/")
        for name, text in (("email", email), ("password", password)):
            self.comes_to(f'[name="{name}"]')
            self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.locator('[data-test-id="menu-list"], nav').first.wait_for()

    def installs(self, manifest: str) -> None:
        """Types the app's address, reads what it asks for, agrees."""
        self.page.goto(f"{self.dashboard}/extensions/app/install")
        self.comes_to('input[name="manifestUrl"]')
        self.page.keyboard.insert_text(manifest)
        self.page.get_by_text("Perennial").first.wait_for()
        self.comes_to('[data-test-id="button-bar-confirm"]')
        self.page.keyboard.press("Enter")

    def opens(self) -> None:
        self.comes_to('[data-test-id="perennial-view-details"]')
        self.page.keyboard.press("Enter")
        self.page.locator("iframe").wait_for()
        self.shows("#main[lang] h1")

    def comes_to(self, selector: str) -> None:
        """Tab, until the focus is on what the Dashboard shows there."""
        at = self.page.locator(selector).first
        at.wait_for()
        for _ in range(MOST_TABS):
            if at.evaluate("node => node === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never came to {selector}")
