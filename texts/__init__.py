"""Every text that people read in their own language: one table, English as its key."""

from texts.words import ENGLISH, LANGUAGES, Language, Words

__all__ = ["ENGLISH", "LANGUAGES", "Language", "Words"]
