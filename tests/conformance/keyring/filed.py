"""A keyring in a file, for programs that the tests run: ``PYTHON_KEYRING_BACKEND=filed.FiledKeyring``."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from keyring.backend import KeyringBackend
from keyring.credentials import Credential, SimpleCredential


class FiledKeyring(KeyringBackend):
    """Passwords by service and user name, in the file that FILED_KEYRING names."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        """What was set for them."""
        return self._kept().get(service, {}).get(username)

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        """The same where any user name will do."""
        for name, password in self._kept().get(service, {}).items():
            if username in (None, name):
                return SimpleCredential(name, password)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep one more."""
        kept = self._kept()
        kept.setdefault(service, {})[username] = password
        _file().write_text(json.dumps(kept))

    def _kept(self) -> dict[str, dict[str, str]]:
        found: Any = json.loads(_file().read_text()) if _file().exists() else {}
        return dict(found)


def _file() -> Path:
    return Path(os.environ["FILED_KEYRING"])
