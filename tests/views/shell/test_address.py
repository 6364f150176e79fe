import pytest

from views.shell.pages.address import AddressError, server_address


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        (" https://ops.example.com/ ", "https://ops.example.com"),
        ("https://OPS.example.com:8443/console/", "https://ops.example.com:8443/console"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_an_address_is_tidied(typed: str, used: str) -> None:
    assert server_address(typed) == used


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Type the address"),
        ("ops.example.com", "Did you mean https://ops.example.com"),
        ("ftp://ops.example.com", "not ftp"),
        ("https://", "name of the server"),
        ("https://ops example.com", "space"),
        ("https://ops.example.com:99999", "port"),
        ("https://me:secret@ops.example.com", "Leave account and password out"),
        ("https://ops.example.com/?a=1", "Leave out"),
        ("http://ops.example.com", "readable for others"),
    ],
)
def test_what_cannot_be_an_address_is_explained(typed: str, words: str) -> None:
    with pytest.raises(AddressError, match=words.replace("?", "[?]")):
        server_address(typed)
