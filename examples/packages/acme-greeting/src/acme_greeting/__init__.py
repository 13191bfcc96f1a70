"""Greetings."""

WORDS = {"en": "Hello", "es": "Hola", "fr": "Bonjour"}


def greeting(name: str, language: str = "en") -> str:
    """A greeting for ``name`` in one of the languages of WORDS."""
    return f"{WORDS[language]}, {name}"
