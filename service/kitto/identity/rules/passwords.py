"""Which passwords are too easy to guess. Length counts; what kinds of characters does not.

A password is cut into the fewest pieces that a guesser would try whole: common words, names of the
house, runs on the keyboard, repetitions, years. What is not such a piece counts letter by letter,
and less when there are only letters or only digits: twelve plain letters are often one long word.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from kitto.identity.rules.limits import PASSWORD_LEAST, PASSWORD_MOST
from kitto.identity.rules.refusals import PasswordTooWeak

PIECES_LEAST: Final = 8
ONLY_LETTERS: Final = 0.6
ONLY_DIGITS: Final = 0.4
SHORTEST_WORD: Final = 3
_LEET: Final = str.maketrans("0134578@$!", "oleastbasi")
_ROWS: Final = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()",
    "!\"#$%&'()=~|",
    "q1w2e3r4t5y6u7i8o9p0",
    "147258369",
    "789456123",
)
_WORDS: Final = """
password passwort passwd passw pass word passcode passphrase pasuwado admin administrator root superuser
user users guest test tester testing demo temp temporary default change changeme changeit welcome login
logon signin letmein open access secret private security secure system server client computer laptop
desktop network internet wifi router printer office company business work manager service support
helpdesk database oracle cisco dell windows linux apple microsoft google android samsung iphone facebook
twitter amazon netflix youtube qwerty qwertz azerty asdf zxcv qaz wsx edc iloveyou iloveu loveyou love
lover loveme forever always hello world whatever nothing something anything everything please thankyou
goodluck lucky monkey dragon tiger lion eagle falcon panther cowboy ranger hunter killer shadow master
mustang football baseball basketball soccer hockey tennis golf sports player gamer game games princess
prince queen king angel angels devil heaven sunshine summer winter spring autumn flower butterfly
rainbow diamond silver golden gold star stars starwars moon sun sky blue green red black white yellow
orange purple pink superman batman spiderman pokemon pikachu naruto doraemon mario michael jennifer
jordan jessica ashley daniel michelle nicole matthew andrew joshua thomas robert charlie george william
james john david richard christopher elizabeth alexander samantha anthony london paris berlin newyork
america canada england france china korea japan nippon nihon tokyo osaka kyoto nagoya fukuoka sapporo
yokohama shinjuku shibuya shinagawa sakura fuji samurai ninja sushi konnichiwa arigato ohayou ohayo
aishiteru daisuki watashi anata neko inu taro hanako sato satou suzuki tanaka takahashi watanabe ito
yamamoto nakamura kobayashi kato yoshida yamada sasaki yamaguchi matsumoto inoue kaisha himitsu keitai
denwa january february march april may june july august september october november december monday
tuesday wednesday thursday friday saturday sunday one two three four five six seven eight nine ten
hundred thousand number first last super mega ultra baby family mother father sister brother freedom
liberty peace power magic money dollar rich hacker trustno mypass mypassword myname sex sexy fuck fucker
fuckyou fuckme bitch asshole pussy chocolate cookie banana apple cheese coffee pepper ginger purple
merlin matrix phoenix thunder liverpool chelsea arsenal barcelona manchester united yankees lakers
cowboys you me my the and for is it in of to no yes not
"""
WEAK_WORDS: Final = frozenset(_WORDS.split())


def weigh(password: str, *context: str) -> None:
    """Raise PasswordTooWeak unless it may be taken. `context`: names of the person and the house."""
    enough = PASSWORD_LEAST <= len(password) <= PASSWORD_MOST
    if not enough or pieces(password, context) < PIECES_LEAST:
        raise PasswordTooWeak(least=PASSWORD_LEAST, most=PASSWORD_MOST)


def pieces(password: str, context: Iterable[str] = ()) -> float:
    """The fewest guessable pieces that make up the password; a lone letter or digit may count less."""
    words = WEAK_WORDS | {part for name in context for part in _parts(name)}
    typed = _plain(password)
    lone = _weight_of_one(password)
    return min(_fewest(typed, words, lone), _fewest(typed.translate(_LEET), words, lone))


def _weight_of_one(password: str) -> float:
    if not password.isascii():
        return 1
    if password.isdigit():
        return ONLY_DIGITS
    one_case = password.isupper() or password[1:].islower()
    return ONLY_LETTERS if password.isalpha() and one_case else 1


def _fewest(text: str, words: frozenset[str], lone: float) -> float:
    fewest: list[float] = [0]
    for end in range(1, len(text) + 1):
        best = fewest[end - 1] + lone
        for start in range(end - 1):
            if fewest[start] + 1 < best and _is_piece(text, start, end, words):
                best = fewest[start] + 1
        fewest.append(best)
    return fewest[-1]


def _is_piece(text: str, start: int, end: int, words: frozenset[str]) -> bool:
    part = text[start:end]
    if part in words:
        return True
    if len(part) < SHORTEST_WORD:
        return False
    return (
        len(set(part)) == 1
        or _is_run(part)
        or part in text[:start]
        or (part.isdigit() and len(part) in (4, 6, 8) and _is_date(part))
    )


@lru_cache(maxsize=4096)
def _is_run(part: str) -> bool:
    return any(part in row or part in row[::-1] for row in _ROWS)


def _is_date(part: str) -> bool:
    return part[:2] in ("19", "20") or part[-4:-2] in ("19", "20")


def _parts(name: str) -> set[str]:
    whole = _plain(name)
    parts = {whole, whole.replace(" ", ""), *whole.replace("@", " ").replace(".", " ").split()}
    return {part for part in parts if len(part) >= 2}  # noqa: PLR2004 -- a kanji family name is two


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
