"""A small Saleor of our own, so that anybody can run the app without one."""

from sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
