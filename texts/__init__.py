"""Every text that people read in their own language: one table, English as its key."""

from texts.words import LANGUAGES, Language, Words

__all__ = ["LANGUAGES", "Language", "Words"]
