"""Which addresses the desk calls: none inside the bank's own network that nobody named (SSRF, OWASP A10:2021)."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from casedesk.errors import NotPermitted

Address = IPv4Address | IPv6Address


class ForbiddenTarget(NotPermitted):
    """The address may not be called."""


@dataclass(frozen=True, slots=True)
class Targets:
    """What may be called.

    :param hosts: only these; ``*.bank.example`` is every host under it. Empty: every host whose addresses are public. A host that
        is named may have private addresses.
    :param demo: whether the desk is bound to this machine, and may call it and its neighbours.
    """

    hosts: tuple[str, ...] = ()
    demo: bool = False

    def require(self, host: str) -> None:
        """Refuse a host that is not on the list.

        :raises ForbiddenTarget: saying which setting has the list.
        """
        if self.hosts and not self._named(host):
            raise ForbiddenTarget(
                f"The host “{host}” is not among those that CASEDESK_WEBHOOK_HOSTS lets the desk call."
            )

    def resolve(self, host: str, port: int) -> str:
        """Return an address of a host. It is what must be connected to: to ask again could give another answer.

        :raises ForbiddenTarget: if any of its addresses may not be called.
        :raises OSError: if it has none.
        """
        self.require(host)
        found = [entry[4][0] for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        for one in found:
            if not self._permitted(ip_address(str(one).partition("%")[0]), host):
                raise ForbiddenTarget(
                    f"The host “{host}” has an address that is not public; an operator can name it in CASEDESK_WEBHOOK_HOSTS."
                )
        return str(found[0])

    def _permitted(self, address: Address, host: str) -> bool:
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        # where clouds answer with their machines' credentials, and what is no host at all: never
        if address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved:
            return address.is_loopback and (self.demo or self._named(host))
        return address.is_global or self.demo or self._named(host)

    def _named(self, host: str) -> bool:
        return any(
            host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in map(str.lower, self.hosts)
        )
