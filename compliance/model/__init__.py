"""Records, enums and the extension types; no input, no output."""
