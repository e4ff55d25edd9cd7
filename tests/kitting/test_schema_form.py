"""Chosen parameters as people read them; the form itself is tested through its pages."""

from kitto.kitting.pages import schema_form


def test_chosen_values_are_read_with_the_names_of_the_form() -> None:
    known = {
        "zone": {"title": "Time zone", "x-ja": "タイムゾーン"},
        "crypt": {"title": "Encrypted"},
    }
    values = {
        "zone": "Asia/Tokyo",
        "crypt": True,
        "packages": ["vim", "git"],
        "people": [{"name": "sato"}],
        "none": [],
    }
    assert schema_form.said({"properties": known}, values, "ja") == [
        ("タイムゾーン", "Asia/Tokyo"),
        ("Encrypted", "はい"),
        ("packages", "vim, git"),
        ("people", '[{"name":"sato"}]'),
        ("none", ""),
    ]
