"""Commands of containers and images: what only the whole command tells to be a credential is not kept."""

from __future__ import annotations

from compliance.evidence.image.config_wire import redacted_command


def test_a_credential_that_only_its_neighbours_tell_is_replaced() -> None:
    """`-u` and its value stand in two arguments; neither alone is suspicious."""
    shown = redacted_command(["curl", "-u", "bob:hunter2x", "https://x.example/api"])
    assert "hunter2x" not in " ".join(shown)
    assert shown[0] == "curl"


def test_an_ordinary_command_is_kept_word_for_word() -> None:
    """Blanks within an argument stay within it."""
    assert redacted_command(["sh", "-c", "echo a b"]) == ("sh", "-c", "echo a b")
