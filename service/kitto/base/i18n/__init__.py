"""Words, dates and numbers in the reader's language."""

from kitto.base.i18n.catalogue import N_, Told, Words, translate, translate_plural
from kitto.base.i18n.voice import LOCALES, Voice, choose_locale, speaking, voice

__all__ = [
    "LOCALES",
    "N_",
    "Told",
    "Voice",
    "Words",
    "choose_locale",
    "speaking",
    "translate",
    "translate_plural",
    "voice",
]
