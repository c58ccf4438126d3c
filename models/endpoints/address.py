"""Where requests may go: this machine, or a host that the user allowed by name."""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bitflow.errors import UsageError
from bitflow.models.endpoints.local import SCHEME, model_path

#: The environment variable that a key is read from unless another is named.
KEY_VARIABLE = "BITFLOW_LLM_KEY"


@dataclass(frozen=True)
class Endpoint:
    """A server and the model that is asked there.

    Parameters
    ----------
    url
        ``scheme://host[:port][/path]`` without the trailing ``/v1``.
    model
        As the server calls it.
    address
        The one IP address that `url` stood for when it was checked; requests go there and nowhere else.
    remote
        Whether that is another machine.
    key
        Sent as a bearer token; never printed, stored or logged.
    """

    url: str
    model: str
    address: str
    remote: bool
    key: str | None = field(default=None, repr=False)

    @property
    def in_process(self) -> bool:
        """Whether the model is a file that runs in this process."""
        return urlsplit(self.url).scheme == SCHEME

    @property
    def host(self) -> str:
        """The host's name."""
        return urlsplit(self.url).hostname or ""

    def target(self, route: str) -> tuple[str, dict[str, str], dict[str, str]]:
        """URL by address, headers and connection options of a request to a route such as ``/v1/models``."""
        parts = urlsplit(self.url)
        literal = f"[{self.address}]" if ":" in self.address else self.address
        netloc = literal if parts.port is None else f"{literal}:{parts.port}"
        headers = {"Host": parts.netloc.rpartition("@")[2]}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        options = {"sni_hostname": self.host} if parts.scheme == "https" else {}
        return f"{parts.scheme}://{netloc}{parts.path}{route}", headers, options


def endpoint(url: str, model: str, *, allow_remote: bool = False, key_variable: str = KEY_VARIABLE) -> Endpoint:
    """Check an address and look its name up, once; ``file:///…/model.gguf`` is a model in this process.

    Parameters
    ----------
    allow_remote
        Whether requests may leave this machine.
    key_variable
        Environment variable that holds the key; keys are read from nowhere else.

    Raises
    ------
    UsageError
        The URL is none, holds a password, cannot be resolved, or leads to another machine without `allow_remote`.

    Examples
    --------
    >>> endpoint("http://127.0.0.1:8080/v1/", "m").target("/v1/models")[0]
    'http://127.0.0.1:8080/v1/models'
    """
    if urlsplit(url.strip()).scheme == SCHEME:
        model_path(url.strip())
        return Endpoint(url.strip(), model, "", remote=False)
    base = url.strip().rstrip("/").removesuffix("/v1").rstrip("/")
    try:
        parts = urlsplit(base)
        port = parts.port
    except ValueError as error:
        raise UsageError(f"{url!r} is no URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{url!r} is no URL of a server; write http://127.0.0.1:8080 or https://host")
    if parts.username or parts.password:
        raise UsageError(f"the URL of {parts.hostname} holds a name or password; put the key into ${key_variable}")
    if parts.query or parts.fragment:
        raise UsageError(f"{url!r}: an endpoint's URL ends with its path")
    addresses = _addresses(parts.hostname, port or (443 if parts.scheme == "https" else 80))
    # One foreign address among several is enough to make the host a foreign one.
    remote = not all(ipaddress.ip_address(address).is_loopback for address in addresses)
    if remote and not allow_remote:
        raise UsageError(
            f"{parts.hostname} is another machine ({addresses[0]}): nothing is sent there without --allow-remote"
        )
    public = any(not ipaddress.ip_address(address).is_private for address in addresses)
    if public and parts.scheme == "http":
        raise UsageError(f"{parts.hostname} is a public host: only https:// keeps what is sent there from others")
    return Endpoint(base, model, addresses[0], remote, os.environ.get(key_variable) or None)


def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UsageError(f"the host {host!r} cannot be found: {error}") from error
    addresses = list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))
    return sorted(addresses, key=lambda address: ":" in address)
