"""The threads that carry deliveries out when the sandbox is served."""

from threading import Event, Thread

from sandbox.calls import Call
from sandbox.sandbox import Sandbox

CARRIERS = 6
NAP = 0.25


class Crew:
    """Takes what is due from the outbox and posts it. `pace` is delivery seconds a real second."""

    def __init__(self, sandbox: Sandbox, call: Call, *, pace: float) -> None:
        self.sandbox = sandbox
        self._call = call
        self._pace = pace
        self._stop = Event()
        self._threads = [
            Thread(target=self._carry, name=f"carrier-{nth}", daemon=True)
            for nth in range(CARRIERS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish what is in hand."""
        self._stop.set()
        with self.sandbox.outbox.ready:
            self.sandbox.outbox.ready.notify_all()
        for thread in self._threads:
            thread.join(timeout=2)

    def _carry(self) -> None:
        outbox = self.sandbox.outbox
        while not self._stop.is_set():
            with outbox.ready:
                wait = outbox.next_due()
                if wait is None or wait > 0:
                    outbox.ready.wait(NAP if wait is None else min(wait / self._pace, NAP))
                    continue
                delivery = outbox.take()
            if delivery is not None:
                self.sandbox.send(delivery, self._call)
