"""What the app remembers between runs: size, theme, place and recent files.

One dataclass, read once and written when something changes; nobody else touches QSettings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

MOST_RECENT = 10
THEMES = ("system", "light", "dark")
SWITCHES = ("color_blind", "reduced_motion", "palette", "history", "follow")


@dataclass
class Settings:
    """``theme`` is one of THEMES; ``recent`` the last opened files, newest first."""

    theme: str = "system"
    color_blind: bool = False
    reduced_motion: bool = False
    palette: bool = True  # whether the column of operations is shown
    history: bool = False  # whether the list of undo steps is shown
    follow: bool = True  # whether the view keeps the active op in sight
    speed: float = 1.0
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of commands, where changed
    recent: list[str] = field(default_factory=list)
    geometry: QByteArray = field(default_factory=QByteArray)
    horizontal: QByteArray = field(default_factory=QByteArray)
    vertical: QByteArray = field(default_factory=QByteArray)

    @classmethod
    def load(cls) -> Settings:
        """The stored settings; whatever is missing or damaged has its default."""
        store = _store()
        settings = cls()
        theme = str(store.value("theme", settings.theme))
        settings.theme = theme if theme in THEMES else "system"
        for name in SWITCHES:
            stored = str(store.value(name, getattr(settings, name))).lower()
            setattr(settings, name, stored == "true")
        try:
            settings.speed = float(str(store.value("speed", 1.0)))
        except ValueError:
            settings.speed = 1.0
        settings.keys = _read_keys(str(store.value("keys", "{}")))
        recent = store.value("recent", [])
        recent = [recent] if isinstance(recent, str) else recent
        settings.recent = [str(p) for p in recent] if isinstance(recent, list) else []
        for name in ("geometry", "horizontal", "vertical"):
            value = store.value(name)
            if isinstance(value, QByteArray):
                setattr(settings, name, value)
        return settings

    def save(self) -> None:
        """Write everything."""
        store = _store()
        for name in ("theme", *SWITCHES, "speed", "recent"):
            store.setValue(name, getattr(self, name))
        for name in ("geometry", "horizontal", "vertical"):
            store.setValue(name, getattr(self, name))
        store.setValue("keys", json.dumps(self.keys))
        store.sync()

    def remember(self, path: Path) -> None:
        """Put ``path`` at the head of the recent files."""
        text = str(path.resolve())
        self.recent = [text, *(p for p in self.recent if p != text)][:MOST_RECENT]
        self.save()

    def forget(self, path: str) -> None:
        """Drop a file that is gone."""
        self.recent = [p for p in self.recent if p != path]
        self.save()


def _read_keys(text: str) -> dict[str, tuple[str, ...]]:
    """Keys by command from their stored form; nothing where that is damaged."""
    try:
        found = json.loads(text)
        return {str(name): tuple(map(str, keys)) for name, keys in found.items()}
    except (ValueError, AttributeError, TypeError):
        return {}


def _store() -> QSettings:
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, "graphviz-app", "graphviz-app"
    )
