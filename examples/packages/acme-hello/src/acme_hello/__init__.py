"""A command that greets."""

import sys

from acme_greeting import greeting


def main() -> None:
    """Greet the name given as the argument, or the world."""
    print(greeting(sys.argv[1] if len(sys.argv) > 1 else "world"))
