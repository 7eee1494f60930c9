"""Who acts: a demo persona on this machine, or whoever the identity provider vouches for."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import streamlit as st

from app.ui import flash, formats, session
from casedesk.domain.people import PERSON_ROLES, Person
from casedesk.errors import NotPermitted, Unavailable
from casedesk.services import people


class NotOnThisMachine(NotPermitted):
    """Demo personas have no password, so nobody but the person at this machine may reach them."""


class NotVouchedFor(NotPermitted):
    """The identity provider said too little about who this is."""


class NoProvider(Unavailable):
    """CASEDESK_AUTH is oidc, but no provider is configured."""

    def __init__(self) -> None:
        super().__init__(
            "CASEDESK_AUTH is oidc, but no identity provider is configured; write redirect_uri, cookie_secret, client_id, "
            "client_secret and server_metadata_url under [auth] in .streamlit/secrets.toml."
        )


def actor() -> Person | None:
    """Return who acts in this run, as the database knows them now; None before the sign-in.

    :raises NotOnThisMachine: in demo mode, if the desk can be reached from elsewhere.
    :raises NotKnown: if the identity provider's e-mail address belongs to no active user.
    """
    found = _by_provider() if _with_provider() else _by_persona()
    if found is not None:
        session.set_actor(found)
    return found


def show() -> None:
    """Draw the sign-in."""
    st.space("small")
    with st.container(width=420):
        st.markdown("## Sign in")
        if _with_provider():
            flash.show_plain("sign_in")
            st.markdown(formats.small("Your organisation says who you are; your role is set in the desk."))
            st.button("Sign in", key="sign_in", type="primary", icon=":material/login:", on_click=_log_in)
        else:
            _show_personas(people.everybody(uow=session.desk().reading()))


def show_way_out(refusal: Exception) -> None:
    """Draw how to sign in as somebody else, after the provider's answer was refused."""
    if isinstance(refusal, (people.NotKnown, NotVouchedFor)):
        st.button("Sign out", key="sign_out", icon=":material/logout:", on_click=_sign_out)


def show_actor(person: Person) -> None:
    """Draw who is signed in, and the way out."""
    st.space("small")
    how = "" if _with_provider() else " · demo persona"
    with st.container(gap="xxsmall"):
        st.markdown(f"**{formats.plain(person.name)}**")
        st.markdown(formats.small(f"{person.role.value}{how}"))
        st.button("Sign out", key="sign_out", type="tertiary", icon=":material/logout:", on_click=_sign_out)


def bound_to() -> str | None:
    """Return the address the server listens at; None is every network this machine is in."""
    address: str | None = st.get_option("server.address")
    return address


def require_loopback(address: str | None, host: str | None) -> None:
    """Refuse demo personas unless the server listens on this machine only and was asked by a name of this machine.

    :param address: what the server is bound to; None is every network.
    :param host: the Host header; a reverse proxy or a rebound name shows here. None where there is no request.
    :raises NotOnThisMachine: naming the way out.
    """
    if not _loopback(address or ""):
        raise NotOnThisMachine(
            "Demo sign-in has no passwords, so it works only while the desk listens to this machine alone. "
            "Start it with --host 127.0.0.1, or set CASEDESK_AUTH=oidc."
        )
    if host and not _loopback(_name(host)):
        raise NotOnThisMachine(
            f"Demo sign-in has no passwords, so it works only at localhost, and this page was opened at {_name(host)}. "
            "Open http://localhost instead, or set CASEDESK_AUTH=oidc."
        )


def _with_provider() -> bool:
    return session.desk().settings.auth == "oidc"


def _by_persona() -> Person | None:
    require_loopback(bound_to(), st.context.headers.get("Host"))
    user_id = session.persona()
    if not user_id:
        return None
    person = people.find(uow=session.desk().reading(), user_id=user_id)
    if not person.active:
        session.forget()
        return None
    return person


def _by_provider() -> Person | None:
    if not st.user.get("is_logged_in", False):
        return None
    email = str(st.user.get("email") or "")
    if not email:
        raise NotVouchedFor("Your identity provider sent no e-mail address, so the desk cannot tell who you are.")
    if st.user.get("email_verified", True) is False:
        raise NotVouchedFor(f"Your identity provider has not verified {email}; verify the address there first.")
    return people.sign_in(uow=session.desk().reading(), email=email)


def _show_personas(everybody: Sequence[Person]) -> None:
    active = [person for person in everybody if person.active]
    if not active:
        st.markdown("**Nobody is here yet.** Make the demo bank first: `casedesk seed`.")
        return
    st.markdown(formats.small("Demo personas. No passwords; this machine only."))
    for role in PERSON_ROLES:
        chosen = [person for person in active if person.role is role]
        if chosen:
            st.markdown(f"**{role.value}**")
        with st.container(horizontal=True):
            for person in chosen:
                st.button(
                    formats.plain(person.name),
                    key=session.key("persona", person.user_id),
                    on_click=session.choose_persona,
                    args=(person.user_id,),
                )


def _log_in() -> None:
    if _configured():
        st.login()
    else:
        flash.refuse("sign_in", NoProvider())


def _configured() -> bool:
    try:
        return "auth" in st.secrets
    except FileNotFoundError:
        return False


def _sign_out() -> None:
    with_provider = _with_provider()
    session.forget()
    if with_provider:
        st.logout()


def _loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """Cut the port off a Host header."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host
