"""Photos as they come from phones, made fit to be kept as evidence."""

import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kitto.kitting.rules.refusals import PhotoUnreadable

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

LARGEST: Final = 10 * 1024 * 1024
MOST_POINTS: Final = 60_000_000
LONGEST_SIDE: Final = 1600
THUMBNAIL: Final = 240
FORMATS: Final = ("JPEG", "PNG", "WEBP")
"""A phone's MPO begins as a JPEG and is read as one."""


@dataclass(frozen=True)
class SmallPhoto:
    """A photo as it is kept: JPEG, upright, without what the camera wrote into it."""

    picture: bytes
    thumbnail: bytes
    width: int
    height: int
    sha256: str


def made_small(given: bytes) -> SmallPhoto:
    """Decode, turn upright, scale down, and encode anew, so that only its picture survives.

    `sha256` is of the kept picture; the same upload gives the same. Refuses photo_unreadable.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError  # large; see base/paper

    if not given or len(given) > LARGEST:
        raise PhotoUnreadable(reason="it is empty" if not given else "it is larger than 10 MB")
    try:
        with Image.open(io.BytesIO(given), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_POINTS:
                raise PhotoUnreadable(reason="it has too many points")
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as wrong:
        raise PhotoUnreadable(reason="it is no picture that can be read") from wrong
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    picture = _jpeg(upright, 82)
    size = upright.size
    upright.thumbnail((THUMBNAIL, THUMBNAIL))
    return SmallPhoto(
        picture=picture,
        thumbnail=_jpeg(upright, 75),
        width=size[0],
        height=size[1],
        sha256=hashlib.sha256(picture).hexdigest(),
    )


def _jpeg(image: "Picture", quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()
