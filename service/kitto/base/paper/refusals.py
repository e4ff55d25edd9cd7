"""What paper will not carry: letters without a glyph, labels too small, prints that cannot be read back."""

from kitto.base.errors import Fault, NotFound, Refusal
from kitto.base.i18n import N_


class GlyphsMissing(Refusal):
    """`letters` are shown with their code points, since they may not show on the screen either."""

    code = "paper.glyphs_missing"
    status = 422
    says = N_(
        "Nothing was printed: the font has no shape for {letters} in “{text}”. "
        "Write it in another way, for example in kana, then print again."
    )


class LabelTooSmall(Refusal):
    code = "paper.label_too_small"
    status = 422
    says = N_(
        "Nothing was printed: “{title}” does not fit on {template} so that a scanner can read it. "
        "Use {larger} or a larger label."
    )


class NoLabelLargeEnough(Refusal):
    code = "paper.no_label_large_enough"
    status = 422
    says = N_(
        "Nothing was printed: “{title}” does not fit on {template} nor on any other label. "
        "Shorten the label host."
    )


class ProofFailed(Refusal):
    code = "paper.proof_failed"
    status = 422
    says = N_(
        "Nothing was printed: the code of “{title}” on page {page} could not be read back from "
        "the finished page. Check the offsets and the scale of the printer, then print again."
    )


class DocumentProofFailed(Refusal):
    code = "paper.document_proof_failed"
    status = 500
    says = N_(
        "The document was not made: its code could not be read back from the finished page. "
        "Check the document template."
    )


class NothingToPrint(Refusal):
    code = "paper.nothing_to_print"
    status = 422
    says = N_("Nothing was printed: no label was asked for. Choose at least one.")


class SkipTooLarge(Refusal):
    code = "paper.skip_too_large"
    status = 422
    says = N_(
        "Nothing was printed: {template} has {cells} labels on a sheet. "
        "Skip fewer than that, or take a new sheet."
    )


class UnknownTemplate(NotFound):
    code = "paper.unknown_template"
    says = N_(
        "There is no label template “{key}”. Choose one from the list, or give the part number of the pack."
    )


class TemplateUnreadable(Fault):
    """A template file is wrong; the message names the file, the field and the reason."""


class DocumentUnmakeable(Fault):
    """A document template does not compile with what it was given."""
