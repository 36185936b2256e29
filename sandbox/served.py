"""The sandbox as it is served: with carriers, installers and shoppers of its own."""

import time
from dataclasses import dataclass, field
from threading import Event, Thread

from sandbox.apps import App, Installation
from sandbox.calls import Call, over_network
from sandbox.clock import speed_of
from sandbox.crew import Crew
from sandbox.install import InstallFailed, fetch_manifest, install
from sandbox.life import Life
from sandbox.rules.refusal import Refused
from sandbox.sandbox import Sandbox
from sandbox.story import Story


@dataclass
class Served:
    """Everything that runs beside the web server. `start` before serving, `stop` after."""

    sandbox: Sandbox
    pace: float = 1.0
    call: Call = field(default_factory=over_network)
    story: Story = field(init=False)
    life: Life = field(init=False)
    crew: Crew = field(init=False)
    _stop: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        shop = self.sandbox.shop
        shop.call = self.call
        shop.install = self._install_beside
        outbox = self.sandbox.outbox
        outbox.time = lambda: time.monotonic() * self.pace
        self.crew = Crew(self.sandbox, self.call, pace=self.pace)
        self.story = Story(self.sandbox.clock)
        self.life = Life(self.sandbox, self.story, speed=speed_of(self.sandbox.clock))

    def start(self) -> None:
        self.crew.start()

    def stop(self) -> None:
        self.life.stop()
        self.crew.stop()

    def _install_beside(
        self, installation: Installation, permissions: frozenset[str], *, activate: bool
    ) -> None:
        Thread(
            target=self.carry_out,
            args=(installation, permissions),
            kwargs={"activate": activate},
            daemon=True,
        ).start()

    def carry_out(
        self, installation: Installation, permissions: frozenset[str] | None, *, activate: bool
    ) -> App | None:
        """One installation from the manifest to the token; how it went is written on it."""
        shop = self.sandbox.shop
        try:
            manifest = fetch_manifest(shop, installation.manifest_url, self.call)
            app = install(
                shop,
                manifest,
                self.call,
                manifest_url=installation.manifest_url,
                permissions=permissions,
                activate=activate,
            )
        except (InstallFailed, Refused) as error:
            installation.status, installation.message = "FAILED", str(error)
            return None
        installation.status = "SUCCESS"
        with shop.store.lock:
            shop.store.installations.pop(installation.id, None)
        return app

    def install_now(self, manifest_url: str) -> App:
        """Install and wait for it. Raises InstallFailed."""
        store = self.sandbox.store
        now = store.clock.now()
        wanted = Installation("", "", manifest_url, now, now)
        app = self.carry_out(wanted, None, activate=True)
        if app is None:
            raise InstallFailed(wanted.message or "not installed")
        return app
